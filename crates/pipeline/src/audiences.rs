//! Audiences in the pipeline: their definitions, who is in them, and whom to look at again.
//!
//! What the log says is a [`AudienceNote`]: a definition was put or deleted, somebody went in or out. Whether a
//! rule fits is not decided here, nor in the folding of events: whoever carries rules out is told whose profile,
//! consent or identity has changed ([`touched`]), decides beside the projection, and logs what came of it
//! ([`Pipeline::reconsider`](crate::Pipeline::reconsider)). So the state follows from the log alone, clock and
//! policies of consent included, and a rebuild gives the same bytes. An event costs nothing more while there is
//! no audience, and with some of them a note of its key.
//!
//! A person's membership is kept under the key that the person's profile is found by. Whoever reads it asks for
//! consent to personalization, and to the audience's own purpose, at that moment: a withdrawal needs no exit to
//! be seen.
//!
//! Going in and out are [effects](crate::Effect) of the note's record, so they have an id that a replay gives
//! again. Deleting an audience takes everybody out at once and tells nobody; what is left in the rows of its
//! members under its number, which no other audience ever gets, goes with the next change of each.
//!
//! Limits: [`MAX_AUDIENCES`]; a rule's text has at most [`MAX_RULE_CHARS`] characters, a name 64, a description 500.
//!
//! Format: the table `audiences` holds under the name a version byte and [`Audience`] as JSON, `memberships`
//! under the subject's key [`Membership`] as [`encode`](tradewind_people::encode) writes it, and `meta` under
//! `audiences` a version byte and the sizes as JSON.

mod changes;
mod desk;
mod note;
mod registry;
mod touched;

use std::sync::Arc;

pub use desk::{Candidate, Verdict};
pub use note::{
    Audience, AudienceNote, AudienceSpec, MAX_AUDIENCES, MAX_RULE_CHARS, Membership, Moved, SpecError,
};
pub use registry::Audiences;
pub(crate) use registry::SIZES;
pub use touched::Touched;

pub(crate) use changes::{AudienceChanges, Kept, remove};
pub(crate) use touched::{Touches, of_batch};

use crate::live::damaged;
use crate::pipeline::PipelineError;
use crate::reads::Place;

/// Who is in an audience under a key, as it is now.
pub(crate) fn membership(place: Place<'_>, key: &str) -> Result<Option<Arc<Membership>>, PipelineError> {
    if let Some(changed) = place.live.pending.read().membership(key) {
        return Ok(changed);
    }
    let stored = place.store.get(place.tables.memberships, key.as_bytes())?;
    let read = |bytes: bytes::Bytes| tradewind_people::decode(&bytes).map(Arc::new);
    stored.map(read).transpose().map_err(|e| damaged("a membership", &e))
}

#[cfg(test)]
mod tests;
