//! Opening: the views are loaded, and the projection starts where it left off.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tradewind_kernel::Clock;
use tradewind_people::consent::Policy;
use tradewind_ports::{EventLog, Rank, StateStore};

use super::{Inner, Pipeline, PipelineError, Settings};
use crate::gate::Gate;
use crate::keeper::Keeper;
use crate::live::{Live, damaged};
use crate::outbox::Outlet;
use crate::project::Projection;
use crate::retention::Keeping;
use crate::tables::{OFFSET, Tables, VERSION, VERSION_NOW, u64_of};
use crate::watermarks::Watermarks;

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
            gate: Arc::new(Gate::new(settings.gate)),
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
        Rank::Work.take();
        run();
    };
    std::thread::Builder::new().name(name.into()).spawn(run).map_err(|e| damaged("a thread", &e))
}
