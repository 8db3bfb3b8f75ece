//! `/v1/privacy/requests`: the rights of people, asked for by the shop's own staff or systems.
//!
//! A request is durable when it is answered with 202, and carried out in the background, one at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradewind_decide::Ask as Question;
use tradewind_events::Event;
use tradewind_govern::{Ask, Kind, MAX_SUBJECTS, Place, Rights, RightsError, Stage, Status};
use tradewind_kernel::{Subject, UtcMillis};
use tradewind_pipeline::Whose;
use utoipa::ToSchema;

use crate::auth::check_api_key;
use crate::body::{Inbound, parse, read_json};
use crate::collect::parse::{Parsed, reject};
use crate::dead_letters::forget_shown;
use crate::extract::{Path, Query};
use crate::problem::{Code, FieldError, Problem, ProblemDocument};
use crate::profiles::profile_json;
use crate::state::Api;
use crate::vault::subject_of;

/// The code of an event that is not taken because nothing more is taken of this person.
pub(crate) const SUPPRESSED: &str = "suppressed";
/// Requests of the list.
const LISTED: usize = 1_000;
/// The longest that a look-up waits for a request's end.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// How often it looks.
const GLANCE: Duration = Duration::from_millis(20);

/// What is asked for.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RequestIn {
    /// `erase`, `export`, `restrict`, `suppress` or `unsuppress`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: Kind,
    /// `user_id:…` or `anonymous_id:…`, 1 to 5,000. Every id that is linked to one of them is meant too.
    subjects: Vec<String>,
    /// Whether, after an erasure, no event of these people is taken any more.
    #[serde(default)]
    suppress: bool,
}

/// A request and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestOut {
    id: String,
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: Kind,
    /// `AWAITING_CONFIRMATION`, `INITIALIZED`, `RUNNING`, `FINISHED` or `FAILED`.
    #[schema(value_type = String)]
    status: Stage,
    /// RFC 3339.
    requested_at: String,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What was found and removed, by place.
    found: BTreeMap<String, u64>,
    /// The signed receipt of an erasure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    receipt: Option<Value>,
    /// Everything that is held of them. The latest 16 are kept, in memory, until the program stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    export: Option<Value>,
}

impl From<Status> for RequestOut {
    fn from(status: Status) -> Self {
        Self {
            id: status.id,
            kind: status.kind,
            status: status.stage,
            requested_at: status.requested_at.to_rfc3339(),
            finished_at: status.finished_at.map(UtcMillis::to_rfc3339),
            error: status.error,
            found: status.found,
            receipt: status.receipt.and_then(|receipt| serde_json::to_value(receipt).ok()),
            export: status.export,
        }
    }
}

/// What a look-up may say.
#[derive(Debug, Deserialize)]
pub(crate) struct ShowQuery {
    wait_ms: Option<u64>,
}

/// `POST /v1/privacy/requests`
#[utoipa::path(post, path = "/v1/privacy/requests", tag = "privacy", request_body = RequestIn,
    responses((status = 202, body = RequestOut, description = "durable; it is carried out in the background"),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 501, body = ProblemDocument), (status = 503, body = ProblemDocument)))]
