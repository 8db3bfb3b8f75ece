//! Records of the log.

use std::fmt::Debug;

use serde::Serialize;
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
        Ok(Entry::Product(product)) => reads_back(bytes, &product, |record| match Entry::read(record) {
            Ok(Entry::Product(back)) => back == product,
            _ => false,
        }),
        Ok(Entry::Change(change)) => reads_back(bytes, &change, |record| match Entry::read(record) {
            Ok(Entry::Change(back)) => back == change,
            _ => false,
        }),
        Ok(Entry::DeadLetter(note)) => {
            let json = serde_json::to_value(&note).ok();
            reads_back(bytes, &note, |record| match Entry::read(record) {
                Ok(Entry::DeadLetter(back)) => json.is_none() || serde_json::to_value(back).ok() == json,
                _ => false,
            });
        }
        Ok(Entry::Erased) => assert_eq!(bytes[0], 0),
        Ok(Entry::Identity(command)) => reads_back(bytes, &command, |record| match Entry::read(record) {
            Ok(Entry::Identity(back)) => back == command,
            _ => false,
        }),
        Ok(Entry::Features(note)) => {
            let mut again = vec![bytes[0]];
            note.encode_to(&mut again);
            let Ok(Entry::Features(back)) = Entry::read(&again) else {
                panic!("it reads back as something else")
            };
            // NaN is not itself, so that texts are compared.
            assert_eq!(format!("{back:?}"), format!("{note:?}"));
        }
        Ok(Entry::Audience(note)) => reads_back(bytes, &note, |record| match Entry::read(record) {
            Ok(Entry::Audience(back)) => back == note,
            _ => false,
        }),
        Ok(Entry::Decision(body)) => assert_eq!(body, &bytes[1..]),
        Err(EntryError::Kind(kind)) => assert_eq!(kind, bytes.first().copied()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Writes what was read behind the same two bytes, and asks whether that is the same again.
fn reads_back<T: Serialize + Debug>(bytes: &[u8], value: &T, is_same: impl Fn(&[u8]) -> bool) {
    let Ok(json) = serde_json::to_vec(value) else { panic!("it does not write: {value:?}") };
    assert!(is_same(&[&bytes[..2], &json].concat()), "it reads back as something else: {value:?}");
}
