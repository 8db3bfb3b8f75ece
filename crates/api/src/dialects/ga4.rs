//! GA4's Measurement Protocol: `POST /mp/collect`, and `POST /debug/mp/collect`, which only validates.
//!
//! Clients are told neither what was wrong nor to try again, so a bad payload or key is answered with 204
//! too and noted among the rejected events. Only what keeps a good event from being durable is an error.
//! `client_id` becomes the anonymous id `ga:…`. There is no message id: an event with a time, or a purchase
//! with a transaction, is known again by the hash of its body and place; any other counts each time.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tradewind_events::Kind;
use tradewind_kernel::UtcMillis;
use xxhash_rust::xxh3::xxh3_128;

use self::items::{Shape, properties};
use super::draft::{
    Draft, Fields, Item, check_split, deliver, fields, read_event, read_items, text_of, texts,
};
use crate::auth::check_write_key;
use crate::body::read_json;
use crate::collect::parse::{Reject, malformed, reject};
use crate::extract::Query;
use crate::problem::{Code, Problem};
use crate::state::Api;
use crate::text::Text;

mod items;

/// The most events of one request.
const MAX_EVENTS: usize = 25;
/// The longest name of an event, in characters.
const MAX_NAME: usize = 40;

/// What the query may say.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct MeasurementQuery {
    #[serde(default)]
    api_secret: Option<String>,
}

/// The body.
#[derive(Debug, Deserialize)]
struct Measurement<'a> {
    #[serde(borrow, default)]
    client_id: Text<'a>,
    #[serde(borrow, default)]
    app_instance_id: Text<'a>,
    #[serde(borrow, default)]
    user_id: Text<'a>,
    #[serde(borrow, default)]
    timestamp_micros: Text<'a>,
    #[serde(default, deserialize_with = "fields")]
    user_properties: Fields,
    #[serde(default, deserialize_with = "fields")]
    consent: Fields,
    #[serde(borrow, default)]
    events: Vec<&'a RawValue>,
}

/// One event.
#[derive(Debug, Deserialize)]
struct Measured<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    timestamp_micros: Text<'a>,
    #[serde(default, deserialize_with = "fields")]
    params: Fields,
}

/// `POST /mp/collect`
pub(crate) async fn collect(
    State(api): State<Arc<Api>>,
    Query(query): Query<MeasurementQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let received = api.now();
    let read = read_json(&headers, body).await;
    let keyed = check_write_key(&api, &headers, [query.api_secret.as_deref(), None]);
    let whole = |source, reject| vec![Item { index: 0, source, draft: Err(reject) }];
    let items = match (&keyed, &read) {
        // Nothing of a stranger's body is kept.
        (Err(problem), _) => whole("", reject("write_key_unknown", problem.detail.clone())),
        (_, Err(problem)) => whole("", malformed(problem.detail.clone())),
        (Ok(_), Ok(bytes)) => {
            let json = std::str::from_utf8(bytes).unwrap_or_default();
            read_all(json).unwrap_or_else(|reject| whole(json, reject))
        }
    };
    deliver(&api, received, items).await.map(|_| StatusCode::NO_CONTENT)
}

/// Reads a body's events.
pub(crate) fn read_all(json: &str) -> Result<Vec<Item<'_>>, Reject> {
    let measurement: Measurement<'_> = read_event(json)?;
    if measurement.events.len() > MAX_EVENTS {
        return Err(malformed(format!("there are over {MAX_EVENTS} events")));
    }
    let (hash, shared) = (xxh3_128(json.as_bytes()), context(&measurement));
    let read_one = |n, source| read_one(&measurement, &shared, hash, n, source);
    Ok(read_items(&texts(&measurement.events), read_one))
}

fn micros(text: &Text<'_>) -> Option<UtcMillis> {
    let micros: f64 = text.get()?.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "saturates; a time out of range is nonsense")]
    let millis = (micros / 1_000.0) as i64;
    (millis > 0).then(|| UtcMillis::new(millis))
}

