//! Every metric of this crate.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::Duration;

use tradewind_kernel::UtcMillis;

use crate::features::RowState;

/// Tells the recorder what each metric means. Call it once the recorder is installed.
pub fn describe_metrics() {
    describe_counter!("tradewind_events_applied_total", "Events applied to the state, each once");
    describe_counter!(
        "tradewind_events_duplicate_total",
        "Events dropped because their message id was seen, or their letter was re-driven before"
    );
    describe_counter!(
        "tradewind_log_records_unreadable_total",
        "Log records passed over and kept as dead letters: they did not read, or made the projection panic"
    );
    describe_counter!("tradewind_events_durable_total", "Log records appended and synced");
    describe_histogram!("tradewind_log_append_seconds", Unit::Seconds, "From append to durable");
    describe_counter!(
        "tradewind_log_appends_refused_total",
        "Appends refused, before the log or by it: too much waits, no room, too large, stopped"
    );
    describe_counter!("tradewind_projection_records_total", "Log records projected");
    describe_histogram!("tradewind_projection_batch_seconds", Unit::Seconds, "One batch, from read to shown");
    describe_histogram!(
        "tradewind_projection_delay_seconds",
        Unit::Seconds,
        "From the receipt of a batch's first live event until it is in every view"
    );
    describe_counter!("tradewind_checkpoint_records_total", "Log records whose changes the store has");
    describe_histogram!("tradewind_checkpoint_seconds", Unit::Seconds, "One commit of what has changed");
    describe_gauge!("tradewind_projection_lag_records", "Durable records that are not applied yet");
    describe_counter!(
        "tradewind_stock_levels_unmatched_total",
        "Stock levels of which the catalog has no product"
    );
    describe_gauge!("tradewind_log_size_bytes", Unit::Bytes, "What the log takes on the disk");
    describe_gauge!(
        "tradewind_log_oldest_seconds",
        Unit::Seconds,
        "Since the log's oldest part was written to"
    );
    describe_gauge!(
        "tradewind_log_reader_lag_records",
        "Durable records that a reader has not made use of yet"
    );
    describe_gauge!("tradewind_identity_users", "Users with an anonymous id");
    describe_gauge!(
        "tradewind_identity_cross_device_ratio",
        "The part of those users who have two anonymous ids or more"
    );
    describe_gauge!("tradewind_identity_edges_refused", "Edges of the identity graph beyond its bounds");
    describe_counter!("tradewind_outbox_effects_total", "Effects put into the outbox, for others to be told");
    describe_counter!(
        "tradewind_features_read_total",
        "Rows of features asked for, by view and by what became of them"
    );
    describe_counter!(
        "tradewind_feature_values_total",
        "Values of features asked for, by view, feature and whether there was one"
    );
    describe_histogram!(
        "tradewind_features_age_seconds",
        Unit::Seconds,
        "Since the event of the oldest row of an answer, by view"
    );
    describe_counter!(
        "tradewind_feature_rows_dropped_total",
        "Rows of features in the log that fit no view any more"
    );
    describe_counter!("tradewind_decisions_not_logged_total", "Decisions that the log was too full for");
}

/// An event was applied.
pub(crate) fn events_applied(count: u64) {
    counter!("tradewind_events_applied_total").increment(count);
}

/// An event's message id had been seen; it was dropped.
pub(crate) fn duplicates_dropped(count: u64) {
    counter!("tradewind_events_duplicate_total").increment(count);
}

/// A record could not be read, or made the projection panic, and was passed over.
pub(crate) fn unreadable_record() {
    counter!("tradewind_log_records_unreadable_total").increment(1);
}

/// Events became durable, and how long that took.
pub(crate) fn events_durable(count: u64, took: Duration) {
    counter!("tradewind_events_durable_total").increment(count);
    histogram!("tradewind_log_append_seconds").record(took.as_secs_f64());
}

/// An append was refused, before the log or by it.
pub(crate) fn append_refused() {
    counter!("tradewind_log_appends_refused_total").increment(1);
}

/// A projection batch was applied.
pub(crate) fn projected(records: u64, took: Duration, lag: u64) {
    counter!("tradewind_projection_records_total").increment(records);
    histogram!("tradewind_projection_batch_seconds").record(took.as_secs_f64());
    gauge!("tradewind_projection_lag_records").set(f64::from(u32::try_from(lag).unwrap_or(u32::MAX)));
}

