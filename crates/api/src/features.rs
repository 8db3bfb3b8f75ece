//! The feature store's declarations over HTTP.
//!
//! - `GET /v1/features`: every view and service.
//! - `GET /v1/features/{name}`: all versions of a view, or a service.
//! - `GET /v1/features/{name}/lineage`: what it comes from and what comes of it.
//! - `PUT /v1/features/views/{name}`, `PUT /v1/features/services/{name}`: declare.
//!
//! - `POST /v1/features/training-set`: what was known at given times, from the lake (`training_set`).
//!
//! Values are read and written by Feast's paths, see [`crate::feast`].

mod live_models;
mod training_set;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tradewind_features::{DeclarationError, Registry, View, ViewSpec};

use crate::auth::check_api_key;
use crate::body::{Inbound, read_json};
use crate::collect::handlers::not_collected;
use crate::extract::{Path, Query};
use crate::problem::{Code, FieldError, Problem, ProblemDocument};
use crate::state::Api;
pub(crate) use training_set::{__path_training_set, training_set};

/// `GET /v1/features`
#[utoipa::path(get, path = "/v1/features", tag = "features",
    responses((status = 200, body = Value, description = "views in their newest version, and services"),
        (status = 401, body = ProblemDocument)))]
pub(crate) async fn list(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    check_api_key(&api, &headers)?;
    let registry = api.pipeline.feature_registry();
    let views: Vec<Value> = registry.newest().map(|view| view_json(&api, &registry, view)).collect();
    let services: Vec<Value> = registry.services().map(|s| json!(**s)).collect();
    Ok(Json(json!({ "views": views, "services": services })))
}

fn view_json(api: &Api, registry: &Registry, view: &View) -> Value {
    let mut json = json!(view.spec);
    let versions: Vec<u32> = registry.versions(&view.spec.name).iter().map(|v| v.version).collect();
    json["joinKeys"] = json!(view.spec.keys());
    json["version"] = view.version.into();
    json["versions"] = json!(versions);
    json["builtIn"] = registry.is_built_in(&view.spec.name).into();
    add_quality(api, view, &mut json);
    json
}

/// Adds how often each feature was read and had no value since the start, and how old the rows were.
fn add_quality(api: &Api, view: &View, json: &mut Value) {
    let Some(quality) = api.pipeline.feature_quality(view) else { return };
    json["ageSeconds"] = json!(quality.age_ms.map(|ms| ms as f64 / 1e3));
    let features = json["features"].as_array_mut().into_iter().flatten();
    for (feature, quality) in features.zip(&quality.features).filter(|(_, quality)| quality.reads > 0) {
        feature["reads"] = quality.reads.into();
        feature["missingRate"] = json!(quality.missing_rate().map(|rate| (rate * 1e4).round() / 1e4));
    }
}

/// `GET /v1/features/{name}`
#[utoipa::path(get, path = "/v1/features/{name}", tag = "features",
    params(("name" = String, Path, description = "of a view or a service")),
    responses((status = 200, body = Value, description = "a view with all its versions, or a service"),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    check_api_key(&api, &headers)?;
    let registry = api.pipeline.feature_registry();
    let versions: Vec<Value> =
        registry.versions(&name).iter().rev().map(|view| view_json(&api, &registry, view)).collect();
    if !versions.is_empty() {
        return Ok(Json(json!({ "view": name, "versions": versions })));
    }
    match registry.service(&name) {
        Some(service) => Ok(Json(json!({ "service": **service }))),
        None => Err(unknown(&name)),
    }
}

fn unknown(name: &str) -> Problem {
    let name: String = name.chars().take(100).collect();
    let detail =
        format!("there is nothing named '{name}' in the feature store; /v1/features lists what there is");
    Problem::new(Code::NotFound, detail)
}

/// In which form lineage is answered.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct LineageQuery {
    #[serde(default)]
    format: LineageFormat,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LineageFormat {
    #[default]
    Json,
    Text,
}

