//! Removing people from the books, and telling what the books hold of them.

use tradewind_pipeline::Theirs;

use super::*;

/// How many rows are changed in one commit.
const AT_ONCE: usize = 1_000;

impl Books {
    /// Hands out every delivery that is theirs, to whichever endpoint.
    pub(crate) fn each_of(
        &self,
        theirs: &Theirs<'_>,
        mut take: impl FnMut(EffectId, Delivery),
    ) -> Result<(), StateError> {
        for pair in self.store.scan(self.tables.deliveries, &[]) {
            let (key, row) = pair?;
            let Ok(id) = key.as_ref().try_into().map(EffectId) else { continue };
            let delivery: Delivery = decode(&row)?;
            if theirs.is_effect(&delivery.effect) {
                take(id, delivery);
            }
        }
        Ok(())
    }

    /// Removes every delivery that is theirs, durably, and gives how many that were. None of them is attempted
    /// from then on; of those under way nothing is kept, see [`is_settled`](Self::is_settled).
    pub(crate) fn remove(&mut self, theirs: &Theirs<'_>) -> Result<u64, StateError> {
        let mut found = Vec::new();
        self.each_of(theirs, |id, delivery| found.push((id, delivery)))?;
        let mut batch = Batch::default();
        for (id, delivery) in &found {
            batch.delete(self.tables.deliveries, id.0);
            if batch.len() >= AT_ONCE {
                self.store.commit(&std::mem::take(&mut batch))?;
            }
            if self.under_way.contains(id) {
                self.recalled.insert(*id);
            }
            if let Some(desk) = self.desks.iter_mut().find(|desk| desk.endpoint.name == delivery.endpoint) {
                desk.waiting.remove(&(delivery.due_at, *id));
                desk.failed.remove(&(delivery.due_at, *id));
            }
        }
        self.store.commit(&batch)?;
        self.store.sync()?;
        Ok(found.len() as u64)
    }

    /// Whether no attempt is under way any more of what was removed.
    pub(crate) fn is_settled(&self) -> bool {
        self.recalled.is_empty()
    }

    /// The store, which lets go of what was removed.
    pub(crate) fn store(&self) -> Arc<dyn StateStore> {
        Arc::clone(&self.store)
    }
}
