//! The outbox as those see it who carry effects out.

use tradewind_ports::{Batch, Offset, StateStore};

use super::{Effect, EffectId};
use crate::pipeline::{Pipeline, PipelineError};
use crate::tables::{OFFSET, Tables, u64_of};

/// Bytes of a row's key: the offset and the id.
const KEY_BYTES: usize = 24;
/// Rows that are carried over in one commit.
const CARRIED_AT_ONCE: usize = 1_000;

/// The oldest effects that nobody has taken over.
#[derive(Debug, Default)]
pub struct OutboxPage {
    /// With the offsets of their records, in the order of these.
    pub effects: Vec<(Offset, EffectId, Effect)>,
    /// There are no others of records before this one.
    pub upto: Offset,
}

pub(super) fn key_of(offset: Offset, id: EffectId) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    key[..8].copy_from_slice(&offset.to_be_bytes());
    key[8..].copy_from_slice(&id.0);
    key
}

fn read_key(key: &[u8]) -> Option<(Offset, EffectId)> {
    let (offset, id) = key.split_at_checked(8)?;
    Some((u64_of(offset)?, EffectId(id.try_into().ok()?)))
}

impl Pipeline {
    /// Effects whose state is in the store, of records from `from` on, oldest first: about `limit`, and always all
    /// of a record.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn outbox(&self, from: Offset, limit: usize) -> Result<OutboxPage, PipelineError> {
        let upto = self.checkpointed();
        let mut page = OutboxPage { effects: Vec::new(), upto };
        for pair in self.inner.store.scan(self.inner.tables.outbox, &from.to_be_bytes()) {
            let (key, value) = pair?;
            let Some((offset, id)) = read_key(&key) else { continue };
            let is_next_record = page.effects.last().is_some_and(|(last, ..)| *last < offset);
            if offset >= upto || (is_next_record && page.effects.len() >= limit) {
                page.upto = page.upto.min(offset);
                break;
            }
            page.effects.push((offset, id, Effect::decode(&value)?));
        }
        Ok(page)
    }

    /// Removes effects that somebody has taken over, durably.
    ///
    /// # Errors
    /// [`PipelineError`] when the state cannot be written.
    pub fn outbox_taken(&self, page: &OutboxPage) -> Result<(), PipelineError> {
        let mut batch = Batch::default();
        for (offset, id, _) in &page.effects {
            batch.delete(self.inner.tables.outbox, key_of(*offset, *id));
        }
        Ok(self.inner.store.commit(&batch)?)
    }

    /// Waits until the store reaches beyond `offset`; false when the pipeline has stopped.
    pub async fn checkpointed_past(&self, offset: Offset) -> bool {
        crate::keeper::committed(&self.inner, offset.saturating_add(1)).await
    }
}

/// Copies the effects that nobody has taken over into a state that is made anew, and gives the offset that the
/// old state reaches to: records from there on still have their effects.
///
/// # Errors
/// [`PipelineError`] when one of the states does not read or cannot be written.
pub fn carry_outbox(old: &dyn StateStore, new: &dyn StateStore) -> Result<Offset, PipelineError> {
    let (from, to) = (Tables::open(old)?, Tables::open(new)?);
    let mut batch = Batch::default();
    for pair in old.scan(from.outbox, &[]) {
        let (key, value) = pair?;
        batch.put(to.outbox, key, value);
        if batch.len() >= CARRIED_AT_ONCE {
            new.commit(&std::mem::take(&mut batch))?;
        }
    }
    new.commit(&batch)?;
    Ok(old.get(from.meta, OFFSET)?.and_then(|v| u64_of(&v)).unwrap_or(0))
}
