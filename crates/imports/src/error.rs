//! Why an import stopped. A bad row never stops one; see [`crate::Reason`] for those.

use crate::SinkError;

/// An import that could not go on. What was handed to the sink before stays there: importing the mended
/// file again adds what was missing.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file does not open, read or decompress.
    #[error("the file does not read: {0}")]
    Read(#[from] std::io::Error),
    /// The header row lacks columns that the dialect needs.
    #[error("the header has no column {missing}")]
    Columns {
        /// The columns' usual names, separated by commas.
        missing: String,
    },
    /// A row that does not end within 1 MiB, usually because a quote was never closed.
    #[error("the row at line {line} is longer than 1 MiB; is a quote left open there?")]
    RowTooLong {
        /// Where the row starts.
        line: u64,
    },
    /// An event could not be written as JSON.
    #[error("an event cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    /// Whoever takes the items could not.
    #[error("the items cannot be taken: {0}")]
    Sink(#[from] SinkError),
}

impl ImportError {
    /// The error's stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "import_unreadable",
            Self::Columns { .. } => "import_columns_missing",
            Self::RowTooLong { .. } => "import_row_too_long",
            Self::Json(_) => "import_unwritable",
            Self::Sink(_) => "import_sink_failed",
        }
    }
}
