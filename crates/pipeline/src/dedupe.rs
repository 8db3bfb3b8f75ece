//! Which messages were applied already.
//!
//! A live message id counts as seen for 7 days from its first receipt. Seen ids lie in tables of one week
//! each, `seen-<week>`; an id is looked up in its own week, the one before and, since clocks are set back, the
//! one after. Older tables are dropped whole. An imported id counts as seen for ever. The two are not compared
//! with each other. The store is asked only for what a table's [`Sieve`] lets through.

use parking_lot::RwLock;
use rustc_hash::{FxHashMap, FxHashSet};
use tradewind_events::{EventView, Origin};
use tradewind_kernel::UtcMillis;
use tradewind_ports::{Batch, StateError, StateStore, TableId};

use crate::sieve::{Key, Sieve, key_of};
use crate::tables::Tables;

/// How long a live message id is remembered, in milliseconds.
const WINDOW_MS: i64 = 7 * UtcMillis::DAY;

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
    /// Whether an earlier batch may have seen it; if not, none has.
    may_be_known: bool,
    in_store: bool,
}

impl Mark {
    /// Whether the message is new, given what was seen since the store was written, the latest layer first;
    /// from then on it is not.
    pub(crate) fn take<'a>(&self, batch: &mut Seen, mut older: impl Iterator<Item = &'a &'a Seen>) -> bool {
        let mut in_older = || self.may_be_known && older.any(|seen| seen.knows(self));
        if self.in_store || batch.knows(self) || in_older() {
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
    open: RwLock<Open>,
}

#[derive(Default)]
struct Open {
    weeks: FxHashMap<i64, TableId>,
    /// By table; each knows what was applied, whether the store has it yet or not.
    sieves: FxHashMap<TableId, Sieve>,
}

impl Open {
    fn may_have(&self, table: TableId, key: &Key) -> bool {
        self.sieves.get(&table).is_none_or(|sieve| sieve.may_have(key))
    }
}

/// What the tables have as keys is what sieves are asked by.
fn sieve_of(store: &dyn StateStore, table: TableId) -> Result<Sieve, StateError> {
    Sieve::of(store, table, |key| key.try_into().ok())
}

impl Dedupe {
    pub(crate) fn new(store: &dyn StateStore, tables: &Tables) -> Result<Self, StateError> {
        let mut open = Open::default();
        open.sieves.insert(tables.imported, sieve_of(store, tables.imported)?);
        Ok(Self { imported: tables.imported, open: RwLock::new(open) })
    }

    fn week(&self, store: &dyn StateStore, week: i64) -> Result<TableId, StateError> {
        if let Some(&table) = self.open.read().weeks.get(&week) {
            return Ok(table);
        }
        let mut open = self.open.write();
        let table = store.table(&table_of(week))?;
        if open.weeks.insert(week, table).is_none() {
            open.sieves.insert(table, sieve_of(store, table)?);
        }
        Ok(table)
    }

    /// The tables of a message: the one that it goes to, and the others where it may be.
    fn tables_of(
        &self,
        store: &dyn StateStore,
        event: &EventView<'_>,
        at: UtcMillis,
    ) -> Result<[TableId; 3], StateError> {
        if event.origin == Origin::Import {
            return Ok([self.imported; 3]);
        }
        let week = week_of(at);
        Ok([self.week(store, week)?, self.week(store, week - 1)?, self.week(store, week + 1)?])
    }

    /// Asks the store for a message that is received at this time, unless it surely is new or among what the
    /// store is being given at this moment.
    pub(crate) fn look_up(
        &self,
        store: &dyn StateStore,
        event: &EventView<'_>,
        at: UtcMillis,
        frozen: Option<&Seen>,
    ) -> Result<Mark, StateError> {
        let (key, origin) = (key_of(&event.message_id), event.origin);
        let tables = self.tables_of(store, event, at)?;
        let open = self.open.read();
        let may_have = tables.map(|table| open.may_have(table, &key));
        drop(open);
        let may_be_known = may_have.contains(&true);
        let mut mark = Mark { key, tables, at, origin, may_be_known, in_store: false };
        if !may_be_known {
            return Ok(mark);
        }
        mark.in_store = frozen.is_some_and(|f| f.knows(&mark))
            || match origin {
                Origin::Import => store.get(self.imported, &key)?.is_some(),
                Origin::Live => {
                    let mut found = false;
                    for (table, may_have) in tables.into_iter().zip(may_have) {
                        found = found || (may_have && seen_within(store, table, &key, at)?);
                    }
                    found
                }
            };
        Ok(mark)
    }

    /// Notes what a batch has seen, before the next one is looked up.
    pub(crate) fn note(&mut self, batch: &Seen) {
        let open = self.open.get_mut();
        for (table, ids) in &batch.live {
            if let Some(sieve) = open.sieves.get_mut(table) {
                ids.keys().for_each(|key| sieve.insert(key));
            }
        }
        if let Some(sieve) = open.sieves.get_mut(&self.imported) {
            batch.imported.iter().for_each(|key| sieve.insert(key));
        }
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
            let mut open = self.open.write();
            open.weeks.retain(|_, week| *week != table);
            open.sieves.remove(&table);
            drop(open);
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
