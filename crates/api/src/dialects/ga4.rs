//! GA4's Measurement Protocol: `POST /mp/collect`, and `POST /debug/mp/collect`, which only validates.
//!
//! Clients are told neither what was wrong nor to try again, so a bad payload or key is answered with 204
//! too and noted among the rejected events. Only what keeps a good event from being durable is an error.
//! `client_id` becomes the anonymous id `ga:…`. There is no message id: an event with a time, or a purchase
//! with a transaction, is known again by the hash of its body and place; any other counts each time.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use tradewind_events::Kind;
use tradewind_events::enrich::Loose;
use tradewind_kernel::UtcMillis;
use xxhash_rust::xxh3::xxh3_128;

use self::items::{Shape, properties};
use super::draft::{
    Draft, Fields, Item, check_split, deliver_from, fields, read_event, read_items, text_of, texts,
};
use crate::auth::check_write_key;
use crate::body::{Inbound, read_json};
use crate::collect::parse::{Reject, malformed, reject};
use crate::dead_letters::{Dialect, Shared, Source};
use crate::enrich::{Peer, Sender};
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
    #[serde(borrow, default)]
    ip_override: Loose<'a>,
    #[serde(borrow, default)]
    user_agent: Loose<'a>,
    #[serde(default, deserialize_with = "fields")]
    device: Fields,
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
    peer: Peer,
    headers: HeaderMap,
    body: Inbound,
) -> Result<StatusCode, Problem> {
    let received = api.now();
    let read = read_json(&headers, body).await;
    let keyed = check_write_key(&api, &headers, [query.api_secret.as_deref(), None]);
    let whole = |source, reject| vec![Item { index: 0, source, draft: Err(reject) }];
    let items = match (&keyed, &read) {
        // Nothing of a stranger's body is kept.
        (Err(problem), _) => whole("", reject("write_key_unknown", problem.detail.clone())),
        (_, Err(problem)) if matches!(problem.code, Code::Overloaded | Code::TooSlow) => {
            return Err(problem.clone());
        }
        (_, Err(problem)) => whole("", malformed(problem.detail.clone())),
        (Ok(key), Ok(bytes)) => {
            let json = std::str::from_utf8(bytes).unwrap_or_default();
            match read_event::<Measurement<'_>>(json).and_then(|measurement| {
                let items = items_of(json, &measurement)?;
                Ok((measurement.events.len(), items))
            }) {
                Ok((count, items)) => {
                    api.admission.charge(key, count)?;
                    items
                }
                Err(reject) => whole(json, reject),
            }
        }
    };
    let shared = || read.as_ref().map_or_else(|_| Shared::default(), |bytes| shared(bytes));
    let key = keyed.as_deref().unwrap_or_default();
    let source = Source { dialect: Dialect::Ga4, received, key, shared: &shared };
    let sender = Sender::of(&api, &headers, peer);
    deliver_from(&api, sender, &source, items).await.map(|_| StatusCode::NO_CONTENT)
}

/// The body without its events, and what the message ids are made of.
fn shared(body: &[u8]) -> Shared {
    let mut rest: Option<Fields> = serde_json::from_slice(body).ok();
    if let Some(rest) = &mut rest {
        rest.remove("events");
    }
    let around = rest.and_then(|rest| to_raw_value(&rest).ok());
    Shared { around, hash: Some(format!("{:032x}", xxh3_128(body))), ..Shared::default() }
}

/// Reads an event that was refused, or a whole body, once more.
pub(crate) fn read_again(json: &str, shared: &Shared, index: usize) -> Result<Vec<Draft>, Reject> {
    let hash = shared.hash.as_deref().and_then(|hash| u128::from_str_radix(hash, 16).ok());
    let hash = hash.unwrap_or_else(|| xxh3_128(json.as_bytes()));
    let whole: Measurement<'_> = read_event(json)?;
    if !whole.events.is_empty() {
        if whole.events.len() > MAX_EVENTS {
            return Err(malformed(format!("there are over {MAX_EVENTS} events")));
        }
        let (events, context) = (whole.events.iter().enumerate(), context(&whole));
        let drafts = events.map(|(n, event)| read_one(&whole, &context, hash, n, event.get()));
        return Ok(drafts.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect());
    }
    let around = shared.around.as_ref().map_or("{}", |around| around.get());
    let around = read_event(around)?;
    read_one(&around, &context(&around), hash, index, json)
}

/// Reads a body's events as [`collect`] does.
pub(crate) fn read_all(json: &str) -> Result<Vec<Item<'_>>, Reject> {
    items_of(json, &read_event(json)?)
}

fn items_of<'a>(json: &'a str, measurement: &Measurement<'a>) -> Result<Vec<Item<'a>>, Reject> {
    if measurement.events.len() > MAX_EVENTS {
        return Err(malformed(format!("there are over {MAX_EVENTS} events")));
    }
    let (hash, context) = (xxh3_128(json.as_bytes()), context(measurement));
    let read_one = |n, source| read_one(measurement, &context, hash, n, source);
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

/// User properties as `traits`, consent as categories that are true or false, and what tells of the device.
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
    let language = measurement.device.get("language").and_then(Value::as_str);
    let told = [
        ("ip", measurement.ip_override.get()),
        ("userAgent", measurement.user_agent.get()),
        ("locale", language),
    ];
    for (name, value) in told {
        if let Some(value) = value {
            context.insert(name.to_owned(), value.into());
        }
    }
    if !traits.is_empty() {
        context.insert("traits".to_owned(), traits.into());
    }
    if !categories.is_empty() {
        context.insert("consent".to_owned(), json!({"categoryPreferences": categories}));
    }
    context
}

/// `POST /debug/mp/collect`: says what is wrong and takes nothing.
pub(crate) async fn debug(headers: HeaderMap, body: Inbound) -> Result<Json<Value>, Problem> {
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
