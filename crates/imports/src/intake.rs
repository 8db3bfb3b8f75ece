//! The bookkeeping that every dialect shares: each row is counted exactly once, each item handed over.

use tradewind_catalog::Product;
use tradewind_events::Event;

use crate::source::Meter;
use crate::{ImportError, Item, Reason, Reject, Sink, Tally};

/// After how many rows and items the sink hears of the progress.
const PROGRESS_EVERY: u64 = 4_096;

/// How much of a row a reject carries, in bytes.
const MAX_SHOWN_BYTES: usize = 4_096;

/// Counts rows and hands items over.
pub(crate) struct Intake<'s> {
    tally: Tally,
    sink: &'s mut dyn Sink,
    meter: Meter,
    steps: u64,
}

impl<'s> Intake<'s> {
    pub(crate) fn new(sink: &'s mut dyn Sink, meter: Meter) -> Self {
        Self { tally: Tally::default(), sink, meter, steps: 0 }
    }

    /// Counts a row that was taken.
    pub(crate) fn row_taken(&mut self) {
        self.tally.rows_read += 1;
        self.tally.rows_taken += 1;
        self.step();
    }

    /// Counts a row that was not, and tells the sink.
    pub(crate) fn row_rejected(
        &mut self,
        line: u64,
        reason: Reason,
        row: &str,
        detail: &str,
    ) -> Result<(), ImportError> {
        self.tally.rows_read += 1;
        *self.tally.rejected.entry(reason.as_str()).or_default() += 1;
        self.step();
        let row = &row[..row.floor_char_boundary(MAX_SHOWN_BYTES)];
        Ok(self.sink.reject(Reject { line, reason: reason.as_str(), row, detail })?)
    }

    /// Hands over a product.
    pub(crate) fn product(&mut self, product: Product) -> Result<(), ImportError> {
        self.tally.products += 1;
        self.step();
        Ok(self.sink.take(Item::Product(product))?)
    }

    /// Hands over an event.
    pub(crate) fn event(&mut self, event: Event) -> Result<(), ImportError> {
        self.tally.events += 1;
        self.step();
        Ok(self.sink.take(Item::Event(event))?)
    }

    /// The totals, the file being read to its end.
    pub(crate) fn finish(self) -> Tally {
        let (done, total) = self.meter.read();
        self.sink.progress(done, total);
        self.tally
    }

    fn step(&mut self) {
        self.steps += 1;
        if self.steps.is_multiple_of(PROGRESS_EVERY) {
            let (done, total) = self.meter.read();
            self.sink.progress(done, total);
        }
    }
}
