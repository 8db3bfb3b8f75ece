//! Which messages of the log count for nothing, for readers of the log that must not count them either:
//! repetitions, and records that make the folding panic.
//!
//! The table `duplicates` has two kinds of rows.
//! - For each [`CHUNK`] records that hold such a message, under their first offset (u64 big-endian): a bit for
//!   each record, the lowest of the first byte first. Its form goes with the version of the tables.
//! - For a record of several events, under the chunk's key and the record's place in the chunk (u16
//!   big-endian): [`EVENTS_VERSION`], then the places of those that count for nothing (u32 big-endian each), in
//!   order. The record's bit is set too. Without this row the whole record counts for nothing.
//!
//! Limit: some 1 bit a record, and 4 bytes for each such event of a record of several.

use std::collections::BTreeMap;
use std::ops::Range;

use rustc_hash::FxHashMap;
use tradewind_ports::{Batch, Offset, StateError, StateStore, TableId};

use crate::live::damaged;
use crate::pipeline::PipelineError;
use crate::tables::Tables;

/// Records of one row.
const CHUNK: u64 = 4_096;
/// Bytes of one row.
const ROW_BYTES: usize = 512;
/// The version byte of a row for a record of several events.
const EVENTS_VERSION: u8 = 1;

/// A message that counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uncounted {
    /// All that the record at this offset holds.
    Record(Offset),
    /// Of the events of the record at this offset, the one in this place.
    Event(Offset, u32),
}

impl Uncounted {
    /// The record, or of its events the one in this place.
    pub(crate) fn of(offset: Offset, place: Option<u32>) -> Self {
        place.map_or(Self::Record(offset), |place| Self::Event(offset, place))
    }
}

/// The messages among some records that count for nothing: repetitions, mostly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repetitions {
    /// Sorted.
    records: Vec<Offset>,
    /// Places, sorted, of records that count in part.
    events: BTreeMap<Offset, Vec<u32>>,
}

impl Repetitions {
    /// These records, in order, count for nothing; all others count.
    #[must_use]
    pub fn of_records(offsets: Vec<Offset>) -> Self {
        Self { records: offsets, events: BTreeMap::new() }
    }

    /// With a record of several events, of which those in these places, in order, count for nothing.
    #[must_use]
    pub fn with_events(mut self, offset: Offset, places: Vec<u32>) -> Self {
        self.events.insert(offset, places);
        self
    }

    /// Whether nothing that the record holds counts.
    #[must_use]
    pub fn has_record(&self, offset: Offset) -> bool {
        self.records.binary_search(&offset).is_ok()
    }

    /// Whether, of the events of a record of several, the one in this place counts for nothing.
    #[must_use]
    pub fn has_event(&self, offset: Offset, place: usize) -> bool {
        let is_named = |places: &Vec<u32>| u32::try_from(place).is_ok_and(|p| places.contains(&p));
        self.has_record(offset) || self.events.get(&offset).is_some_and(is_named)
    }
}

/// Rows that changed since the last checkpoint.
#[derive(Debug, Default, Clone)]
pub(crate) struct Duplicates {
    rows: FxHashMap<Offset, Vec<u8>>,
    /// The places in records of several events. A record is applied once, so that these are never added to.
    events: BTreeMap<Offset, Vec<u32>>,
}

fn row_of(offset: Offset) -> Offset {
    offset - offset % CHUNK
}

/// Byte and bit of a record in its row.
fn place_of(offset: Offset) -> (usize, u8) {
    let within = offset % CHUNK;
    (usize::try_from(within / 8).unwrap_or(0), 1 << (within % 8))
}

fn events_key(offset: Offset) -> [u8; 10] {
    let mut key = [0; 10];
    key[..8].copy_from_slice(&row_of(offset).to_be_bytes());
    key[8..].copy_from_slice(&u16::try_from(offset % CHUNK).unwrap_or(0).to_be_bytes());
    key
}

fn events_row(places: &[u32]) -> Vec<u8> {
    let bytes = places.iter().flat_map(|place| place.to_be_bytes());
    std::iter::once(EVENTS_VERSION).chain(bytes).collect()
}

fn read_events(bytes: &[u8]) -> Option<Vec<u32>> {
    let (places, rest) = bytes.strip_prefix(&[EVENTS_VERSION])?.as_chunks();
    rest.is_empty().then(|| places.iter().map(|place| u32::from_be_bytes(*place)).collect())
}

fn stored(store: &dyn StateStore, table: TableId, row: Offset) -> Result<Option<Vec<u8>>, StateError> {
    let bytes = store.get(table, &row.to_be_bytes())?;
    Ok(bytes.map(|bytes| bytes.to_vec()).filter(|bytes| bytes.len() == ROW_BYTES))
}

impl Duplicates {
    /// Notes a message. A row is found in `older`, where the keeper has it, or in the store.
    pub(crate) fn note(
        &mut self,
        what: Uncounted,
        older: Option<&Self>,
        store: &dyn StateStore,
        tables: &Tables,
    ) -> Result<(), StateError> {
        let offset = match what {
            Uncounted::Record(offset) => offset,
            Uncounted::Event(offset, place) => {
                self.events.entry(offset).or_default().push(place);
                offset
            }
        };
        let row = row_of(offset);
        let (byte, bit) = place_of(offset);
        if let Some(bits) = self.rows.get_mut(&row) {
            bits[byte] |= bit;
            return Ok(());
        }
        let known = match older.and_then(|o| o.rows.get(&row)) {
            Some(bits) => Some(bits.clone()),
            None => stored(store, tables.duplicates, row)?,
        };
        let bits = self.rows.entry(row).or_insert(known.unwrap_or_else(|| vec![0; ROW_BYTES]));
        bits[byte] |= bit;
        Ok(())
    }

    pub(crate) fn write(&self, tables: &Tables, batch: &mut Batch) {
        for (row, bits) in &self.rows {
            batch.put(tables.duplicates, row.to_be_bytes(), bits);
        }
        for (offset, places) in &self.events {
            batch.put(tables.duplicates, events_key(*offset), events_row(places));
        }
    }
}

/// What counts for nothing among these records, as the store has it.
pub(crate) fn read(
    store: &dyn StateStore,
    tables: &Tables,
    range: Range<Offset>,
) -> Result<Repetitions, PipelineError> {
    let mut found = Repetitions::default();
    for pair in store.scan(tables.duplicates, &row_of(range.start).to_be_bytes()) {
        let (key, value) = pair?;
        let Some((row, within)) = key.split_first_chunk() else { continue };
        let row = Offset::from_be_bytes(*row);
        if row >= range.end {
            break;
        }
        match *within {
            [] if value.len() == ROW_BYTES => {
                let is_set = |offset: &Offset| {
                    let (byte, bit) = place_of(*offset);
                    value[byte] & bit != 0
                };
                found.records.extend((row.max(range.start)..(row + CHUNK).min(range.end)).filter(is_set));
            }
            [high, low] => {
                let offset = row + u64::from(u16::from_be_bytes([high, low]));
                let newer = "it is not of a version that this program knows";
                let places = read_events(&value).ok_or_else(|| damaged("a row of repetitions", &newer))?;
                if range.contains(&offset) {
                    found.events.insert(offset, places);
                }
            }
            _ => {}
        }
    }
    found.records.retain(|offset| !found.events.contains_key(offset));
    Ok(found)
}

#[cfg(test)]
mod tests;
