//! HTTP. Wire types live here and nowhere else; one module per dialect.
//!
//! [`router`] serves the collector (Segment's HTTP tracking API), decisions, profiles and what an operator
//! needs to see in. Every error of the native API is a problem document (RFC 9457) with a stable code and a
//! page at its `type`.

mod auth;
mod body;
mod collect;
mod decide;
mod dialects;
mod docs;
mod extract;
mod http;
mod measures;
mod openapi;
mod operate;
mod problem;
mod profiles;
mod state;
mod text;
mod trace;
pub mod wire;

pub use collect::{Parsed, Reject, parse_line};
pub use decide::{answer_json, decision_json};
pub use http::router;
pub use operate::install_metrics;
pub use problem::{Code, Problem};
pub use profiles::profile_json;
pub use state::{Api, ApiSettings, Rejected};
