//! Blobs as files of one folder, each written beside, synced and renamed into place.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use tradewind_ports::{BlobError, BlobStore};

/// The embedded [`BlobStore`].
#[derive(Debug, Clone)]
pub struct BlobFiles {
    dir: PathBuf,
}

/// A file that is being written ends in this; no blob's name may.
const UNFINISHED: &str = ".unfinished";

impl BlobFiles {
    /// A store in `dir`, which is made when the first blob is written.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    fn path(&self, name: &str) -> Result<PathBuf, BlobError> {
        let fine = |part: &str| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        if name.len() <= 200 && !name.ends_with(UNFINISHED) && name.split('/').all(fine) {
            Ok(self.dir.join(name))
        } else {
            Err(BlobError::BadName(name.to_owned()))
        }
    }
}

fn failed(doing: &'static str, name: &str) -> impl Fn(std::io::Error) -> BlobError {
    move |cause| BlobError::Engine { doing, name: name.to_owned(), cause: cause.to_string() }
}

fn walk(dir: &Path, prefix: &str, out: &mut Vec<String>) -> std::io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), out)?;
        } else if !name.ends_with(UNFINISHED) {
            out.push(name);
        }
    }
    Ok(())
}

impl BlobStore for BlobFiles {
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), BlobError> {
        let path = self.path(name)?;
        if path.exists() {
            return Err(BlobError::Exists(name.to_owned()));
        }
        let folder = path.parent().unwrap_or(&self.dir);
        let unfinished =
            folder.join(format!("{}{UNFINISHED}", path.file_name().unwrap_or_default().to_string_lossy()));
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(folder)?;
            let mut file = File::create(&unfinished)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)?;
            File::open(folder)?.sync_all()
        };
        write().map_err(failed("write", name))
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BlobError> {
        match fs::read(self.path(name)?) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(failed("read", name)(e)),
        }
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, BlobError> {
        let mut names = Vec::new();
        walk(&self.dir, "", &mut names).map_err(failed("list", prefix))?;
        names.retain(|name| name.starts_with(prefix));
        names.sort_unstable();
        Ok(names)
    }

    fn delete(&self, name: &str) -> Result<(), BlobError> {
        match fs::remove_file(self.path(name)?) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(failed("delete", name)(e)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_contract() {
        let dir = tempfile::tempdir().unwrap();
        tradewind_ports::contract::blob_store(|| BlobFiles::new(dir.path().to_owned()));
    }
}
