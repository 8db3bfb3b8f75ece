//! The words every other crate shares: time, money, subjects, purposes, deadlines.
//!
//! Nothing here does I/O, waits or knows a library of a particular engine.

mod clock;
pub mod data_map;
mod deadline;
mod money;
mod purpose;
mod subject;
mod time;

pub use clock::{Clock, FixedClock, SystemClock};
pub use deadline::Deadline;
pub use money::{Currency, Money, MoneyError};
pub use purpose::{Purpose, PurposeParseError, Purposes};
pub use subject::{Subject, SubjectParseError};
pub use time::{TimeError, UtcMillis};

/// A fresh UUIDv7 as text: unique, and sorted by the time it was made.
///
/// `now` comes from the caller's [`Clock`], so that an id and the event it names agree on the time.
#[must_use]
pub fn fresh_id(now: UtcMillis) -> String {
    let millis = u64::try_from(now.get()).unwrap_or(0);
    let stamp = uuid::Timestamp::from_unix_time(
        millis / 1_000,
        u32::try_from(millis % 1_000).unwrap_or(0) * 1_000_000,
        0,
        0,
    );
    uuid::Uuid::new_v7(stamp).to_string()
}
