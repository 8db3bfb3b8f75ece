//! Every metric of this crate.

use metrics::{counter, gauge, histogram};
use std::time::Duration;

/// An event was applied.
pub(crate) fn events_applied(count: u64) {
    counter!("tradewind_events_applied_total").increment(count);
}

/// An event's message id had been seen; it was dropped.
pub(crate) fn duplicates_dropped(count: u64) {
    counter!("tradewind_events_duplicate_total").increment(count);
}

/// A record could not be read and was passed over.
pub(crate) fn unreadable_record() {
    counter!("tradewind_log_records_unreadable_total").increment(1);
}

/// Events became durable, and how long that took.
pub(crate) fn events_durable(count: u64, took: Duration) {
    counter!("tradewind_events_durable_total").increment(count);
    histogram!("tradewind_log_append_seconds").record(took.as_secs_f64());
}

/// The log refused an append.
pub(crate) fn append_refused() {
    counter!("tradewind_log_appends_refused_total").increment(1);
}

/// A projection batch was committed.
pub(crate) fn projected(records: u64, took: Duration, lag: u64) {
    counter!("tradewind_projection_records_total").increment(records);
    histogram!("tradewind_projection_batch_seconds").record(took.as_secs_f64());
    gauge!("tradewind_projection_lag_records").set(f64::from(u32::try_from(lag).unwrap_or(u32::MAX)));
}

/// A decision's record was dropped because the log was full.
pub(crate) fn decision_not_logged() {
    counter!("tradewind_decisions_not_logged_total").increment(1);
}
