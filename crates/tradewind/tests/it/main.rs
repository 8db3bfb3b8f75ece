//! Drives the real program from outside: its command line, and its server over HTTP.
//!
//! Every test has a data directory and a port of its own, and waits for conditions, never for an amount of
//! time.

#![expect(clippy::unwrap_used, reason = "helpers of tests: to panic is to fail")]

mod addresses;
mod admission;
mod audiences;
mod cli;
mod crash;
mod dead_letters;
mod erasure;
mod full_disk;
mod journey;
#[cfg(feature = "lake")]
mod lake;
mod malformed;
mod oracle;
mod outbox;
mod retention;
mod schema;
mod support;
mod sync_errors;
mod vault;
mod wire;
