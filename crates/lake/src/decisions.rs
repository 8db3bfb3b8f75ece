//! Rows of decisions and of what they showed.

use tradewind_decide::{DecisionRecord, PlacementRecord};

use crate::columns::{Cell, Column, DAY, column};

/// The table with one row for each placement of a decision.
pub(crate) const DECISIONS: &str = "decisions";
/// The table with one row for each product that a decision showed.
pub(crate) const SLOTS: &str = "decision_slots";

/// A placement that was filled.
pub(crate) struct PlacementRow<'a> {
    offset: i64,
    decision: &'a DecisionRecord,
    placement: &'a PlacementRecord,
    degraded: String,
}

/// A product in its slot.
pub(crate) struct SlotRow<'a> {
    offset: i64,
    decision: &'a DecisionRecord,
    placement: &'a PlacementRecord,
    /// From 1.
    position: i32,
    slot: &'a (String, f32, String),
}

/// The rows of a decision's placements.
pub(crate) fn placements_of(
    offset: i64,
    decision: &DecisionRecord,
) -> impl Iterator<Item = PlacementRow<'_>> {
    decision.placements.iter().map(move |placement| {
        let degraded = placement.degraded_reasons.join(",");
        PlacementRow { offset, decision, placement, degraded }
    })
}

/// The rows of a decision's slots.
pub(crate) fn slots_of(offset: i64, decision: &DecisionRecord) -> impl Iterator<Item = SlotRow<'_>> {
    decision.placements.iter().flat_map(move |placement| {
        let numbered = placement.slots.iter().zip(1..);
        numbered.map(move |(slot, position)| SlotRow { offset, decision, placement, position, slot })
    })
}

/// The id behind `user_id:` or `anonymous_id:` of a decision's subject.
fn id_behind<'a>(decision: &'a DecisionRecord, prefix: &str) -> Option<&'a str> {
    decision.subject.strip_prefix(prefix)
}

/// The columns of `decisions`.
pub(crate) fn placement_columns<'a>() -> Vec<Column<PlacementRow<'a>>> {
    vec![
        column(DAY, Cell::Day(|r| Some(r.decision.at))),
        column("offset", Cell::Long(|r| Some(r.offset))),
        column("decision_id", Cell::Text(|r| Some(&r.decision.id))),
        column("placement", Cell::Text(|r| Some(&r.placement.placement))),
        column("decided_at", Cell::Time(|r| Some(r.decision.at))),
        column("user_id", Cell::Text(|r| id_behind(r.decision, "user_id:"))),
        column("anonymous_id", Cell::Text(|r| id_behind(r.decision, "anonymous_id:"))),
        column("model_version", Cell::Text(|r| r.decision.model_version.as_deref())),
        column("elapsed_us", Cell::Long(|r| i64::try_from(r.decision.elapsed_us).ok())),
        column("slots", Cell::Int(|r| i32::try_from(r.placement.slots.len()).ok())),
        column("degraded_reasons", Cell::Text(|r| Some(r.degraded.as_str()).filter(|d| !d.is_empty()))),
    ]
}

/// The columns of `decision_slots`.
pub(crate) fn slot_columns<'a>() -> Vec<Column<SlotRow<'a>>> {
    vec![
        column(DAY, Cell::Day(|r| Some(r.decision.at))),
        column("offset", Cell::Long(|r| Some(r.offset))),
        column("decision_id", Cell::Text(|r| Some(&r.decision.id))),
        column("placement", Cell::Text(|r| Some(&r.placement.placement))),
        column("decided_at", Cell::Time(|r| Some(r.decision.at))),
        column("user_id", Cell::Text(|r| id_behind(r.decision, "user_id:"))),
        column("anonymous_id", Cell::Text(|r| id_behind(r.decision, "anonymous_id:"))),
        column("position", Cell::Int(|r| Some(r.position))),
        column("product_id", Cell::Text(|r| Some(&r.slot.0))),
        column("score", Cell::Real(|r| Some(f64::from(r.slot.1)))),
        column("source", Cell::Text(|r| Some(&r.slot.2))),
    ]
}
