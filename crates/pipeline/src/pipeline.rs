//! The pipeline as others see it: open, hand in, close. What it can be asked is in [`crate::lookups`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Instant;

use parking_lot::Mutex;
use tradewind_catalog::{Change, Product};
use tradewind_events::Event;
use tradewind_kernel::{Clock, Currency};
use tradewind_people::consent::Policy;
use tradewind_ports::{AppendError, EventLog, Offset, ReadError, StateError, StateStore, block_on};

use crate::dead_letters::LetterLimits;
use crate::erasure::Order;
use crate::gate::{Gate, GateTargets};
use crate::keeper::Keeper;
use crate::live::{Live, damaged};
use crate::outbox::Outlet;
use crate::project::Projection;
use crate::reads::Place;
use crate::retention::{self, Keeping, Position, Retention};
use crate::tables::{OFFSET, Tables, VERSION, VERSION_NOW, u64_of};
use crate::watermarks::Watermarks;
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
    /// How much may wait in time.
    pub gate: GateTargets,
    /// How many dead letters are kept.
    pub dead_letters: LetterLimits,
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
    /// There is no room on the disk, or within the log's bound.
    #[error("nothing can be kept for now: {0}")]
    Full(String),
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
    /// The projection has ended with an error, which the program's log tells.
    #[error("the projection has stopped; see the program's log")]
    Stopped,
    /// The log has lost what the state needs next.
    #[error(
        "the state comes from record {offset} of the log, which begins at record {start}: what lies between was \
         removed, so the state can neither go on nor be made anew. Put back the state, or the log's files, from a \
         copy"
    )]
    LogBeginsLater {
        /// Where the state stands; 0 if there is none.
        offset: Offset,
        /// The first record that the log holds.
        start: Offset,
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
    /// What holds where a person was never asked.
    pub(crate) policy: Arc<Policy>,
    pub(crate) tables: Tables,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) live: Live,
    pub(crate) watermarks: Watermarks,
    pub(crate) gate: Gate,
    /// The log's end when it was opened.
    opened_at: Offset,
    pub(crate) keeping: Keeping,
    /// Whom the projection is to remove, between two batches.
    pub(crate) orders: Mutex<Vec<Order>>,
    /// Held while people are erased, and while what is logged of them is decided.
    pub(crate) erasing: Mutex<()>,
    pub(crate) stopping: AtomicBool,
    pub(crate) failed: AtomicBool,
}

impl Inner {
    /// Up to where the acknowledged events of an id reach, and those of users that it is merged with.
    pub(crate) fn watermark(&self, id: &str) -> Offset {
        let merged = self.live.merged.load();
        let users = merged.persons.of(id).map_or(&[][..], |person| &person.users);
        let others = users.iter().map(|user| self.watermarks.of(user));
        others.chain([self.watermarks.of(id)]).max().unwrap_or(0)
    }

    /// What is shown.
    pub(crate) fn place(&self) -> Place<'_> {
        Place { store: self.store.as_ref(), tables: &self.tables, live: &self.live }
    }

    /// Stops the pipeline for good: the state could not be read or written.
    pub(crate) fn fail(&self) {
        self.failed.store(true, Ordering::Release);
        self.live.applied.send_modify(|_| {});
        self.live.checkpointed.send_modify(|_| {});
    }
}

