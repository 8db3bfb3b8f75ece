//! Where the projections keep what they have learned.

use bytes::Bytes;

/// A table, as [`StateStore::table`] gave it. Valid for that store only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TableId(pub u32);

/// One change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op<'a> {
    /// Where.
    pub table: TableId,
    /// The key.
    pub key: &'a [u8],
    /// What is written over an older value, if there is one; `None` removes it.
    pub value: Option<&'a [u8]>,
}

/// Changes that take effect together.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Keys and values, one after the other: a change costs no memory of its own.
    bytes: Vec<u8>,
    /// Table, length of the key, and of the value where there is one.
    ops: Vec<(TableId, usize, Option<usize>)>,
}

impl Batch {
    /// Adds the writing of a value.
    pub fn put(&mut self, table: TableId, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let (key, value) = (key.as_ref(), value.as_ref());
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        self.ops.push((table, key.len(), Some(value.len())));
    }

    /// Adds the removal of a value.
    pub fn delete(&mut self, table: TableId, key: impl AsRef<[u8]>) {
        self.bytes.extend_from_slice(key.as_ref());
        self.ops.push((table, key.as_ref().len(), None));
    }

    /// The changes in the order in which they are made; of two for one key the later wins.
    pub fn ops(&self) -> impl Iterator<Item = Op<'_>> {
        let mut rest = self.bytes.as_slice();
        self.ops.iter().map(move |&(table, key_bytes, value_bytes)| {
            let (key, after) = rest.split_at(key_bytes);
            let (value, after) = after.split_at(value_bytes.unwrap_or(0));
            rest = after;
            Op { table, key, value: value_bytes.map(|_| value) }
        })
    }

    /// How many changes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }
}

/// What went wrong in a store.
#[derive(Debug, thiserror::Error)]
#[error("the state store failed to {doing}: {cause}")]
pub struct StateError {
    /// What was being done, as a fragment after "failed to".
    pub doing: &'static str,
    /// The engine's own words.
    pub cause: String,
}

/// Pairs of a key in a table and its value, in the order of the keys.
pub type Scan<'a> = Box<dyn Iterator<Item = Result<(Bytes, Bytes), StateError>> + 'a>;

/// A sorted key-value store with tables.
///
/// **Atomicity.** All changes of a [`commit`](StateStore::commit) are there after a crash, or none is. So a
/// projection that commits its offset together with what came of it replays without a second effect.
/// **Durability.** A commit survives the end of the process once it returns; it survives power loss some
/// time later, in the order of the commits, so that a restart after power loss finds an earlier state.
/// **Visibility.** A commit is seen by every read that starts after it returns.
/// **Limits.** Keys up to 4 KiB and not empty, values up to 16 MiB.
pub trait StateStore: Send + Sync {
    /// Opens a table, making it if it is new. Names are of `[a-z0-9_-]`.
    ///
    /// # Errors
    /// [`StateError`] of the engine.
    fn table(&self, name: &str) -> Result<TableId, StateError>;

    /// Removes a table with all that is in it; its id is then dead. One that does not exist is fine.
    ///
    /// # Errors
    /// [`StateError`] of the engine.
    fn drop_table(&self, name: &str) -> Result<(), StateError>;

    /// Names of all tables, sorted.
    fn table_names(&self) -> Vec<String>;

    /// The value of a key.
    ///
    /// # Errors
    /// [`StateError`] of the engine.
    fn get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StateError>;

    /// All pairs whose key is `from` or greater, as they were when the call was made.
    fn scan(&self, table: TableId, from: &[u8]) -> Scan<'_>;

    /// Makes all changes of a batch at once.
    ///
    /// # Errors
    /// [`StateError`] of the engine; then none was made.
    fn commit(&self, batch: &Batch) -> Result<(), StateError>;

    /// Waits until all commits so far survive power loss.
    ///
    /// # Errors
    /// [`StateError`] of the engine.
    fn sync(&self) -> Result<(), StateError>;

    /// Rewrites a table so that its own files hold nothing any more of what was removed or overwritten before
    /// the call; what an engine keeps for its recovery may hold it until that is written over. An engine that
    /// keeps no such thing need only sync. Costs as much as writing the table anew.
    ///
    /// # Errors
    /// [`StateError`] of the engine.
    fn purge(&self, _table: TableId) -> Result<(), StateError> {
        self.sync()
    }
}
