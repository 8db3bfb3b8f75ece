//! Drives the real program from outside: its command line, and its server over HTTP.
//!
//! Every test has a data directory and a port of its own, and waits for conditions, never for an amount of
//! time.

#![expect(clippy::unwrap_used, reason = "helpers of tests: to panic is to fail")]

mod admission;
mod cli;
mod crash;
mod journey;
mod malformed;
mod support;
mod wire;
