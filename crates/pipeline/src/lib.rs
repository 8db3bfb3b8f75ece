//! The event's way: accept → log → project.
//!
//! [`Pipeline::collect`] returns once its events are durable. One projection thread then reads the log in
//! order and folds every record into profiles, sessions, counters and catalog; each batch of changes is
//! committed together with the offset it came from, so that a replay after a crash has no second effect.
//! After the commit the in-memory views of [`Live`] learn the same, and only then the offset counts as
//! applied: whoever waits for a subject's events with [`Pipeline::caught_up`] sees them in every view.

mod dedupe;
mod digest;
mod entry;
mod fold;
mod items;
mod live;
mod measures;
mod pipeline;
mod project;
mod pulse;
mod retention;
mod tables;
mod trending;
mod watermarks;
mod work;

pub use digest::state_digest;
pub use entry::{Entry, EntryError};
pub use items::Items;
pub use live::Live;
pub use measures::describe_metrics;
pub use pipeline::{CollectError, Pipeline, PipelineError, Settings};
pub use pulse::{LatestEvent, Pulse};
pub use retention::{Position, Retention};
pub use trending::Trending;
