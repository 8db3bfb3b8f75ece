//! Reading a body within bounds: gzip, encoding, depth.
//!
//! The first byte chooses how the rest is sent: as it is, as gzip that it is said to be, or packed here, in
//! one member or in two, so that what lies behind the checksum is reached too.

use std::io::Write;

use axum::http::{HeaderMap, HeaderValue, header};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::value::RawValue;
use tradewind_api::wire;

use crate::{choose, events};

/// Any body, sent in any way.
pub fn check(bytes: &[u8]) {
    let (how, rest) = choose(bytes, 5);
    let mut headers = HeaderMap::new();
    let half = rest.len() / 2;
    let sent = match how {
        0 => rest.to_vec(),
        1 | 2 => rest.to_vec(),
        3 => packed(rest),
        _ => [packed(&rest[..half]), packed(&rest[half..])].concat(),
    };
    if how > 0 {
        let name = if how == 2 { "x-GZIP" } else { "gzip" };
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    match wire::unpack(&headers, &sent) {
        Ok(body) => {
            assert!(body.len() <= wire::MAX_BODY_BYTES);
            assert!(std::str::from_utf8(&body).is_ok());
            assert!(depth(&body) <= wire::MAX_DEPTH);
            assert!(how == 1 || how == 2 || body == rest, "it unpacks to something else");
            // Within these bounds no reader of JSON runs out of stack.
            let _ = serde_json::from_slice::<serde_json::Value>(&body);
            let _ = serde_json::from_slice::<&RawValue>(&body);
        }
        Err(problem) => events::refuses_well(&problem),
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    // Memory takes whatever is written.
    let _ = packer.write_all(bytes);
    packer.finish().unwrap_or_default()
}

/// How deep a JSON text nests; of a text that is no JSON, nothing.
fn depth(json: &[u8]) -> usize {
    fn of(value: &serde_json::Value) -> usize {
        match value {
            serde_json::Value::Array(items) => 1 + items.iter().map(of).max().unwrap_or(0),
            serde_json::Value::Object(fields) => 1 + fields.values().map(of).max().unwrap_or(0),
            _ => 0,
        }
    }
    serde_json::from_slice(json).as_ref().map_or(0, of)
}
