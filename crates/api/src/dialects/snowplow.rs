//! Snowplow's tracker protocol: `POST /com.snowplowanalytics.snowplow/tp2`, and the pixel `GET /i`.
//!
//! Every value is text under a short key. Self-describing events and contexts are JSON in text (`ue_pr`,
//! `co`) or the same in base64 (`ue_px`, `cx`). Ecommerce actions become the canonical events, with the
//! product, cart, transaction, refund, promotion and checkout entities as their properties; one event per
//! product where the canonical one has one. The write key is `aid`, the application's id.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tradewind_events::Kind;
use tradewind_kernel::UtcMillis;

use self::entities::Entities;
use super::draft::{
    Draft, Fields, Item, check_length, deliver_from, read_body, read_event, read_items, text_of, texts,
};
use crate::auth::check_write_key;
use crate::body::{Inbound, MAX_DEPTH, depth_exceeds, read_json};
use crate::collect::handlers::CollectQuery;
use crate::collect::parse::{Reject, malformed, reject};
use crate::dead_letters::{Dialect, Shared, Source};
use crate::enrich::{Peer, Sender};
use crate::extract::Query;
use crate::problem::Problem;
use crate::state::Api;

mod entities;

/// Base64 with the URL's alphabet, its padding there or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// A transparent picture of one point.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01D\x00;";

/// The body: a self-describing list of events.
#[derive(Debug, Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

/// JSON that says what it is.
#[derive(Debug, Default, Deserialize)]
struct SelfDescribing {
    schema: String,
    #[serde(default)]
    data: Value,
}

impl SelfDescribing {
    /// The schema's name: `product` of `iglu:vendor/product/jsonschema/1-0-0`.
    fn name(&self) -> &str {
        self.schema.split('/').nth(1).unwrap_or(&self.schema)
    }
}

/// `POST /com.snowplowanalytics.snowplow/tp2`
pub(crate) async fn receive(
    State(api): State<Arc<Api>>,
    Query(query): Query<CollectQuery>,
    peer: Peer,
    headers: HeaderMap,
    body: Inbound,
) -> Result<&'static str, Problem> {
    let bytes = read_json(&headers, body).await?;
    take(&api, &query, (&headers, peer), &sources_of(&bytes)?).await?;
    Ok("ok")
}

fn sources_of(bytes: &[u8]) -> Result<Vec<&str>, Problem> {
    Ok(texts(&read_body::<Payload<'_>>(bytes, "payload_data")?.data))
}

/// Reads a body's events, its keys not looked at.
pub(crate) fn read_all(bytes: &[u8]) -> Result<Vec<Item<'_>>, Problem> {
    let sources = sources_of(bytes)?;
    check_length(sources.len())?;
    Ok(read_items(&sources, |_, source| read(source)))
}

/// Reads one event that stands alone, as the pixel's does.
pub(crate) fn read_lone(json: &str) -> Vec<Item<'_>> {
    read_items(&[json], |_, source| read(source))
}

/// `GET /i`: one event in the query.
pub(crate) async fn pixel(
    State(api): State<Arc<Api>>,
    Query(query): Query<CollectQuery>,
    Query(event): Query<Fields>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let json = Value::Object(event).to_string();
    take(&api, &query, (&headers, peer), &[&json]).await?;
    let fixed = [(header::CONTENT_TYPE, "image/gif"), (header::CACHE_CONTROL, "no-store")];
    Ok((fixed, PIXEL).into_response())
}

async fn take(
    api: &Api,
    query: &CollectQuery,
    (headers, peer): (&HeaderMap, Peer),
    sources: &[&str],
) -> Result<(), Problem> {
    check_length(sources.len())?;
    let mut first_key = None;
    if !api.settings.write_keys.is_empty() {
        for key in sources.iter().map(|source| read_event::<Fields>(source).ok()) {
            let aid = key.and_then(|event| text_of(&event, "aid"));
            let key = check_write_key(api, headers, [query.write_key.as_deref(), aid.as_deref()])?;
            first_key.get_or_insert(key);
        }
    }
    // Where events of several keys come together, the first one's quota counts.
    let key = first_key.as_deref().unwrap_or_default();
    api.admission.charge(key, sources.len())?;
    let (dialect, received) = (Dialect::Snowplow, api.now());
    let source = Source { dialect, received, key, shared: &Shared::default };
    let items = read_items(sources, |_, source| read(source));
    deliver_from(api, Sender::of(api, headers, peer), &source, items).await.map(|_| ())
}

