//! `POST /v1/decide`: its wire format, and the way to the engine and back.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tradewind_decide::{Ask, Decision, MAX_LIMIT, MAX_PLACEMENTS, Placement, PlacementAsk};
use tradewind_kernel::Subject;
use utoipa::ToSchema;

use crate::auth::check_api_key;
use crate::body::{Inbound, parse, read_json};
use crate::collect::parse::MAX_ID;
use crate::privacy::contextual;
use crate::problem::{Code, FieldError, Problem, ProblemDocument};
use crate::state::Api;
use crate::text::Text;

/// Slots that a placement gets when it does not say how many.
const DEFAULT_LIMIT: usize = 12;
/// Products that a placement may be about, or that a cart may hold.
const MAX_PRODUCTS: usize = 200;
/// The time that an answer may take when the request does not say, in milliseconds.
const DEFAULT_BUDGET_MS: u64 = 50;
/// The longest time that a request may ask for, in milliseconds.
const MAX_BUDGET_MS: u64 = 5_000;

/// Who is asking. Both may be absent.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubjectIn<'a> {
    /// The browser's id.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>)]
    anonymous_id: Text<'a>,
    /// The shop's id.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>)]
    user_id: Text<'a>,
}

/// One placement to fill.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PlacementIn<'a> {
    /// `home.for_you`, `home.trending`, `home.recently_viewed`, `product.similar`,
    /// `product.bought_together` or `cart.add_ons`.
    name: String,
    /// Slots wanted, 1 to 100; 12 if absent.
    limit: Option<i64>,
    /// Products that it is about, at most 200.
    #[serde(borrow, default)]
    #[schema(value_type = Vec<String>)]
    anchors: Option<Vec<Text<'a>>>,
}

/// Where the shopper is.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ContextIn<'a> {
    /// Products in the cart, at most 200; if absent, those that the profile knows of.
    #[serde(borrow, default)]
    #[schema(value_type = Option<Vec<String>>)]
    cart: Option<Vec<Text<'a>>>,
    /// The category of the page, ` > ` between levels.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>)]
    category: Text<'a>,
    /// `web`, `app`, `email` …
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>)]
    #[expect(dead_code, reason = "taken so that callers can send it already; policies will read it")]
    channel: Text<'a>,
}

/// A request for a decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DecideRequest<'a> {
    /// Who is asking.
    #[serde(borrow, default)]
    subject: Option<SubjectIn<'a>>,
    /// What to fill, 1 to 20, in the order in which they choose.
    #[serde(borrow)]
    placements: Vec<PlacementIn<'a>>,
    /// Where the shopper is.
    #[serde(borrow, default)]
    context: Option<ContextIn<'a>>,
    /// Whether one product may stand in several placements.
    #[serde(default)]
    allow_duplicates: bool,
    /// The time that the answer may take, in milliseconds, 1 to 5,000; 50 if absent.
    #[serde(default)]
    deadline_ms: Option<u64>,
}

/// One product in its place.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SlotOut<'a> {
    /// From 1.
    position: usize,
    /// The shop's product id.
    product_id: &'a str,
    /// Within (0, 1], falling from slot to slot.
    score: f32,
    /// What proposed it: `session_knn`, `co_occurrence`, `bought_together`, `compatible`,
    /// `recently_viewed`, `category_popularity`, `popularity` or `static`.
    source: &'static str,
    /// Why, in words for people.
    reasons: &'a [String],
}

/// One placement, filled.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlacementOut<'a> {
    /// Its name.
    name: &'static str,
    /// Whether something could not be used that should have been.
    degraded: bool,
    /// What: `model_missing`, `anchor_unknown`, `catalog_empty`, `profile_late`, `profile_unreadable`,
    /// `no_consent`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    degraded_reasons: &'a [&'static str],
    /// The products, best first.
    slots: Vec<SlotOut<'a>>,
}

/// The answer to a request for a decision.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DecideResponse<'a> {
    /// Names this decision in events that follow from it.
    decision_id: &'a str,
    /// The version of the trained models that took part.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_version: Option<&'a str>,
    /// The placements in the order asked.
    placements: Vec<PlacementOut<'a>>,
}

/// `POST /v1/decide`
#[utoipa::path(post, path = "/v1/decide", tag = "decide", request_body = DecideRequest,
    responses((status = 200, body = DecideResponse, description = "always, for a request that reads"),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument), (status = 413, body = ProblemDocument)))]