/// A batch is shown, and its first live event was received so long ago.
pub(crate) fn shown(delay_ms: i64) {
    let delay_ms = u32::try_from(delay_ms.max(0)).unwrap_or(u32::MAX);
    histogram!("tradewind_projection_delay_seconds").record(f64::from(delay_ms) / 1e3);
}

/// A checkpoint was committed.
pub(crate) fn checkpointed(records: u64, took: Duration) {
    counter!("tradewind_checkpoint_records_total").increment(records);
    histogram!("tradewind_checkpoint_seconds").record(took.as_secs_f64());
}

/// What the log takes, and how old its oldest part is.
pub(crate) fn log_kept(size_bytes: u64, oldest_ms: i64) {
    gauge!("tradewind_log_size_bytes").set(size_bytes as f64);
    gauge!("tradewind_log_oldest_seconds").set(oldest_ms as f64 / 1_000.0);
}

/// How far a reader is behind the log's end.
pub(crate) fn reader_lag(reader: String, records: u64) {
    gauge!("tradewind_log_reader_lag_records", "reader" => reader).set(records as f64);
}

/// The identity graph in numbers.
pub(crate) fn identities(users: u64, on_several_devices: u64, refused: u64) {
    gauge!("tradewind_identity_users").set(users as f64);
    let ratio = if users == 0 { 0.0 } else { on_several_devices as f64 / users as f64 };
    gauge!("tradewind_identity_cross_device_ratio").set(ratio);
    gauge!("tradewind_identity_edges_refused").set(refused as f64);
}

/// Effects were put into the outbox.
pub(crate) fn effects_made(count: usize) {
    if count > 0 {
        counter!("tradewind_outbox_effects_total").increment(count as u64);
    }
}

/// A decision's record was dropped because the log was full.
pub(crate) fn decision_not_logged() {
    counter!("tradewind_decisions_not_logged_total").increment(1);
}

/// A stock level came of which no product is known.
pub(crate) fn stock_without_product() {
    counter!("tradewind_stock_levels_unmatched_total").increment(1);
}

/// Rows of features were read. Views are declared, at most 1,000 in at most 100 versions.
pub(crate) fn features_read(view: &str, states: &[(RowState, UtcMillis)], now: UtcMillis) {
    let (mut counts, mut oldest) = ([0u64; 3], None::<UtcMillis>);
    for (state, at) in states {
        counts[*state as usize] += 1;
        if *state != RowState::NotFound {
            oldest = Some(oldest.map_or(*at, |oldest| oldest.min(*at)));
        }
    }
    for (count, outcome) in counts.into_iter().zip(["present", "not_found", "too_old"]) {
        if count > 0 {
            counter!("tradewind_features_read_total", "view" => view.to_owned(), "outcome" => outcome)
                .increment(count);
        }
    }
    if let Some(oldest) = oldest {
        let age_ms = now.since(oldest).max(0);
        histogram!("tradewind_features_age_seconds", "view" => view.to_owned()).record(age_ms as f64 / 1e3);
    }
}

/// How often one feature was read, as metrics.
pub(crate) struct FeatureReads {
    present: metrics::Counter,
    missing: metrics::Counter,
}

impl FeatureReads {
    /// Values were asked for.
    pub(crate) fn add(&self, present: u64, missing: u64) {
        if present > 0 {
            self.present.increment(present);
        }
        if missing > 0 {
            self.missing.increment(missing);
        }
    }
}

/// The metrics of a feature. Views are declared, and so are their features; at most 1,000 views are counted.
pub(crate) fn feature_reads(view: &str, feature: &str) -> FeatureReads {
    let counted = |outcome: &'static str| {
        counter!("tradewind_feature_values_total", "view" => view.to_owned(), "feature" => feature.to_owned(),
            "outcome" => outcome)
    };
    FeatureReads { present: counted("present"), missing: counted("missing") }
}

/// Rows in the log fit no view.
pub(crate) fn feature_rows_dropped(count: u64) {
    counter!("tradewind_feature_rows_dropped_total").increment(count);
}
