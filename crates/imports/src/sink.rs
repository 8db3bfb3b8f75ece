//! What an import hands over, and the port that takes it.

use std::collections::BTreeMap;
use std::error::Error;

use serde::Serialize;
use tradewind_catalog::Product;
use tradewind_events::Event;

/// One thing that a file told us.
#[derive(Debug, Clone)]
pub enum Item {
    /// A product as the file knows it by now; a later one with the same id replaces it.
    Product(Product),
    /// Something that happened.
    Event(Event),
}

/// A row that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reject<'a> {
    /// Where it starts, the header being line 1. Blank lines just before it may make this too low.
    pub line: u64,
    /// One of [`crate::Reason`]'s codes.
    pub reason: &'static str,
    /// The row, cut to 4,096 bytes; what is not UTF-8 in it is replaced.
    pub row: &'a str,
    /// What the parser said of a message; empty where the reason says it all.
    pub detail: &'a str,
}

/// Whoever takes the items could not; the import stops.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SinkError(Box<dyn Error + Send + Sync>);

impl SinkError {
    /// An error of the sink's own, or a message.
    #[must_use]
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Takes what an import reads.
///
/// Calls come from one thread, one after the other. A product comes before the first event that names it.
/// A dialect may hand over the same items again in a later import, so taking has to be idempotent: events
/// by their message id, products by their id.
pub trait Sink {
    /// Takes one item.
    ///
    /// # Errors
    /// [`SinkError`] when it cannot be taken; the import then stops.
    fn take(&mut self, item: Item) -> Result<(), SinkError>;

    /// Is told of a row that was not taken.
    ///
    /// # Errors
    /// [`SinkError`] to stop the import, say after too many of them.
    fn reject(&mut self, reject: Reject<'_>) -> Result<(), SinkError>;

    /// Is told every few thousand rows and items how many bytes of the file, compressed as it is, were
    /// read; `bytes_done` never falls, and at the end of the file equals `bytes_total`.
    fn progress(&mut self, bytes_done: u64, bytes_total: u64);
}

/// What became of a file's rows: `rows_read == rows_taken + Σ rejected`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Rows in the file, the header and blank lines left out.
    pub rows_read: u64,
    /// Rows that became part of a product or an event.
    pub rows_taken: u64,
    /// How many were not taken, by [`crate::Reason`]'s code.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Products handed over; one that changed counts each time.
    pub products: u64,
    /// Events handed over.
    pub events: u64,
}
