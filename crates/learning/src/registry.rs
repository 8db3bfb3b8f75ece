//! Where trained models are kept: blobs `models/<version>`, versions rising with time.

use tradewind_models::{ArtifactError, Trained};
use tradewind_ports::{BlobError, BlobStore};

/// The names' prefix.
const PREFIX: &str = "models/";
/// Versions kept beside the newest, to go back to.
const KEPT: usize = 4;

/// Why a model could not be kept or found.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The blob store's error.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The artifact does not read.
    #[error("the model {version} does not read: {source}; train again")]
    Artifact {
        /// Which.
        version: String,
        /// Why.
        source: ArtifactError,
    },
}

/// Keeps a new version, and removes all but the latest few.
///
/// # Errors
/// [`RegistryError`] of the store.
pub fn put(blobs: &dyn BlobStore, trained: &Trained) -> Result<(), RegistryError> {
    let artifact = |source| RegistryError::Artifact { version: trained.version.to_string(), source };
    let bytes = trained.to_bytes().map_err(artifact)?;
    blobs.put(&format!("{PREFIX}{}", trained.version), &bytes)?;
    let names = blobs.list(PREFIX)?;
    for old in names.iter().rev().skip(1 + KEPT) {
        blobs.delete(old)?;
    }
    Ok(())
}

/// The newest version, if there is any.
///
/// # Errors
/// [`RegistryError`] of the store, or when the artifact is damaged.
pub fn newest(blobs: &dyn BlobStore) -> Result<Option<Trained>, RegistryError> {
    let Some(name) = blobs.list(PREFIX)?.pop() else { return Ok(None) };
    let Some(bytes) = blobs.get(&name)? else { return Ok(None) };
    let version = || name.trim_start_matches(PREFIX).to_owned();
    Trained::from_bytes(&bytes)
        .map(Some)
        .map_err(|source| RegistryError::Artifact { version: version(), source })
}
