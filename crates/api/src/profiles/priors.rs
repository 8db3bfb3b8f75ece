//! What may be expected of somebody of whom little is known: the `priors` of a profile, and `GET /v1/priors`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use tradewind_people::Profile;
use tradewind_people::facts::{Channel, Country};
use tradewind_people::priors::{BANDS, MIN_PEOPLE, Way, way_of};
use utoipa::ToSchema;

use crate::auth::check_api_key;
use crate::extract::Query;
use crate::problem::{Code, Problem, ProblemDocument};
use crate::state::Api;

/// Traits for which priors stand where there is no evidence.
const STOOD_FOR: [&str; 4] = ["session_intents", "price_band", "category_affinity", "top_category"];

/// What is expected beforehand, from the first visits of others who came the same way.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PriorsOut {
    /// `channel_and_country`, `channel` or `shop`: the narrowest group of at least 50 people; `default` where there
    /// is none, and the numbers are those that the program brings.
    source: &'static str,
    /// How they came: `search`, `social`, `email`, `paid`, `direct` or `referral`.
    channel: Option<&'static str>,
    /// Where from, two letters of ISO 3166-1.
    country: Option<String>,
    /// People of that group: the evidence.
    people: u64,
    /// The probability that a first visit ends with an order.
    order_probability: f64,
    /// The probability of each band of prices; absent where no one's is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_band: Option<BTreeMap<&'static str, f64>>,
    /// Those of the group whose band is known.
    price_band_people: u64,
    /// Categories with the part of the people who took an interest on their first visit, at most 8.
    category_affinity: BTreeMap<String, f64>,
    /// Traits that the profile has no evidence for, so that these stand for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stands_for: Vec<&'static str>,
}

/// To three digits: what is behind them says nothing.
fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

fn of_way(api: &Api, way: Way, stands_for: Vec<&'static str>) -> PriorsOut {
    let priors = api.pipeline.priors(way);
    let words = priors.told_categories();
    PriorsOut {
        source: priors.group.map_or("default", tradewind_people::priors::Group::as_str),
        channel: way.0.map(Channel::as_str),
        country: way.1.map(|country| country.as_str().to_owned()),
        people: priors.people,
        order_probability: rounded(priors.order_probability),
        price_band: priors.band().map(|_| BANDS.into_iter().zip(priors.bands.map(rounded)).collect()),
        price_band_people: priors.banded,
        category_affinity: words
            .filter_map(|(word, share)| Some((api.pipeline.word(word)?, rounded(share))))
            .collect(),
        stands_for,
    }
}

/// The priors of a profile, where it has no evidence of its own for something that they stand for. `told` are
/// the traits that it has.
pub(super) fn of(
    api: &Api,
    profile: &Profile,
    told: &BTreeMap<&'static str, serde_json::Value>,
) -> Option<PriorsOut> {
    let missing: Vec<&str> = STOOD_FOR.into_iter().filter(|name| !told.contains_key(name)).collect();
    // How they came is told, and counts, only where these traits are.
    let (channel, country) = way_of(profile);
    let way = (
        channel.filter(|_| told.contains_key("first_channel")),
        country.filter(|_| told.contains_key("country")),
    );
    (!missing.is_empty()).then(|| of_way(api, way, missing))
}

/// How somebody came.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PriorsQuery {
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    country: Option<String>,
}

/// `GET /v1/priors`: of somebody of whom nothing is known but how they came.
#[utoipa::path(get, path = "/v1/priors", tag = "profiles",
    params(("channel" = Option<String>, Query, description = "search, social, email, paid, direct or referral"),
        ("country" = Option<String>, Query, description = "two letters of ISO 3166-1")),
    responses((status = 200, body = PriorsOut), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument)))]
pub(crate) async fn priors(
    State(api): State<Arc<Api>>,
    Query(query): Query<PriorsQuery>,
    headers: HeaderMap,
) -> Result<Json<PriorsOut>, Problem> {
    check_api_key(&api, &headers)?;
    let wrong = |what: &str, given: &str, right: &str| {
        let given: String = given.chars().take(40).collect();
        Problem::new(Code::InvalidRequest, format!("'{given}' is no {what}: {right}"))
    };
    let channel = |name: &str| {
        let names: Vec<&str> = Channel::ALL.iter().map(|one| one.as_str()).collect();
        Channel::parse(name).ok_or_else(|| wrong("channel", name, &names.join(", ")))
    };
    let country =
        |code: &str| Country::parse(code).ok_or_else(|| wrong("country", code, "two letters of ISO 3166-1"));
    let way = (
        query.channel.as_deref().map(channel).transpose()?,
        query.country.as_deref().map(country).transpose()?,
    );
    Ok(Json(of_way(&api, way, Vec::new())))
}

const _: () = assert!(MIN_PEOPLE == 50, "the words of PriorsOut say so");
