//! The collector: Segment's HTTP tracking API, with RudderStack's variants.
//!
//! A batch is taken item by item: good ones are durable when the answer comes, bad ones are named in it and
//! kept for `GET /v1/rejected`. Only a body that is no batch at all is refused whole, or one with any bad
//! item when `?strict=1` is set. Never answers a redirect: real clients count one as delivered.

mod boot;
pub(crate) mod handlers;
pub(crate) mod message;
pub(crate) mod parse;

pub(crate) use boot::{rudder_config, segment_settings};

pub use parse::{Parsed, Reject, parse_line};
