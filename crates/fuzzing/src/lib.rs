//! What must hold of every parser, whatever bytes it is given.
//!
//! One module per parser, each with a `check` that takes bytes, parses them and panics when something that
//! is promised does not hold: not only that nothing fails, but that what is taken lies within the limits,
//! is stored and read back as the same, and that two readers of one format agree. The tests of this crate
//! run each over its corpus and over mutations of it; the fuzz targets in `fuzz/` run the same functions.
//!
//! **A new parser** gets a module here, a line in [`targets`], a file in `fuzz/fuzz_targets/` and a folder in
//! `fuzz/corpus/`; the tests name what is missing. An HTTP dialect ends in [`events::all_hold`], as
//! [`posthog`] does.
//!
//! Nothing here is part of the program.

pub mod body;
pub mod cloudevents;
pub mod config;
pub mod cookies;
pub mod decide;
pub mod event;
pub mod events;
pub mod feast;
pub mod ga4;
pub mod imports;
pub mod log_entry;
pub mod log_segment;
pub mod models;
pub mod mutate;
pub mod people;
pub mod posthog;
pub mod segment;
pub mod shopify;
pub mod snowplow;
pub mod words;

#[path = "../../tradewind/src/failure.rs"]
#[expect(dead_code, reason = "the configuration fails in one of its ways only")]
mod failure;
#[path = "../../tradewind/src/webhook.rs"]
mod webhook;

use tradewind_kernel::UtcMillis;

/// When everything here is received: 2026-11-20, a minute after the clients' captures were made.
pub const RECEIVED: UtcMillis = UtcMillis::new(1_795_207_420_000);

/// A check and its name, which is that of the fuzz target and of the corpus' folder.
pub type Target = (&'static str, fn(&[u8]));

/// Every check, those that a stranger reaches first.
#[must_use]
pub fn targets() -> Vec<Target> {
    vec![
        ("segment", segment::check),
        ("body", body::check),
        ("decide", decide::check),
        ("posthog", posthog::check),
        ("ga4", ga4::check),
        ("snowplow", snowplow::check),
        ("cloudevents", cloudevents::check),
        ("shopify", shopify::check),
        ("feast", feast::check),
        ("cookies", cookies::check),
        ("event", event::check),
        ("log_segment", log_segment::check),
        ("log_entry", log_entry::check),
        ("people", people::check),
        ("models", models::check),
        ("online_retail", imports::online_retail),
        ("rees46", imports::rees46),
        ("json_lines", imports::json_lines),
        ("words", words::check),
        ("config", config::check),
    ]
}

/// The first bytes as a choice of one of `count`, and the rest.
fn choose(bytes: &[u8], count: usize) -> (usize, &[u8]) {
    bytes.split_first().map_or((0, bytes), |(&first, rest)| (usize::from(first) % count, rest))
}
