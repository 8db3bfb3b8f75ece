//! The metrics of this crate.

use metrics::{counter, describe_counter, describe_gauge, gauge};

/// Describes the metrics to whoever records them.
pub fn describe_metrics() {
    describe_counter!(
        "tradewind_rights_requests_total",
        "Requests of people's rights that ended, by type and status"
    );
    describe_counter!("tradewind_rights_erased_total", "Things of people that were erased");
    describe_gauge!("tradewind_rights_waiting", "Requests of people's rights that wait or run");
}

pub(crate) fn ended(kind: &'static str, status: &'static str) {
    counter!("tradewind_rights_requests_total", "type" => kind, "status" => status).increment(1);
}

pub(crate) fn erased(count: u64) {
    counter!("tradewind_rights_erased_total").increment(count);
}

pub(crate) fn waiting(count: usize) {
    gauge!("tradewind_rights_waiting").set(u32::try_from(count).unwrap_or(u32::MAX));
}
