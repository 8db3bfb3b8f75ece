//! The service: takes requests, remembers what became of them, and says of whom nothing is taken.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tradewind_kernel::{Subject, UtcMillis, fresh_id};
use tradewind_pipeline::{Pipeline, PipelineError};
use tradewind_ports::{BlobError, BlobStore};

use crate::job::{Job, Task};
use crate::ledger::{Act, Ledger, LedgerError, Line, Step};
use crate::lines::{ask_of, hold, note, receipt};
use crate::place::{Consents, Place};
use crate::request::{Ask, Kind, MAX_SUBJECTS, Stage, Status};
use crate::suppression::Suppression;

/// Requests that are remembered in memory; the oldest ones that ended are forgotten.
const REMEMBERED: usize = 10_000;
/// Exports that are kept in memory.
const EXPORTS: usize = 16;

/// Why a request was not taken, or not carried out.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// Nobody is named, or too many.
    #[error("a request names 1 to {MAX_SUBJECTS} subjects")]
    Subjects,
    /// The id is none.
    #[error("an id has 1 to 100 characters of A-Z, a-z, 0-9 and -")]
    Id,
    /// Nothing keeps what people agreed to.
    #[error("there is no consent ledger, so nothing can be restricted")]
    NoConsents,
    /// The ledger's error.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The pipeline's error.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The receipts' error.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A place's error.
    #[error("{place}: {cause}")]
    Place {
        /// Its name.
        place: &'static str,
        /// Why, in words.
        cause: String,
    },
    /// There is nothing to confirm.
    #[error("there is no request of this id that awaits a confirmation")]
    NothingToConfirm,
    /// No thread.
    #[error("the thread for requests could not be started: {0}")]
    Thread(std::io::Error),
    /// The service ends.
    #[error("the program is being stopped")]
    Stopping,
}

/// What the service is made of.
pub struct Setup {
    /// The event's way.
    pub pipeline: Arc<Pipeline>,
    /// Where receipts are kept, as `receipts/<request>`.
    pub blobs: Arc<dyn BlobStore>,
    /// Everything else that holds something of people.
    pub places: Vec<Arc<dyn Place>>,
    /// Where it is kept what people agreed to, if there is such.
    pub consents: Option<Arc<dyn Consents>>,
}

/// What the service and its thread share.
pub(crate) struct Shared {
    pub(crate) setup: Setup,
    pub(crate) ledger: Ledger,
    pub(crate) suppression: Suppression,
    pub(crate) is_ready: AtomicBool,
    pub(crate) stopping: AtomicBool,
    /// What somebody has to confirm first, by its request.
    awaiting: Mutex<BTreeMap<String, Ask>>,
    statuses: Mutex<BTreeMap<String, Status>>,
}

