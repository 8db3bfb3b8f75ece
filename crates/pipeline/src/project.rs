//! The projection thread: read, fold, show, and again.
//!
//! A batch of records goes one way:
//!
//! 1. [`prepare`](crate::prepare) reads each record and looks up what no other record decides;
//! 2. `planning` goes through them in the log's order and makes a [`plan`](crate::plan);
//! 3. [`fold`](crate::fold) changes the profiles as the plan says;
//! 4. `showing` lets the live views learn it and gathers it in [`Changes`]; then the offset counts as applied.
//!
//! The cores share the first and the third. Until the fourth nothing has changed, so that a batch can be given
//! up and tried in halves. What comes out does not depend on how the log was cut into batches nor on who folded
//! what: a rebuild gives the same bytes. The store learns it later, from the [keeper](crate::keeper).
//!
//! An error of the state store or the log stops it; the pipeline then refuses further events, since nothing
//! would come of them, and `/readyz` says so. A record that cannot be read, or makes the folding panic, is
//! counted, kept as a dead letter and passed over.

mod planning;
mod showing;

use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tradewind_ports::{LogReader, Offset, Rank, Record, block_on};

use crate::changes::Changes;
use crate::counted::Counted;
use crate::dead_letters::words_of_panic;
use crate::dedupe::Dedupe;
use crate::erasure::{self, Order};
use crate::facts::Facts;
use crate::fold::{self, Folded};
use crate::keeper::{CHECKPOINT_RECORDS, Pace, Task, committed};
use crate::measures;
use crate::pipeline::{Inner, PipelineError};
use crate::plan::Plan;
use crate::prepare;
use crate::reads::Reads;

/// Records are taken in batches of about this size, so that what was just sent is soon seen.
const BATCH_BYTES: usize = 512 << 10;
/// How long the thread waits for new records before it looks whether it should stop.
const IDLE: Duration = Duration::from_millis(200);

/// The projection and what it remembers between batches.
pub(crate) struct Projection {
    inner: Arc<Inner>,
    dedupe: Dedupe,
    counted: Counted,
    facts: Facts,
    pool: rayon::ThreadPool,
    keeper: mpsc::Sender<Task>,
    pace: Pace,
    next_session: u32,
    /// Since the last checkpoint, but for its [`People`](crate::changes::People): those of now are in
    /// [`Live::pending`](crate::live::Live::pending), where decisions read them.
    current: Changes,
    /// What the keeper is committing, or has committed since.
    frozen: Option<Arc<Changes>>,
}

impl Projection {
    pub(crate) fn new(inner: Arc<Inner>, keeper: mpsc::Sender<Task>) -> Result<Self, PipelineError> {
        let dedupe = Dedupe::new(inner.store.as_ref(), &inner.tables)?;
        dedupe.prepare(inner.store.as_ref(), inner.clock.now())?;
        let next_session = u32::try_from(inner.live.sessions.read().sessions()).unwrap_or(u32::MAX);
        let pool = rayon::ThreadPoolBuilder::new()
            .thread_name(|n| format!("fold-{n}"))
            .start_handler(|_| Rank::Work.take())
            .build()
            .map_err(|e| crate::live::damaged("the folding threads", &e))?;
        let (pace, current, frozen) = (Pace::new(), Changes::default(), None);
        let catalog = inner.live.catalog.load();
        let counted = Counted::of(&catalog);
        let facts = Facts::of(&catalog, inner.settings.currency);
        drop(catalog);
        Ok(Self { inner, dedupe, counted, facts, pool, keeper, pace, next_session, current, frozen })
    }

    /// Applies records until the pipeline is told to stop and the log is read to its end.
    pub(crate) fn run(mut self, mut reader: Box<dyn LogReader>) {
        if let Err(error) = self.follow(reader.as_mut()) {
            tracing::error!(%error, offset = reader.position(), "the projection has stopped");
            self.inner.fail();
        }
    }

    fn follow(&mut self, reader: &mut dyn LogReader) -> Result<(), PipelineError> {
        loop {
            let records = reader.read(BATCH_BYTES)?;
            if records.is_empty() {
                self.checkpoint(self.current.records > 0)?;
                if self.inner.stopping.load(Ordering::Acquire) {
                    return self.finish();
                }
                self.inner.log.wait_past(reader.position(), IDLE);
            } else {
                self.apply(&records, reader.position())?;
                self.checkpoint(self.pace.is_due(self.current.records))?;
            }
            self.obey(reader.position())?;
            if self.inner.failed.load(Ordering::Acquire) {
                return Ok(());
            }
        }
    }

