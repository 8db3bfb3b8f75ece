//! The event's way: accept → log → project.
//!
//! [`Pipeline::collect`] returns once its events are durable. The projection then reads the log in order and
//! folds every record into profiles, sessions, counters and catalog, all cores sharing the people of a batch.
//! The in-memory views of [`Live`] show it, and then the offset counts as applied: whoever waits for a
//! subject's events with [`Pipeline::caught_up`] sees them in every view. Every one to four seconds all that has
//! changed is committed to the store together with the offset that it reaches to, so that a replay after a
//! crash has no second effect.

mod aggregates;
mod aging;
mod audiences;
mod changes;
mod consent;
mod counted;
mod counters;
pub mod data_map;
mod dead_letters;
mod dedupe;
mod digest;
mod duplicates;
mod entry;
mod erasure;
mod facts;
mod features;
mod fold;
mod gate;
mod identity;
mod items;
mod keeper;
mod live;
mod lookups;
mod measures;
mod outbox;
mod pipeline;
mod plan;
mod prepare;
mod project;
mod pulse;
mod reads;
mod retention;
mod sieve;
mod signals;
mod survey;
mod tables;
mod trending;
pub mod vault;
mod watermarks;

pub use aging::Aging;
pub use audiences::{
    Audience, AudienceNote, AudienceSpec, Audiences, Candidate, MAX_AUDIENCES, MAX_RULE_CHARS, Membership,
    Moved, SpecError, Touched, Verdict,
};
pub use consent::Lookup;
pub use dead_letters::{
    Attempt, KeptLetter, LOG_DIALECT, Letter, LetterLimits, LetterTotals, MAX_LETTER_BYTES, Note,
};
pub use digest::state_digest;
pub use duplicates::Repetitions;
pub use entry::{Entry, EntryError};
pub use erasure::{Erased, Held, Theirs, Turn, Whose};
pub use features::{FeatureQuality, RowState, ViewQuality, ViewRows};
pub use gate::{GateTargets, Seat};
pub use items::Items;
pub use live::Live;
pub use lookups::Mark;
pub use measures::describe_metrics;
pub use outbox::{
    AudienceMoved, Crossing, Effect, EffectId, EventHappened, OutboxPage, Outlet, ProductLine, carry_outbox,
};
pub use pipeline::{CollectError, Pipeline, PipelineError, Settings};
pub use prepare::{Learned, events_of_actions};
pub use pulse::{LatestEvent, Pulse};
pub use retention::{Position, Retention};
pub use survey::Sample;
pub use trending::Trending;