/// The rights of people. Dropping it lets the request under way end and leaves the others to the next start.
pub struct Rights {
    shared: Arc<Shared>,
    tasks: Mutex<Option<mpsc::Sender<Task>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Rights {
    /// Opens the ledger and starts the thread, which first makes again what was interrupted or what this data
    /// directory, come from an older backup, has never seen. Until then [`is_ready`](Self::is_ready) is false.
    ///
    /// # Errors
    /// [`RightsError`] when the ledger or the receipts do not read.
    pub fn open(ledger_dir: &Path, setup: Setup) -> Result<Self, RightsError> {
        let (ledger, lines) = Ledger::open(ledger_dir)?;
        let suppression = Suppression::new(ledger.prints().clone());
        let mut unfinished: Vec<Line> = Vec::new();
        let mut statuses = BTreeMap::new();
        for line in &lines {
            hold(&suppression, line);
            note(&mut statuses, line);
        }
        let begun =
            |status: &&mut Status| status.kind.is_erasure() && status.stage != Stage::AwaitingConfirmation;
        for status in statuses.values_mut().filter(begun) {
            status.receipt = receipt(setup.blobs.as_ref(), &status.id)?;
            match &status.receipt {
                Some(receipt) => status.found = receipt.found.clone(),
                None => status.stage = Stage::Initialized,
            }
        }
        let is_open = |line: &&Line| {
            statuses.get(&line.request).is_some_and(|status| {
                status.kind.is_erasure()
                    && status.stage != Stage::AwaitingConfirmation
                    && (status.receipt.is_none() || status.stage != Stage::Finished)
            })
        };
        unfinished.extend(lines.iter().filter(is_open).cloned());
        if unfinished.is_empty() {
            // A crash after the receipts and before this.
            crate::under_way::clear(setup.blobs.as_ref())?;
        }
        let awaiting = lines.iter().filter(|line| line.state == Step::Awaiting).filter_map(|line| {
            let status = statuses.get(&line.request)?;
            (status.stage == Stage::AwaitingConfirmation).then(|| (line.request.clone(), ask_of(line)))
        });
        let awaiting = awaiting.collect();
        let shared = Arc::new(Shared {
            setup,
            ledger,
            suppression,
            is_ready: AtomicBool::new(unfinished.is_empty()),
            stopping: AtomicBool::new(false),
            awaiting: Mutex::new(awaiting),
            statuses: Mutex::new(statuses),
        });
        let (tasks, inbox) = mpsc::channel();
        let job = Job::new(Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("rights".into())
            .spawn(move || job.run(&unfinished, &inbox))
            .map_err(RightsError::Thread)?;
        Ok(Self { shared, tasks: Mutex::new(Some(tasks)), thread: Mutex::new(Some(thread)) })
    }

    /// Whether everything of before the start is carried out. Until then nothing may be answered: what is
    /// to be forgotten may still be there.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shared.is_ready.load(Ordering::Acquire)
    }

    /// Whether it takes nothing more, and leaves what waits to the next start.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }

    /// Of whom nothing is taken.
    #[must_use]
    pub fn suppression(&self) -> &Suppression {
        &self.shared.suppression
    }

    /// Takes a request and gives its id; what the ledger remembers of it is durable then. Blocks for a sync.
    ///
    /// # Errors
    /// [`RightsError`]; then nothing will be done.
    pub fn request(&self, ask: Ask) -> Result<String, RightsError> {
        self.take(ask, Step::Requested)
    }

    /// Takes a request that is carried out once it is [confirmed](Self::confirm), also after a restart. Of its
    /// subjects only fingerprints are remembered, so it is for the erasure of a shop.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub fn await_confirmation(&self, ask: Ask) -> Result<String, RightsError> {
        self.take(ask, Step::Awaiting)
    }

    /// Carries out, from now on, a request that awaits it. Blocks for a sync.
    ///
    /// # Errors
    /// [`RightsError`]; then nothing will be done.
    pub fn confirm(&self, id: &str) -> Result<(), RightsError> {
        let tasks = self.tasks.lock();
        let Some(sender) = tasks.as_ref() else { return Err(RightsError::Stopping) };
        let Some(ask) = self.shared.awaiting.lock().remove(id) else {
            return Err(RightsError::NothingToConfirm);
        };
        let now = self.shared.setup.pipeline.clock().now();
        self.begin(sender, id, Ask { id: Some(id.to_owned()), ..ask }, now)
    }

    fn take(&self, ask: Ask, step: Step) -> Result<String, RightsError> {
        let Shared { setup, .. } = self.shared.as_ref();
        let is_of_shop = ask.kind == Kind::EraseShop;
        if is_of_shop != ask.subjects.is_empty()
            || is_of_shop != ask.shop.is_some()
            || ask.subjects.len() > MAX_SUBJECTS
        {
            return Err(RightsError::Subjects);
        }
        if ask.kind == Kind::Restrict && setup.consents.is_none() {
            return Err(RightsError::NoConsents);
        }
        let now = setup.pipeline.clock().now();
        let id = ask.id.clone().unwrap_or_else(|| fresh_id(now));
        let is_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if id.is_empty() || id.len() > 100 || !id.chars().all(is_id) {
            return Err(RightsError::Id);
        }
        // Held until the task is sent, so that requests are carried out in the ledger's order.
        let tasks = self.tasks.lock();
        let Some(sender) = tasks.as_ref() else { return Err(RightsError::Stopping) };
        if self.shared.status(&id).is_some() {
            return Ok(id);
        }
        if step == Step::Awaiting {
            self.shared.append(&self.line_of(&id, &ask, step, now))?;
            let status = fresh_status(&id, ask.kind, now);
            self.shared.put(Status { stage: Stage::AwaitingConfirmation, ..status });
            self.shared.awaiting.lock().insert(id.clone(), ask);
            return Ok(id);
        }
        self.begin(sender, &id, ask, now)?;
        Ok(id)
    }

