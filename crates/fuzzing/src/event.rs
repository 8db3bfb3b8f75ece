//! An event's stored form, read whole and as a view.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use tradewind_events::{DecodeError, Event, EventView};

use crate::events;

/// Fields of an event that its view does not read.
const NOT_IN_VIEW: [&str; 5] = ["g", "ot", "tr", "c", "e"];

/// Any bytes, as they are and as the JSON behind the version byte.
pub fn check(bytes: &[u8]) {
    one(bytes);
    one(&[&[1], bytes].concat());
}

fn one(bytes: &[u8]) {
    match (Event::decode(bytes), EventView::decode(bytes)) {
        (Ok(event), _) => {
            events::view_agrees(&event, bytes);
            events::stores_and_reads_back(&event);
            events::reads_typed(event.properties.as_deref());
        }
        (Err(DecodeError::Json(error)), Ok(_)) => {
            // What is passed over is not looked at for UTF-8.
            let Ok(json) = std::str::from_utf8(&bytes[1..]) else { return };
            let fields = serde_json::from_str::<BTreeMap<String, &RawValue>>(json).unwrap_or_default();
            let passed_over = NOT_IN_VIEW.iter().any(|name| fields.contains_key(*name));
            assert!(passed_over, "the view reads what the event does not: {error}");
        }
        (Err(error), Ok(_)) => panic!("the view reads what the event does not: {error}"),
        (Err(_), Err(_)) => {}
    }
}
