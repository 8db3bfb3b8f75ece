//! The outbox: what others are to be told, kept in the state until somebody has taken it over.
//!
//! Applying a record gives effects beside the new state: `apply(state, event) → (state, effects)`. An [`Effect`]
//! is a row that is written in the commit that moves the offset, so none is seen before its state is in the
//! store, and a crash loses neither alone. Whoever carries effects out reads them with [`Pipeline::outbox`],
//! makes them durable where it keeps its own books, and then removes them with [`Pipeline::outbox_taken`].
//!
//! **The same effect has the same id**, however often its record is applied: [`EffectId`] is made of the record's
//! offset, the effect's kind and what it is about. What is told twice after a crash can be told apart by it.
//!
//! **What was taken over is not made again.** After a power cut, or when the state is made anew, records are
//! applied again that were applied long ago. So the books must remember up to which offset the outbox was taken
//! over, outside of the state, and give it as the [`Outlet`]'s beginning: records before it have no effects any
//! more. A rebuild carries over the rows that nobody had taken ([`carry_outbox`]).
//!
//! The outbox is no part of what a rebuild is compared by ([`crate::state_digest`]): it empties, and what goes
//! into it depends on what was watched when a record was applied, not on the log alone.
//!
//! Limits: effects come only of records that are watched ([`Outlet`]) and, where they are events, not imported;
//! 100 products of an event are told.
//!
//! Format: the table `outbox` is keyed by the offset (u64 big-endian) and the effect's id (16 bytes), and holds a
//! version byte and [`Effect`] as JSON.

mod desk;
mod effect;

use std::sync::Arc;

use rustc_hash::FxHashSet;
use tradewind_ports::{Batch, Offset, TableId};

pub use desk::{OutboxPage, carry_outbox};
pub(crate) use effect::subject_of;
pub use effect::{AudienceMoved, Crossing, Effect, EffectId, EventHappened, ProductLine};

use crate::measures;
use crate::pipeline::PipelineError;

/// What is to come out of the outbox.
#[derive(Debug, Clone, Default)]
pub struct Outlet {
    topics: FxHashSet<String>,
    from: Offset,
}

impl Outlet {
    /// Effects of these topics (see [`Effect::topic`]), of the records from this offset on.
    #[must_use]
    pub fn new(topics: impl IntoIterator<Item = String>, from: Offset) -> Self {
        Self { topics: topics.into_iter().collect(), from }
    }

    /// The same, and nothing of records before this one.
    #[must_use]
    pub fn not_before(self, offset: Offset) -> Self {
        Self { from: self.from.max(offset), ..self }
    }
}

/// What a batch of records is to tell, and then what all since the last checkpoint are.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    outlet: Arc<Outlet>,
    /// The record that is being applied.
    offset: Offset,
    rows: Vec<(Offset, Effect)>,
}

impl Effects {
    /// None yet, for this outlet.
    pub(crate) fn of(outlet: &Arc<Outlet>) -> Self {
        Self { outlet: Arc::clone(outlet), ..Self::default() }
    }

    /// From now on the effects are those of the record at `offset`.
    pub(crate) fn at(&mut self, offset: Offset) {
        self.offset = offset;
    }

    /// Whether effects of a topic go anywhere. Costs nothing where nothing is watched.
    pub(crate) fn wants(&self, topic: &str) -> bool {
        !self.outlet.topics.is_empty()
            && self.offset >= self.outlet.from
            && self.outlet.topics.contains(topic)
    }

    /// Adds an effect of the current record, if anybody wants it.
    pub(crate) fn add(&mut self, effect: Effect) {
        if self.wants(effect.topic()) {
            self.rows.push((self.offset, effect));
        }
    }

    /// Takes over what a batch is to tell.
    pub(crate) fn extend(&mut self, batch: Self) {
        measures::effects_made(batch.rows.len());
        self.rows.extend(batch.rows);
    }

    /// Turns the effects into writes.
    pub(crate) fn write(&self, outbox: TableId, batch: &mut Batch) -> Result<(), PipelineError> {
        for (offset, effect) in &self.rows {
            batch.put(outbox, desk::key_of(*offset, effect.id(*offset)), effect.encode()?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
