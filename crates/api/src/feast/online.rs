//! `POST /get-online-features`
//!
//! The answer is by column: the join keys as they were asked for, then the features, each with a status and a
//! time for every entity. A row that there is has the status `PRESENT`, also for a feature that it stores no
//! value of, as Feast's own server says; `NULL_VALUE` says that a computed feature has none; a row older than
//! its view allows is `OUTSIDE_MAX_AGE` and has no values, so that serving and training agree; else
//! `NOT_FOUND`.
//!
//! Limits: 200,000 values in one answer.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_features::{Naming, PlannedView, ReadPlan, Registry, Scalar, Source, entity_key};
use tradewind_kernel::{Purposes, UtcMillis};
use tradewind_pipeline::{RowState, ViewRows};

use super::error::FeastError;
use crate::auth::check_api_key;
use crate::body::{Inbound, read_json};
use crate::state::Api;

/// The most values of an answer.
const MAX_CELLS: usize = 200_000;
/// From so many bytes on, a request is answered on a thread of its own.
const LARGE_BYTES: usize = 4 << 10;
/// The time of what has none.
const NO_TIME: &str = "1970-01-01T00:00:00Z";

#[derive(Deserialize)]
struct Ask<'a> {
    #[serde(borrow)]
    entities: BTreeMap<String, Vec<&'a RawValue>>,
    #[serde(default)]
    features: Option<Vec<String>>,
    #[serde(default)]
    feature_service: Option<String>,
    #[serde(default)]
    full_feature_names: bool,
    #[serde(default)]
    include_feature_view_version_metadata: bool,
}

/// The texts of the join keys' columns.
type Texts<'a> = BTreeMap<&'a str, Vec<Cow<'a, str>>>;

/// `POST /get-online-features`
pub(super) async fn get_online_features(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Response, Response> {
    check_api_key(&api, &headers).map_err(IntoResponse::into_response)?;
    let body = read_json(&headers, body).await.map_err(IntoResponse::into_response)?;
    // What takes long leaves this thread to others.
    let answer = if body.len() < LARGE_BYTES {
        answer(&api, &body)
    } else {
        let large = tokio::task::spawn_blocking(move || answer(&api, &body)).await;
        large.unwrap_or_else(|_| Err(FeastError::bug()))
    };
    let answer = answer.map_err(IntoResponse::into_response)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response())
}

fn answer(api: &Api, body: &[u8]) -> Result<Vec<u8>, FeastError> {
    let ask: Ask<'_> = serde_json::from_slice(body).map_err(|e| FeastError::body(&e))?;
    let registry = api.pipeline.feature_registry();
    let plan = planned(&registry, &ask)?;
    let count = ask.entities.values().next().map_or(0, Vec::len);
    if ask.entities.values().any(|column| column.len() != count) {
        return Err(FeastError::bad("all columns of entities have the same length"));
    }
    let columns = plan.columns.len() + ask.entities.len();
    if count.saturating_mul(columns) > MAX_CELLS {
        let message =
            format!("{count} entities with {columns} columns are over {MAX_CELLS} values: ask for less");
        return Err(FeastError::bad(message));
    }
    let texts = texts(&registry, &ask)?;
    let mut views = Vec::with_capacity(plan.views.len());
    for planned in &plan.views {
        let keys = keys_of(planned, &texts, count)?;
        // Everything here is for whoever has the key; what a person agreed to, the pipeline asks.
        let rows = api.pipeline.read_features(planned, &keys, Purposes::ALL);
        views.push(rows.map_err(|e| FeastError::unreadable(&e))?);
    }
    Ok(written(&ask, &plan, &views, count))
}

fn planned(registry: &Registry, ask: &Ask<'_>) -> Result<ReadPlan, FeastError> {
    let naming = if ask.full_feature_names { Naming::Full } else { Naming::Short };
    let plan = match (&ask.feature_service, &ask.features) {
        (Some(service), _) => registry.plan_service(service, naming),
        (None, Some(features)) => registry.plan(features, naming),
        (None, None) => return Err(FeastError::bad("name features or a feature_service")),
    };
    plan.map_err(|e| FeastError::of_plan(&e))
}

/// The columns of the join keys as texts, each value of its key's type.
fn texts<'a>(registry: &Registry, ask: &'a Ask<'_>) -> Result<Texts<'a>, FeastError> {
    let keys: BTreeMap<String, Scalar> =
        registry.newest().flat_map(|v| v.spec.keys()).map(|k| (k.name, k.kind.scalar)).collect();
    let mut texts = Texts::new();
    for (name, column) in &ask.entities {
        let Some(kind) = keys.get(name) else { return Err(FeastError::no_entity(name)) };
        let text = |raw: &&'a RawValue| {
            key_text(*kind, raw.get()).ok_or_else(|| {
                let given: String = raw.get().chars().take(40).collect();
                let kind = tradewind_features::ValueType::one(*kind);
                FeastError::bad(format!("{given} is no {kind} for the join key {name}"))
            })
        };
        texts.insert(name, column.iter().map(text).collect::<Result<_, _>>()?);
    }
    Ok(texts)
}

