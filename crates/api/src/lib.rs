//! HTTP. Wire types live here and nowhere else; one module per dialect.
//!
//! [`router`] serves the collector (Segment's HTTP tracking API), decisions, profiles and what an operator
//! needs to see in. Every error of the native API is a problem document (RFC 9457) with a stable code and a
//! page at its `type`.

mod admission;
mod audiences;
mod auth;
mod body;
mod collect;
mod consent;
mod data_map;
mod dead_letters;
mod decide;
mod dialects;
mod docs;
mod enrich;
mod extract;
mod feast;
mod features;
mod http;
mod identity;
mod measures;
mod openapi;
mod operate;
mod outbox;
mod own;
mod privacy;
mod problem;
mod profiles;
mod retention;
mod schemas;
mod sql;
mod state;
mod text;
mod trace;
mod vault;
pub mod wire;

pub use admission::AdmissionSettings;
pub use collect::{Parsed, Reject, parse_line};
pub use data_map::{DataMap, MapClass, MapEntry};
pub use decide::{answer_json, decision_json};
pub use enrich::{ConsentRules, Enricher, GeoDatabase, GeoError, TrustedProxies};
pub use http::router;
pub use measures::{connection_closed, connection_cut, connection_opened, connection_refused};
pub use operate::install_metrics;
pub use own::{choose_json, consent_json, privacy_json};
pub use privacy::Shown;
pub use problem::{Code, Problem, no_connection_left};
pub use profiles::{ProfileFeed, profile_json};
pub use schemas::{Audit, AuditReport, EventReport, FindingReport};
pub use state::{Api, ApiSettings, Rejected, ShopRedact};