pub(crate) async fn request(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Response, Problem> {
    check_api_key(&api, &headers)?;
    let bytes = read_json(&headers, body).await?;
    let asked: RequestIn = parse(&bytes, "the body is no request")?;
    if asked.kind == Kind::EraseShop {
        let why = "a shop is erased by Shopify's topic shop/redact only; its request is confirmed here";
        return Err(Problem::new(Code::InvalidRequest, why));
    }
    if asked.suppress && asked.kind != Kind::Erase {
        return Err(Problem::new(
            Code::InvalidRequest,
            "suppress goes with the type erase; else it is a type",
        ));
    }
    let subjects = read_subjects(&api, &asked.subjects)?;
    let ask = Ask { kind: asked.kind, subjects, suppress: asked.suppress, shop: None, id: None };
    let status = hand_over(&api, ask).await?;
    let location = HeaderValue::from_str(&format!("/v1/privacy/requests/{}", status.id));
    let mut response = (StatusCode::ACCEPTED, Json(RequestOut::from(status))).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

fn read_subjects(api: &Api, texts: &[String]) -> Result<Vec<Subject>, Problem> {
    let (mut subjects, mut errors) = (Vec::with_capacity(texts.len().min(MAX_SUBJECTS)), Vec::new());
    for (index, text) in texts.iter().enumerate() {
        match subject_of(api, text) {
            Ok(subject) => subjects.push(subject),
            Err(error) if errors.len() < 10 => errors.push(FieldError {
                pointer: format!("/subjects/{index}"),
                code: "no_subject".into(),
                detail: error.detail,
            }),
            Err(_) => {}
        }
    }
    if errors.is_empty() {
        return Ok(subjects);
    }
    Err(Problem::new(Code::InvalidRequest, "some subjects do not read; nothing is done").with_errors(errors))
}

/// Takes a request; it is durable on success.
pub(crate) async fn hand_over(api: &Arc<Api>, ask: Ask) -> Result<Status, Problem> {
    take(api, ask, Rights::request).await
}

/// Takes a request that somebody has to confirm; it is durable on success.
pub(crate) async fn hold(api: &Arc<Api>, ask: Ask) -> Result<Status, Problem> {
    take(api, ask, Rights::await_confirmation).await
}

async fn take(
    api: &Arc<Api>,
    mut ask: Ask,
    how: fn(&Rights, Ask) -> Result<String, RightsError>,
) -> Result<Status, Problem> {
    let rights = rights_of(api)?;
    // Ids that name a person are known by their pseudonyms.
    ask.subjects = ask.subjects.into_iter().map(|subject| api.subject(subject)).collect();
    let taken = tokio::task::spawn_blocking(move || {
        let id = how(&rights, ask)?;
        rights.status(&id).ok_or(RightsError::Stopping)
    });
    joined(taken.await)
}

fn joined(taken: Result<Result<Status, RightsError>, tokio::task::JoinError>) -> Result<Status, Problem> {
    let taken = taken.map_err(|error| {
        tracing::error!(%error, "a privacy request's task failed");
        Problem::new(Code::Internal, "the request could not be taken; see the program's log")
    })?;
    taken.map_err(|error| match error {
        RightsError::NothingToConfirm => Problem::new(Code::NotFound, error.to_string()),
        RightsError::Subjects | RightsError::Id => Problem::new(Code::InvalidRequest, error.to_string()),
        RightsError::NoConsents => Problem::new(Code::RestrictUnavailable, error.to_string()),
        RightsError::Stopping => Problem::new(Code::Stopped, error.to_string()),
        _ => {
            tracing::error!(%error, "a privacy request could not be taken");
            Problem::new(Code::Internal, "the request could not be kept; see the program's log")
        }
    })
}

fn rights_of(api: &Api) -> Result<Arc<Rights>, Problem> {
    let none = || Problem::new(Code::Stopped, "this server keeps no ledger of privacy requests");
    api.rights.get().cloned().ok_or_else(none)
}

/// `GET /v1/privacy/requests/{id}`
#[utoipa::path(get, path = "/v1/privacy/requests/{id}", tag = "privacy",
    params(("id" = String, Path, description = "as it was answered"),
        ("wait_ms" = Option<u64>, Query, description = "waits so long for its end, at most 30,000")),
    responses((status = 200, body = RequestOut), (status = 401, body = ProblemDocument),
        (status = 404, body = ProblemDocument)))]
pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    Query(query): Query<ShowQuery>,
    headers: HeaderMap,
) -> Result<Json<RequestOut>, Problem> {
    check_api_key(&api, &headers)?;
    let wait = Duration::from_millis(query.wait_ms.unwrap_or(0)).min(MAX_WAIT);
    Ok(Json(ended(&api, &id, wait).await?.into()))
}

/// A request once it has ended, or as it stands after so long.
pub(crate) async fn ended(api: &Api, id: &str, wait: Duration) -> Result<Status, Problem> {
    let rights = rights_of(api)?;
    let until = tokio::time::Instant::now() + wait;
    loop {
        let Some(status) = rights.status(id) else {
            return Err(Problem::new(Code::NotFound, "there is no privacy request of this id"));
        };
        let has_ended = matches!(status.stage, Stage::Finished | Stage::Failed);
        if has_ended || tokio::time::Instant::now() >= until {
            return Ok(status);
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// `POST /v1/privacy/requests/{id}/confirm`
#[utoipa::path(post, path = "/v1/privacy/requests/{id}/confirm", tag = "privacy",
    params(("id" = String, Path, description = "of a request that is AWAITING_CONFIRMATION")),
    responses((status = 202, body = RequestOut, description = "durable; it is carried out in the background"),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 503, body = ProblemDocument)))]
