//! The data directory: where everything is, and the lock that keeps a second process out.
//!
//! Layout, version 1: `VERSION` (the number), `LOCK`, `log/`, `state/`, `vault/`, `blobs/`.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tradewind_ports::StateError;

use crate::{BlobFiles, FjallStore, LogOptions, OpenError, SegmentLog};

/// The layout that this program writes.
const LAYOUT_VERSION: &str = "1";

/// An open data directory; the lock is held as long as it lives.
pub struct DataDir {
    path: PathBuf,
    _lock: Option<File>,
}

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another process has it.
    #[error("{0} is in use by another process: stop that one, or give another --data-dir")]
    InUse(PathBuf),
    /// Written by a newer program.
    #[error("{path} has layout {found}, and this program knows up to {LAYOUT_VERSION}: run a newer one")]
    TooNew {
        /// The directory.
        path: PathBuf,
        /// What its `VERSION` says.
        found: String,
    },
    /// The operating system's error.
    #[error("{path} could not be opened: {source}")]
    Io {
        /// The directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The log's error.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// The state store's error.
    #[error(transparent)]
    State(#[from] StateError),
}

impl DataDir {
    /// Opens `path`, making it if it is new, and locks it.
    ///
    /// # Errors
    /// [`DataDirError`] when it is in use, too new or not to be read.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let failed = |source| DataDirError::Io { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(failed)?;
        let lock = File::create(path.join("LOCK")).map_err(failed)?;
        take(&lock, path)?;
        let version = path.join("VERSION");
        match fs::read_to_string(&version) {
            Ok(found) if found.trim() != LAYOUT_VERSION => {
                return Err(DataDirError::TooNew { path: path.to_owned(), found: found.trim().to_owned() });
            }
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                make_durably(path, &version, &format!("{LAYOUT_VERSION}\n")).map_err(failed)?;
            }
            Err(source) => return Err(failed(source)),
        }
        Ok(Self { path: path.to_owned(), _lock: Some(lock) })
    }

    /// Opens `path` to look at its files, and changes nothing: it must be there and of a known version. The
    /// lock is taken where there is one; a directory that no process has ever opened has none.
    ///
    /// # Errors
    /// [`DataDirError`] when it is in use, not there, too new or not to be read.
    pub fn open_to_check(path: &Path) -> Result<Self, DataDirError> {
        let failed = |at: &Path| {
            let path = at.to_owned();
            move |source| DataDirError::Io { path, source }
        };
        let lock = match File::open(path.join("LOCK")) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            lock => Some(lock.map_err(failed(&path.join("LOCK")))?),
        };
        lock.as_ref().map_or(Ok(()), |lock| take(lock, path))?;
        let version = path.join("VERSION");
        let found = fs::read_to_string(&version).map_err(failed(&version))?;
        if found.trim() != LAYOUT_VERSION {
            return Err(DataDirError::TooNew { path: path.to_owned(), found: found.trim().to_owned() });
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the log.
    ///
    /// # Errors
    /// [`OpenError`] of the log.
    pub fn log(&self, options: LogOptions) -> Result<SegmentLog, DataDirError> {
        Ok(SegmentLog::open(&self.path.join("log"), options)?)
    }

    /// Opens the state store.
    ///
    /// # Errors
    /// [`StateError`] of the engine.
    pub fn state(&self, cache_bytes: u64) -> Result<FjallStore, DataDirError> {
        Ok(FjallStore::open(&self.path.join("state"), cache_bytes)?)
    }

    /// Opens the vault's store. It is no part of the state: a rebuild leaves it alone.
    ///
    /// # Errors
    /// [`StateError`] of the engine.
    pub fn vault(&self, cache_bytes: u64) -> Result<FjallStore, DataDirError> {
        Ok(FjallStore::open(&self.path.join("vault"), cache_bytes)?)
    }

    /// Opens the blobs.
    #[must_use]
    pub fn blobs(&self) -> BlobFiles {
        BlobFiles::new(self.path.join("blobs"))
    }
}

fn take(lock: &File, path: &Path) -> Result<(), DataDirError> {
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(DataDirError::Io { path: path.to_owned(), source }),
        Ok(()) => Ok(()),
    }
}

/// Writes a new file and the folders that lead to it so that they survive power loss.
fn make_durably(dir: &Path, file: &Path, text: &str) -> io::Result<()> {
    for folder in ["log", "state"] {
        fs::create_dir_all(dir.join(folder))?;
    }
    let mut made = File::create(file)?;
    made.write_all(text.as_bytes())?;
    made.sync_all()?;
    File::open(dir)?.sync_all()?;
    match dir.canonicalize()?.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_and_no_newer_layout() {
        let dir = tempfile::tempdir().unwrap();
        let open = DataDir::open(dir.path()).unwrap();
        assert!(matches!(DataDir::open(dir.path()), Err(DataDirError::InUse(_))));
        assert!(matches!(DataDir::open_to_check(dir.path()), Err(DataDirError::InUse(_))));
        drop(open);
        drop(DataDir::open_to_check(dir.path()).unwrap());
        assert!(DataDir::open_to_check(&dir.path().join("none")).is_err());
        fs::write(dir.path().join("VERSION"), "2\n").unwrap();
        assert!(matches!(DataDir::open(dir.path()), Err(DataDirError::TooNew { .. })));
    }
}
