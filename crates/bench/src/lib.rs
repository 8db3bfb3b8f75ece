//! A load driver: starts a server of its own, drives it over HTTP/1.1, and reports what that cost.
//!
//! * [`events()`]: batches of events over a few connections, each sending as soon as the last one was
//!   acknowledged; afterwards every acknowledged event must have been applied exactly once.
//! * [`singles()`]: one event a request, as many as go and by schedule.
//! * [`overload()`]: batches by schedule, up to three times as many as the server can keep up with: what is
//!   still taken, how quickly the rest is refused, how soon an event is in its profile meanwhile, and the memory.
//! * [`decisions()`]: decisions for a demo shop, first as many as go (closed loop), then by a schedule fixed in
//!   advance (open loop). Latency then counts from the moment a request *should* have been sent, so that a
//!   server that stalls cannot hide it by slowing its clients down (coordinated omission).
//!
//! The client is blocking, one thread per connection, written by hand: on a machine shared with the server
//! it must cost little CPU time, and a thread wakes within some 60 µs of its schedule where tokio's timer
//! ticks in whole milliseconds. CPU times come from `/proc`, in clock ticks of 10 ms, so the program runs on
//! Linux only, and a round should last a second or more.

mod client;
mod decisions;
mod error;
mod events;
mod figures;
mod load_report;
mod loops;
mod messages;
mod overload;
mod probe;
mod report;
mod rng;
mod server;
mod shop;
mod singles;

pub use client::{Answer, Client, request};
pub use decisions::{DecisionsPlan, decisions};
pub use error::BenchError;
pub use events::{EventsPlan, events};
pub use load_report::{OverloadReport, OverloadStep, SinglesReport};
pub use overload::{OverloadPlan, overload};
pub use report::{ClosedLoop, DecisionsReport, EventsReport, Latency, OpenLoop, Report};
pub use server::Server;
pub use singles::{SinglesPlan, singles};
