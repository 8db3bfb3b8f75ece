//! Learning offline: training on the sessions that the state holds, and how good the models are on public data.
//!
//! Reads and measures; the models themselves are in `tradewind-models` and do neither.

pub mod evaluate;
pub mod registry;
mod train;

pub use train::{TrainError, train};