/// The text of a join key's value. Numbers may come with `.0`, as data frames with gaps have them.
fn key_text(kind: Scalar, raw: &str) -> Option<Cow<'_, str>> {
    if let Some(plain) = raw.strip_prefix('"').and_then(|r| r.strip_suffix('"')) {
        let text = if plain.contains('\\') {
            Cow::Owned(serde_json::from_str(raw).ok()?)
        } else {
            Cow::Borrowed(plain)
        };
        return (kind != Scalar::Int64 || text.parse::<i64>().is_ok()).then_some(text);
    }
    let number = raw.strip_suffix(".0").unwrap_or(raw);
    number.parse::<i64>().is_ok().then_some(Cow::Borrowed(number))
}

/// The entities' keys for one view.
fn keys_of<'a>(
    planned: &PlannedView,
    texts: &'a Texts<'_>,
    count: usize,
) -> Result<Vec<Cow<'a, str>>, FeastError> {
    let view = &planned.view;
    let column = |name: &str| {
        texts.get(name).ok_or_else(|| {
            FeastError::bad(format!("Missing join key values for keys: ['{name}'] of {}", view.versioned()))
        })
    };
    let columns: Vec<_> = view.spec.keys().iter().map(|k| column(&k.name)).collect::<Result<_, _>>()?;
    if let [one] = columns[..] {
        return Ok(one.iter().map(|text| Cow::Borrowed(text.as_ref())).collect());
    }
    let key = |n: usize| {
        let parts: Vec<&str> = columns.iter().map(|c| c[n].as_ref()).collect();
        Cow::Owned(entity_key(&parts))
    };
    Ok((0..count).map(key).collect())
}

/// Writes a list of what `one` writes for each of `count`.
fn list(out: &mut Vec<u8>, count: usize, mut one: impl FnMut(&mut Vec<u8>, usize)) {
    out.push(b'[');
    for n in 0..count {
        if n > 0 {
            out.push(b',');
        }
        one(out, n);
    }
    out.push(b']');
}

fn quoted(out: &mut Vec<u8>, text: &str) {
    // Writing into memory does not fail.
    let _ = serde_json::to_writer(out, text);
}

fn written(ask: &Ask<'_>, plan: &ReadPlan, views: &[ViewRows], count: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(256 + count * (plan.columns.len() + 1) * 64);
    out.extend_from_slice(br#"{"results":["#);
    let mut is_first = true;
    for column in ask.entities.values() {
        separate(&mut out, &mut is_first);
        out.extend_from_slice(br#"{"values":"#);
        list(&mut out, count, |out, n| out.extend_from_slice(column[n].get().as_bytes()));
        out.extend_from_slice(br#","statuses":"#);
        list(&mut out, count, |out, _| out.extend_from_slice(br#""PRESENT""#));
        out.extend_from_slice(br#","event_timestamps":"#);
        list(&mut out, count, |out, _| quoted(out, NO_TIME));
        out.push(b'}');
    }
    // The times are those of the view's rows, the same for all of its columns.
    let times: Vec<Vec<u8>> = views.iter().map(times).collect();
    for column in &plan.columns {
        separate(&mut out, &mut is_first);
        let rows = &views[column.view];
        let is_stored = matches!(plan.views[column.view].view.spec.source, Source::Push(_) | Source::Sql(_));
        out.extend_from_slice(br#"{"values":"#);
        list(&mut out, count, |out, n| match rows.value(n, column.place) {
            Some(value) => value.write_json(out),
            None => out.extend_from_slice(b"null"),
        });
        out.extend_from_slice(br#","statuses":"#);
        list(&mut out, count, |out, n| {
            let has_value = is_stored || rows.value(n, column.place).is_some();
            out.extend_from_slice(match rows.states[n].0 {
                RowState::Present if has_value => br#""PRESENT""#.as_slice(),
                RowState::Present => br#""NULL_VALUE""#,
                RowState::NotFound => br#""NOT_FOUND""#,
                RowState::TooOld => br#""OUTSIDE_MAX_AGE""#,
            });
        });
        out.extend_from_slice(br#","event_timestamps":"#);
        out.extend_from_slice(&times[column.view]);
        out.push(b'}');
    }
    out.extend_from_slice(br#"],"metadata":{"feature_names":"#);
    let names: Vec<&str> =
        ask.entities.keys().map(String::as_str).chain(plan.columns.iter().map(|c| c.name.as_str())).collect();
    list(&mut out, names.len(), |out, n| quoted(out, names[n]));
    if ask.include_feature_view_version_metadata {
        out.extend_from_slice(br#","feature_view_metadata":"#);
        list(&mut out, plan.views.len(), |out, n| {
            let view = &plan.views[n].view;
            out.extend_from_slice(br#"{"name":"#);
            quoted(out, &view.spec.name);
            out.extend_from_slice(format!(r#","version":{}}}"#, view.version).as_bytes());
        });
    }
    out.extend_from_slice(b"}}");
    out
}

fn separate(out: &mut Vec<u8>, is_first: &mut bool) {
    if !std::mem::replace(is_first, false) {
        out.push(b',');
    }
}

fn times(rows: &ViewRows) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.states.len() * 28);
    let mut last: Option<(UtcMillis, String)> = None;
    list(&mut out, rows.states.len(), |out, n| {
        let (state, at) = rows.states[n];
        if state == RowState::NotFound {
            return quoted(out, NO_TIME);
        }
        // Rows of one load have the same time.
        let text = match last.take() {
            Some((known, text)) if known == at => text,
            _ => at.to_rfc3339(),
        };
        quoted(out, &text);
        last = Some((at, text));
    });
    out
}
