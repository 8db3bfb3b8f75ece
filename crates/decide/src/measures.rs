//! Every metric of this crate.

use metrics::{counter, histogram};
use std::time::Duration;

use crate::answer::PlacementAnswer;

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
