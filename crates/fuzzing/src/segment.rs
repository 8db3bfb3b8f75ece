//! Segment's messages, alone and in batches, live and imported.

use tradewind_api::{parse_line, wire};
use tradewind_events::{Kind, Origin};

use crate::{RECEIVED, events};

const KINDS: [Kind; 6] = [Kind::Track, Kind::Identify, Kind::Page, Kind::Screen, Kind::Group, Kind::Alias];

/// Any body that was unpacked.
pub fn check(bytes: &[u8]) {
    let Ok(body) = wire::unpack(&axum::http::HeaderMap::new(), bytes) else { return };
    for origin in [Origin::Live, Origin::Import] {
        match wire::segment_batch(&body, RECEIVED, origin) {
            Ok(parsed) => {
                assert!((1..=wire::MAX_BATCH).contains(&parsed.len()));
                assert!(parsed.iter().flatten().all(|event| event.origin == origin));
                events::all_hold(&parsed, RECEIVED);
            }
            Err(problem) => events::refuses_well(&problem),
        }
    }
    let Ok(json) = std::str::from_utf8(&body) else { panic!("an unpacked body is not UTF-8") };
    for kind in KINDS {
        events::all_hold(&[wire::segment_message(json, RECEIVED, kind)], RECEIVED);
    }
    events::all_hold(&[parse_line(json, RECEIVED)], RECEIVED);
}
