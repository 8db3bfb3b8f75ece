//! PostHog: `POST /batch/`, and `/capture/`, `/e/` and `/i/v0/e/` for single events.
//!
//! `distinct_id` names a person or a browser, and no message says which. It counts as the user's id in
//! `$identify`, `$create_alias` and `$set`, where `$is_identified` is true, where it differs from the
//! browser's `$device_id`, and when a server sends it; `$user_id` counts wherever it stands. Otherwise it is
//! the anonymous id, always so where `$process_person_profile` is false.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tradewind_events::Kind;
use tradewind_kernel::UtcMillis;

use super::draft::{
    Draft, Fields, Item, check_length, deliver_from, fields, read_body, read_event, read_items, rename,
    take_object, text_of, texts,
};
use crate::auth::check_write_key;
use crate::body::{Inbound, read_json};
use crate::collect::parse::{Reject, reject};
use crate::dead_letters::{Dialect, Shared, Source};
use crate::enrich::{Peer, Sender};
use crate::extract::Query;
use crate::problem::Problem;
use crate::state::Api;
use crate::text::Text;

/// What the query may say.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct CaptureQuery {
    #[serde(default)]
    compression: Option<String>,
}

/// `{api_key, batch, sent_at}`; browsers write `token` for `api_key`.
#[derive(Debug, Deserialize)]
struct Batch<'a> {
    #[serde(borrow, default)]
    api_key: Text<'a>,
    #[serde(borrow, default)]
    token: Text<'a>,
    #[serde(borrow)]
    batch: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    sent_at: Text<'a>,
}

/// One event.
#[derive(Debug, Deserialize)]
struct Captured<'a> {
    #[serde(borrow, default)]
    event: Text<'a>,
    #[serde(borrow, default)]
    distinct_id: Text<'a>,
    #[serde(borrow, default)]
    uuid: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    sent_at: Text<'a>,
    /// Milliseconds that it waited before it was sent; browsers send this for a timestamp.
    #[serde(default)]
    offset: Option<f64>,
    #[serde(default, deserialize_with = "fields")]
    properties: Fields,
    #[serde(default, rename = "$set", deserialize_with = "fields")]
    set: Fields,
    #[serde(default, rename = "$set_once", deserialize_with = "fields")]
    set_once: Fields,
}

/// The key of an event that comes alone.
#[derive(Debug, Deserialize)]
struct Keyed<'a> {
    #[serde(borrow, default)]
    api_key: Text<'a>,
    #[serde(borrow, default)]
    token: Text<'a>,
    #[serde(default, deserialize_with = "fields")]
    properties: Fields,
}

/// `POST /batch/`
pub(crate) async fn batch(
    State(api): State<Arc<Api>>,
    Query(query): Query<CaptureQuery>,
    peer: Peer,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Json<Value>, Problem> {
    let bytes = read_compressed(&query, headers.clone(), body).await?;
    let batch: Batch<'_> = read_body(&bytes, "batch")?;
    let key = check_write_key(&api, &headers, [batch.api_key.get(), batch.token.get()])?;
    let sender = Sender::of(&api, &headers, peer);
    take(&api, sender, &texts(&batch.batch), time_of(&batch.sent_at), &key).await
}

/// `POST /capture/`, `/e/` and `/i/v0/e/`: one event or, from browsers, a list or a batch.
pub(crate) async fn capture(
    State(api): State<Arc<Api>>,
    Query(query): Query<CaptureQuery>,
    peer: Peer,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Json<Value>, Problem> {
    let bytes = read_compressed(&query, headers.clone(), body).await?;
    if let Ok(batch) = serde_json::from_slice::<Batch<'_>>(&bytes) {
        let key = check_write_key(&api, &headers, [batch.api_key.get(), batch.token.get()])?;
        let sender = Sender::of(&api, &headers, peer);
        return take(&api, sender, &texts(&batch.batch), time_of(&batch.sent_at), &key).await;
    }
    let raw: Vec<&RawValue> = match serde_json::from_slice::<Vec<&RawValue>>(&bytes) {
        Ok(list) => list,
        Err(_) => vec![read_body(&bytes, "event")?],
    };
    let sources = texts(&raw);
    let mut keys = Vec::with_capacity(sources.len());
    for source in &sources {
        let keyed = read_body::<Keyed<'_>>(source.as_bytes(), "event")?;
        let in_properties = text_of(&keyed.properties, "token");
        let own = keyed.api_key.get().or(keyed.token.get());
        keys.push(check_write_key(&api, &headers, [own, in_properties.as_deref()])?);
    }
    // Where events of several keys come together, the first one's quota counts.
    let key = keys.first().map_or("", String::as_str);
    take(&api, Sender::of(&api, &headers, peer), &sources, None, key).await
}

/// Reads a body in any of the forms that [`capture`] takes, its keys not looked at.
pub(crate) fn read_any(bytes: &[u8], received: UtcMillis) -> Result<Vec<Item<'_>>, Problem> {
    if let Ok(batch) = serde_json::from_slice::<Batch<'_>>(bytes) {
        return items_of(&texts(&batch.batch), time_of(&batch.sent_at), received);
    }
    match serde_json::from_slice::<Vec<&RawValue>>(bytes) {
        Ok(list) => items_of(&texts(&list), None, received),
        Err(_) => items_of(&[read_body::<&RawValue>(bytes, "event")?.get()], None, received),
    }
}

