//! What this crate stores, declared field by field: see [`tradewind_kernel::data_map`].

use tradewind_kernel::data_map::Stored;
use tradewind_kernel::stored;

use crate::record::{DecisionRecord, PlacementRecord};
stored! {
    pub(crate) static DECISION_RECORD: struct DecisionRecord, "log/", RawEvents {
        id: Operational, Operation, "Its id, a UUIDv7.";
        at: Behaviour, Personalization, "When it was made.";
        subject: Pseudonym, Personalization, "For whom, `user_id:…` or `anonymous_id:…`; empty for nobody.";
        model_version: Operational, Operation, "The trained models that were at work.";
        elapsed_us: Operational, Operation, "What it took, in microseconds.";
        placements: Behaviour, Personalization, "What was shown where.";
    }
}

stored! {
    pub(crate) static PLACEMENT_RECORD: struct PlacementRecord, "log/, in a decision", RawEvents {
        placement: Behaviour, Personalization, "The placement's name.";
        degraded_reasons: Operational, Operation, "What could not be used though it should have been.";
        slots: Behaviour, Personalization, "Product id, score and source of each slot, best first.";
    }
}

/// All of it.
pub static ALL: &[&Stored] = &[&DECISION_RECORD, &PLACEMENT_RECORD];
