//! The gate in front of every handler. It refuses before a body is read, in the order of what that costs:
//! the backlog, the quotas as far as the headers tell the key, memory.
//!
//! What is refused is answered at once. Its body is read and thrown away meanwhile, at most as much as would
//! have been taken: a client that is still sending would otherwise see its connection break, and not the
//! answer that says when to come back.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tradewind_pipeline::CollectError;

use super::allowance::{Reservation, expected_cost};
use crate::auth::basic_key;
use crate::body::{MAX_BODY_BYTES, next_frame};
use crate::collect::handlers::not_collected;
use crate::measures;
use crate::problem::{Code, Problem};
use crate::state::Api;

/// What kind of work a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Events come in.
    Collecting,
    /// Somebody wants an answer.
    Asking,
    /// Whoever watches must see; nothing of it is refused.
    Watching,
}

/// Paths to which events are posted.
const COLLECTING: [&str; 24] = [
    "/v1/batch",
    "/v1/b",
    "/v1/import",
    "/beacon/v1/batch",
    "/v1/track",
    "/v1/t",
    "/v1/identify",
    "/v1/i",
    "/v1/page",
    "/v1/p",
    "/v1/screen",
    "/v1/s",
    "/v1/group",
    "/v1/g",
    "/v1/alias",
    "/v1/a",
    "/v1/cloudevents",
    "/com.snowplowanalytics.snowplow/tp2",
    "/mp/collect",
    "/batch",
    "/capture",
    "/e",
    "/i/v0/e",
    "/webhooks/shopify",
];

impl Class {
    fn of(method: &Method, path: &str) -> Self {
        let path = path.strip_suffix('/').unwrap_or(path);
        match path {
            _ if method == Method::OPTIONS => Self::Watching,
            "/livez" | "/healthz" | "/health" | "/readyz" | "/metrics" => Self::Watching,
            "/i" => Self::Collecting,
            _ if method == Method::POST && COLLECTING.contains(&path) => Self::Collecting,
            _ => Self::Asking,
        }
    }
}

/// What a request carries with it once it is in.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    pub(crate) held: Arc<Reservation>,
    pub(crate) read_timeout: Duration,
}

/// Lets a request in, or answers in its place.
pub(crate) async fn admit(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Response {
    let class = Class::of(request.method(), request.uri().path());
    match enter(&api, class, request.headers()) {
        Ok(ticket) => {
            if let Some(ticket) = &ticket {
                request.extensions_mut().insert(ticket.clone());
            }
            // The ticket is held until the answer is there.
            let response = next.run(request).await;
            drop(ticket);
            response
        }
        Err(problem) => {
            let expects = request.headers().contains_key(header::EXPECT);
            let body = request.into_body();
            if !body.is_end_stream() && !expects {
                tokio::spawn(throw_away(body, api.admission.read_timeout));
            }
            problem.into_response()
        }
    }
}

fn enter(api: &Api, class: Class, headers: &HeaderMap) -> Result<Option<Ticket>, Problem> {
    let admission = &api.admission;
    if class != Class::Watching {
        crate::privacy::check_ready(api)?;
    }
    let allowance = match class {
        Class::Watching => return Ok(None),
        Class::Asking => &admission.asking,
        Class::Collecting => {
            if let Some(error) = api.pipeline.refusal() {
                measures::request_refused(match &error {
                    CollectError::Stopped => "stopped",
                    _ => "lag",
                });
                return Err(not_collected(error));
            }
            admission.check_quotas(basic_key(headers).as_deref())?;
            &admission.collecting
        }
    };
    let Some(held) = allowance.reserve(expected_cost(headers)) else {
        return Err(no_room());
    };
    let read_timeout = admission.read_timeout;
    Ok(Some(Ticket { held: Arc::new(held), read_timeout }))
}

/// The memory for bodies under way is used up.
pub(crate) fn no_room() -> Problem {
    measures::request_refused("memory");
    let detail =
        "the memory for requests under way (serve.max_inflight_mib) is used up; none of this was taken";
    Problem::new(Code::Overloaded, detail)
}

/// Reads what is left of a body that nobody wants.
async fn throw_away(mut body: Body, patience: Duration) {
    let mut left = MAX_BODY_BYTES;
    while let Ok(Some(Ok(data))) = tokio::time::timeout(patience, next_frame(&mut body)).await {
        let Some(rest) = left.checked_sub(data.len()) else { return };
        left = rest;
    }
}

#[cfg(test)]
mod tests;