/// `GET /v1/features/{name}/lineage`
#[utoipa::path(get, path = "/v1/features/{name}/lineage", tag = "features",
    params(("name" = String, Path, description = "of a source, a view, a feature (`view:feature`), a service or a model"),
        ("format" = Option<String>, Query, description = "`json`, or `text`")),
    responses((status = 200, body = Value, description = "nodes above and below, and the edges among them"),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(crate) async fn lineage(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    Query(query): Query<LineageQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    check_api_key(&api, &headers)?;
    let models = live_models::of(&api);
    let found = api.pipeline.feature_registry().lineage(&name, &models).ok_or_else(|| unknown(&name))?;
    Ok(match query.format {
        LineageFormat::Json => Json(json!(found)).into_response(),
        LineageFormat::Text => {
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], found.to_text()).into_response()
        }
    })
}

/// `PUT /v1/features/views/{name}`
#[utoipa::path(put, path = "/v1/features/views/{name}", tag = "features", request_body = Value,
    params(("name" = String, Path, description = "the view's")),
    responses((status = 200, body = Value, description = "the view, in the version that applies now"),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(crate) async fn put_view(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Json<Value>, Problem> {
    let check = |registry: &mut Registry, spec: &ViewSpec| registry.put_view(spec).map(|_| ());
    let spec = declared(&api, &headers, &name, body, check).await?;
    api.pipeline.declare_view(spec).await.map_err(not_collected)?;
    let registry = api.pipeline.feature_registry();
    let view = registry.view(&name, None).ok_or_else(not_yet)?;
    Ok(Json(view_json(&api, &registry, view)))
}

/// `PUT /v1/features/services/{name}`
#[utoipa::path(put, path = "/v1/features/services/{name}", tag = "features", request_body = Value,
    params(("name" = String, Path, description = "the service's")),
    responses((status = 200, body = Value, description = "the service"),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(crate) async fn put_service(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Json<Value>, Problem> {
    let spec = declared(&api, &headers, &name, body, Registry::put_service).await?;
    api.pipeline.declare_feature_service(spec).await.map_err(not_collected)?;
    let registry = api.pipeline.feature_registry();
    let service = registry.service(&name).ok_or_else(not_yet)?;
    Ok(Json(json!(**service)))
}

/// Reads a declaration that `check` takes into a registry; its name may be left out, since the path has it.
async fn declared<T: DeserializeOwned>(
    api: &Api,
    headers: &HeaderMap,
    name: &str,
    body: Inbound,
    check: impl FnOnce(&mut Registry, &T) -> Result<(), DeclarationError>,
) -> Result<T, Problem> {
    check_api_key(api, headers)?;
    let spec = read_spec(headers, name, body).await?;
    check(&mut Registry::clone(&api.pipeline.feature_registry()), &spec).map_err(|e| problem_of(&e))?;
    Ok(spec)
}

async fn read_spec<T: DeserializeOwned>(
    headers: &HeaderMap,
    name: &str,
    body: Inbound,
) -> Result<T, Problem> {
    let body = read_json(headers, body).await?;
    let invalid = |why: String| Problem::new(Code::InvalidRequest, why);
    let mut json: Value =
        serde_json::from_slice(&body).map_err(|e| Problem::new(Code::InvalidJson, e.to_string()))?;
    let Some(fields) = json.as_object_mut() else { return Err(invalid("send an object".into())) };
    let given = fields.entry("name").or_insert_with(|| name.into());
    if given != name {
        return Err(invalid(format!("the path names '{name}', and the declaration {given}")));
    }
    serde_json::from_value(json).map_err(|e| invalid(format!("the declaration does not read: {e}")))
}

fn problem_of(error: &DeclarationError) -> Problem {
    let field =
        FieldError { pointer: error.pointer.clone(), code: "invalid".into(), detail: error.reason.clone() };
    Problem::new(Code::InvalidRequest, error.to_string()).with_errors(vec![field])
}

/// The declaration is durable, and the projection is behind.
fn not_yet() -> Problem {
    Problem::new(Code::Overloaded, "the declaration is taken and not applied yet; look again shortly")
}
