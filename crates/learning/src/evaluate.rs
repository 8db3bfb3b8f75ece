//! Evaluation protocols, exactly as published figures use them, so that results can be compared.
//!
//! - [`sessions`]: the next item of a session, HR@20 and MRR@20.
//! - [`sequences`]: the next item of a person, leave-last-out, HR@10 and NDCG@10.
//!
//! Files are plain text or zstd, told apart by their first bytes. Items are arbitrary tokens without
//! whitespace or commas. Everything runs on the calling thread; times are that thread's CPU time, so a busy
//! machine does not change them much. Memory is about 8 bytes per interaction and 60 per different item,
//! beside the model's own.

pub(crate) mod cpu;
mod error;
mod lines;
mod next_click;
mod next_item;
mod tokens;

pub use error::EvaluateError;
pub use next_click::{CpuMicros, IndexReport, SessionsReport, sessions};
pub use next_item::{SequencesReport, sequences};

/// How far an evaluation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Training lines are being read.
    Reading {
        /// Lines read so far.
        lines: u64,
    },
    /// The model is being fitted.
    Fitting,
    /// Predictions are being scored.
    Scoring {
        /// Predictions scored so far.
        done: u64,
    },
}

/// Calls for progress come once per so many lines.
const PROGRESS_STEP: u64 = 1_000;
