//! Log records as rows, table by table.

use std::collections::BTreeMap;

use deltalake_core::arrow::array::RecordBatch;
use tradewind_catalog::Change;
use tradewind_decide::DecisionRecord;
use tradewind_kernel::Currency;
use tradewind_pipeline::{Entry, Note, Repetitions};
use tradewind_ports::{Offset, Record};

use crate::columns::{ColumnType, batch_of, types_of};
use crate::decisions::{self, DECISIONS, SLOTS};
use crate::error::LakeError;
use crate::events::{self, EventRow, IMPRESSIONS, ORDER_LINES};
use crate::family::Family;
use crate::measures;
use crate::products::{PRODUCTS, ProductRow, product_columns};

/// Every table with its columns, in the order in which they are committed.
pub(crate) fn tables() -> Vec<(&'static str, Vec<ColumnType>)> {
    let mut tables: Vec<_> =
        Family::ALL.iter().map(|family| (family.table(), types_of(&events::event_columns()))).collect();
    tables.push((ORDER_LINES, types_of(&events::line_columns())));
    tables.push((IMPRESSIONS, types_of(&events::line_columns())));
    tables.push((PRODUCTS, types_of(&product_columns())));
    tables.push((DECISIONS, types_of(&decisions::placement_columns())));
    tables.push((SLOTS, types_of(&decisions::slot_columns())));
    tables
}

/// Records read and sorted, not yet columns.
#[derive(Default)]
pub(crate) struct Rows {
    events: BTreeMap<Family, Vec<EventRow>>,
    products: Vec<ProductRow>,
    decisions: Vec<(i64, DecisionRecord)>,
}

fn place(offset: Offset) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}

impl Rows {
    /// Takes records; what is among `duplicates` is passed over, and so is what does not read, as the
    /// projection does.
    pub(crate) fn read(records: &[Record], duplicates: &Repetitions, currency: Currency) -> Self {
        let mut rows = Self::default();
        for record in records {
            if !duplicates.has_record(record.offset) {
                rows.add(record, duplicates, currency);
            }
        }
        rows
    }

    fn add(&mut self, record: &Record, duplicates: &Repetitions, currency: Currency) {
        let offset = place(record.offset);
        let unreadable = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, offset, "a log record is left out of the lake: it does not read");
            measures::unreadable_record();
        };
        match Entry::read(&record.bytes) {
            Ok(Entry::Event(event)) => {
                let row = EventRow::new(offset, event, currency);
                self.events.entry(row.family()).or_default().push(row);
            }
            Ok(Entry::Product(product)) => self.products.push(ProductRow::new(offset, *product)),
            Ok(Entry::Change(change)) => {
                if let Change::Product(product) = *change {
                    self.products.push(ProductRow::new(offset, *product));
                }
            }
            // A re-drive that counted, in part at least; one that did not is among the duplicates.
            Ok(Entry::DeadLetter(note)) => {
                if let Note::Redriven { events, .. } = *note {
                    let counts = |(place, _): &(usize, _)| !duplicates.has_event(record.offset, *place);
                    for (_, event) in events.into_iter().enumerate().filter(counts) {
                        let row = EventRow::new(offset, event, currency);
                        self.events.entry(row.family()).or_default().push(row);
                    }
                }
            }
            // Who is who has no table.
            Ok(Entry::Identity(_)) => {}
            Ok(Entry::Erased) => {}
            Ok(Entry::Decision(body)) => match DecisionRecord::decode(body) {
                Ok(decision) => self.decisions.push((offset, decision)),
                Err(error) => unreadable(&error),
            },
            // Rows of features have tables of their own once there are any.
            Ok(Entry::Features(_)) => {}
            // Nor has who is in which audience.
            Ok(Entry::Audience(_)) => {}
            Err(error) => unreadable(&error),
        }
    }

    /// Drops what a table has already: its rows of offsets below `next`.
    pub(crate) fn into_batches(
        self,
        next: impl Fn(&'static str) -> Offset,
    ) -> Result<Vec<(&'static str, RecordBatch)>, LakeError> {
        let mut batches = Vec::new();
        let from = |table| place(next(table));
        let mut lines: BTreeMap<&'static str, Vec<events::LineRow<'_>>> = BTreeMap::new();
        for event in self.events.values().flatten() {
            if let Some(table) = events::lines_table(event).filter(|table| event.offset >= from(table)) {
                lines.entry(table).or_default().extend(events::lines_of(event));
            }
        }
        for (table, rows) in &lines {
            batches.push((*table, batch_of(&events::line_columns(), rows)?));
        }
        drop(lines);
        for (family, mut rows) in self.events {
            rows.retain(|row| row.offset >= from(family.table()));
            batches.push((family.table(), batch_of(&events::event_columns(), &rows)?));
        }
        let mut products = self.products;
        products.retain(|row| row.offset >= from(PRODUCTS));
        batches.push((PRODUCTS, batch_of(&product_columns(), &products)?));
        let decided = |table| {
            let first = from(table);
            self.decisions.iter().filter(move |d| d.0 >= first)
        };
        let shown = decided(DECISIONS).flat_map(|d| decisions::placements_of(d.0, &d.1)).collect::<Vec<_>>();
        batches.push((DECISIONS, batch_of(&decisions::placement_columns(), &shown)?));
        let slots = decided(SLOTS).flat_map(|d| decisions::slots_of(d.0, &d.1)).collect::<Vec<_>>();
        batches.push((SLOTS, batch_of(&decisions::slot_columns(), &slots)?));
        batches.retain(|(_, batch)| batch.num_rows() > 0);
        Ok(batches)
    }
}
