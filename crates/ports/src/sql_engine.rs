//! Questions in SQL.

use std::time::Duration;

use crate::event_log::BoxFuture;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SqlForm {
    /// One JSON array with an object for each row; columns that are null are there, as `null`.
    Json,
    /// RFC 4180 with a header line; nulls are empty.
    Csv,
    /// An Arrow IPC stream.
    Arrow,
    /// A table for people, as a terminal shows it.
    Table,
}

/// What a query gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlAnswer {
    /// The rows, in the form that was asked for.
    pub body: Vec<u8>,
    /// How many there are.
    pub rows: u64,
    /// Whether there were more, which were left out.
    pub is_truncated: bool,
    /// How long it took.
    pub took: Duration,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// The query is wrong, or does more than read. In words that say what would be right.
    #[error("{0}")]
    Query(String),
    /// It took longer than it may.
    #[error(
        "the query took longer than {} ms and was stopped: ask for fewer days, such as `where day >= date '2026-01-31'`",
        limit.as_millis()
    )]
    TooSlow {
        /// The limit.
        limit: Duration,
    },
    /// It needs more memory than it may have.
    #[error("the query needs more than its {limit_mib} MiB of memory: ask for fewer rows, or group by less")]
    TooLarge {
        /// The limit in MiB.
        limit_mib: u64,
    },
    /// Too many are being answered.
    #[error("as many queries as may run at once are running: try again shortly")]
    Busy,
    /// What can be asked is not all there yet.
    #[error(
        "the lake has not all of its tables yet: a server makes them when it first starts; try again shortly"
    )]
    Starting,
    /// The engine's own trouble.
    #[error("the query failed: {0}")]
    Engine(String),
}

/// Answers SQL over the tables of the lake.
///
/// **Reading only.** Whatever would change a table, a file or a setting is refused before anything runs, and
/// so is reading anything but the engine's own tables.
/// **Bounds.** A query that takes longer than the time limit is stopped, one that needs more than the memory
/// limit fails, and rows beyond the row limit are left out and told. The limits are the engine's; several
/// queries at once share the memory.
/// **Consistency.** Each table is read as one commit left it. Two tables of one query may be some commits apart.
/// **Company.** A query uses threads of its own: whoever waits for it blocks no thread of theirs.
pub trait SqlEngine: Send + Sync {
    /// Answers a query. Dropping the future stops it.
    ///
    /// # Errors
    /// [`SqlError`]
    fn query<'a>(&'a self, sql: &'a str, form: SqlForm) -> BoxFuture<'a, Result<SqlAnswer, SqlError>>;
}
