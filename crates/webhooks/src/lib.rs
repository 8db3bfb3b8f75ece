//! Webhooks out: what the pipeline's outbox holds, posted to the endpoints that the shop configures.
//!
//! The form is [Standard Webhooks](https://www.standardwebhooks.com): a JSON body with `type`, `timestamp` and
//! `data`, and the headers `webhook-id`, `webhook-timestamp` and `webhook-signature` (`v1`, HMAC-SHA256).
//!
//! **Each effect arrives at least once at each endpoint that wants it, always with the same `webhook-id`**, and
//! there are no two ids for one effect and endpoint. An attempt counts as done with a 2xx only. So a receiver that
//! remembers the ids acts once.
//!
//! **Nothing is sent before its books are durable.** The [books](crate::books) are a store of their own beside the
//! state. Effects are taken over from the state, once their checkpoint is committed, in one commit with the offset
//! up to which that is done; the commit is synced, and only then are they removed from the state. The pipeline is
//! told that offset when it opens, so a state that is made anew makes none of these effects again.
//!
//! **No order is promised**, not even at one endpoint: what failed comes later than what came behind it.
//!
//! **Nothing leaves before an endpoint is configured**, and what happened before that is not sent either.
//!
//! Attempts follow the endpoint's schedule, with up to a tenth of each pause on top; the default is that of the
//! specification: at once, and after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h. After the last one the delivery
//! has failed, until somebody asks for it again. A 410 stops the endpoint until its address or its secret is
//! another one. An endpoint that is slow, away or overloaded (429, 502, 503, 504, no answer) is left alone for a
//! while that doubles up to 5 minutes, at least as long as its `Retry-After` says, and is then asked with one
//! delivery at a time.
//!
//! Limits: 16 attempts at once, 4 at one endpoint; 100,000 deliveries that wait for one endpoint, beyond which they
//! fail at once; 10,000 failed ones of an endpoint, kept for 30 days. What is lost to these limits is counted.

mod address;
mod body;
mod books;
mod client;
pub mod data_map;
mod deliverer;
mod endpoint;
mod erasing;
mod measures;
mod outbox;
mod row;
mod schedule;
mod signature;

pub use client::ClientError;
pub use deliverer::Deliverer;
pub use endpoint::{DEFAULT_RETRY_SECONDS, Endpoint, EndpointError, EndpointSettings, Reach};
pub use measures::describe_metrics;
pub use outbox::{EndpointView, FailedView, Outbox, OutboxError, Retried, outlet};
