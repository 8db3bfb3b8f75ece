//! How a command fails, and what it exits with.

use std::fmt::Display;
use std::process::ExitCode;

use tradewind_embedded::DataDirError;

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Something went wrong on the way.
    #[error("{0}")]
    Failed(String),
    /// The configuration does not hold.
    #[error("{0}")]
    Config(String),
    /// Another process has the data directory.
    #[error("{0}")]
    InUse(String),
    /// An input file does not read.
    #[error("{0}")]
    Input(String),
    /// Payloads were checked, and do not hold.
    #[error("{0}")]
    Findings(String),
}

impl Failure {
    /// What the process exits with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Config(_) => 3,
            Self::InUse(_) => 4,
            Self::Input(_) => 5,
            Self::Findings(_) => 6,
        })
    }

    /// A failure of any other kind.
    pub(crate) fn failed(cause: impl Display) -> Self {
        Self::Failed(cause.to_string())
    }

    /// A failure to read an input.
    pub(crate) fn input(cause: impl Display) -> Self {
        Self::Input(cause.to_string())
    }
}

impl From<DataDirError> for Failure {
    fn from(error: DataDirError) -> Self {
        match error {
            DataDirError::InUse(_) => Self::InUse(error.to_string()),
            _ => Self::failed(error),
        }
    }
}
