//! Making fjall let go of what was removed.
//!
//! fjall keeps older data in three places: journals, which end only when they have grown to 64 MB; tables that
//! a newer one covers; and files of versions that a reader might still need. There is no call that ends a
//! journal. So this writes noise into a table of its own until the journal is full, flushes every table, so
//! that no journal is needed any more, compacts each of them, and then looks whether the old files are gone.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use tradewind_ports::StateError;

use crate::fjall_store::failed;

/// The table that the noise goes to.
pub(crate) const NOISE: &str = "purge-noise";
/// Past this size fjall ends a journal.
const JOURNAL_BYTES: usize = 64_000_000;
/// One piece of noise.
const PIECE_BYTES: usize = 1 << 20;
/// The key whose removal is written to every table.
const MARK: &[u8] = b"\0purge";
const DOING: &str = "purge what was removed";
/// How often the old files are looked for, and how long it rests between.
const LOOKS: u32 = 200;
const REST: Duration = Duration::from_millis(50);

/// Bytes that no compression makes smaller.
fn noise(state: &mut u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(PIECE_BYTES);
    while bytes.len() < PIECE_BYTES {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&(*state >> 16).to_le_bytes()[..6]);
    }
    bytes
}

/// The files below a folder.
fn files(dir: &Path, found: &mut HashSet<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), found)?,
            Ok(_) => drop(found.insert(entry.path())),
            // A table may leave while we look.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The files that hold data: journals and tables.
fn data_files(dir: &Path) -> Result<HashSet<PathBuf>, StateError> {
    let mut found = HashSet::new();
    files(dir, &mut found).map_err(failed("look at its files"))?;
    let is_data = |path: &PathBuf| {
        path.extension().is_some_and(|e| e == "jnl")
            || path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "tables")
    };
    found.retain(is_data);
    Ok(found)
}

/// Waits until none of these files is there any more; each turn makes fjall look what it can remove.
#[expect(
    clippy::disallowed_methods,
    reason = "fjall removes files in threads of its own; nothing tells when"
)]
fn wait_until_gone(dir: &Path, mut old: HashSet<PathBuf>, scratch: &Keyspace) -> Result<(), StateError> {
    for look in 0..LOOKS {
        let now = data_files(dir)?;
        old.retain(|path| now.contains(path));
        if old.is_empty() {
            return Ok(());
        }
        if look > 0 {
            std::thread::sleep(REST);
        }
        scratch.insert(b"turn", look.to_be_bytes()).map_err(failed(DOING))?;
        scratch.rotate_memtable_and_wait().map_err(failed(DOING))?;
    }
    let left: Vec<_> = old.iter().map(|path| path.display().to_string()).collect();
    let left = left.join(", ");
    Err(failed(DOING)(format!("older data may still be in {left}; try again once no reader is under way")))
}

/// Writes every table whole, and waits until what they were before is gone.
fn purge_tables(
    database: &Database,
    dir: &Path,
    tables: &[Keyspace],
    scratch: &Keyspace,
) -> Result<(), StateError> {
    let mut journals = data_files(dir)?;
    journals.retain(|path| path.extension().is_some_and(|e| e == "jnl"));
    let mut state = journals.len() as u64;
    for n in 0..=JOURNAL_BYTES / PIECE_BYTES + 1 {
        scratch.insert(n.to_be_bytes(), noise(&mut state)).map_err(failed(DOING))?;
    }
    for table in tables {
        // Nobody has this key. Its removal is what makes a compaction write a table that it would leave.
        table.remove(MARK).map_err(failed(DOING))?;
    }
    database.persist(PersistMode::SyncData).map_err(failed(DOING))?;
    for table in std::iter::once(scratch).chain(tables) {
        table.rotate_memtable_and_wait().map_err(failed(DOING))?;
    }
    // A compaction forgets which writes its tables hold, so journals must leave before.
    wait_until_gone(dir, journals, scratch)?;
    let mut sorted = data_files(dir)?;
    sorted.retain(|path| tables.iter().any(|table| path.starts_with(table.path())));
    for table in tables {
        table.major_compact().map_err(failed(DOING))?;
    }
    wait_until_gone(dir, sorted, scratch)
}

/// Purges these tables of a database in `dir`.
pub(crate) fn purge(database: &Database, dir: &Path, tables: &[Keyspace]) -> Result<(), StateError> {
    let scratch = database.keyspace(NOISE, KeyspaceCreateOptions::default).map_err(failed(DOING))?;
    let done = purge_tables(database, dir, tables, &scratch);
    database.delete_keyspace(scratch).map_err(failed(DOING))?;
    done
}
