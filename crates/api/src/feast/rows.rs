//! Rows as clients send them: columns of a data frame, or records of a query's answer.

use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use tradewind_features::{NewRow, Row, Value, View, entity_key};
use tradewind_kernel::UtcMillis;

use super::error::FeastError;
use crate::auth::check_api_key;
use crate::body::{Inbound, read_json};
use crate::state::Api;

/// Reads a request that an API key is needed for. What is wrong is told in Feast's words.
pub(super) async fn read_ask<T: DeserializeOwned>(
    api: &Api,
    headers: &HeaderMap,
    body: Inbound,
) -> Result<T, Response> {
    check_api_key(api, headers).map_err(IntoResponse::into_response)?;
    let body = read_json(headers, body).await.map_err(IntoResponse::into_response)?;
    serde_json::from_slice(&body).map_err(|e| FeastError::body(&e).into_response())
}

/// Reads one row of a view; `get` gives a column's value.
pub(super) fn row_of<'a>(
    view: &View,
    now: UtcMillis,
    get: impl Fn(&str) -> Option<&'a RawValue>,
) -> Result<NewRow, FeastError> {
    let column = |name: &str| {
        get(name)
            .ok_or_else(|| FeastError::bad(format!("the column {name} of {} is missing", view.versioned())))
    };
    let mut parts = Vec::with_capacity(1);
    for key in view.spec.keys() {
        let json = json_of(column(&key.name)?);
        let text = match (&json, Value::of_json(key.kind, &json)) {
            (Json::String(text), Ok(_)) => text.clone(),
            (_, Ok(Some(Value::Int(n)))) => n.to_string(),
            _ => return Err(wrong(&key.name, &format!("{json} is no {}", key.kind))),
        };
        parts.push(text);
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let entity = view.entity_of(&entity_key(&parts)).into_owned();
    if parts.iter().any(|p| p.is_empty()) || entity.len() > MAX_ENTITY_BYTES {
        return Err(wrong(&view.spec.keys()[0].name, "a join key has 1 to 900 bytes"));
    }
    let event_at = time_of(&json_of(column("event_timestamp")?))
        .ok_or_else(|| wrong("event_timestamp", "it is neither a time nor seconds since 1970"))?;
    let created_at = match get("created").or_else(|| get("created_timestamp")).map(json_of) {
        None | Some(Json::Null) => now,
        Some(json) => {
            time_of(&json).ok_or_else(|| wrong("created", "it is neither a time nor seconds since 1970"))?
        }
    };
    let mut values = Vec::with_capacity(view.spec.features.len());
    for feature in &view.spec.features {
        let value = Value::of_text(feature.kind, column(&feature.name)?.get());
        let value = value.map_err(|e| wrong(&feature.name, &e.to_string()))?;
        if let (Some(dimensions), false) =
            (feature.dimensions, value.as_ref().is_none_or(|value| feature.takes(value)))
        {
            return Err(wrong(&feature.name, &format!("an embedding of it has {dimensions} numbers")));
        }
        values.push(value);
    }
    Ok(NewRow { entity, row: Row { event_at, created_at, values } })
}

/// A cell, read; it was JSON before.
fn json_of(raw: &RawValue) -> Json {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

/// The longest key of an entity, in bytes.
const MAX_ENTITY_BYTES: usize = 900;

fn wrong(column: &str, why: &str) -> FeastError {
    FeastError::bad(format!("the column {column}: {why}"))
}

/// A time as text, or seconds since 1970.
pub(super) fn time_of(json: &Json) -> Option<UtcMillis> {
    match json {
        Json::String(text) => UtcMillis::parse(text).ok(),
        #[expect(clippy::cast_possible_truncation, reason = "a float that is out of range stops at its end")]
        Json::Number(n) => n.as_f64().map(|seconds| UtcMillis::new((seconds * 1e3) as i64)),
        _ => None,
    }
}
