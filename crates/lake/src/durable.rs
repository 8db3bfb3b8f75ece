//! The files of a table as the Delta library writes them, each durable before it can be seen or referred to.
//!
//! A file is written under a passing name (`…#1`, which lists leave out), synced, and only then gets its own
//! name, which is synced too. So a sync that fails fails the write, and nothing ever refers to a file whose
//! sync failed: the library makes no commit of it, or the commit itself is not there. After a failed sync
//! nobody knows what the disk holds, and syncing again tells nothing. The rows are still in the log, and are
//! written anew under another name; what is left of the file goes with those that nothing refers to.
//!
//! Limit: it blocks the thread that calls it while the disk works.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path as FilePath, PathBuf};

use async_trait::async_trait;
use deltalake_core::logstore::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
    local::LocalFileSystem, path::Path,
};
use futures::stream::BoxStream;

/// The file system.
#[derive(Debug, Default)]
pub(crate) struct DurableFiles(LocalFileSystem);

impl fmt::Display for DurableFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "synced {}", self.0)
    }
}

/// Makes a file, or the names in a folder, survive power loss.
pub(crate) fn sync(path: &FilePath) -> io::Result<()> {
    #[cfg(test)]
    faults::look(path)?;
    File::open(path)?.sync_all()
}

/// The folder of a file, made if there is none.
fn folder_of(path: &FilePath) -> io::Result<&FilePath> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    if !folder.is_dir() {
        fs::create_dir_all(folder)?;
        folder.parent().map_or(Ok(()), sync)?;
    }
    Ok(folder)
}

fn passing_name(path: &FilePath) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("#1");
    name.into()
}

fn write(path: &FilePath, payload: &PutPayload, mode: &PutMode) -> io::Result<()> {
    let folder = folder_of(path)?;
    let passing = passing_name(path);
    let named = File::create(&passing)
        .and_then(|mut file| payload.iter().try_for_each(|part| file.write_all(part)))
        .and_then(|()| sync(&passing))
        .and_then(|()| match mode {
            PutMode::Create => fs::hard_link(&passing, path),
            _ => fs::rename(&passing, path),
        });
    if named.is_err() || *mode == PutMode::Create {
        // What is left of it, nothing refers to.
        let _ = fs::remove_file(&passing);
    }
    named?;
    sync(folder).inspect_err(|_| {
        // It may be gone after power loss, so it must not be built upon now.
        let _ = fs::remove_file(path);
    })
}

fn failed(path: &FilePath, source: io::Error) -> Error {
    if source.kind() == io::ErrorKind::AlreadyExists {
        return Error::AlreadyExists { path: path.display().to_string(), source: source.into() };
    }
    Error::Generic { store: "the lake's folder", source: source.into() }
}

#[async_trait]
impl ObjectStore for DurableFiles {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        if matches!(opts.mode, PutMode::Update(_)) {
            return self.0.put_opts(location, payload, opts).await;
        }
        let path = self.0.path_to_filesystem(location)?;
        write(&path, &payload, &opts.mode).map_err(|source| failed(&path, source))?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let path = self.0.path_to_filesystem(location)?;
        folder_of(&path).map_err(|source| failed(&path, source))?;
        let inner = self.0.put_multipart_opts(location, opts).await?;
        Ok(Box::new(Upload { inner, path }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.0.rename_opts(from, to, options).await
    }
}

/// A large file that comes in parts. It has its name a moment before it is synced, but whoever wrote it does
/// not know of it yet.
#[derive(Debug)]
struct Upload {
    inner: Box<dyn MultipartUpload>,
    path: PathBuf,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.inner.complete().await?;
        let synced = sync(&self.path).and_then(|()| self.path.parent().map_or(Ok(()), sync));
        synced.map_err(|source| failed(&self.path, source))?;
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

/// Syncs that fail because a test wants it.
#[cfg(test)]
pub(crate) mod faults {
    use std::io;
    use std::path::{Path, PathBuf};

    use parking_lot::Mutex;

    static WANTED: Mutex<Vec<(PathBuf, &str)>> = Mutex::new(Vec::new());

    /// Lets the next sync fail of anything below `root` whose path holds `part`.
    pub(crate) fn fail_next(root: &Path, part: &'static str) {
        WANTED.lock().push((root.to_owned(), part));
    }

    /// Whether everything that was to fail below `root` has failed.
    pub(crate) fn all_done(root: &Path) -> bool {
        WANTED.lock().iter().all(|(known, _)| known != root)
    }

    pub(crate) fn look(path: &Path) -> io::Result<()> {
        let mut wanted = WANTED.lock();
        let hit = |(root, part): &(PathBuf, &str)| {
            path.starts_with(root) && path.strip_prefix(root).unwrap().to_string_lossy().contains(part)
        };
        let Some(at) = wanted.iter().position(hit) else { return Ok(()) };
        wanted.swap_remove(at);
        Err(io::Error::other("a sync that fails for a test"))
    }
}
