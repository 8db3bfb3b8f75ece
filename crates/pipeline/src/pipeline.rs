//! The pipeline as others see it: hand in, wait, look up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tradewind_catalog::Product;
use tradewind_events::Event;
use tradewind_kernel::{Clock, Currency, Subject, UtcMillis};
use tradewind_people::{Profile, SessionRecord};
use tradewind_ports::{AppendError, EventLog, Offset, ReadError, StateError, StateStore};

use crate::live::{Live, damaged};
use crate::project::Projection;
use crate::pulse::Pulse;
use crate::tables::{OFFSET, Tables, VERSION, VERSION_NOW, u64_of};
use crate::watermarks::Watermarks;
use crate::work::{Reads, stored_profile};
use crate::{entry, measures};

/// What the projection takes for granted.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The currency of amounts that come without one.
    pub currency: Currency,
    /// The time after which an event counts half for popularity, in milliseconds.
    pub popularity_half_life_ms: i64,
    /// Durable records that may wait to be applied before more are refused.
    pub max_lag_records: u64,
}

/// Why events were not taken. None of them is in the log then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectError {
    /// For now no more can be taken; the client should come back later.
    #[error("too much waits to be written or applied; try again shortly")]
    Overloaded,
    /// The state could not be written or read; somebody must look at the log of the program.
    #[error("the projection has stopped, so nothing more is taken; see the program's log")]
    Stopped,
    /// A single event is larger than the log takes.
    #[error("{0}")]
    TooLarge(String),
}

/// Why the pipeline could not be opened, read or go on.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The state store's error.
    #[error(transparent)]
    State(#[from] StateError),
    /// The log's error.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// Something stored does not read.
    #[error("{what} in the state does not read: {cause}")]
    Damaged {
        /// What it is.
        what: &'static str,
        /// Why.
        cause: String,
    },
    /// The state was written by a newer program.
    #[error("the state was written by a newer program: run that one")]
    TooNew,
}

pub(crate) struct Inner {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) store: Arc<dyn StateStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) tables: Tables,
    pub(crate) live: Live,
    pub(crate) watermarks: Watermarks,
    /// The log's end when it was opened.
    opened_at: Offset,
    pub(crate) stopping: AtomicBool,
    pub(crate) failed: AtomicBool,
}

/// The event's way. Dropping it applies what the log holds and stops the projection.
pub struct Pipeline {
    inner: Arc<Inner>,
    projection: Mutex<Option<JoinHandle<()>>>,
}

impl Pipeline {
    /// Opens the pipeline on a log and a state, loads the views and starts the projection where it left off.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read, or is ahead of the log.
    pub fn open(
        log: Arc<dyn EventLog>,
        store: Arc<dyn StateStore>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self, PipelineError> {
        let tables = Tables::open(store.as_ref())?;
        match store.get(tables.meta, VERSION)? {
            Some(version) if version != VERSION_NOW => return Err(PipelineError::TooNew),
            Some(_) => {}
            None => {
                let mut batch = tradewind_ports::Batch::default();
                batch.put(tables.meta, VERSION, VERSION_NOW);
                store.commit(batch)?;
            }
        }
        let offset = store.get(tables.meta, OFFSET)?.and_then(|v| u64_of(&v)).unwrap_or(0);
        let live = Live::load(store.as_ref(), &tables, settings.popularity_half_life_ms)?;
        live.applied.send_replace(offset);
        let total = store.scan(tables.counters, &[]).filter_map(|p| u64_of(&p.ok()?.1)).sum();
        live.pulses.lock().total = total;
        let reader = log.reader(offset)?;
        let opened_at = log.end();
        let watermarks = Watermarks::new(opened_at);
        let (stopping, failed) = (AtomicBool::new(false), AtomicBool::new(false));
        let inner =
            Inner { log, store, clock, settings, tables, live, watermarks, opened_at, stopping, failed };
        let inner = Arc::new(inner);
        let projection = Projection::new(Arc::clone(&inner))?;
        let thread = std::thread::Builder::new()
            .name("projection".into())
            .spawn(move || projection.run(reader))
            .map_err(|e| damaged("the projection's thread", &e))?;
        Ok(Self { inner, projection: Mutex::new(Some(thread)) })
    }

    /// Takes events: on success they are durable and will be applied, in this order.
    ///
    /// # Errors
    /// [`CollectError`]; then none of them was taken.
    pub async fn collect(&self, events: &[Event]) -> Result<(), CollectError> {
        let mut records = Vec::with_capacity(events.len());
        for event in events {
            records.push(entry::of_event(event).map_err(|e| CollectError::TooLarge(e.to_string()))?);
        }
        let end = self.append(records).await?;
        for event in events {
            for id in [&event.user_id, &event.anonymous_id].into_iter().flatten() {
                self.inner.watermarks.raise(id, end);
            }
        }
        Ok(())
    }

    /// Takes products of a feed: on success they are durable and will be applied.
    ///
    /// # Errors
    /// [`CollectError`]; then none of them was taken.
    pub async fn put_products(&self, products: &[Product]) -> Result<(), CollectError> {
        let records: Result<Vec<_>, _> = products.iter().map(entry::of_product).collect();
        self.append(records.map_err(|e| CollectError::TooLarge(e.to_string()))?).await.map(|_| ())
    }

    async fn append(&self, records: Vec<Vec<u8>>) -> Result<Offset, CollectError> {
        if let Some(refusal) = self.refusal() {
            measures::append_refused();
            return Err(refusal);
        }
        let (count, began) = (records.len() as u64, Instant::now());
        let refused = |error| {
            measures::append_refused();
            match error {
                AppendError::TooLarge { .. } => CollectError::TooLarge(error.to_string()),
                AppendError::Overloaded { .. } => CollectError::Overloaded,
                AppendError::Closed => CollectError::Stopped,
            }
        };
        let written = self.inner.log.append(records).map_err(refused)?.await.map_err(refused)?;
        measures::events_durable(count, began.elapsed());
        Ok(written.end)
    }

    /// Why nothing would be taken now, whatever it is. It costs next to nothing to ask before work is begun.
    #[must_use]
    pub fn refusal(&self) -> Option<CollectError> {
        if self.inner.failed.load(Ordering::Acquire) {
            return Some(CollectError::Stopped);
        }
        (self.lag() > self.inner.settings.max_lag_records).then_some(CollectError::Overloaded)
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

    /// Waits until every acknowledged event of these ids is in the views, for at most `patience`. Gives
    /// whether it is so.
    pub async fn caught_up(&self, ids: &[&str], patience: Duration) -> bool {
        let target = ids.iter().map(|id| self.inner.watermarks.of(id)).max().unwrap_or(0);
        self.applied_up_to(target, patience).await
    }

    /// Waits until everything that was durable at the call is in the views, for at most `patience`.
    pub async fn drained(&self, patience: Duration) -> bool {
        self.applied_up_to(self.inner.log.end(), patience).await
    }

    async fn applied_up_to(&self, target: Offset, patience: Duration) -> bool {
        if self.inner.live.applied() >= target {
            return true;
        }
        let mut applied = self.inner.live.applied.subscribe();
        let reached =
            applied.wait_for(|&offset| offset >= target || self.inner.failed.load(Ordering::Acquire));
        let reached = tokio::time::timeout(patience, reached).await.is_ok();
        reached && self.is_healthy()
    }

    /// Whether the projection still runs.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        !self.inner.failed.load(Ordering::Acquire)
    }

    /// Whether everything that the log held when it was opened is applied, and the projection still runs.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_healthy() && self.inner.live.applied() >= self.inner.opened_at
    }

