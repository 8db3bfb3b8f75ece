//! Test doubles that several crates' tests need.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::{Batch, Scan, StateError, StateStore, TableId};

/// A store that is told to fail, and counts what is costly.
pub struct Watched<S> {
    store: S,
    /// The table that cannot be read, plus one; 0 for none.
    broken: AtomicU64,
    purges: AtomicU64,
}

impl<S: StateStore> Watched<S> {
    /// A store that does as the one in it.
    pub fn new(store: S) -> Self {
        Self { store, broken: AtomicU64::new(0), purges: AtomicU64::new(0) }
    }

    /// From now on the values of this table cannot be got.
    pub fn break_table(&self, table: TableId) {
        self.broken.store(u64::from(table.0) + 1, Ordering::Release);
    }

    /// They can again.
    pub fn mend(&self) {
        self.broken.store(0, Ordering::Release);
    }

    /// How often it was purged.
    pub fn purges(&self) -> u64 {
        self.purges.load(Ordering::Acquire)
    }
}

impl<S: StateStore> StateStore for Watched<S> {
    fn table(&self, name: &str) -> Result<TableId, StateError> {
        self.store.table(name)
    }

    fn drop_table(&self, name: &str) -> Result<(), StateError> {
        self.store.drop_table(name)
    }

    fn table_names(&self) -> Vec<String> {
        self.store.table_names()
    }

    fn get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StateError> {
        if self.broken.load(Ordering::Acquire) == u64::from(table.0) + 1 {
            return Err(StateError { doing: "read a table", cause: "a test broke it".into() });
        }
        self.store.get(table, key)
    }

    fn scan(&self, table: TableId, from: &[u8]) -> Scan<'_> {
        self.store.scan(table, from)
    }

    fn commit(&self, batch: &Batch) -> Result<(), StateError> {
        self.store.commit(batch)
    }

    fn sync(&self) -> Result<(), StateError> {
        self.store.sync()
    }

    fn purge(&self) -> Result<(), StateError> {
        self.purges.fetch_add(1, Ordering::AcqRel);
        self.store.purge()
    }
}
