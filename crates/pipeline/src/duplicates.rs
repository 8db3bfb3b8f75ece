//! Which records of the log are repetitions, for readers of the log that must not count them twice.
//!
//! Kept as bits: the table `duplicates` has, for each [`CHUNK`] records that hold one, their first offset
//! (u64 big-endian) and a bit for each record, the lowest of the first byte first. Limit: some 1 bit a record.

use std::ops::Range;

use rustc_hash::FxHashMap;
use tradewind_ports::{Batch, Offset, StateError, StateStore, TableId};

use crate::tables::Tables;

/// Records of one row.
const CHUNK: u64 = 4_096;
/// Bytes of one row.
const ROW_BYTES: usize = 512;

/// Rows that changed since the last checkpoint.
#[derive(Debug, Default, Clone)]
pub(crate) struct Duplicates(FxHashMap<Offset, Vec<u8>>);

fn row_of(offset: Offset) -> Offset {
    offset - offset % CHUNK
}

/// Byte and bit of a record in its row.
fn place_of(offset: Offset) -> (usize, u8) {
    let within = offset % CHUNK;
    (usize::try_from(within / 8).unwrap_or(0), 1 << (within % 8))
}

fn stored(store: &dyn StateStore, table: TableId, row: Offset) -> Result<Option<Vec<u8>>, StateError> {
    let bytes = store.get(table, &row.to_be_bytes())?;
    Ok(bytes.map(|bytes| bytes.to_vec()).filter(|bytes| bytes.len() == ROW_BYTES))
}

impl Duplicates {
    /// Notes a repetition. A row is found in `older`, where the keeper has it, or in the store.
    pub(crate) fn note(
        &mut self,
        offset: Offset,
        older: Option<&Self>,
        store: &dyn StateStore,
        tables: &Tables,
    ) -> Result<(), StateError> {
        let row = row_of(offset);
        let (byte, bit) = place_of(offset);
        if let Some(bits) = self.0.get_mut(&row) {
            bits[byte] |= bit;
            return Ok(());
        }
        let known = match older.and_then(|o| o.0.get(&row)) {
            Some(bits) => Some(bits.clone()),
            None => stored(store, tables.duplicates, row)?,
        };
        let bits = self.0.entry(row).or_insert(known.unwrap_or_else(|| vec![0; ROW_BYTES]));
        bits[byte] |= bit;
        Ok(())
    }

    pub(crate) fn write(&self, tables: &Tables, batch: &mut Batch) {
        for (row, bits) in &self.0 {
            batch.put(tables.duplicates, row.to_be_bytes(), bits);
        }
    }
}

/// The repetitions among these records, in order, as the store has them.
pub(crate) fn read(
    store: &dyn StateStore,
    tables: &Tables,
    range: Range<Offset>,
) -> Result<Vec<Offset>, StateError> {
    let mut found = Vec::new();
    let mut row = row_of(range.start);
    while row < range.end {
        if let Some(bits) = stored(store, tables.duplicates, row)? {
            let is_set = |offset: &Offset| {
                let (byte, bit) = place_of(*offset);
                bits[byte] & bit != 0
            };
            found.extend((row.max(range.start)..(row + CHUNK).min(range.end)).filter(is_set));
        }
        row += CHUNK;
    }
    Ok(found)
}
