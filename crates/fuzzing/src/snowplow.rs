//! Snowplow's payloads and single events, with what they hold in JSON text, in base64 and percent-encoded.

use serde_json::{Map, Value};
use tradewind_api::wire;

use crate::{RECEIVED, events};

/// Any body that was unpacked, and the same bytes as a pixel's query.
pub fn check(bytes: &[u8]) {
    let Ok(body) = wire::unpack(&axum::http::HeaderMap::new(), bytes) else { return };
    match wire::snowplow(&body, RECEIVED) {
        Ok(parsed) => events::all_hold(&parsed, RECEIVED),
        Err(problem) => events::refuses_well(&problem),
    }
    let Ok(text) = std::str::from_utf8(&body) else { panic!("an unpacked body is not UTF-8") };
    events::all_hold(&wire::snowplow_event(text, RECEIVED), RECEIVED);
    if let Some(event) = pixel(text) {
        events::all_hold(&wire::snowplow_event(&event, RECEIVED), RECEIVED);
    }
}

/// What the pixel makes of a query.
fn pixel(query: &str) -> Option<String> {
    let uri = format!("http://localhost/i?{query}").parse::<axum::http::Uri>().ok()?;
    let fields = axum::extract::Query::<Map<String, Value>>::try_from_uri(&uri).ok()?;
    Some(Value::Object(fields.0).to_string())
}
