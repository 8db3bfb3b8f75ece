//! The decision's way: gather → decide → record.
//!
//! [`Decider::answer`] gathers what is known within the deadline, hands it to the pure [`decide`], and logs
//! what was answered. It always answers: each placement has a ladder of sources, and the next one fills what
//! the one above leaves empty. What could not be used, though it should have been, is named in
//! `degraded_reasons`.

mod answer;
mod ask;
pub mod data_map;
mod decider;
mod ladder;
mod measures;
mod reasons;
mod record;
mod sources;

pub use answer::{Decision, PlacementAnswer, Slot, Source};
pub use ask::{Ask, MAX_LIMIT, MAX_PLACEMENTS, Placement, PlacementAsk};
pub use decider::Decider;
pub use ladder::{Inputs, decide};
pub use measures::describe_metrics;
pub use record::{DecisionRecord, DecisionRecordError, PlacementRecord};
pub use sources::Scratch;
