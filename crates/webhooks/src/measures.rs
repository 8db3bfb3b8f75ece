//! Every metric of this crate. Endpoints are a closed set: those that are configured.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::schedule::Outcome;

/// Tells the recorder what each metric means. Call it once the recorder is installed.
pub fn describe_metrics() {
    describe_counter!(
        "tradewind_webhook_attempts_total",
        "Attempts to deliver a webhook, by endpoint and by what came of them"
    );
    describe_histogram!(
        "tradewind_webhook_attempt_seconds",
        Unit::Seconds,
        "One attempt, from its start to the end of the answer"
    );
    describe_gauge!("tradewind_webhooks_waiting", "Webhooks that wait for an endpoint");
    describe_gauge!("tradewind_webhooks_failed", "Webhooks that are not tried again by themselves");
}

/// An attempt was made. What came of it is a closed set.
pub(crate) fn attempted(endpoint: &str, outcome: &Outcome) {
    let is_delivered = outcome.verdict() == crate::schedule::Verdict::Delivered;
    let came_of_it = if is_delivered { "delivered" } else { outcome.cause() };
    counter!("tradewind_webhook_attempts_total", "endpoint" => endpoint.to_owned(), "outcome" => came_of_it)
        .increment(1);
}

/// How long an attempt took.
pub(crate) fn took(took: Duration) {
    histogram!("tradewind_webhook_attempt_seconds").record(took.as_secs_f64());
}

/// What waits for an endpoint, and what has failed.
pub(crate) fn stand(endpoint: &str, waiting: usize, failed: usize) {
    gauge!("tradewind_webhooks_waiting", "endpoint" => endpoint.to_owned()).set(waiting as f64);
    gauge!("tradewind_webhooks_failed", "endpoint" => endpoint.to_owned()).set(failed as f64);
}
