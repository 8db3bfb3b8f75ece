//! Files that are imported. Their compressed form is zstd's own business and is left out.

use std::io::Cursor;

use tradewind_api::parse_line;
use tradewind_events::Origin;
use tradewind_imports::{ImportError, Item, Reject, Sink, SinkError, Source, Tally};

use crate::{RECEIVED, events};

/// The first bytes of a zstd frame.
const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];

/// An Online Retail file.
pub fn online_retail(bytes: &[u8]) {
    check(bytes, |source, sink| tradewind_imports::online_retail(source, RECEIVED, sink));
}

/// A REES46 file.
pub fn rees46(bytes: &[u8]) {
    check(bytes, |source, sink| tradewind_imports::rees46(source, RECEIVED, sink));
}

/// JSON lines in Segment's message form.
pub fn json_lines(bytes: &[u8]) {
    let parse = |line: &str| parse_line(line, RECEIVED).map_err(|reject| reject.message);
    check(bytes, |source, sink| tradewind_imports::events(source, &parse, sink));
}

/// What an import handed over.
#[derive(Debug, Default, PartialEq)]
struct Taken {
    products: u64,
    /// Message ids.
    events: Vec<String>,
    rejected: u64,
    progress: (u64, u64),
}

impl Sink for Taken {
    fn take(&mut self, item: Item) -> Result<(), SinkError> {
        match item {
            Item::Product(product) => {
                self.products += 1;
                assert!((1..=64).contains(&product.id.len()), "{product:?}");
                assert!(product.title.chars().count() <= 3_000 && product.updated_at <= RECEIVED);
            }
            Item::Event(event) => {
                assert!((1..=100).contains(&event.message_id.chars().count()), "{event:?}");
                assert!(event.origin == Origin::Import && event.subject().is_some(), "{event:?}");
                assert!(event.occurred_at <= RECEIVED && event.received_at == RECEIVED, "{event:?}");
                events::reads_typed(event.properties.as_deref());
                events::stores_and_reads_back(&event);
                self.events.push(event.message_id);
            }
        }
        Ok(())
    }

    fn reject(&mut self, reject: Reject<'_>) -> Result<(), SinkError> {
        self.rejected += 1;
        assert!(reject.line > 0 && !reject.reason.is_empty() && reject.row.len() <= 4_096, "{reject:?}");
        Ok(())
    }

    fn progress(&mut self, bytes_done: u64, bytes_total: u64) {
        assert!(bytes_done >= self.progress.0);
        self.progress = (bytes_done, bytes_total);
    }
}

fn check(bytes: &[u8], import: impl Fn(Source, &mut dyn Sink) -> Result<Tally, ImportError>) {
    if bytes.starts_with(ZSTD) {
        return;
    }
    let run = || {
        let mut taken = Taken::default();
        let source = Source::new(Cursor::new(bytes.to_vec()), bytes.len() as u64);
        let Ok(source) = source else { panic!("memory does not read") };
        let tally = import(source, &mut taken);
        (tally, taken)
    };
    let (tally, taken) = run();
    match &tally {
        Ok(tally) => {
            let rejected: u64 = tally.rejected.values().sum();
            assert_eq!(tally.rows_read, tally.rows_taken + rejected, "rows are lost: {tally:?}");
            let counted = (tally.products, tally.events, rejected);
            assert_eq!(counted, (taken.products, taken.events.len() as u64, taken.rejected));
            assert_eq!(taken.progress, (bytes.len() as u64, bytes.len() as u64));
        }
        Err(error) => assert!(!error.to_string().is_empty() && !error.code().is_empty()),
    }
    let (again, taken_again) = run();
    assert_eq!(taken_again, taken, "importing again is something else");
    assert_eq!(again.ok(), tally.ok());
}