pub(crate) async fn confirm(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    check_api_key(&api, &headers)?;
    let rights = rights_of(&api)?;
    let taken = tokio::task::spawn_blocking(move || {
        rights.confirm(&id)?;
        rights.status(&id).ok_or(RightsError::Stopping)
    });
    let status = joined(taken.await)?;
    Ok((StatusCode::ACCEPTED, Json(RequestOut::from(status))).into_response())
}

/// `GET /v1/privacy/requests`
#[utoipa::path(get, path = "/v1/privacy/requests", tag = "privacy",
    responses((status = 200, body = Vec<RequestOut>, description = "newest first, at most 1,000, without exports"),
        (status = 401, body = ProblemDocument)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
) -> Result<Json<Vec<RequestOut>>, Problem> {
    check_api_key(&api, &headers)?;
    Ok(Json(rights_of(&api)?.list(LISTED).into_iter().map(RequestOut::from).collect()))
}

/// Refuses while erasures of before the start are made again: who is to be forgotten may still be there.
pub(crate) fn check_ready(api: &Api) -> Result<(), Problem> {
    if api.rights.get().is_none_or(|rights| rights.is_ready()) {
        return Ok(());
    }
    let detail = "erasures that this data directory has not seen are made again first; see the program's log";
    Err(Problem::new(Code::Stopped, detail))
}

/// The event, unless nothing is taken of whom it is about.
pub(crate) fn unsuppressed(api: &Api, event: Event) -> Parsed {
    let Some(rights) = api.rights.get().filter(|rights| !rights.suppression().is_empty()) else {
        return Ok(event);
    };
    let suppression = rights.suppression();
    let previous = event.previous_id.as_deref();
    let is_covered = suppression.covers(event.user_id.as_deref(), event.anonymous_id.as_deref())
        || suppression.covers(previous, previous);
    if is_covered {
        return Err(reject(SUPPRESSED, "nothing is taken of this person any more, as they asked"));
    }
    Ok(event)
}

/// The question, without whom it is about where nothing is taken of them: decisions are kept.
pub(crate) fn contextual(api: &Api, question: Question) -> Question {
    let Some(rights) = api.rights.get().filter(|rights| !rights.suppression().is_empty()) else {
        return question;
    };
    let (user, anonymous) = match &question.subject {
        Some(Subject::User(id)) => (Some(id.as_str()), question.anonymous_id.as_deref()),
        Some(Subject::Anonymous(id)) => (None, Some(id.as_str())),
        None => (None, question.anonymous_id.as_deref()),
    };
    if rights.suppression().covers(user, anonymous) {
        return Question { subject: None, anonymous_id: None, ..question };
    }
    question
}

/// What the API itself shows of people: profiles in words, and the rejected events that are in memory only.
pub struct Shown(Weak<Api>);

impl Shown {
    /// Of this API.
    #[must_use]
    pub fn new(api: &Arc<Api>) -> Self {
        Self(Arc::downgrade(api))
    }
}

impl Place for Shown {
    fn name(&self) -> &'static str {
        "shown"
    }

    fn erase(&self, whose: &Whose) -> Result<u64, String> {
        let Some(api) = self.0.upgrade() else { return Ok(0) };
        let ids: Vec<&str> = whose.ids().collect();
        Ok(forget_shown(&api, &ids) as u64)
    }

    fn export(&self, whose: &Whose) -> Result<Value, String> {
        let Some(api) = self.0.upgrade() else { return Ok(Value::Null) };
        let subjects = whose.keys().filter_map(|key| match key.split_once(':')? {
            ("u", id) => Some(Subject::User(id.to_owned())),
            ("a", id) => Some(Subject::Anonymous(id.to_owned())),
            _ => None,
        });
        let profiles: BTreeMap<String, Value> = subjects
            .filter_map(|subject| profile_json(&api, &subject))
            .map(|profile| (profile["subject"].to_string(), profile))
            .collect();
        Ok(json!({ "profiles": profiles.into_values().collect::<Vec<_>>() }))
    }
}
