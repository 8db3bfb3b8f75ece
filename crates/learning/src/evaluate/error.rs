//! What can go wrong in an evaluation.

use std::path::{Path, PathBuf};

/// Why an evaluation ended early. The texts read well after "failed to evaluate: ".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The file could not be opened.
    #[error("could not open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file could not be read on, or not be decompressed.
    #[error("could not read {} after line {line}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The last line that was read, counted from 1; 0 before the first.
        line: u64,
        /// What the system or the decompressor said.
        source: std::io::Error,
    },
    /// A line is not in the format.
    #[error("{} line {line}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is nothing to score.
    #[error("{} has nothing to score", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl EvaluateError {
    pub(super) fn empty(path: &Path) -> Self {
        Self::Empty { path: path.to_owned() }
    }
}
