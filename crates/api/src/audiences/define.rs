//! Definitions of audiences: `GET /v1/audiences`, `GET`, `PUT` and `DELETE /v1/audiences/{name}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use tradewind_audiences::Rule;
use tradewind_kernel::Purpose;
use tradewind_pipeline::{Audience, AudienceSpec, Audiences, SpecError};
use utoipa::ToSchema;

use super::compile;
use crate::auth::check_api_key;
use crate::body::{Inbound, read_json};
use crate::collect::handlers::not_collected;
use crate::extract::Path;
use crate::problem::{Code, FieldError, Problem, ProblemDocument};
use crate::state::Api;

/// What an audience is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AudienceIn {
    /// An expression of CEL over traits and events.
    rule: String,
    /// What it is for, in words.
    #[serde(default)]
    description: String,
    /// What it is used for: whoever is in it agrees to that, and to personalization. `personalization` if absent;
    /// of `marketing_email`, `marketing_sms`, `marketing_push` and `ads_sharing` webhooks are told who goes in and
    /// out. It stays as it was first put.
    #[serde(default)]
    purpose: Option<String>,
}

/// An audience.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AudienceOut {
    name: String,
    rule: String,
    description: String,
    purpose: &'static str,
    /// How often it was defined otherwise, from 1.
    revision: u32,
    /// How many people are in it.
    size: u64,
    /// Whether everybody is still being asked about its latest rule; the size is on its way until then.
    evaluating: bool,
    /// Whether webhooks are told who goes in and out, as `Audience Entered` and `Audience Exited`.
    told: bool,
    /// The traits that the rule reads; none if this program cannot read it.
    traits: Vec<&'static str>,
    /// The purposes that must be permitted for somebody to be in it.
    purposes: Vec<&'static str>,
    created_at: String,
    updated_at: String,
}

/// All audiences.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AudiencesOut {
    /// By name.
    audiences: Vec<AudienceOut>,
}

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedOut {
    name: String,
}

fn out(audiences: &Audiences, audience: &Audience) -> AudienceOut {
    let rule = Rule::compile(&audience.spec.rule).ok();
    let needed = rule.as_ref().map(Rule::purposes).unwrap_or_default();
    let needed = needed.with(Purpose::Personalization).with(audience.spec.purpose);
    AudienceOut {
        name: audience.spec.name.clone(),
        rule: audience.spec.rule.clone(),
        description: audience.spec.description.clone(),
        purpose: audience.spec.purpose.as_str(),
        revision: audience.revision,
        size: audiences.size(audience.id),
        evaluating: audience.is_evaluating(),
        told: audience.is_told(),
        traits: rule.iter().flat_map(|rule| rule.traits().iter().map(|one| one.name)).collect(),
        purposes: needed.iter().map(Purpose::as_str).collect(),
        created_at: audience.created_at.to_rfc3339(),
        updated_at: audience.updated_at.to_rfc3339(),
    }
}

pub(super) fn unknown(name: &str) -> Problem {
    let name: String = name.chars().take(100).collect();
    Problem::new(
        Code::NotFound,
        format!("there is no audience '{name}'; GET /v1/audiences lists those there are"),
    )
}

fn refused(error: &SpecError) -> Problem {
    let detail = error.to_string();
    let field =
        FieldError { pointer: error.pointer().into(), code: "invalid".into(), detail: detail.clone() };
    Problem::new(Code::InvalidRequest, detail).with_errors(vec![field])
}

/// `GET /v1/audiences`
#[utoipa::path(get, path = "/v1/audiences", tag = "audiences",
    responses((status = 200, body = AudiencesOut), (status = 401, body = ProblemDocument)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
) -> Result<Json<AudiencesOut>, Problem> {
    check_api_key(&api, &headers)?;
    let audiences = api.pipeline.audiences();
    let all = audiences.all().map(|audience| out(&audiences, audience)).collect();
    Ok(Json(AudiencesOut { audiences: all }))
}

/// `GET /v1/audiences/{name}`
#[utoipa::path(get, path = "/v1/audiences/{name}", tag = "audiences",
    params(("name" = String, Path, description = "the audience's")),
    responses((status = 200, body = AudienceOut), (status = 404, body = ProblemDocument)))]
pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Json<AudienceOut>, Problem> {
    check_api_key(&api, &headers)?;
    let audiences = api.pipeline.audiences();
    let audience = audiences.get(&name).ok_or_else(|| unknown(&name))?;
    Ok(Json(out(&audiences, audience)))
}

/// `PUT /v1/audiences/{name}`
#[utoipa::path(put, path = "/v1/audiences/{name}", tag = "audiences", request_body = AudienceIn,
    params(("name" = String, Path, description = "up to 64 of a-z, 0-9, - and _")),
    responses((status = 200, body = AudienceOut, description = "the audience as it is from now on"),
        (status = 400, body = ProblemDocument, description = "the rule or something else does not hold; errors say where")))]
pub(crate) async fn put(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Json<AudienceOut>, Problem> {
    check_api_key(&api, &headers)?;
    let body = read_json(&headers, body).await?;
    let AudienceIn { rule, description, purpose } =
        serde_json::from_slice(&body).map_err(|e| Problem::new(Code::InvalidRequest, e.to_string()))?;
    compile(&rule)?;
    let purpose = match purpose.as_deref().map(Purpose::parse) {
        None => Purpose::Personalization,
        Some(Ok(purpose)) => purpose,
        Some(Err(error)) => {
            let (pointer, detail) = ("/purpose".into(), error.to_string());
            let field = FieldError { pointer, code: "unknown_purpose".into(), detail: detail.clone() };
            return Err(Problem::new(Code::InvalidRequest, detail).with_errors(vec![field]));
        }
    };
    let spec = AudienceSpec { name, rule, description, purpose };
    Audiences::clone(&api.pipeline.audiences()).put(&spec, api.now()).map_err(|error| refused(&error))?;
    let name = spec.name.clone();
    api.pipeline.put_audience(spec.clone()).await.map_err(not_collected)?;
    let audiences = api.pipeline.audiences();
    match audiences.get(&name) {
        Some(audience) if audience.spec == spec => Ok(Json(out(&audiences, audience))),
        _ => Err(not_yet()),
    }
}

/// `DELETE /v1/audiences/{name}`: everybody is out of it at once, and nobody is told.
#[utoipa::path(delete, path = "/v1/audiences/{name}", tag = "audiences",
    params(("name" = String, Path, description = "the audience's")),
    responses((status = 200, body = DeletedOut), (status = 404, body = ProblemDocument)))]
pub(crate) async fn remove(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Json<DeletedOut>, Problem> {
    check_api_key(&api, &headers)?;
    if api.pipeline.audiences().get(&name).is_none() {
        return Err(unknown(&name));
    }
    api.pipeline.delete_audience(&name).await.map_err(not_collected)?;
    Ok(Json(DeletedOut { name }))
}

/// The definition is durable, and the projection is behind, or somebody else has put another one meanwhile.
fn not_yet() -> Problem {
    Problem::new(Code::Overloaded, "the audience is taken and not seen yet; look again shortly")
}
