//! Learning offline: for now, how good the models are on public data.
//!
//! Reads files and measures CPU time; the models themselves are in `tradewind-models` and do neither.

pub mod evaluate;