/// Reads one event into one draft, or into one for each of its items.
fn read_one(
    measurement: &Measurement<'_>,
    context: &Fields,
    hash: u128,
    index: usize,
    json: &str,
) -> Result<Vec<Draft>, Reject> {
    let event: Measured<'_> = read_event(json)?;
    let Some(name) = event.name.get() else {
        return Err(reject("event_missing", "name, the event's, is missing"));
    };
    let shape = Shape::of(name);
    let kind = if name == "page_view" { Kind::Page } else { Kind::Track };
    let original = micros(&event.timestamp_micros).or_else(|| micros(&measurement.timestamp_micros));
    let is_order = name == "purchase" && event.params.contains_key("transaction_id");
    let client_id = measurement.client_id.get().or(measurement.app_instance_id.get());
    let all = properties(&shape, event.params);
    let context_bytes = serde_json::to_string(context).map_or(0, |text| text.len());
    check_split(all.len(), json.len() + context_bytes)?;
    let drafts = all.into_iter().enumerate().map(|(n, properties)| {
        let mut draft = Draft::new(kind);
        draft.message_id = (original.is_some() || is_order).then(|| format!("ga4-{hash:032x}-{index}-{n}"));
        draft.name = match kind {
            Kind::Page => text_of(&properties, "title"),
            _ => Some(shape.name.to_owned()),
        };
        draft.user_id = measurement.user_id.owned();
        draft.anonymous_id = client_id.map(|id| format!("ga:{id}"));
        draft.original = original;
        draft.properties = properties;
        draft.context.clone_from(context);
        draft
    });
    Ok(drafts.collect())
}

/// User properties as `traits`, consent as categories that are true or false.
fn context(measurement: &Measurement<'_>) -> Fields {
    let value_of = |(name, property): (&String, &Value)| Some((name.clone(), property.get("value")?.clone()));
    let traits: Fields = measurement.user_properties.iter().filter_map(value_of).collect();
    let granted = |(name, state): (&String, &Value)| {
        let state = state.as_str()?;
        let known = [("GRANTED", true), ("DENIED", false)];
        let (_, granted) = known.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(state))?;
        Some((name.clone(), Value::Bool(granted)))
    };
    let categories: Fields = measurement.consent.iter().filter_map(granted).collect();
    let mut context = Fields::new();
    if !traits.is_empty() {
        context.insert("traits".to_owned(), traits.into());
    }
    if !categories.is_empty() {
        context.insert("consent".to_owned(), json!({"categoryPreferences": categories}));
    }
    context
}

/// `POST /debug/mp/collect`: says what is wrong and takes nothing.
pub(crate) async fn debug(headers: HeaderMap, body: Body) -> Result<Json<Value>, Problem> {
    let bytes = match read_json(&headers, body).await {
        Err(problem) if problem.code == Code::BodyTooLarge => return Err(problem),
        Err(problem) => return Ok(messages(&[finding("", problem.detail, "VALUE_INVALID")])),
        Ok(bytes) => bytes,
    };
    let json = std::str::from_utf8(&bytes).unwrap_or_default();
    let found = match read_event::<Measurement<'_>>(json) {
        Err(reject) => vec![finding("", reject.message, "VALUE_INVALID")],
        Ok(measurement) => findings(&measurement),
    };
    Ok(messages(&found))
}

fn messages(found: &[Value]) -> Json<Value> {
    Json(json!({"validationMessages": found}))
}

fn finding(path: &str, description: impl Into<String>, code: &str) -> Value {
    json!({"fieldPath": path, "description": description.into(), "validationCode": code})
}

fn findings(measurement: &Measurement<'_>) -> Vec<Value> {
    let mut found = Vec::new();
    if measurement.client_id.get().is_none() && measurement.app_instance_id.get().is_none() {
        found.push(finding("client_id", "client_id is missing", "VALUE_REQUIRED"));
    }
    if measurement.events.is_empty() {
        found.push(finding("events", "events is missing or empty", "VALUE_REQUIRED"));
    }
    if measurement.events.len() > MAX_EVENTS {
        found.push(finding("events", format!("there are over {MAX_EVENTS} events"), "EXCEEDED_MAX_ENTITIES"));
    }
    for (index, raw) in measurement.events.iter().take(MAX_EVENTS).enumerate() {
        let path = format!("events[{index}]");
        match read_event::<Measured<'_>>(raw.get()) {
            Err(reject) => found.push(finding(&path, reject.message, "VALUE_INVALID")),
            Ok(event) => match event.name.get() {
                None => found.push(finding(&format!("{path}.name"), "name is missing", "VALUE_REQUIRED")),
                Some(name) if !is_name(name) => {
                    let rule = "a name begins with a letter and has up to 40 letters, digits and _";
                    found.push(finding(&format!("{path}.name"), rule, "NAME_INVALID"));
                }
                Some(_) => {}
            },
        }
    }
    found
}

fn is_name(name: &str) -> bool {
    let fits = name.chars().count() <= MAX_NAME && name.starts_with(char::is_alphabetic);
    fits && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests;
