//! Why the pipeline takes nothing, or cannot go on.

use tradewind_ports::{Offset, ReadError, StateError};

/// Why events were not taken. None of them is in the log then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectError {
    /// For now no more can be taken; the client should come back later.
    #[error("too much waits to be written or applied; try again shortly")]
    Overloaded,
    /// The state could not be written or read; somebody must look at the log of the program.
    #[error("the projection has stopped, so nothing more is taken; see the program's log")]
    Stopped,
    /// There is no room on the disk, or within the log's bound.
    #[error("nothing can be kept for now: {0}")]
    Full(String),
    /// A single event is larger than the log takes.
    #[error("{0}")]
    TooLarge(String),
}

/// Why the pipeline could not be opened, read or go on.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The state store's error.
    #[error(transparent)]
    State(#[from] StateError),
    /// The log's error.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// Something stored does not read.
    #[error("{what} in the state does not read: {cause}")]
    Damaged {
        /// What it is.
        what: &'static str,
        /// Why.
        cause: String,
    },
    /// The projection has ended with an error, which the program's log tells.
    #[error("the projection has stopped; see the program's log")]
    Stopped,
    /// The log has lost what the state needs next.
    #[error(
        "the state comes from record {offset} of the log, which begins at record {start}: what lies between was \
         removed, so the state can neither go on nor be made anew. Put back the state, or the log's files, from a \
         copy"
    )]
    LogBeginsLater {
        /// Where the state stands; 0 if there is none.
        offset: Offset,
        /// The first record that the log holds.
        start: Offset,
    },
    /// The state was written by a newer program.
    #[error("the state was written by a newer program: run that one")]
    TooNew,
}