/// `POST /flags/`: there are no flags here, and a client falls back to its defaults.
pub(crate) async fn flags() -> Json<Value> {
    Json(json!({"flags": {}, "errorsWhileComputingFlags": false}))
}

/// Browsers name the compression in the query rather than in the header.
async fn read_compressed(
    query: &CaptureQuery,
    mut headers: HeaderMap,
    body: Inbound,
) -> Result<bytes::Bytes, Problem> {
    if query.compression.as_deref() == Some("gzip-js") {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    read_json(&headers, body).await
}

async fn take(
    api: &Api,
    sender: Sender<'_>,
    sources: &[&str],
    sent: Option<UtcMillis>,
    key: &str,
) -> Result<Json<Value>, Problem> {
    let received = api.now();
    check_length(sources.len())?;
    api.admission.charge(key, sources.len())?;
    let items = items_of(sources, sent, received)?;
    let shared = || Shared { sent, ..Shared::default() };
    let source = Source { dialect: Dialect::PostHog, received, key, shared: &shared };
    deliver_from(api, sender, &source, items).await?;
    Ok(Json(json!({"status": 1})))
}

fn items_of<'a>(
    sources: &[&'a str],
    sent: Option<UtcMillis>,
    received: UtcMillis,
) -> Result<Vec<Item<'a>>, Problem> {
    check_length(sources.len())?;
    Ok(read_items(sources, |_, source| Ok(vec![read(source, sent, received)?])))
}

fn time_of(text: &Text<'_>) -> Option<UtcMillis> {
    UtcMillis::parse(text.get()?).ok()
}

/// Reads one event.
pub(crate) fn read(json: &str, sent: Option<UtcMillis>, received: UtcMillis) -> Result<Draft, Reject> {
    let captured: Captured<'_> = read_event(json)?;
    let Some(event) = captured.event.get() else {
        return Err(reject("event_missing", "event, its name, is missing"));
    };
    let distinct_id = captured.distinct_id.owned().or_else(|| text_of(&captured.properties, "distinct_id"));
    let mut draft = Draft::new(kind_of(event));
    draft.message_id = captured.uuid.owned();
    draft.sent = time_of(&captured.sent_at).or(sent);
    #[expect(clippy::cast_possible_truncation, reason = "saturates; a wait that is out of range is nonsense")]
    let waited = captured.offset.map(|ms| received.plus((ms as i64).saturating_neg()));
    draft.original = time_of(&captured.timestamp).or(waited);
    let mut properties = captured.properties;
    draft.traits = traits(&mut properties, captured.set, captured.set_once);
    draft.context = context(&properties);
    name_whom(&mut draft, event, distinct_id, &properties)?;
    match draft.kind {
        Kind::Track => draft.name = Some(event.to_owned()),
        Kind::Page => {
            let names = [("$current_url", "url"), ("$pathname", "path"), ("$referrer", "referrer")];
            rename(&mut properties, &names);
            draft.name = text_of(&properties, "title");
        }
        Kind::Screen => draft.name = text_of(&properties, "$screen_name"),
        Kind::Group => {
            draft.group_id = text_of(&properties, "$group_key");
            draft.traits = take_object(&mut properties, "$group_set");
        }
        Kind::Identify | Kind::Alias => {}
    }
    properties.remove("token");
    draft.properties = properties;
    Ok(draft)
}

