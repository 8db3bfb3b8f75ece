//! Profiles and session records in their stored form.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tradewind_people::{Profile, SessionRecord, decode, encode};

use crate::RECEIVED;

/// Any record, as either.
pub fn check(bytes: &[u8]) {
    if let Some(profile) = one::<Profile>(bytes) {
        let items = profile.session_items(RECEIVED);
        assert!(items.is_empty() || profile.session.as_ref().is_some_and(|s| s.items == items));
    }
    if let Some(session) = one::<SessionRecord>(bytes) {
        assert!(session.news().count() <= session.clicks.len());
    }
}

/// Reads a record; if it reads, it is written and read back as the same.
fn one<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) -> Option<T> {
    let value: T = decode(bytes).ok()?;
    let Ok(written) = encode(&value) else { panic!("it does not write: {value:?}") };
    match decode::<T>(&written) {
        Ok(back) => assert_eq!(back, value),
        Err(error) => panic!("it does not read back: {error}"),
    }
    Some(value)
}
