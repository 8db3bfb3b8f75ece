//! Trained models as one artifact: what was learned, from what, and how well it did.
//!
//! Format, version 1: `TWMODEL` and the version byte; the length of a JSON header as u32; the header
//! ([`ArtifactInfo`]); each model's length as u64 and its own bytes, in the order *seen*, *bought*; an
//! xxh3-64 of all before it. Little-endian.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::{CoOccurrence, FormatError};

/// What every artifact starts with.
const MAGIC: &[u8; 8] = b"TWMODEL\x01";

/// Where an artifact comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtifactInfo {
    /// The version, unique and rising.
    pub version: Arc<str>,
    /// When it was trained, RFC 3339.
    pub trained_at: String,
    /// Sessions that it was trained on.
    pub sessions: usize,
    /// Shoppers that they are of.
    pub shoppers: usize,
    /// Sessions in which several products were bought, or put into the cart.
    pub baskets: usize,
    /// Touches of products among them.
    pub interactions: usize,
    /// The time of the first and of the last of them, RFC 3339.
    pub window: (String, String),
    /// CPU seconds that the training took.
    pub cpu_seconds: f64,
    /// What each model in it learned from; empty in artifacts of older programs.
    #[serde(default)]
    pub manifest: Vec<ModelManifest>,
}

/// What a model learned from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ModelManifest {
    /// The model's name.
    pub model: String,
    /// Events and tables: `event:Product Viewed`, `lake:product_events`.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Features, `view@v1:feature`.
    #[serde(default)]
    pub features: Vec<String>,
}

/// Trained models at work.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The artifact's version.
    pub version: Arc<str>,
    /// Where they come from.
    pub info: ArtifactInfo,
    /// What shoppers take next, from all that they touch.
    pub seen: CoOccurrence,
    /// What is bought in one order.
    pub bought: CoOccurrence,
}

/// An artifact that does not read.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// Not an artifact, or one of a newer program.
    #[error("it is not a model artifact that this program reads")]
    NotAnArtifact,
    /// Bytes were changed or cut.
    #[error("its checksum does not match: it is damaged")]
    Damaged,
    /// The header does not read.
    #[error("its header does not read: {0}")]
    Header(#[from] serde_json::Error),
    /// A model in it does not read.
    #[error("a model in it does not read: {0}")]
    Model(#[from] FormatError),
}

impl Trained {
    /// The artifact's bytes.
    ///
    /// # Errors
    /// Only what JSON cannot hold, which no header is.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArtifactError> {
        let header = serde_json::to_vec(&self.info)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&u32::try_from(header.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(&header);
        for model in [self.seen.to_bytes(), self.bought.to_bytes()] {
            bytes.extend_from_slice(&(model.len() as u64).to_le_bytes());
            bytes.extend_from_slice(&model);
        }
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        Ok(bytes)
    }

    /// Reads an artifact.
    ///
    /// # Errors
    /// [`ArtifactError`] when it is none, damaged or newer.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArtifactError> {
        if !bytes.starts_with(MAGIC) {
            return Err(ArtifactError::NotAnArtifact);
        }
        let (body, sum) = bytes.split_last_chunk::<8>().ok_or(ArtifactError::Damaged)?;
        if u64::from_le_bytes(*sum) != xxh3_64(body) {
            return Err(ArtifactError::Damaged);
        }
        let rest = body.get(MAGIC.len()..).ok_or(ArtifactError::Damaged)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(ArtifactError::Damaged)?;
        let (header, mut rest) =
            rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or(ArtifactError::Damaged)?;
        let info: ArtifactInfo = serde_json::from_slice(header)?;
        let mut next = || -> Result<CoOccurrence, ArtifactError> {
            let (length, after) = rest.split_first_chunk::<8>().ok_or(ArtifactError::Damaged)?;
            let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| ArtifactError::Damaged)?;
            let (model, after) = after.split_at_checked(length).ok_or(ArtifactError::Damaged)?;
            rest = after;
            Ok(CoOccurrence::from_bytes(model)?)
        };
        let (seen, bought) = (next()?, next()?);
        Ok(Self { version: info.version.clone(), info, seen, bought })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CoParams;

    #[test]
    fn a_header_without_a_manifest_still_reads() {
        let header = r#"{"version":"v1","trained_at":"","sessions":1,"shoppers":1,"baskets":0,"interactions":2,
            "window":["",""],"cpu_seconds":0.5}"#;
        let info: ArtifactInfo = serde_json::from_str(header).unwrap();
        assert_eq!((info.manifest.len(), info.sessions), (0, 1));
    }

    #[test]
    fn an_artifact_reads_back_and_damage_is_told() {
        let info = ArtifactInfo {
            version: "v1".into(),
            trained_at: "2026-01-01T00:00:00Z".into(),
            sessions: 2,
            shoppers: 2,
            baskets: 0,
            interactions: 4,
            window: (String::new(), String::new()),
            cpu_seconds: 0.1,
            manifest: vec![ModelManifest { model: "seen".into(), ..ModelManifest::default() }],
        };
        let seen = CoOccurrence::fit_sequences([&[1, 2, 3][..], &[2, 3]], &CoParams::default());
        let bought = CoOccurrence::fit_baskets(&[&[1, 2]], &CoParams::default());
        let trained = Trained { version: info.version.clone(), info, seen, bought };
        let bytes = trained.to_bytes().unwrap();
        let back = Trained::from_bytes(&bytes).unwrap();
        assert_eq!((back.info, back.seen, back.bought), (trained.info, trained.seen, trained.bought));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 4;
            assert!(Trained::from_bytes(&damaged).is_err(), "byte {at}");
            assert!(Trained::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
        }
    }
}