pub(crate) async fn decide(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Response, Problem> {
    check_api_key(&api, &headers)?;
    let bytes = read_json(&headers, body).await?;
    let decision = api.decider.answer(&contextual(&api, named(&api, read_ask(&bytes)?))).await;
    Ok(Json(response_of(&decision)).into_response())
}

/// Answers a request that is JSON already, as the HTTP endpoint would.
///
/// # Errors
/// [`Problem`] for a request that does not read.
pub async fn answer_json(api: &Api, request: &Value) -> Result<Value, Problem> {
    let text = request.to_string();
    let decision = api.decider.answer(&contextual(api, named(api, read_ask(text.as_bytes())?))).await;
    serde_json::to_value(response_of(&decision)).map_err(|e| Problem::new(Code::Internal, e.to_string()))
}

/// The same with the subject as events have it.
fn named(api: &Api, ask: Ask) -> Ask {
    let anonymous_id = ask.anonymous_id.map(|id| api.subject(Subject::Anonymous(id)));
    Ask {
        subject: ask.subject.map(|subject| api.subject(subject)),
        anonymous_id: anonymous_id.map(|(Subject::Anonymous(id) | Subject::User(id))| id),
        ..ask
    }
}

/// A decision as the console shows it: the answer, with whom it was for and how long it took.
#[must_use]
pub fn decision_json(decision: &Decision) -> Value {
    let mut json = serde_json::to_value(response_of(decision)).unwrap_or_default();
    json["at"] = decision.at.get().into();
    json["subject"] = decision.subject.as_str().into();
    json["elapsedMicros"] = decision.elapsed_us.into();
    json
}

/// Reads a request as the endpoint does.
pub(crate) fn read_ask(bytes: &[u8]) -> Result<Ask, Problem> {
    let request: DecideRequest<'_> = parse(bytes, "the request does not read")?;
    ask_of(&request)
}

fn wrong(pointer: String, code: &str, detail: String) -> Problem {
    let what = Code::InvalidRequest;
    Problem::new(what, detail.clone()).with_errors(vec![FieldError { pointer, code: code.into(), detail }])
}

fn ask_of(request: &DecideRequest<'_>) -> Result<Ask, Problem> {
    let count = request.placements.len();
    if count == 0 || count > MAX_PLACEMENTS {
        let detail = format!("{count} placements were asked for; ask for 1 to {MAX_PLACEMENTS}");
        return Err(wrong("/placements".into(), "placements_out_of_range", detail));
    }
    let placements: Result<Vec<_>, _> = request.placements.iter().enumerate().map(placement_of).collect();
    let budget_ms = request.deadline_ms.unwrap_or(DEFAULT_BUDGET_MS);
    if budget_ms == 0 || budget_ms > MAX_BUDGET_MS {
        let detail = format!("deadlineMs is {budget_ms}; give 1 to {MAX_BUDGET_MS}");
        return Err(wrong("/deadlineMs".into(), "deadline_out_of_range", detail));
    }
    let (user, anonymous) =
        request.subject.as_ref().map_or((None, None), |s| (s.user_id.get(), s.anonymous_id.get()));
    let context = request.context.as_ref();
    let category = context.and_then(|c| c.category.get());
    let named =
        [("/subject/userId", user), ("/subject/anonymousId", anonymous), ("/context/category", category)];
    for (pointer, text) in named {
        check_length(pointer, text)?;
    }
    Ok(Ask {
        subject: Subject::from_ids(user, anonymous),
        anonymous_id: anonymous.filter(|_| user.is_some()).map(str::to_owned),
        placements: placements?,
        cart: context.and_then(|c| c.cart.as_ref()).map(|cart| ids("/context/cart", cart)).transpose()?,
        category: category.map(str::to_owned),
        allow_duplicates: request.allow_duplicates,
        budget_ms,
    })
}

fn placement_of((index, asked): (usize, &PlacementIn<'_>)) -> Result<PlacementAsk, Problem> {
    let Some(placement) = Placement::parse(&asked.name) else {
        let name: String = asked.name.chars().take(64).collect();
        let known = Placement::ALL.map(Placement::name).join(", ");
        let detail = format!("there is no placement '{name}'; there are {known}");
        let pointer = format!("/placements/{index}/name");
        let error = FieldError { pointer, code: "placement_unknown".into(), detail: detail.clone() };
        return Err(Problem::new(Code::UnknownPlacement, detail).with_errors(vec![error]));
    };
    let limit = asked.limit.map_or(Some(DEFAULT_LIMIT), |limit| usize::try_from(limit).ok());
    let Some(limit) = limit.filter(|l| (1..=MAX_LIMIT).contains(l)) else {
        let detail = format!("limit is {}; give 1 to {MAX_LIMIT}", asked.limit.unwrap_or_default());
        return Err(wrong(format!("/placements/{index}/limit"), "limit_out_of_range", detail));
    };
    let anchors = asked.anchors.as_deref().unwrap_or_default();
    let anchors = ids(&format!("/placements/{index}/anchors"), anchors)?;
    Ok(PlacementAsk { placement, limit, anchors })
}

fn ids(pointer: &str, list: &[Text<'_>]) -> Result<Vec<String>, Problem> {
    if list.len() > MAX_PRODUCTS {
        let detail = format!("{} products were given, and {MAX_PRODUCTS} are the most", list.len());
        return Err(wrong(pointer.to_owned(), "too_many_products", detail));
    }
    for (index, id) in list.iter().enumerate() {
        check_length(&format!("{pointer}/{index}"), id.get())?;
    }
    Ok(list.iter().filter_map(Text::owned).collect())
}

/// Refuses what no event could have said: ids and names there have the same limit.
fn check_length(pointer: &str, text: Option<&str>) -> Result<(), Problem> {
    if text.is_none_or(|text| text.chars().nth(MAX_ID).is_none()) {
        return Ok(());
    }
    Err(wrong(pointer.to_owned(), "id_too_long", format!("it has over {MAX_ID} characters")))
}

fn response_of(decision: &Decision) -> DecideResponse<'_> {
    let placements = decision.placements.iter().map(|placement| PlacementOut {
        name: placement.placement.name(),
        degraded: !placement.degraded_reasons.is_empty(),
        degraded_reasons: &placement.degraded_reasons,
        slots: (1..)
            .zip(&placement.slots)
            .map(|(position, slot)| SlotOut {
                position,
                product_id: &slot.product_id,
                score: slot.score,
                source: slot.source.name(),
                reasons: &slot.reasons,
            })
            .collect(),
    });
    DecideResponse {
        decision_id: &decision.id,
        model_version: decision.model_version.as_deref(),
        placements: placements.collect(),
    }
}