    /// The views that decisions read.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.inner.live
    }

    /// The clock that everything here uses.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// The currency of amounts that come without one.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.inner.settings.currency
    }

    /// The profile of a subject, an anonymous id that belongs to a user resolved to that one. The subject
    /// that it was found under comes with it.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn profile(&self, subject: &Subject) -> Result<Option<(Subject, Arc<Profile>)>, PipelineError> {
        let Inner { store, tables, live, .. } = self.inner.as_ref();
        let mut subject = subject.clone();
        let mut key = subject.key();
        if let Some(profile) = live.profiles.get(&key) {
            return Ok(Some((subject, profile)));
        }
        if let Subject::Anonymous(anonymous) = &subject
            && let Some(user) = store.get(tables.links, anonymous.as_bytes())?
        {
            subject = Subject::User(String::from_utf8_lossy(&user).into_owned());
            key = subject.key();
        }
        let reads = Reads { store: store.as_ref(), tables, live };
        Ok(stored_profile(&reads, &key)?.map(|profile| (subject, Arc::new(profile))))
    }

    /// How many events of each name were applied, by name.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn counts(&self) -> Result<Vec<(String, u64)>, PipelineError> {
        let read = |pair: Result<_, StateError>| {
            let (name, count): (bytes::Bytes, bytes::Bytes) = pair?;
            Ok((String::from_utf8_lossy(&name).into_owned(), u64_of(&count).unwrap_or(0)))
        };
        self.inner.store.scan(self.inner.tables.counters, &[]).map(read).collect()
    }

    /// The stream at this moment.
    #[must_use]
    pub fn pulse(&self, now: UtcMillis) -> Pulse {
        self.inner.live.pulses.lock().read(now, self.lag())
    }

    /// Whether a message of this id was imported and applied.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn is_imported(&self, message_id: &str) -> Result<bool, PipelineError> {
        let key = crate::dedupe::key_of(message_id);
        Ok(self.inner.store.get(self.inner.tables.imported, &key)?.is_some())
    }

    /// Every session in the order of its number, for training.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn each_session(&self, mut take: impl FnMut(u32, SessionRecord)) -> Result<(), PipelineError> {
        for (number, pair) in (0..).zip(self.inner.store.scan(self.inner.tables.sessions, &[])) {
            let record = tradewind_people::decode(&pair?.1).map_err(|e| damaged("a session", &e))?;
            take(number, record);
        }
        Ok(())
    }

    /// Makes the state as durable as the log, for a clean end.
    ///
    /// # Errors
    /// [`StateError`] of the store.
    pub fn sync(&self) -> Result<(), PipelineError> {
        Ok(self.inner.store.sync()?)
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.inner.stopping.store(true, Ordering::Release);
        if let Some(thread) = self.projection.lock().take() {
            // A projection that panicked has told so already.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
