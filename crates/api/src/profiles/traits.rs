//! Traits as answers write them: `GET /v1/traits`, and the `traits` of a profile.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use serde_json::Value;
use tradewind_kernel::{Purposes, Subject};
use tradewind_people::Profile;
use tradewind_people::traits::{self, Context};
use utoipa::ToSchema;

use crate::auth::check_api_key;
use crate::problem::Problem;
use crate::state::Api;

/// The declaration of a trait.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TraitOut {
    /// In snake case.
    name: &'static str,
    /// `flag`, `integer`, `number`, `text`, `time`, `texts`, or `shares`: numbers from 0 to 1 by text.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What a number counts; empty for what has no unit.
    unit: &'static str,
    /// The purpose that must be permitted for it to be told.
    purpose: &'static str,
    /// `behaviour`, `orders`, `technical`, `inferred` or `stated`.
    class: &'static str,
    /// So long after the shopper's latest event it is told, in milliseconds; null for as long as the profile.
    ttl_ms: Option<i64>,
    /// What it says.
    description: &'static str,
    /// How it comes about.
    folded: &'static str,
}

/// All traits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TraitsOut {
    traits: Vec<TraitOut>,
}

/// `GET /v1/traits`: the declarations of all traits.
#[utoipa::path(get, path = "/v1/traits", tag = "profiles", responses((status = 200, body = TraitsOut)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
) -> Result<Json<TraitsOut>, Problem> {
    check_api_key(&api, &headers)?;
    let declared = |one: &'static traits::Trait| TraitOut {
        name: one.name,
        kind: one.kind.as_str(),
        unit: one.unit,
        purpose: one.purpose.as_str(),
        class: one.class.as_str(),
        ttl_ms: one.ttl_ms,
        description: one.description,
        folded: one.folded,
    };
    Ok(Json(TraitsOut { traits: traits::ALL.iter().map(declared).collect() }))
}

/// What a subject's data may be used for. The one place where reads of profiles ask.
/// Where the ledger cannot be read, for nothing.
pub(crate) fn permitted(api: &Api, subject: &Subject) -> Purposes {
    let standing = api.pipeline.standing(subject);
    standing.map_or(Purposes::NONE, |(_, standing)| standing.allowed())
}

/// The traits of a profile that these purposes allow to tell, by name.
pub(super) fn of(api: &Api, profile: &Profile, purposes: Purposes) -> BTreeMap<&'static str, Value> {
    let word = |word| api.pipeline.word(word);
    let context = Context { now: api.now(), word: &word, currency: api.pipeline.currency() };
    let known = traits::read(profile, &context, purposes);
    known.map(|(one, value)| (one.name, serde_json::to_value(value).unwrap_or_default())).collect()
}
