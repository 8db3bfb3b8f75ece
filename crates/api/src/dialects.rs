//! Other vendors' wire formats, each read into the canonical events of the collector.
//!
//! A dialect owns its wire types and what its clients expect for an answer; [`draft`] holds what all share:
//! the same limits, ids and clock correction as Segment's messages have, and the same view of rejected ones.
//! Items are taken one by one. What was answered with success is durable.

pub(crate) mod cloudevents;
pub(crate) mod draft;
pub(crate) mod ga4;
pub(crate) mod posthog;
pub(crate) mod shopify;
pub(crate) mod snowplow;
#[cfg(test)]
mod tests;
mod webhook;

#[cfg(test)]
pub(crate) use tests::testing;
