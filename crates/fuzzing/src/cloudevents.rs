//! CloudEvents in structured, batch and binary mode.
//!
//! The first byte chooses the mode. In binary mode each line up to the first empty one is a header, and what
//! follows is the body.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use tradewind_api::wire;

use crate::{RECEIVED, choose, events};

const STRUCTURED: HeaderValue = HeaderValue::from_static("application/cloudevents+json; charset=utf-8");
const BATCH: HeaderValue = HeaderValue::from_static("application/cloudevents-batch+json");

/// A mode, headers, and any body.
pub fn check(bytes: &[u8]) {
    let (mode, rest) = choose(bytes, 3);
    let (headers, body) = match mode {
        0 => (HeaderMap::from_iter([(header::CONTENT_TYPE, STRUCTURED)]), rest),
        1 => (HeaderMap::from_iter([(header::CONTENT_TYPE, BATCH)]), rest),
        _ => request(rest),
    };
    let Ok(body) = wire::unpack(&HeaderMap::new(), body) else { return };
    match wire::cloudevents(&headers, &body, RECEIVED) {
        Ok(parsed) => events::all_hold(&parsed, RECEIVED),
        Err(problem) => events::refuses_well(&problem),
    }
}

fn request(bytes: &[u8]) -> (HeaderMap, &[u8]) {
    let end = bytes.windows(2).position(|two| two == b"\n\n");
    let (head, body) = end.map_or((bytes, &[][..]), |end| (&bytes[..end], &bytes[end + 2..]));
    let version = (HeaderName::from_static("ce-specversion"), HeaderValue::from_static("1.0"));
    let mut headers = HeaderMap::from_iter([version]);
    for line in head.split(|&b| b == b'\n').take(64) {
        let Some(colon) = line.iter().position(|&b| b == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
    (headers, body)
}
