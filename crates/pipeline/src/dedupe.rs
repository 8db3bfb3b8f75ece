//! Which messages were applied already.
//!
//! A live message id counts as seen for 7 days from its first receipt. Seen ids lie in tables of one week
//! each, `seen-<week>`; an id is looked up in its own week, the one before and, since clocks are set back, the
//! one after. Older tables are dropped whole. An imported id counts as seen for ever. The two are not compared with each other.

use parking_lot::RwLock;
use rustc_hash::{FxHashMap, FxHashSet};
use tradewind_events::{EventView, Origin};
use tradewind_kernel::UtcMillis;
use tradewind_ports::{Batch, StateError, StateStore, TableId};
use xxhash_rust::xxh3::xxh3_128;

use crate::tables::Tables;

/// How long a live message id is remembered, in milliseconds.
const WINDOW_MS: i64 = 7 * UtcMillis::DAY;

/// What is remembered of a message id.
pub(crate) type Key = [u8; 16];

pub(crate) fn key_of(message_id: &str) -> Key {
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

/// Ids that were seen since the last checkpoint, the live ones by the table that they go to.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    live: FxHashMap<TableId, FxHashMap<Key, UtcMillis>>,
    imported: FxHashSet<Key>,
}

impl Seen {
    fn knows(&self, mark: &Mark) -> bool {
        let Mark { key, tables, at, origin, .. } = mark;
        match origin {
            Origin::Import => self.imported.contains(key),
            Origin::Live => tables.iter().any(|table| {
                let seen = self.live.get(table).and_then(|ids| ids.get(key));
                seen.is_some_and(|&seen| within(*at, seen))
            }),
        }
    }

    /// Takes in what a batch has seen.
    pub(crate) fn extend(&mut self, batch: Self) {
        for (table, ids) in batch.live {
            self.live.entry(table).or_default().extend(ids);
        }
        self.imported.extend(batch.imported);
    }

    pub(crate) fn write(&self, tables: &Tables, batch: &mut Batch) {
        for (table, ids) in &self.live {
            // In order, so that the store finds the place of each beside that of the one before.
            let mut ids: Vec<_> = ids.iter().collect();
            ids.sort_unstable_by_key(|(key, _)| **key);
            for (key, at) in ids {
                batch.put(*table, *key, at.get().to_be_bytes());
            }
        }
        for key in &self.imported {
            batch.put(tables.imported, *key, []);
        }
    }
}

/// A message as deduplication sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    key: Key,
    /// The table that it goes to, and the others where it may be.
    tables: [TableId; 3],
    /// The time by which it is looked up.
    at: UtcMillis,
    origin: Origin,
    in_store: bool,
}

impl Mark {
    /// Whether the message is new, given what was seen since the store was written, the latest layer first;
    /// from then on it is not.
    pub(crate) fn take<'a>(&self, batch: &mut Seen, mut older: impl Iterator<Item = &'a &'a Seen>) -> bool {
        if self.in_store || batch.knows(self) || older.any(|seen| seen.knows(self)) {
            return false;
        }
        match self.origin {
            Origin::Import => _ = batch.imported.insert(self.key),
            Origin::Live => {
                _ = batch.live.entry(self.tables[0]).or_default().insert(self.key, self.at);
            }
        }
        true
    }
}

/// The tables of seen ids.
pub(crate) struct Dedupe {
    imported: TableId,
    weeks: RwLock<FxHashMap<i64, TableId>>,
}

impl Dedupe {
    pub(crate) fn new(tables: &Tables) -> Self {
        Self { imported: tables.imported, weeks: RwLock::default() }
    }

    fn week(&self, store: &dyn StateStore, week: i64) -> Result<TableId, StateError> {
        if let Some(&table) = self.weeks.read().get(&week) {
            return Ok(table);
        }
        let table = store.table(&table_of(week))?;
        self.weeks.write().insert(week, table);
        Ok(table)
    }

    /// Asks the store for a message that is received at this time, unless it is among what the store is being
    /// given at this moment.
    pub(crate) fn look_up(
        &self,
        store: &dyn StateStore,
        event: &EventView<'_>,
        at: UtcMillis,
        frozen: Option<&Seen>,
    ) -> Result<Mark, StateError> {
        let (key, origin) = (key_of(&event.message_id), event.origin);
        let tables = match origin {
            Origin::Import => [self.imported; 3],
            Origin::Live => {
                let week = week_of(at);
                [self.week(store, week)?, self.week(store, week - 1)?, self.week(store, week + 1)?]
            }
        };
        let mut mark = Mark { key, tables, at, origin, in_store: false };
        mark.in_store = frozen.is_some_and(|f| f.knows(&mark))
            || match origin {
                Origin::Import => store.get(self.imported, &key)?.is_some(),
                Origin::Live => {
                    seen_within(store, tables[0], &key, at)?
                        || seen_within(store, tables[1], &key, at)?
                        || seen_within(store, tables[2], &key, at)?
                }
            };
        Ok(mark)
    }

    /// Opens the tables that messages of `now` need, since making one takes a while.
    pub(crate) fn prepare(&self, store: &dyn StateStore, now: UtcMillis) -> Result<(), StateError> {
        let week = week_of(now);
        for needed in [week - 1, week, week + 1] {
            self.week(store, needed)?;
        }
        Ok(())
    }

    /// Drops the tables of weeks that no message of `now` can be compared with any more, and what `current`
    /// would write there. Nothing else may be about to write.
    pub(crate) fn expire(
        &self,
        store: &dyn StateStore,
        now: UtcMillis,
        current: &mut Seen,
    ) -> Result<(), StateError> {
        for name in store.table_names().iter().filter(|name| is_expired_table(name, now)) {
            let table = store.table(name)?;
            current.live.remove(&table);
            self.weeks.write().retain(|_, open| *open != table);
            store.drop_table(name)?;
        }
        Ok(())
    }
}

fn seen_within(
    store: &dyn StateStore,
    table: TableId,
    key: &[u8],
    at: UtcMillis,
) -> Result<bool, StateError> {
    let value = store.get(table, key)?;
    let seen = value.and_then(|v| v.as_ref().try_into().ok()).map(i64::from_be_bytes);
    Ok(seen.is_some_and(|seen| within(at, UtcMillis::new(seen))))
}
