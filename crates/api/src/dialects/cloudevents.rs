//! CloudEvents 1.0 over HTTP: `POST /v1/cloudevents` in structured, batch and binary mode.
//!
//! `id` is the message id, so ids must be unique across a shop's sources; `subject` is the user's id, and
//! the extensions `userid` and `anonymousid` say so outright. A `type` in reverse-DNS form is recognised by
//! its last part: `com.shop.product_viewed.v1` is *Product Viewed*. Other types are kept as they are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use serde_json::value::RawValue;
use tradewind_events::{EventName, Kind};
use tradewind_kernel::UtcMillis;

use super::draft::{
    Draft, Fields, Item, check_length, deliver, events_of, read_body, read_event, read_items, text_of, texts,
};
use crate::auth::check_write_key;
use crate::body::{Inbound, read_json};
use crate::collect::handlers::{CollectQuery, Taken};
use crate::collect::parse::{Parsed, Reject, malformed};
use crate::dead_letters::{Dialect, Shared, Source};
use crate::extract::Query;
use crate::problem::{Code, Problem};
use crate::state::Api;

/// How a request carries its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Structured,
    Batch,
    Binary,
}

/// `POST /v1/cloudevents`
pub(crate) async fn receive(
    State(api): State<Arc<Api>>,
    Query(query): Query<CollectQuery>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Response, Problem> {
    let key = check_write_key(&api, &headers, [query.write_key.as_deref(), None])?;
    let mode = mode_of(&headers)?;
    let bytes = read_json(&headers, body).await?;
    let joined;
    let raw: Vec<&RawValue> = match mode {
        Mode::Structured => vec![read_body(&bytes, "event")?],
        Mode::Batch => read_body(&bytes, "batch of events")?,
        Mode::Binary => {
            joined = joined_event(&headers, &bytes)?;
            vec![&*joined]
        }
    };
    let sources = texts(&raw);
    let items = items_of(&sources)?;
    api.admission.charge(&key, sources.len())?;
    let (dialect, received) = (Dialect::CloudEvents, api.now());
    let source = Source { dialect, received, key: &key, shared: &Shared::default };
    let delivered = deliver(&api, &source, items).await?;
    match (delivered.taken, delivered.rejected) {
        (_, rejected) if rejected.is_empty() => Ok(StatusCode::NO_CONTENT.into_response()),
        (0, rejected) => {
            let first = rejected.first().map_or("", |r| r.detail.as_str());
            let detail = format!("none of {} events was taken: {first}", rejected.len());
            Err(Problem::new(Code::EventsRejected, detail).with_errors(rejected))
        }
        (_, rejected) => Ok(Json(Taken { success: true, rejected }).into_response()),
    }
}

fn items_of<'a>(sources: &[&'a str]) -> Result<Vec<Item<'a>>, Problem> {
    check_length(sources.len())?;
    Ok(read_items(sources, |_, source| Ok(vec![read(source)?])))
}

/// Reads a request as [`receive`] does.
pub(crate) fn read_all(
    headers: &HeaderMap,
    bytes: &[u8],
    received: UtcMillis,
) -> Result<Vec<Parsed>, Problem> {
    let joined;
    let raw: Vec<&RawValue> = match mode_of(headers)? {
        Mode::Structured => vec![read_body(bytes, "event")?],
        Mode::Batch => read_body(bytes, "batch of events")?,
        Mode::Binary => {
            joined = joined_event(headers, bytes)?;
            vec![&*joined]
        }
    };
    Ok(events_of(items_of(&texts(&raw))?, received))
}

fn mode_of(headers: &HeaderMap) -> Result<Mode, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media == "application/cloudevents-batch+json" {
        Ok(Mode::Batch)
    } else if media.starts_with("application/cloudevents") {
        if media.ends_with("/cloudevents") || media.ends_with("+json") {
            return Ok(Mode::Structured);
        }
        let detail = format!("{media} is not read here; send application/cloudevents+json");
        Err(Problem::new(Code::InvalidRequest, detail))
    } else if headers.contains_key("ce-specversion") {
        Ok(Mode::Binary)
    } else {
        let detail = "this is no CloudEvent: send application/cloudevents+json, or ce-… headers";
        Err(Problem::new(Code::InvalidRequest, detail))
    }
}

/// An event in binary mode, its headers and its body put together as structured mode has them.
fn joined_event(headers: &HeaderMap, body: &[u8]) -> Result<Box<RawValue>, Problem> {
    let mut event = Fields::new();
    for (name, value) in headers {
        if let (Some(name), Ok(value)) = (name.as_str().strip_prefix("ce-"), value.to_str()) {
            event.insert(name.to_owned(), Value::String(percent_decoded(value)));
        }
    }
    if !body.iter().all(u8::is_ascii_whitespace) {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        if let Some(content_type) = content_type {
            event.insert("datacontenttype".to_owned(), content_type.into());
        }
        event.insert("data".to_owned(), read_body(body, "event's data")?);
    }
    serde_json::value::to_raw_value(&event)
        .map_err(|e| Problem::new(Code::InvalidRequest, format!("the event does not read: {e}")))
}

/// A header's value, with `%41` as `A`; what does not decode stays as it is.
fn percent_decoded(value: &str) -> String {
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).and_then(|h| std::str::from_utf8(h).ok());
        match hex.filter(|_| byte == b'%').and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| value.to_owned())
}

/// Reads one event in structured form.
pub(crate) fn read(json: &str) -> Result<Draft, Reject> {
    let mut event: Fields = read_event(json)?;
    if text_of(&event, "specversion").as_deref() != Some("1.0") {
        return Err(malformed("specversion is not 1.0"));
    }
    let needed = |name: &str| text_of(&event, name).ok_or_else(|| malformed(format!("{name} is missing")));
    let (id, kind, source) = (needed("id")?, needed("type")?, needed("source")?);
    let mut draft = Draft::new(Kind::Track);
    draft.message_id = Some(id);
    draft.name = Some(name_of(&kind));
    draft.user_id = text_of(&event, "userid").or_else(|| text_of(&event, "subject"));
    draft.anonymous_id = text_of(&event, "anonymousid");
    draft.original = text_of(&event, "time").and_then(|t| UtcMillis::parse(&t).ok());
    draft.properties = match event.remove("data") {
        Some(Value::Object(data)) => data,
        None | Some(Value::Null) => Fields::new(),
        Some(data) => Fields::from_iter([("data".to_owned(), data)]),
    };
    if let Some(data) = event.remove("data_base64") {
        draft.properties.insert("data_base64".to_owned(), data);
    }
    for used in ["id", "time", "subject", "userid", "anonymousid", "specversion", "datacontenttype"] {
        event.remove(used);
    }
    event.insert("source".to_owned(), source.into());
    draft.context.insert("cloudevent".to_owned(), Value::Object(event));
    Ok(draft)
}

/// The canonical name that a type's last part spells, else the type itself.
fn name_of(kind: &str) -> String {
    let is_version =
        |part: &str| part.strip_prefix('v').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let last = kind.rsplit('.').find(|part| !is_version(part)).unwrap_or(kind);
    let name = EventName::parse(&last.replace(['_', '-'], " "));
    if name.is_known() { name.as_str().to_owned() } else { kind.to_owned() }
}

#[cfg(test)]
mod tests;