fn kind_of(event: &str) -> Kind {
    match event {
        "$identify" | "$set" => Kind::Identify,
        "$create_alias" => Kind::Alias,
        "$pageview" => Kind::Page,
        "$screen" => Kind::Screen,
        "$groupidentify" => Kind::Group,
        _ => Kind::Track,
    }
}

/// What is said of the person: what may be set once lies under what is set.
fn traits(properties: &mut Fields, set: Fields, set_once: Fields) -> Fields {
    let mut traits = take_object(properties, "$set_once");
    traits.extend(set_once);
    traits.extend(take_object(properties, "$set"));
    traits.extend(set);
    traits
}

fn context(properties: &Fields) -> Fields {
    let pick = |names: &[(&str, &str)]| -> Fields {
        let found = names.iter().filter_map(|(from, to)| {
            properties.get(*from).filter(|v| v.is_string()).map(|v| ((*to).to_owned(), v.clone()))
        });
        found.collect()
    };
    let page =
        [("$current_url", "url"), ("$pathname", "path"), ("$referrer", "referrer"), ("title", "title")];
    let parts = [
        ("library", pick(&[("$lib", "name"), ("$lib_version", "version")])),
        ("page", pick(&page)),
        ("campaign", pick(&[("utm_source", "source"), ("utm_medium", "medium"), ("utm_campaign", "name")])),
    ];
    let filled = parts.into_iter().filter(|(_, fields)| !fields.is_empty());
    let mut context: Fields = filled.map(|(name, fields)| (name.to_owned(), Value::Object(fields))).collect();
    context.extend(pick(&[
        ("$raw_user_agent", "userAgent"),
        ("$timezone", "timezone"),
        ("$browser_language", "locale"),
    ]));
    // The vendor's word for a page that none came before.
    if let Some(referrer) = context.get_mut("page").and_then(|page| page.get_mut("referrer"))
        && referrer == "$direct"
    {
        *referrer = "".into();
    }
    context
}

/// Whom the event is about.
fn name_whom(
    draft: &mut Draft,
    event: &str,
    distinct_id: Option<String>,
    properties: &Fields,
) -> Result<(), Reject> {
    let user_id = text_of(properties, "$user_id");
    if event == "$create_alias" {
        draft.user_id = distinct_id;
        draft.previous_id = text_of(properties, "alias");
        return Ok(());
    }
    if user_id.is_none() && distinct_id.is_none() {
        return Err(reject("id_missing", "distinct_id is missing"));
    }
    if event == "$identify" || event == "$set" {
        let anonymous_id = text_of(properties, "$anon_distinct_id");
        draft.user_id = user_id.or(distinct_id);
        draft.anonymous_id = anonymous_id.filter(|id| Some(id) != draft.user_id.as_ref());
        return Ok(());
    }
    let device_id = text_of(properties, "$device_id");
    let is = |name: &str| properties.get(name).and_then(Value::as_bool);
    let is_user = match (is("$process_person_profile"), is("$is_identified")) {
        (Some(false), _) | (_, Some(false)) => false,
        (_, Some(true)) => true,
        _ if device_id.is_some() => device_id != distinct_id,
        _ => is("$is_server") == Some(true) || is_server_library(properties),
    };
    if is_user {
        draft.user_id = user_id.or(distinct_id);
        draft.anonymous_id = device_id;
    } else {
        draft.anonymous_id = distinct_id.filter(|id| Some(id) != user_id.as_ref());
        draft.user_id = user_id;
    }
    Ok(())
}

/// Whether one of the vendor's server libraries sent it: those of shops' back ends, which know their users.
fn is_server_library(properties: &Fields) -> bool {
    const SERVERS: [&str; 8] = [
        "posthog-node",
        "posthog-python",
        "posthog-php",
        "posthog-ruby",
        "posthog-go",
        "posthog-java",
        "posthog-dotnet",
        "posthog-rs",
    ];
    text_of(properties, "$lib").is_some_and(|lib| SERVERS.contains(&lib.as_str()))
}

#[cfg(test)]
mod tests;
