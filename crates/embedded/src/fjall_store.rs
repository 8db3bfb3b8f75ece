//! The state store on fjall, a log-structured merge tree in pure Rust. A table is a keyspace.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use parking_lot::RwLock;
use tradewind_ports::{Batch, Rank, Scan, StateError, StateStore, TableId};

use crate::fjall_purge::{self, NOISE};

/// A table's writes are kept in memory up to this size before they go to disk. Small enough to stay in the
/// processor's cache for the most part: looking up among twice as many entries costs more than writing out
/// twice as often.
const MEMTABLE_BYTES: u64 = 16 << 20;

/// The embedded [`StateStore`].
pub struct FjallStore {
    database: Database,
    dir: PathBuf,
    tables: RwLock<Tables>,
}

#[derive(Default)]
struct Tables {
    by_name: HashMap<String, TableId>,
    open: Vec<Option<Keyspace>>,
}

pub(crate) fn failed<E: std::fmt::Display>(doing: &'static str) -> impl Fn(E) -> StateError {
    move |cause| StateError { doing, cause: cause.to_string() }
}

impl FjallStore {
    /// Opens the store in `dir`, which is made if it is new, with a block cache of `cache_bytes`.
    ///
    /// # Errors
    /// [`StateError`] when another process holds it, or when it is damaged.
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Self, StateError> {
        let database = open(dir, cache_bytes)?;
        let (dir, tables) = (dir.to_owned(), RwLock::default());
        Ok(Self { database, dir, tables })
    }

    fn keyspace(&self, table: TableId) -> Result<Keyspace, StateError> {
        let open = self.tables.read().open.get(table.0 as usize).cloned().flatten();
        open.ok_or_else(|| failed("find the table")(format!("no table {}", table.0)))
    }
}

/// Opens the database on a thread of the rank that its own threads, which flush and compact, are to have: they
/// inherit it.
fn open(dir: &Path, cache_bytes: u64) -> Result<Database, StateError> {
    let opened = std::thread::scope(|scope| {
        let opening = scope.spawn(|| {
            Rank::Work.take();
            Database::builder(dir).cache_size(cache_bytes).open()
        });
        opening.join()
    });
    opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic)).map_err(failed("open"))
}

impl StateStore for FjallStore {
    fn table(&self, name: &str) -> Result<TableId, StateError> {
        let mut tables = self.tables.write();
        if let Some(&id) = tables.by_name.get(name) {
            return Ok(id);
        }
        let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
        let keyspace = self.database.keyspace(name, options).map_err(failed("open a table"))?;
        let id = TableId(u32::try_from(tables.open.len()).unwrap_or(u32::MAX));
        tables.open.push(Some(keyspace));
        tables.by_name.insert(name.to_owned(), id);
        Ok(id)
    }

    fn drop_table(&self, name: &str) -> Result<(), StateError> {
        if !self.database.keyspace_exists(name) {
            return Ok(());
        }
        let id = self.table(name)?;
        let mut tables = self.tables.write();
        tables.by_name.remove(name);
        match tables.open[id.0 as usize].take() {
            Some(keyspace) => self.database.delete_keyspace(keyspace).map_err(failed("drop a table")),
            None => Ok(()),
        }
    }

    fn table_names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.database.list_keyspace_names().iter().map(ToString::to_string).collect();
        names.retain(|name| name != NOISE);
        names.sort_unstable();
        names
    }

    fn get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StateError> {
        let value = self.keyspace(table)?.get(key).map_err(failed("read"))?;
        Ok(value.map(|v| Bytes::copy_from_slice(&v)))
    }

    fn scan(&self, table: TableId, from: &[u8]) -> Scan<'_> {
        match self.keyspace(table) {
            Err(error) => Box::new(std::iter::once(Err(error))),
            Ok(keyspace) => Box::new(keyspace.range(from..).map(|guard| {
                let (key, value) = guard.into_inner().map_err(failed("scan"))?;
                Ok((Bytes::copy_from_slice(&key), Bytes::copy_from_slice(&value)))
            })),
        }
    }

    fn commit(&self, batch: &Batch) -> Result<(), StateError> {
        let tables = self.tables.read();
        let mut write = fjall::OwnedWriteBatch::with_capacity(self.database.clone(), batch.len());
        for op in batch.ops() {
            let Some(Some(keyspace)) = tables.open.get(op.table.0 as usize) else {
                return Err(failed("commit")(format!("no table {}", op.table.0)));
            };
            match op.value {
                Some(value) => write.insert(keyspace, op.key, value),
                None => write.remove(keyspace, op.key),
            }
        }
        write.commit().map_err(failed("commit"))
    }

    fn sync(&self) -> Result<(), StateError> {
        self.database.persist(PersistMode::SyncData).map_err(failed("sync"))
    }

    fn purge(&self) -> Result<(), StateError> {
        // Also of tables that nobody has opened yet: what they hold keeps the journals.
        let tables: Vec<Keyspace> = self
            .table_names()
            .iter()
            .map(|name| self.keyspace(self.table(name)?))
            .collect::<Result<_, _>>()?;
        fjall_purge::purge(&self.database, &self.dir, &tables)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_contract() {
        let dir = tempfile::tempdir().unwrap();
        tradewind_ports::contract::state_store(|| FjallStore::open(dir.path(), 8 << 20).unwrap());
    }

    /// How many files below a folder hold these bytes.
    fn hits(dir: &Path, mark: &[u8]) -> usize {
        let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        let holds = |path: PathBuf| {
            if path.is_dir() {
                hits(&path, mark)
            } else {
                let bytes = std::fs::read(&path).unwrap();
                usize::from(memchr::memmem::find(&bytes, mark).is_some())
            }
        };
        entries.map(holds).sum()
    }

    #[test]
    fn what_is_purged_is_in_no_file() {
        // No two letters of it repeat, so that compression keeps it as it is.
        let (gone, kept) = (b"qwertyuiopasdfghjklzxcvbnm-GONE", b"QWERTYUIOPASDFGHJKLZXCVBNM-kept");
        let dir = tempfile::tempdir().unwrap();
        let store = FjallStore::open(dir.path(), 8 << 20).unwrap();
        let (one, two) = (store.table("one").unwrap(), store.table("two").unwrap());
        let mut batch = Batch::default();
        batch.put(one, b"a", gone);
        batch.put(two, gone, b"x");
        batch.put(two, b"b", kept);
        store.commit(&batch).unwrap();
        store.sync().unwrap();
        assert!(hits(dir.path(), gone) > 0 && hits(dir.path(), kept) > 0);
        let mut batch = Batch::default();
        batch.put(one, b"a", b"overwritten");
        batch.delete(two, gone);
        store.commit(&batch).unwrap();
        assert!(hits(dir.path(), gone) > 0);
        store.purge().unwrap();
        assert_eq!(hits(dir.path(), gone), 0);
        assert_eq!(store.get(one, b"a").unwrap().as_deref(), Some(&b"overwritten"[..]));
        assert_eq!(store.table_names(), ["one", "two"]);
        store.purge().unwrap();
        drop(store);
        let store = FjallStore::open(dir.path(), 8 << 20).unwrap();
        let two = store.table("two").unwrap();
        assert_eq!(store.get(two, b"b").unwrap().as_deref(), Some(&kept[..]));
        assert_eq!(hits(dir.path(), gone), 0);
        store.purge().unwrap();
    }
}
