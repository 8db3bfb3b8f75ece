//! What can go wrong in the lake.

use deltalake_core::DeltaTableError;
use deltalake_core::arrow::error::ArrowError;

/// Why the lake could not be written or kept up.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The Delta library's error.
    #[error("the lake's table '{table}' failed to {doing}: {cause}")]
    Table {
        /// Which table.
        table: &'static str,
        /// What was being done, as a fragment after "failed to".
        doing: &'static str,
        /// The library's own words.
        cause: Box<DeltaTableError>,
    },
    /// Rows could not be made into columns.
    #[error("rows could not be made into columns: {0}")]
    Columns(#[from] ArrowError),
    /// A file or folder of the lake.
    #[error("the lake failed to {doing} {path}: {cause}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// With which file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// A Parquet file of the lake.
    #[error("the lake's file {path} does not read: {cause}")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        cause: ArrowError,
    },
    /// The log behind the lake.
    #[error("the lake could not read the log: {0}")]
    Log(#[from] tradewind_ports::ReadError),
    /// What was handed in: the duplicates, say.
    #[error("{0}")]
    Source(String),
    /// The position file holds no offset.
    #[error(
        "{0} holds no offset: remove it, and the lake goes through the log again without writing a row twice"
    )]
    Position(String),
}

impl LakeError {
    pub(crate) fn table(
        table: &'static str,
        doing: &'static str,
    ) -> impl FnOnce(DeltaTableError) -> Self + Copy {
        move |cause| Self::Table { table, doing, cause: Box::new(cause) }
    }
}
