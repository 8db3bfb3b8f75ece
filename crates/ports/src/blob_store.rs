//! Where artifacts are kept: model versions now, lake files later.

/// What went wrong with a blob.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// A blob is written once; another of this name is there.
    #[error("'{0}' exists and blobs are written once: take another name")]
    Exists(String),
    /// Names are of `[A-Za-z0-9._-]` with `/` between parts, none of them `.` or `..`.
    #[error("'{0}' is no name for a blob")]
    BadName(String),
    /// The engine's own words.
    #[error("the blob store failed to {doing} '{name}': {cause}")]
    Engine {
        /// What was being done.
        doing: &'static str,
        /// Which blob.
        name: String,
        /// Why.
        cause: String,
    },
}

/// A store of named byte strings, each written once.
///
/// **Atomicity.** A blob is there whole or not at all, also after a crash.
/// **Durability.** A blob survives power loss once [`put`](BlobStore::put) returns.
/// **Limits.** Names up to 200 bytes; a blob fits into memory.
pub trait BlobStore: Send + Sync {
    /// Writes a new blob.
    ///
    /// # Errors
    /// [`BlobError::Exists`], [`BlobError::BadName`], or the engine's.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), BlobError>;

    /// Reads a blob; `None` when there is none of this name.
    ///
    /// # Errors
    /// [`BlobError`] of the engine.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BlobError>;

    /// Names that start with `prefix`, sorted.
    ///
    /// # Errors
    /// [`BlobError`] of the engine.
    fn list(&self, prefix: &str) -> Result<Vec<String>, BlobError>;

    /// Removes a blob, if there is one.
    ///
    /// # Errors
    /// [`BlobError`] of the engine.
    fn delete(&self, name: &str) -> Result<(), BlobError>;
}