    /// Remembers a request and hands it to the thread. The ledger has one line of it first.
    fn begin(
        &self,
        sender: &mpsc::Sender<Task>,
        id: &str,
        ask: Ask,
        now: UtcMillis,
    ) -> Result<(), RightsError> {
        if ask.kind.act().is_some() {
            self.shared.append(&self.line_of(id, &ask, Step::Requested, now))?;
        }
        self.shared.put(fresh_status(id, ask.kind, now));
        let task = Task { id: id.to_owned(), requested_at: now, ask };
        sender.send(task).map_err(|_| RightsError::Stopping)
    }

    fn line_of(&self, id: &str, ask: &Ask, state: Step, at: UtcMillis) -> Line {
        let keys: Vec<String> = ask.subjects.iter().map(Subject::key).collect();
        Line {
            v: 0,
            seq: 0,
            at,
            state,
            request: id.to_owned(),
            act: ask.kind.act().unwrap_or(Act::Erase),
            prints: self.shared.ledger.prints().texts(keys.iter().map(String::as_str)),
            suppress: ask.suppress && ask.kind.is_erasure(),
            turns: Vec::new(),
            shop: ask.shop.clone(),
        }
    }

    /// A request and what became of it.
    #[must_use]
    pub fn status(&self, id: &str) -> Option<Status> {
        self.shared.status(id)
    }

    /// The latest requests, newest first, at most `limit`, without exports.
    #[must_use]
    pub fn list(&self, limit: usize) -> Vec<Status> {
        let mut all: Vec<Status> = self.shared.statuses.lock().values().map(without_export).collect();
        all.sort_by(|a, b| (b.requested_at, &b.id).cmp(&(a.requested_at, &a.id)));
        all.truncate(limit);
        all
    }
}

impl Rights {
    /// Takes nothing more, and waits for the request under way. The others are left to the next start.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.tasks.lock().take();
        if let Some(thread) = self.thread.lock().take() {
            // One that panicked has told so already.
            let _ = thread.join();
        }
    }
}

impl Drop for Rights {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    pub(crate) fn status(&self, id: &str) -> Option<Status> {
        self.statuses.lock().get(id).cloned()
    }

    /// Writes what became of a request over what was known of it.
    pub(crate) fn put(&self, status: Status) {
        let mut statuses = self.statuses.lock();
        statuses.insert(status.id.clone(), status);
        let mut exports: Vec<(UtcMillis, String)> = statuses
            .values()
            .filter(|s| s.export.is_some())
            .map(|s| (s.requested_at, s.id.clone()))
            .collect();
        exports.sort_unstable();
        for (_, id) in exports.iter().rev().skip(EXPORTS) {
            statuses.entry(id.clone()).and_modify(|status| status.export = None);
        }
        if statuses.len() > REMEMBERED {
            let ended = statuses.values().filter(|s| matches!(s.stage, Stage::Finished));
            let oldest = ended.min_by_key(|s| s.requested_at).map(|s| s.id.clone());
            if let Some(id) = oldest {
                statuses.remove(&id);
            }
        }
        let waiting = statuses.values().filter(|s| matches!(s.stage, Stage::Initialized | Stage::Running));
        crate::measures::waiting(waiting.count());
    }

    /// Adds a line to the ledger, and lets it hold.
    pub(crate) fn append(&self, line: &Line) -> Result<u64, LedgerError> {
        let seq = self.ledger.append(line.clone())?;
        hold(&self.suppression, line);
        Ok(seq)
    }
}

fn without_export(status: &Status) -> Status {
    Status { export: None, ..status.clone() }
}

pub(crate) fn fresh_status(id: &str, kind: Kind, now: UtcMillis) -> Status {
    Status {
        id: id.to_owned(),
        kind,
        stage: Stage::Initialized,
        requested_at: now,
        finished_at: None,
        error: None,
        found: BTreeMap::new(),
        receipt: None,
        export: None,
    }
}

#[cfg(test)]
mod tests;
