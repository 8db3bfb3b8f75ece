//! Every wire format as a pure function: what a client sends in, canonical events out, no server between.
//!
//! These are the parts of the handlers that look at a stranger's bytes. They are public so that the fuzz
//! targets and their tests reach each parser alone; the handlers call the same code. Keys are not checked
//! here, nothing is stored, and nothing is counted.
//!
//! A new dialect gets its function here and its target in the crate `fuzzing`.

use axum::http::HeaderMap;
use bytes::Bytes;
use tradewind_catalog::Change;
use tradewind_decide::Ask;
use tradewind_events::{Kind, Origin};
use tradewind_features::{NewRow, View};
use tradewind_kernel::{Currency, UtcMillis};

use crate::collect::{Parsed, handlers};
use crate::dialects::draft::events_of;
use crate::dialects::{cloudevents, ga4, posthog, shopify, snowplow};
use crate::problem::{Code, Problem};
use crate::{body, decide};

/// The largest body, packed or not, in bytes.
pub const MAX_BODY_BYTES: usize = body::MAX_BODY_BYTES;
/// The deepest nesting of a body.
pub const MAX_DEPTH: usize = body::MAX_DEPTH;
/// The most messages of a batch.
pub const MAX_BATCH: usize = handlers::MAX_BATCH;

/// Unpacks a body by its headers and checks size, encoding and depth. Every other function here takes what
/// this one returns.
///
/// # Errors
/// [`Problem`] with the reason.
pub fn unpack(headers: &HeaderMap, raw: &[u8]) -> Result<Bytes, Problem> {
    if raw.len() > MAX_BODY_BYTES {
        return Err(Problem::new(Code::BodyTooLarge, "the body is too large"));
    }
    body::unpack(headers, Bytes::copy_from_slice(raw), |_, _| true)
}

/// A Segment batch.
///
/// # Errors
/// [`Problem`] when it is no batch, or too large a one.
pub fn segment_batch(body: &[u8], received: UtcMillis, origin: Origin) -> Result<Vec<Parsed>, Problem> {
    handlers::read_batch(body, received, origin)
}

/// A Segment message that comes alone, to the path of this kind.
///
/// # Errors
/// [`Reject`](crate::Reject) with the reason.
pub fn segment_message(json: &str, received: UtcMillis, kind: Kind) -> Parsed {
    handlers::read_one(json, received, kind)
}

/// PostHog: a batch, a list of events or a single one.
///
/// # Errors
/// [`Problem`] when it is none of them.
pub fn posthog(body: &[u8], received: UtcMillis) -> Result<Vec<Parsed>, Problem> {
    Ok(events_of(posthog::read_any(body, received)?, received))
}

/// A GA4 measurement.
///
/// # Errors
/// [`Reject`](crate::Reject) when the measurement as a whole does not read.
pub fn ga4(json: &str, received: UtcMillis) -> Result<Vec<Parsed>, crate::Reject> {
    Ok(events_of(ga4::read_all(json)?, received))
}

/// A Snowplow payload.
///
/// # Errors
/// [`Problem`] when it is none.
pub fn snowplow(body: &[u8], received: UtcMillis) -> Result<Vec<Parsed>, Problem> {
    Ok(events_of(snowplow::read_all(body)?, received))
}

/// Rows of features that Feast's client writes: `{"df":{column:[…]}}`, as rows of one view. `None` when they are not.
#[must_use]
pub fn feast_rows(body: &[u8], view: &View, received: UtcMillis) -> Option<Vec<NewRow>> {
    crate::feast::rows_of_body(body, view, received)
}

/// One Snowplow event, as a JSON object of texts.
#[must_use]
pub fn snowplow_event(json: &str, received: UtcMillis) -> Vec<Parsed> {
    events_of(snowplow::read_lone(json), received)
}

/// A CloudEvent or a batch of them; the headers say which.
///
/// # Errors
/// [`Problem`] when it is neither.
pub fn cloudevents(headers: &HeaderMap, body: &[u8], received: UtcMillis) -> Result<Vec<Parsed>, Problem> {
    cloudevents::read_all(headers, body, received)
}

/// A delivery of Shopify's, its signature not looked at: what it changes of the catalog, and its events.
///
/// # Errors
/// [`Problem`] when it is none.
pub fn shopify(
    headers: &HeaderMap,
    json: &str,
    received: UtcMillis,
    currency: Currency,
) -> Result<(Vec<Change>, Vec<Parsed>), Problem> {
    shopify::read_all(headers, json, received, currency)
}

/// A request for a decision.
///
/// # Errors
/// [`Problem`] that points at what is wrong.
pub fn ask(body: &[u8]) -> Result<Ask, Problem> {
    decide::read_ask(body)
}

#[cfg(test)]
mod tests;