    /// Removes whom it was told to, if anybody. Nothing else happens meanwhile; `next` is the next record.
    fn obey(&mut self, next: Offset) -> Result<(), PipelineError> {
        let orders = std::mem::take(&mut *self.inner.orders.lock());
        if orders.is_empty() {
            return Ok(());
        }
        self.finish()?;
        self.checkpoint(false)?;
        let inner = Arc::clone(&self.inner);
        if inner.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        let reads = inner.reads(None);
        for Order { whose, reply } in orders {
            // Whoever no longer waits does not need the answer.
            let _ = reply.send((erasure::remove(&reads, &whose)?, next));
        }
        Ok(())
    }

    /// Waits until the store has everything.
    fn finish(&mut self) -> Result<(), PipelineError> {
        while self.current.records > 0 {
            if !block_on(committed(&self.inner, self.frozen.as_ref().map_or(0, |f| f.next))) {
                return Ok(());
            }
            self.checkpoint(true)?;
        }
        block_on(committed(&self.inner, self.frozen.as_ref().map_or(0, |f| f.next)));
        Ok(())
    }

    /// Applies records in as many batches as it takes: one, unless folding panics. Then each half is a batch
    /// of its own, down to the poisonous record, which becomes a dead letter.
    fn apply(&mut self, records: &[Record], next: Offset) -> Result<(), PipelineError> {
        let began = Instant::now();
        let inner = Arc::clone(&self.inner);
        let frozen = self.frozen.clone();
        let reads = inner.reads(frozen.as_deref());
        let (plan, folded) = match std::panic::catch_unwind(AssertUnwindSafe(|| self.fold(&reads, records))) {
            Ok(folded) => folded?,
            Err(panic) if records.len() <= 1 => {
                (self.bury(&reads, records, &words_of_panic(panic.as_ref()))?, Folded::default())
            }
            Err(_) => {
                let (before, after) = records.split_at(records.len() / 2);
                self.apply(before, after[0].offset)?;
                return self.apply(after, next);
            }
        };
        self.show(&reads, plan, folded)?;
        self.current.records += records.len() as u64;
        self.current.next = next;
        let (count, took) = (records.len() as u64, began.elapsed());
        inner.gate.learn(count, took);
        // Before it counts as applied: whoever waited for that finds it measured.
        measures::projected(count, took, inner.log.end().saturating_sub(next));
        inner.live.applied.send_replace(next);
        self.expire()
    }

    /// The first three steps: what records do, before anybody sees it.
    fn fold(&self, reads: &Reads<'_>, records: &[Record]) -> Result<(Plan, Folded), PipelineError> {
        let items = self.shared(records.len(), || prepare::prepare(records, reads, &self.dedupe));
        let plan = self.plan(reads, records, items)?;
        let next_session = self.next_session;
        let folded = self.shared(plan.steps.len(), || fold::fold(&plan, reads, next_session))?;
        Ok((plan, folded))
    }

    /// Does a step with all cores if it is worth it.
    fn shared<T: Send>(&self, size: usize, step: impl FnOnce() -> T + Send) -> T {
        if size < prepare::WORTH_SHARING { step() } else { self.pool.install(step) }
    }

    /// Hands what has changed to the keeper, if it is due and the keeper is done with the last. Waits for it
    /// when very much has changed.
    fn checkpoint(&mut self, is_due: bool) -> Result<(), PipelineError> {
        let live = &self.inner.live;
        if let Some(frozen) = &self.frozen {
            if self.current.records >= 2 * CHECKPOINT_RECORDS {
                block_on(committed(&self.inner, frozen.next));
            }
            if *live.checkpointed.borrow() < frozen.next {
                return Ok(());
            }
            self.frozen = None;
            self.pace.committed();
        }
        if !is_due || self.inner.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        let mut changes = std::mem::take(&mut self.current);
        let popularity = live.popularity.read();
        let raw = |item| popularity.raw(item).map(|raw| (item, raw));
        changes.popularity = changes.gained.drain().filter_map(raw).collect();
        drop(popularity);
        changes.aggregated.freeze(live);
        let mut pending = live.pending.write();
        changes.people = std::mem::take(&mut pending.current);
        let changes = Arc::new(changes);
        pending.frozen = Some(Arc::clone(&changes));
        drop(pending);
        self.frozen = Some(Arc::clone(&changes));
        self.pace.handed_over();
        // A keeper that has ended has told why, and the pipeline has failed.
        let _ = self.keeper.send(Task::Commit(changes));
        Ok(())
    }

    /// Drops remembered message ids that are too old, once a day of the clock, when nothing is being written.
    fn expire(&mut self) -> Result<(), PipelineError> {
        let now = self.inner.clock.now();
        if self.frozen.is_none() && self.pace.is_new_day(now) {
            let store = self.inner.store.as_ref();
            self.dedupe.expire(store, now, &mut self.current.seen)?;
            self.dedupe.prepare(store, now)?;
        }
        Ok(())
    }
}
