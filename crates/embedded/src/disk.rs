//! What the segment log needs of a file system, and no more.
//!
//! A trait of our own, so that tests can put faults where they like: the simulated disk of the tests loses
//! what was not synced, tears writes and runs full. One virtual call per write, sync or read of a chunk is
//! all that it costs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// A folder's files. What is created or removed survives power loss after [`Disk::sync_dir`] only.
pub(crate) trait Disk: Send + Sync {
    /// Makes a folder and those that lead to it, if they are not there.
    fn make_dir(&self, dir: &Path) -> io::Result<()>;
    /// The files of a folder, in no order.
    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>>;
    /// Makes a file that is not there yet, to be appended to.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file to be read.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file to be appended to and truncated.
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Writes a file in one go, over what it held, and syncs it.
    fn write_whole(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Puts a file in another's place, in one step; it takes the other's age.
    fn replace(&self, new: &Path, old: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes durable which files a folder has.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// When a file was last written to: UTC, milliseconds since 1970.
    fn written_at_ms(&self, path: &Path) -> io::Result<i64>;
    /// What may still be written to the disk that a folder lies on, in bytes.
    fn free_bytes(&self, dir: &Path) -> io::Result<u64>;
}

/// An open file. What is written survives power loss after [`DiskFile::sync`] only.
pub(crate) trait DiskFile: Send + Sync {
    /// Its size in bytes.
    fn size_bytes(&self) -> io::Result<u64>;
    /// Puts at most `most` bytes from `at` on to the end of `out`; fewer only at the file's end.
    fn read_at(&self, at: u64, most: u64, out: &mut Vec<u8>) -> io::Result<()>;
    /// Writes all of `bytes` to the file's end; after an error any part of them may be there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Cuts the file to `size_bytes`.
    fn truncate(&mut self, size_bytes: u64) -> io::Result<()>;
    /// Makes contents and size durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// The machine's file system.
pub(crate) struct RealDisk;

fn boxed(file: File) -> Box<dyn DiskFile> {
    Box::new(file)
}

impl Disk for RealDisk {
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect()
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        OpenOptions::new().append(true).create_new(true).open(path).map(boxed)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        File::open(path).map(boxed)
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        OpenOptions::new().read(true).append(true).open(path).map(boxed)
    }

    fn write_whole(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn replace(&self, new: &Path, old: &Path) -> io::Result<()> {
        let age = fs::metadata(old)?.modified()?;
        OpenOptions::new().append(true).open(new)?.set_modified(age)?;
        fs::rename(new, old)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn written_at_ms(&self, path: &Path) -> io::Result<i64> {
        let since = fs::metadata(path)?.modified()?.duration_since(UNIX_EPOCH);
        Ok(since.map_or(0, |age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX)))
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        let told = rustix::fs::statvfs(dir)?;
        Ok(told.f_bavail.saturating_mul(told.f_frsize))
    }
}

impl DiskFile for File {
    fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, at: u64, most: u64, out: &mut Vec<u8>) -> io::Result<()> {
        let mut file = self;
        file.seek(SeekFrom::Start(at))?;
        file.take(most).read_to_end(out).map(|_| ())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn truncate(&mut self, size_bytes: u64) -> io::Result<()> {
        self.set_len(size_bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
