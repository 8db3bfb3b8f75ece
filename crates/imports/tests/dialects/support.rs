//! A sink that keeps everything, and what the tests ask of it.

use serde_json::Value;
use tradewind_catalog::Product;
use tradewind_events::Event;
use tradewind_imports::{ImportError, Item, Reason, Reject, Sink, SinkError, Source, Tally};
use tradewind_kernel::UtcMillis;

/// When the tests import: 2026-01-31T09:30:00Z.
pub(crate) const NOW: UtcMillis = UtcMillis::new(1_769_851_800_000);

/// One of the CSV dialects.
pub(crate) type Dialect = fn(Source, UtcMillis, &mut dyn Sink) -> Result<Tally, ImportError>;

/// Keeps what it is given.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) products: Vec<Product>,
    pub(crate) events: Vec<Event>,
    pub(crate) rejects: Vec<(u64, &'static str, String, String)>,
    pub(crate) progress: Vec<(u64, u64)>,
}

impl Sink for Kept {
    fn take(&mut self, item: Item) -> Result<(), SinkError> {
        match item {
            Item::Product(product) => self.products.push(product),
            Item::Event(event) => self.events.push(event),
        }
        Ok(())
    }

    fn reject(&mut self, reject: Reject<'_>) -> Result<(), SinkError> {
        self.rejects.push((reject.line, reject.reason, reject.row.into(), reject.detail.into()));
        Ok(())
    }

    fn progress(&mut self, bytes_done: u64, bytes_total: u64) {
        self.progress.push((bytes_done, bytes_total));
    }
}

impl Kept {
    /// The line and reason of each reject.
    pub(crate) fn reasons(&self) -> Vec<(u64, &'static str)> {
        self.rejects.iter().map(|(line, reason, ..)| (*line, *reason)).collect()
    }
}

/// A file of these bytes.
pub(crate) fn source(bytes: impl Into<Vec<u8>>) -> Source {
    let bytes = bytes.into();
    let total = bytes.len() as u64;
    Source::new(std::io::Cursor::new(bytes), total).expect("memory reads")
}

/// The promises of every import.
pub(crate) fn check_promises(tally: &Tally, kept: &Kept) {
    assert_eq!(tally.rows_read, tally.rows_taken + tally.rejected.values().sum::<u64>());
    assert_eq!(tally.rejected.values().sum::<u64>(), kept.rejects.len() as u64);
    assert_eq!((tally.products, tally.events), (kept.products.len() as u64, kept.events.len() as u64));
    assert!(tally.rejected.keys().all(|code| Reason::ALL.iter().any(|reason| reason.as_str() == *code)));
    assert!(kept.progress.is_sorted());
    assert!(kept.progress.last().is_some_and(|(done, total)| done == total));
    for event in &kept.events {
        assert!(event.message_id.len() <= 100);
        assert_eq!(event.origin, tradewind_events::Origin::Import);
        assert!(event.subject().is_some());
    }
}

/// Reads a text with a dialect and checks the promises.
pub(crate) fn import(dialect: Dialect, text: impl Into<Vec<u8>>) -> (Tally, Kept) {
    let mut kept = Kept::default();
    let tally = dialect(source(text), NOW, &mut kept).expect("the file reads");
    check_promises(&tally, &kept);
    (tally, kept)
}

/// An event's properties.
pub(crate) fn properties(event: &Event) -> Value {
    let raw = event.properties.as_ref().expect("it has properties");
    serde_json::from_str(raw.get()).expect("they are JSON")
}
