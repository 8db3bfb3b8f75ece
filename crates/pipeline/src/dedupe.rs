//! Which messages were applied already.
//!
//! A live message id counts as seen for 7 days from its first receipt. Seen ids lie in tables of one week
//! each, `seen-<week>`; an id is looked up in its own week, the one before and, since clocks are set back, the
//! one after. Older tables are dropped whole. An imported id counts as seen for ever. The two are not compared with each other.

use rustc_hash::{FxHashMap, FxHashSet};
use tradewind_events::{Event, Origin};
use tradewind_kernel::UtcMillis;
use tradewind_ports::{Batch, StateError, StateStore, TableId};
use xxhash_rust::xxh3::xxh3_128;

use crate::tables::Tables;

/// How long a live message id is remembered, in milliseconds.
const WINDOW_MS: i64 = 7 * UtcMillis::DAY;

/// The ids seen, those of the current batch included.
pub(crate) struct Dedupe {
    imported: TableId,
    weeks: FxHashMap<i64, TableId>,
    fresh_live: FxHashMap<[u8; 16], (UtcMillis, TableId)>,
    fresh_imported: FxHashSet<[u8; 16]>,
}

/// What is remembered of a message id.
pub(crate) fn key_of(message_id: &str) -> [u8; 16] {
    xxh3_128(message_id.as_bytes()).to_be_bytes()
}

fn table_of(week: i64) -> String {
    format!("seen-{week}")
}

/// Whether a table remembers message ids that no message of `now` is compared with any more.
pub(crate) fn is_expired_table(name: &str, now: UtcMillis) -> bool {
    let week = name.strip_prefix("seen-").and_then(|w| w.parse::<i64>().ok());
    week.is_some_and(|week| week < week_of(now) - 1)
}

fn week_of(at: UtcMillis) -> i64 {
    at.get().div_euclid(WINDOW_MS)
}

fn within(at: UtcMillis, seen: UtcMillis) -> bool {
    at.since(seen).abs() < WINDOW_MS
}

impl Dedupe {
    pub(crate) fn new(tables: &Tables) -> Self {
        Self {
            imported: tables.imported,
            weeks: FxHashMap::default(),
            fresh_live: FxHashMap::default(),
            fresh_imported: FxHashSet::default(),
        }
    }

    fn week(&mut self, store: &dyn StateStore, week: i64) -> Result<TableId, StateError> {
        if let Some(&table) = self.weeks.get(&week) {
            return Ok(table);
        }
        let table = store.table(&table_of(week))?;
        self.weeks.insert(week, table);
        Ok(table)
    }

    /// Whether the event is new; from then on it is not.
    pub(crate) fn is_new(&mut self, store: &dyn StateStore, event: &Event) -> Result<bool, StateError> {
        let key = key_of(&event.message_id);
        if event.origin == Origin::Import {
            let known = self.fresh_imported.contains(&key) || store.get(self.imported, &key)?.is_some();
            return Ok(!known && self.fresh_imported.insert(key));
        }
        let at = event.received_at;
        let week = week_of(at);
        let table = self.week(store, week)?;
        let beside = [self.week(store, week - 1)?, self.week(store, week + 1)?];
        let known = match self.fresh_live.get(&key) {
            Some((seen, _)) => within(at, *seen),
            None => {
                let mut known = false;
                for table in [table].into_iter().chain(beside) {
                    known |= seen_at(store, table, &key)?.is_some_and(|seen| within(at, seen));
                }
                known
            }
        };
        if !known {
            self.fresh_live.insert(key, (at, table));
        }
        Ok(!known)
    }

    /// Writes what the batch has seen, and forgets that it is of this batch.
    pub(crate) fn write(&mut self, batch: &mut Batch) {
        for (key, (at, table)) in self.fresh_live.drain() {
            batch.put(table, key, at.get().to_be_bytes());
        }
        for key in self.fresh_imported.drain() {
            batch.put(self.imported, key, []);
        }
    }

    /// Opens the tables that messages of `now` need, since making one takes a while.
    pub(crate) fn prepare(&mut self, store: &dyn StateStore, now: UtcMillis) -> Result<(), StateError> {
        let week = week_of(now);
        for needed in [week - 1, week, week + 1] {
            self.week(store, needed)?;
        }
        Ok(())
    }

    /// Drops the tables of weeks that no message of `now` can be compared with any more.
    pub(crate) fn expire(&mut self, store: &dyn StateStore, now: UtcMillis) -> Result<(), StateError> {
        for name in store.table_names().iter().filter(|name| is_expired_table(name, now)) {
            self.weeks.retain(|week, _| table_of(*week) != *name);
            store.drop_table(name)?;
        }
        Ok(())
    }
}

fn seen_at(store: &dyn StateStore, table: TableId, key: &[u8]) -> Result<Option<UtcMillis>, StateError> {
    let value = store.get(table, key)?;
    Ok(value.and_then(|v| v.as_ref().try_into().ok()).map(|v| UtcMillis::new(i64::from_be_bytes(v))))
}
