//! Handing in: what is taken is durable, and is applied in this order.

use std::sync::atomic::Ordering;
use std::time::Instant;

use tradewind_catalog::{Change, Product};
use tradewind_events::Event;
use tradewind_ports::{AppendError, Offset};

use super::{CollectError, Pipeline};
use crate::gate::Seat;
use crate::{entry, measures};

impl Pipeline {
    /// Takes events: on success they are durable and will be applied, in this order.
    ///
    /// # Errors
    /// [`CollectError`]; then none of them was taken.
    pub async fn collect(&self, events: &[Event]) -> Result<(), CollectError> {
        self.collect_with(events, Vec::new()).await
    }

    /// Lets whoever asks for the subjects of these events wait until the log is applied up to `end`.
    pub(crate) fn raise<'a>(&self, events: impl Iterator<Item = &'a Event>, end: Offset) {
        for event in events {
            for id in [&event.user_id, &event.anonymous_id].into_iter().flatten() {
                self.inner.watermarks.raise(id, end);
            }
        }
    }

    /// Takes products of a feed: on success they are durable and will be applied.
    ///
    /// # Errors
    /// [`CollectError`]; then none of them was taken.
    pub async fn put_products(&self, products: &[Product]) -> Result<(), CollectError> {
        let records: Result<Vec<_>, _> = products.iter().map(entry::of_product).collect();
        self.append(records.map_err(|e| CollectError::TooLarge(e.to_string()))?).await.map(|_| ())
    }

    /// Takes changes of the catalog: on success they are durable and will be applied, each unless something
    /// newer is known of its product by then.
    ///
    /// # Errors
    /// [`CollectError`]; then none of them was taken.
    pub async fn change_catalog(&self, changes: &[Change]) -> Result<(), CollectError> {
        let records: Result<Vec<_>, _> = changes.iter().map(entry::of_change).collect();
        self.append(records.map_err(|e| CollectError::TooLarge(e.to_string()))?).await.map(|_| ())
    }

    pub(crate) async fn append(&self, records: Vec<Vec<u8>>) -> Result<Offset, CollectError> {
        let (count, gate) = (records.len() as u64, &self.inner.gate);
        gate.learn_size(&records);
        if let Some(refusal) = self.refusal(|lag| gate.is_flooded(lag)) {
            measures::append_refused();
            return Err(refusal);
        }
        let queued = gate.queue(count);
        let turn = gate.turn().await;
        self.has_room().await?;
        drop(queued);
        let began = Instant::now();
        let refused = |error| {
            measures::append_refused();
            match error {
                AppendError::TooLarge { .. } => CollectError::TooLarge(error.to_string()),
                AppendError::Overloaded { .. } => CollectError::Overloaded,
                AppendError::Full(why) => CollectError::Full(self.inner.keeping.refused(why)),
                AppendError::Closed => CollectError::Stopped,
            }
        };
        let sent = gate.send(count);
        let durable = self.inner.log.append(records).map_err(refused)?;
        drop(turn);
        let written = durable.await.map_err(refused)?;
        drop(sent);
        measures::events_durable(count, began.elapsed());
        Ok(written.end)
    }

    /// Waits until the projection has caught up enough for the next append.
    async fn has_room(&self) -> Result<(), CollectError> {
        let gate = &self.inner.gate;
        let mut applied = self.inner.live.applied.subscribe();
        loop {
            if !self.is_healthy() {
                return Err(CollectError::Stopped);
            }
            if gate.has_room(self.lag()) {
                return Ok(());
            }
            tokio::select! {
                // The sender lives as long as the pipeline.
                _ = applied.changed() => {}
                () = gate.arrived() => {}
            }
        }
    }

    /// Lets in a request with a body of so many bytes, before it is read. What is let in is counted until the
    /// seat is dropped, and is taken: only far more of it than was thought would still be refused.
    ///
    /// # Errors
    /// [`CollectError`] when nothing would be taken now, whatever it is. To ask costs next to nothing.
    pub fn seat(&self, bytes: usize) -> Result<Seat, CollectError> {
        let gate = &self.inner.gate;
        match self.refusal(|lag| gate.is_overloaded(lag)) {
            Some(refusal) => Err(refusal),
            None => Ok(gate.seat(bytes)),
        }
    }

    /// Why nothing is taken now.
    fn refusal(&self, is_too_much: impl Fn(u64) -> bool) -> Option<CollectError> {
        if self.inner.failed.load(Ordering::Acquire) {
            return Some(CollectError::Stopped);
        }
        let lag = self.lag();
        let is_overloaded = lag > self.inner.settings.max_lag_records || is_too_much(lag);
        is_overloaded.then_some(CollectError::Overloaded)
    }

    /// Durable records that are not applied yet.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.inner.log.end().saturating_sub(self.inner.live.applied())
    }

    /// Logs a decision without waiting for its durability. Dropped, and counted, when the log is full.
    pub fn log_decision(&self, body: &[u8]) {
        if self.inner.log.append_later(vec![entry::of_decision(body)]).is_err() {
            measures::decision_not_logged();
        }
    }
}
