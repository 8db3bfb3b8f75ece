//! Every metric of this crate.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

/// Tells the recorder what each metric of this program means. Call it once the recorder is installed.
pub(crate) fn describe() {
    tradewind_pipeline::describe_metrics();
    tradewind_decide::describe_metrics();
    describe_counter!("tradewind_events_rejected_total", "Events that were not taken, by reason");
    describe_counter!(
        "tradewind_schema_findings_total",
        "Things wrong with checked events that have a schema; not every event is checked"
    );
    describe_counter!("tradewind_http_requests_total", "Requests answered, by route");
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

/// Something is wrong with an event that has a schema. Both labels are closed sets.
pub(crate) fn schema_finding(event: &str, problem: &'static str) {
    counter!("tradewind_schema_findings_total", "event" => event.to_owned(), "problem" => problem)
        .increment(1);
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
