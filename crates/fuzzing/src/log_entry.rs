//! Records of the log.

use tradewind_pipeline::{Entry, EntryError};

use crate::events;

/// Any record.
pub fn check(bytes: &[u8]) {
    match Entry::read(bytes) {
        Ok(Entry::Event(event)) => {
            let Some(body) = Entry::event_body(bytes) else { panic!("an event without a body") };
            events::view_agrees(&event, body);
            events::stores_and_reads_back(&event);
        }
        Ok(Entry::Product(product)) => {
            let Ok(json) = serde_json::to_vec(&product) else { panic!("it does not write: {product:?}") };
            let record = [&bytes[..2], &json].concat();
            match Entry::read(&record) {
                Ok(Entry::Product(back)) => assert_eq!(back, product),
                other => panic!("a product reads back as {other:?}"),
            }
        }
        Ok(Entry::Decision(body)) => assert_eq!(body, &bytes[1..]),
        Err(EntryError::Kind(kind)) => assert_eq!(kind, bytes.first().copied()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
