//! The gate in front of every handler. It refuses before a body is read, in the order of what that costs:
//! the backlog, the quotas as far as the headers tell the key, memory.
//!
//! What is refused is answered at once. Its body is read and thrown away meanwhile, at most as much as would
//! have been taken: a client that is still sending would otherwise see its connection break, and not the
//! answer that says when to come back.
//!
//! What is let in is counted until it is answered: by its memory, and against the backlog by the events that a
//! body of its size holds, so that nothing is read that could not be taken then. Long requests are handled in
//! the [`lane`](super::lane).

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tradewind_pipeline::{CollectError, Seat};

use super::allowance::{Expected, Reservation};
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

/// A body that is to be read from so many bytes on makes a request a long one.
const LONG_BYTES: usize = 16 << 10;

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

/// A request that is let in; whoever is only watched gets no ticket.
#[derive(Default)]
struct Entered {
    ticket: Option<Ticket>,
    seat: Option<Seat>,
    is_long: bool,
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
        Ok(Entered { ticket, seat, is_long }) => {
            if let Some(ticket) = &ticket {
                request.extensions_mut().insert(ticket.clone());
            }
            let answered = async move {
                let response = next.run(request).await;
                // Both are held until the answer is there.
                drop((ticket, seat));
                response
            };
            if is_long { api.admission.lane.run(answered).await } else { answered.await }
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

fn enter(api: &Api, class: Class, headers: &HeaderMap) -> Result<Entered, Problem> {
    let (admission, expected) = (&api.admission, Expected::of(headers));
    let mut entered = Entered::default();
    if class != Class::Watching {
        crate::privacy::check_ready(api)?;
    }
    let allowance = match class {
        Class::Watching => return Ok(entered),
        Class::Asking => &admission.asking,
        Class::Collecting => {
            entered.seat = Some(api.pipeline.seat(expected.unpacked()).map_err(late)?);
            entered.is_long = expected.unpacked() >= LONG_BYTES;
            admission.check_quotas(basic_key(headers).as_deref())?;
            &admission.collecting
        }
    };
    let held = Arc::new(allowance.reserve(expected.cost()).ok_or_else(no_room)?);
    entered.ticket = Some(Ticket { held, read_timeout: admission.read_timeout });
    Ok(entered)
}

/// The backlog is too long, or nothing is applied any more.
fn late(error: CollectError) -> Problem {
    measures::request_refused(match &error {
        CollectError::Stopped => "stopped",
        _ => "lag",
    });
    not_collected(error)
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
