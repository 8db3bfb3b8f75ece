//! The schema registry over HTTP, and what live events lack.
//!
//! - `GET /v1/schemas`: every event that has a schema, with its versions.
//! - `GET /v1/schemas/{event}`: one as JSON Schema, the newest version or `?version=`.
//! - `GET /v1/schemas/findings`: what is wrong with the events that came in since the start.
//!
//! [`Audit`] checks files of messages by the same rules.

mod audit;
mod live;
mod report;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tradewind_events::schema::{Need, Schema, SchemaOrigin};
use utoipa::ToSchema;

pub use audit::Audit;
pub(crate) use live::{LiveFindings, LiveReport};
pub use report::{AuditReport, EventReport, FindingReport};

use crate::auth::check_api_key;
use crate::extract::{Path, Query};
use crate::problem::{Code, Problem, ProblemDocument};
use crate::state::Api;

/// One event of the registry.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SchemaSummary {
    /// Its name.
    event: String,
    /// The version that applies: the newest.
    version: u32,
    /// All versions.
    versions: Vec<u32>,
    /// Whose the version that applies is: `built_in` or `shop`.
    origin: &'static str,
    /// What happened when it is sent.
    description: String,
    /// What the engine can do with it.
    enables: String,
    /// Properties without which it is of little use; of `a|b` one is enough.
    required: Vec<String>,
    /// Properties without which something is not possible; of `a|b` one is enough.
    recommended: Vec<String>,
}

/// `GET /v1/schemas`
#[utoipa::path(get, path = "/v1/schemas", tag = "schemas",
    responses((status = 200, body = Vec<SchemaSummary>, description = "in the order of a visit, the shop's own last"),
        (status = 401, body = ProblemDocument)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
) -> Result<Json<Vec<SchemaSummary>>, Problem> {
    check_api_key(&api, &headers)?;
    let registry = &api.settings.schemas;
    let summary = |schema: &Schema| SchemaSummary {
        event: schema.event.to_string(),
        version: schema.version,
        versions: registry.versions(&schema.event),
        origin: match schema.origin {
            SchemaOrigin::BuiltIn => "built_in",
            SchemaOrigin::Shop => "shop",
        },
        description: schema.description.to_string(),
        enables: schema.enables.to_string(),
        required: names(schema, Need::Required),
        recommended: names(schema, Need::Recommended),
    };
    Ok(Json(registry.applying().map(summary).collect()))
}

fn names(schema: &Schema, need: Need) -> Vec<String> {
    let of = schema.properties.iter().filter(|p| p.need == need);
    of.map(|p| p.or.iter().fold(p.name.to_string(), |all, or| format!("{all}|{or}"))).collect()
}

/// Which version is asked for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct VersionQuery {
    #[serde(default)]
    version: Option<u32>,
}

/// `GET /v1/schemas/{event}`
#[utoipa::path(get, path = "/v1/schemas/{event}", tag = "schemas",
    params(("event" = String, Path, description = "its name, in any case"),
        ("version" = Option<u32>, Query, description = "the newest unless given")),
    responses((status = 200, body = serde_json::Value, description = "JSON Schema, draft 2020-12"),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    Path(event): Path<String>,
    Query(query): Query<VersionQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    check_api_key(&api, &headers)?;
    let registry = &api.settings.schemas;
    let schema = match query.version {
        Some(version) => registry.version(&event, version),
        None => registry.newest(&event),
    };
    let Some(schema) = schema else {
        let name: String = event.chars().take(100).collect();
        let hint = match (registry.newest(&event), registry.nearest(&event)) {
            (Some(known), _) => format!("; its newest version is {}", known.version),
            (None, Some(near)) => format!("; did you mean '{near}'?"),
            (None, None) => "; /v1/schemas lists those that there are".to_owned(),
        };
        return Err(Problem::new(Code::NotFound, format!("there is no such schema of '{name}'{hint}")));
    };
    let kind = [(header::CONTENT_TYPE, "application/schema+json")];
    Ok((kind, schema.to_json_schema().to_string()).into_response())
}

/// `GET /v1/schemas/findings`
#[utoipa::path(get, path = "/v1/schemas/findings", tag = "schemas",
    responses((status = 200, body = LiveReport, description = "since the start, of events that have a schema"),
        (status = 401, body = ProblemDocument)))]
pub(crate) async fn findings(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
) -> Result<Json<LiveReport>, Problem> {
    check_api_key(&api, &headers)?;
    Ok(Json(api.schemas.report()))
}

#[cfg(test)]
mod tests;
