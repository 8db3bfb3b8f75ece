//! One line of log and one measurement per request, under the trace that the caller began (W3C Trace Context).

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use crate::measures;

/// The trace id of a `traceparent` header, version 00: 32 lower-case hex digits, not all zero.
fn trace_id(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.trim().split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |s: &str, len: usize| {
        s.len() == len && s.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let fine = hex(version, 2) && version != "ff" && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    (fine && trace.bytes().any(|b| b != b'0') && parent.bytes().any(|b| b != b'0')).then_some(trace)
}

/// Wraps a request. The answer carries the trace id as `x-request-id`.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let given = request.headers().get("traceparent").and_then(|v| v.to_str().ok()).and_then(trace_id);
    let trace = given.map_or_else(|| Uuid::new_v4().simple().to_string(), str::to_owned);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = method_text(request.method());
    let span = tracing::info_span!("request", trace_id = %trace);
    let mut response = next.run(request).instrument(span).await;
    let route = route.as_ref().map_or("(none)", MatchedPath::as_str);
    let (status, took) = (response.status().as_u16(), began.elapsed());
    measures::request(route, method, status, took);
    if response.status().is_server_error() {
        tracing::error!(trace_id = %trace, method, route, status, elapsed_us = took.as_micros(), "request failed");
    } else {
        tracing::debug!(trace_id = %trace, method, route, status, elapsed_us = took.as_micros(), "request");
    }
    if let Ok(value) = HeaderValue::from_str(&trace) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

fn method_text(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_parents() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(trace_id(good), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        for bad in
            ["", "00", &good.to_uppercase(), &good.replace("4bf9", "zzzz"), &good.replace("00-4", "ff-4")]
        {
            assert_eq!(trace_id(bad), None, "{bad}");
        }
        assert_eq!(trace_id("00-00000000000000000000000000000000-00f067aa0ba902b7-01"), None);
    }
}
