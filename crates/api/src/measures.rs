//! Every metric of this crate.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Tells the recorder what each metric of this program means. Call it once the recorder is installed.
pub(crate) fn describe() {
    tradewind_pipeline::describe_metrics();
    tradewind_decide::describe_metrics();
    tradewind_govern::describe_metrics();
    describe_counter!("tradewind_events_rejected_total", "Events that were not taken, by reason");
    describe_gauge!("tradewind_dead_letters_waiting", "Dead letters that nobody has re-driven or dropped");
    describe_counter!("tradewind_dead_letters_not_kept_total", "Rejected events over the limit of a minute");
    describe_counter!("tradewind_webhooks_total", "Webhooks that were genuine, by family of topics");
    describe_counter!("tradewind_privacy_requests_total", "Privacy requests received, by kind");
    describe_counter!(
        "tradewind_schema_findings_total",
        "Things wrong with checked events that have a schema; not every event is checked"
    );
    describe_counter!("tradewind_http_requests_total", "Requests answered, by route");
    describe_counter!(
        "tradewind_requests_refused_total",
        "Requests and connections refused or cut for want of room, by reason"
    );
    describe_gauge!("tradewind_inflight_bytes", Unit::Bytes, "Memory that requests under way hold, by class");
    describe_gauge!("tradewind_connections", "Open connections");
    describe_histogram!(
        "tradewind_http_request_seconds",
        Unit::Seconds,
        "Requests, from the first byte read"
    );
}

/// An event was rejected. Codes are a closed set.
pub(crate) fn event_rejected(code: &str) {
    counter!("tradewind_events_rejected_total", "code" => code.to_owned()).increment(1);
}

/// A rejected event became no dead letter, since there were too many within a minute.
pub(crate) fn letter_not_kept() {
    counter!("tradewind_dead_letters_not_kept_total").increment(1);
}

/// So many dead letters wait.
pub(crate) fn letters_waiting(count: u64) {
    gauge!("tradewind_dead_letters_waiting").set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

/// A genuine webhook came. Families of topics are a closed set.
pub(crate) fn webhook(family: &'static str) {
    counter!("tradewind_webhooks_total", "family" => family).increment(1);
}

/// Somebody asks for their data, or for its erasure.
pub(crate) fn privacy_request(kind: &'static str) {
    counter!("tradewind_privacy_requests_total", "kind" => kind).increment(1);
}

/// Something is wrong with an event that has a schema. Both labels are closed sets.
pub(crate) fn schema_finding(event: &str, problem: &'static str) {
    counter!("tradewind_schema_findings_total", "event" => event.to_owned(), "problem" => problem)
        .increment(1);
}

/// A request was refused before it was done: `lag`, `stopped`, `memory`, `quota_key`, `quota_all`, `slow`.
pub(crate) fn request_refused(reason: &'static str) {
    counter!("tradewind_requests_refused_total", "reason" => reason).increment(1);
}

/// Bytes that requests of a class hold now.
pub(crate) fn inflight(class: &'static str, bytes: usize) {
    gauge!("tradewind_inflight_bytes", "class" => class)
        .set(f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)));
}

/// A connection was opened.
pub fn connection_opened() {
    gauge!("tradewind_connections").increment(1.0);
}

/// A connection was closed.
pub fn connection_closed() {
    gauge!("tradewind_connections").decrement(1.0);
}

/// A connection was refused because too many are open.
pub fn connection_refused() {
    counter!("tradewind_requests_refused_total", "reason" => "connections").increment(1);
}

/// A connection was cut because its client was too slow.
pub fn connection_cut() {
    counter!("tradewind_requests_refused_total", "reason" => "slow").increment(1);
}

/// A request was answered. The route is the template, never the path itself.
pub(crate) fn request(route: &str, method: &'static str, status: u16, took: Duration) {
    let route = route.to_owned();
    counter!("tradewind_http_requests_total", "route" => route.clone(), "method" => method, "status" => status_text(status))
        .increment(1);
    histogram!("tradewind_http_request_seconds", "route" => route).record(took.as_secs_f64());
}

fn status_text(status: u16) -> &'static str {
    match status {
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}
