//! Why a measurement could not be made.

use std::path::PathBuf;

/// Why a measurement could not be made, or does not count.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The operating system's error.
    #[error("failed to {what}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The cause.
        source: std::io::Error,
    },
    /// The program could not be started, or stopped before it was to.
    #[error("{program} stopped before it served:\n{log}")]
    NotServing {
        /// The program.
        program: PathBuf,
        /// What it wrote to standard error.
        log: String,
    },
    /// The server's bytes are no HTTP/1.1 answer, or broke off.
    #[error("the answer does not read: {0}")]
    Answer(&'static str),
    /// The server answered something else than was asked for.
    #[error("{path} answered {status}: {body}")]
    Refused {
        /// What was asked.
        path: &'static str,
        /// The status.
        status: u16,
        /// The first 500 bytes of the body.
        body: String,
    },
    /// The server lost events, or applied some twice.
    #[error("{acked} events were acknowledged, and {applied} were applied")]
    Miscounted {
        /// Acknowledged with a 200.
        acked: u64,
        /// What the server has counted.
        applied: u64,
    },
    /// A figure of the operating system is missing.
    #[error("{0} does not tell what was looked for")]
    Proc(String),
}

impl BenchError {
    /// Names what was tried when the operating system refused it.
    pub(crate) fn io(what: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Io { what, source }
    }
}