/// The event's way. Dropping it applies what the log holds, makes the store reach as far, and ends its threads.
pub struct Pipeline {
    pub(crate) inner: Arc<Inner>,
    /// The projection and its keeper.
    threads: Mutex<Vec<JoinHandle<()>>>,
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
        Self::open_under(Arc::default(), log, store, clock, settings)
    }

    /// The same under policies of consent other than the built-in ones.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_under(
        policy: Arc<Policy>,
        log: Arc<dyn EventLog>,
        store: Arc<dyn StateStore>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self, PipelineError> {
        Self::open_with(policy, log, store, clock, settings, Outlet::default())
    }

    /// The same, with what is to come out of the outbox; [`open`](Self::open) lets nothing out.
    ///
    /// # Errors
    /// [`PipelineError`] as [`open`](Self::open).
    pub fn open_with(
        policy: Arc<Policy>,
        log: Arc<dyn EventLog>,
        store: Arc<dyn StateStore>,
        clock: Arc<dyn Clock>,
        settings: Settings,
        outlet: Outlet,
    ) -> Result<Self, PipelineError> {
        let tables = Tables::open(store.as_ref())?;
        match store.get(tables.meta, VERSION)? {
            Some(version) if version != VERSION_NOW => return Err(PipelineError::TooNew),
            Some(_) => {}
            None => {
                let mut batch = tradewind_ports::Batch::default();
                batch.put(tables.meta, VERSION, VERSION_NOW);
                store.commit(&batch)?;
            }
        }
        let offset = store.get(tables.meta, OFFSET)?.and_then(|v| u64_of(&v)).unwrap_or(0);
        let live = Live::load(store.as_ref(), &tables, settings.popularity_half_life_ms, &policy)?;
        live.identity.lock().tell();
        live.applied.send_replace(offset);
        live.checkpointed.send_replace(offset);
        live.pulses.lock().total = live.counters.lock().total();
        if offset < log.start() {
            return Err(PipelineError::LogBeginsLater { offset, start: log.start() });
        }
        let reader = log.reader(offset)?;
        let opened_at = log.end();
        let watermarks = Watermarks::new(opened_at);
        let (stopping, failed) = (AtomicBool::new(false), AtomicBool::new(false));
        let inner = Arc::new(Inner {
            log,
            store,
            clock,
            settings,
            policy,
            tables,
            outlet: Arc::new(outlet),
            live,
            watermarks,
            gate: Gate::new(settings.gate),
            opened_at,
            keeping: Keeping::default(),
            orders: Mutex::default(),
            erasing: Mutex::default(),
            stopping,
            failed,
        });
        let (to_keeper, tasks) = mpsc::channel();
        let projection = Projection::new(Arc::clone(&inner), to_keeper)?;
        let keeper = Keeper::new(Arc::clone(&inner));
        let threads = [
            spawn("projection", &inner, move || projection.run(reader))?,
            spawn("keeper", &inner, move || keeper.run(&tasks))?,
        ];
        Ok(Self { inner, threads: Mutex::new(threads.into()) })
    }

    /// Keeps the log's records for one more reader until it is past them. `position` is asked often, from a
    /// thread of its own, and tells the offset that a power cut cannot take the reader back before. Register
    /// all readers before [`keep_log`](Self::keep_log).
    pub fn register_reader(&self, name: &str, position: Position) {
        self.inner.keeping.register(name, position);
    }

    /// From now on removes what the log need not keep. Call it once.
    ///
    /// # Errors
    /// [`PipelineError`] when there is no thread for it.
    pub fn keep_log(&self, retention: Retention) -> Result<(), PipelineError> {
        let thread = retention::start(Arc::clone(&self.inner), retention);
        let thread = thread.map_err(|e| damaged("the thread that keeps the log", &e))?;
        self.threads.lock().push(thread);
        Ok(())
    }

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
        if let Some(refusal) = self.refusal() {
            measures::append_refused();
            return Err(refusal);
        }
        let (count, gate) = (records.len() as u64, &self.inner.gate);
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

    /// Why nothing would be taken now, whatever it is. It costs next to nothing to ask before work is begun.
    #[must_use]
    pub fn refusal(&self) -> Option<CollectError> {
        if self.inner.failed.load(Ordering::Acquire) {
            return Some(CollectError::Stopped);
        }
        let lag = self.lag();
        let is_overloaded = lag > self.inner.settings.max_lag_records || self.inner.gate.is_overloaded(lag);
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

    /// Makes the state as durable as the log, for a clean end.
    ///
    /// # Errors
    /// [`StateError`] of the store.
    pub fn sync(&self) -> Result<(), PipelineError> {
        block_on(self.flushed())?;
        Ok(self.inner.store.sync()?)
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.inner.stopping.store(true, Ordering::Release);
        self.inner.keeping.stop();
        for thread in self.threads.lock().drain(..) {
            // One that panicked has told so already.
            let _ = thread.join();
        }
    }
}

/// Stops the pipeline when the thread that holds it panics: nobody else would do its work.
struct FailOnPanic(Arc<Inner>);

impl Drop for FailOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail();
        }
    }
}

fn spawn(
    name: &str,
    inner: &Arc<Inner>,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, PipelineError> {
    let guard = FailOnPanic(Arc::clone(inner));
    let run = move || {
        let _guard = guard;
        run();
    };
    std::thread::Builder::new().name(name.into()).spawn(run).map_err(|e| damaged("a thread", &e))
}

#[cfg(test)]
pub(crate) mod tests;
