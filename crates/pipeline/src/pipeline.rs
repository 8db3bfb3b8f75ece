//! The pipeline as others see it: `open` it, hand in (`take`), close it. What it can be asked is in
//! [`crate::lookups`].

mod error;
mod open;
mod take;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tradewind_kernel::{Clock, Currency};
use tradewind_people::consent::Policy;
use tradewind_ports::{EventLog, Offset, StateStore, block_on};

pub use self::error::{CollectError, PipelineError};
use crate::changes::Changes;
use crate::dead_letters::LetterLimits;
use crate::erasure::Order;
use crate::gate::{Gate, GateTargets};
use crate::live::{Live, damaged};
use crate::outbox::Outlet;
use crate::reads::{Place, Reads};
use crate::retention::{self, Keeping, Position, Retention};
use crate::tables::Tables;
use crate::watermarks::Watermarks;

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

/// What the pipeline's threads and those who ask it share.
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
    pub(crate) gate: Arc<Gate>,
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

    /// Where the projection looks, given what the keeper is committing.
    pub(crate) fn reads<'a>(&'a self, frozen: Option<&'a Changes>) -> Reads<'a> {
        let Place { store, tables, live } = self.place();
        Reads { store, tables, live, frozen, currency: self.settings.currency }
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
    /// [`PipelineError`] when the store cannot be written.
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

#[cfg(test)]
pub(crate) mod tests;