/// Reads one event into one draft, or into one for each of its products.
pub(crate) fn read(json: &str) -> Result<Vec<Draft>, Reject> {
    let event: Fields = read_event(json)?;
    let entities = Entities::of(self_describing(&event, "co", "cx")?);
    let (kind, name, base, per_product) = match text_of(&event, "e").as_deref() {
        Some("pv") => (Kind::Page, text_of(&event, "page"), page(&event), false),
        Some("se") => (Kind::Track, text_of(&event, "se_ac"), structured(&event), false),
        Some("pp") => (Kind::Track, Some("page_ping".to_owned()), page(&event), false),
        Some("ue") => unstructured(&event, &entities)?,
        None => return Err(reject("type_missing", "e, the event's kind, is missing")),
        Some(_) => return Err(reject("type_unknown", "e is none of pv, pp, se and ue")),
    };
    let all = if per_product { entities.each_product(&base) } else { vec![base] };
    let context = context(&event, &entities);
    let id = text_of(&event, "eid");
    let drafts = all.into_iter().enumerate().map(|(n, properties)| {
        let mut draft = Draft::new(kind);
        draft.message_id = id.as_ref().map(|id| if n == 0 { id.clone() } else { format!("{id}#{n}") });
        draft.name.clone_from(&name);
        draft.user_id = text_of(&event, "uid");
        draft.anonymous_id = text_of(&event, "duid").or_else(|| text_of(&event, "nuid"));
        draft.original = millis(&event, "ttm").or_else(|| millis(&event, "dtm"));
        draft.sent = millis(&event, "stm");
        draft.properties = properties;
        draft.context.clone_from(&context);
        draft
    });
    Ok(drafts.collect())
}

fn millis(event: &Fields, name: &str) -> Option<UtcMillis> {
    text_of(event, name)?.parse().ok().map(UtcMillis::new)
}

/// JSON in text under `plain`, or in base64 under `coded`.
fn self_describing(event: &Fields, plain: &str, coded: &str) -> Result<Option<SelfDescribing>, Reject> {
    let text = match (text_of(event, plain), text_of(event, coded)) {
        (Some(text), _) => text,
        (None, Some(text)) => {
            let text = text.replace('+', "-").replace('/', "_");
            let bytes = BASE64.decode(text).map_err(|e| malformed(format!("{coded} is not base64: {e}")))?;
            String::from_utf8(bytes).map_err(|_| malformed(format!("{coded} is not UTF-8")))?
        }
        (None, None) => return Ok(None),
    };
    if depth_exceeds(text.as_bytes(), MAX_DEPTH) {
        return Err(malformed(format!("{plain} is nested more than {MAX_DEPTH} levels deep")));
    }
    let read = serde_json::from_str(&text);
    read.map(Some).map_err(|e| malformed(format!("{plain} is no self-describing JSON: {e}")))
}

/// Copies fields under other names.
fn picked(event: &Fields, names: &[(&str, &str)]) -> Fields {
    let found = names.iter().filter_map(|(from, to)| Some(((*to).to_owned(), text_of(event, from)?.into())));
    found.collect()
}

fn page(event: &Fields) -> Fields {
    picked(event, &[("url", "url"), ("page", "title"), ("refr", "referrer")])
}

fn structured(event: &Fields) -> Fields {
    let names = [("se_ca", "category"), ("se_la", "label"), ("se_pr", "property"), ("se_va", "value")];
    picked(event, &names)
}

/// What a self-describing event is: its kind, name and properties, and whether it counts once per product.
fn unstructured(event: &Fields, entities: &Entities) -> Result<(Kind, Option<String>, Fields, bool), Reject> {
    let outer = self_describing(event, "ue_pr", "ue_px")?
        .ok_or_else(|| malformed("an event of kind ue needs ue_pr or ue_px"))?;
    let inner: SelfDescribing = serde_json::from_value(outer.data)
        .map_err(|e| malformed(format!("the event in ue_pr does not describe itself: {e}")))?;
    let name = inner.name().to_owned();
    let Value::Object(data) = inner.data else {
        return Err(malformed(format!("the data of {name} is no object")));
    };
    if name == "snowplow_ecommerce_action" {
        let kind = text_of(&data, "type").ok_or_else(|| malformed("an ecommerce action needs its type"))?;
        let (canonical, per_product) = entities::action(&kind);
        return Ok((
            Kind::Track,
            Some(canonical.to_owned()),
            entities.properties(data, per_product),
            per_product,
        ));
    }
    if name == "screen_view" {
        return Ok((Kind::Screen, text_of(&data, "name"), data, false));
    }
    Ok((Kind::Track, Some(name), data, false))
}

/// The page, the tracker, and the entities as they were sent.
fn context(event: &Fields, entities: &Entities) -> Fields {
    let parts = [
        ("page", page(event)),
        ("library", picked(event, &[("tna", "name"), ("tv", "version")])),
        ("app", picked(event, &[("aid", "name"), ("p", "platform")])),
    ];
    let filled = parts.into_iter().filter(|(_, fields)| !fields.is_empty());
    let mut context: Fields = filled.map(|(name, fields)| (name.to_owned(), Value::Object(fields))).collect();
    for (from, to) in [("lang", "locale"), ("tz", "timezone"), ("ua", "userAgent"), ("ip", "ip")] {
        if let Some(text) = text_of(event, from) {
            context.insert(to.to_owned(), text.into());
        }
    }
    if let Some(others) = entities.others() {
        context.insert("snowplow".to_owned(), others);
    }
    context
}

#[cfg(test)]
mod tests;
