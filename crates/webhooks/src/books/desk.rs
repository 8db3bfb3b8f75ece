//! What becomes of the deliveries of one endpoint.

use super::*;

impl Desk {
    /// When its next attempt may be made: an endpoint in trouble is asked with one at a time, and one that was
    /// stopped not at all, also not with what a crash had left under way.
    pub(super) fn due_at(&self) -> Option<UtcMillis> {
        let room = if self.troubles > 0 { 1 } else { MAX_IN_FLIGHT_OF_ONE };
        let is_open = self.in_flight < room && self.account.stopped.is_none();
        let (at, _) = self.waiting.first().filter(|_| is_open)?;
        Some((*at).max(self.quiet_until))
    }

    pub(super) fn wait(
        &mut self,
        id: EffectId,
        delivery: Delivery,
        at: UtcMillis,
        tables: Tables,
        batch: &mut Batch,
    ) -> Result<(), StateError> {
        let delivery = Delivery { due_at: at, has_failed: false, ..delivery };
        self.waiting.insert((at, id));
        batch.put(tables.deliveries, id.0, encode(&delivery)?);
        Ok(())
    }

    pub(super) fn fail(
        &mut self,
        id: EffectId,
        delivery: Delivery,
        now: UtcMillis,
        tables: Tables,
        batch: &mut Batch,
    ) -> Result<(), StateError> {
        let cause = delivery.last.as_ref().map_or("", |last| &last.cause);
        tracing::warn!(
            endpoint = self.endpoint.name,
            id = crate::row::text_of(id),
            attempts = delivery.attempts,
            cause,
            "a webhook could not be delivered and is not tried again by itself"
        );
        let delivery = Delivery { due_at: now, has_failed: true, ..delivery };
        self.failed.insert((now, id));
        batch.put(tables.deliveries, id.0, encode(&delivery)?);
        Ok(())
    }

    /// Stops an endpoint that said 410: all that waits for it has failed.
    pub(super) fn stop(
        &mut self,
        store: &dyn StateStore,
        tables: Tables,
        now: UtcMillis,
        batch: &mut Batch,
    ) -> Result<(), StateError> {
        let waiting = std::mem::take(&mut self.waiting);
        if self.account.stopped.is_none() {
            tracing::error!(
                endpoint = self.endpoint.name,
                waiting = waiting.len(),
                "the endpoint answered 410 and gets nothing more, until its url or its secrets are others"
            );
            self.account.stopped = Some(Stopped { at: now, fingerprint: self.endpoint.fingerprint() });
        }
        for (_, id) in waiting {
            let Some(row) = store.get(tables.deliveries, &id.0)? else { continue };
            let last = Some(attempt(now, None, "stopped", "the endpoint had answered 410".to_owned()));
            let delivery = Delivery { last, due_at: now, has_failed: true, ..decode(&row)? };
            self.failed.insert((now, id));
            batch.put(tables.deliveries, id.0, encode(&delivery)?);
        }
        Ok(())
    }

    /// Removes failed deliveries beyond the limits.
    pub(super) fn forget_old(
        &mut self,
        now: UtcMillis,
        tables: Tables,
        batch: &mut Batch,
    ) -> Result<(), StateError> {
        let before = self.account.lost;
        while let Some((at, id)) = self.failed.first().copied() {
            if self.failed.len() <= MAX_FAILED && now.since(at) < KEEP_FAILED_MS {
                break;
            }
            self.failed.pop_first();
            batch.delete(tables.deliveries, id.0);
            self.account.lost += 1;
        }
        if self.account.lost > before { self.write(tables, batch) } else { Ok(()) }
    }

    pub(super) fn write(&self, tables: Tables, batch: &mut Batch) -> Result<(), StateError> {
        batch.put(tables.endpoints, self.endpoint.name.as_bytes(), encode(&self.account)?);
        Ok(())
    }
}
