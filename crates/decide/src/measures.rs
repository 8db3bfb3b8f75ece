//! Every metric of this crate.

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use std::time::Duration;

use crate::answer::PlacementAnswer;

/// Tells the recorder what each metric means. Call it once the recorder is installed.
pub fn describe_metrics() {
    describe_counter!("tradewind_decisions_total", "Decisions answered");
    describe_histogram!("tradewind_decision_seconds", Unit::Seconds, "Gathering and deciding, HTTP left out");
    describe_counter!("tradewind_placements_total", "Placements filled");
    describe_counter!("tradewind_placements_degraded_total", "Placements filled with less than they should");
}

/// A decision was answered.
pub(crate) fn decided(placements: &[PlacementAnswer], took: Duration) {
    counter!("tradewind_decisions_total").increment(1);
    histogram!("tradewind_decision_seconds").record(took.as_secs_f64());
    for placement in placements {
        let name = placement.placement.name();
        counter!("tradewind_placements_total", "placement" => name).increment(1);
        for reason in &placement.degraded_reasons {
            counter!("tradewind_placements_degraded_total", "placement" => name, "reason" => *reason)
                .increment(1);
        }
    }
}
