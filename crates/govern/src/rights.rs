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

use crate::job::{Job, Task, receipt_name};
use crate::ledger::{Ledger, LedgerError, Line, Step};
use crate::place::{Consents, Place};
use crate::receipt::Receipt;
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
        for status in statuses.values_mut().filter(|status| status.kind == Kind::Erase) {
            status.receipt = receipt(setup.blobs.as_ref(), &status.id)?;
            match &status.receipt {
                Some(receipt) => status.found = receipt.found.clone(),
                None => status.stage = Stage::Initialized,
            }
        }
        let is_open = |line: &&Line| {
            statuses.get(&line.request).is_some_and(|status| {
                status.kind == Kind::Erase && (status.receipt.is_none() || status.stage != Stage::Finished)
            })
        };
        unfinished.extend(lines.iter().filter(is_open).cloned());
        let shared = Arc::new(Shared {
            setup,
            ledger,
            suppression,
            is_ready: AtomicBool::new(unfinished.is_empty()),
            stopping: AtomicBool::new(false),
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
        let Shared { setup, ledger, .. } = self.shared.as_ref();
        if ask.subjects.is_empty() || ask.subjects.len() > MAX_SUBJECTS {
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
        if let Some(act) = ask.kind.act() {
            let keys: Vec<String> = ask.subjects.iter().map(Subject::key).collect();
            let line = Line {
                v: 0,
                seq: 0,
                at: now,
                state: Step::Requested,
                request: id.clone(),
                act,
                prints: ledger.prints().texts(keys.iter().map(String::as_str)),
                suppress: ask.suppress && ask.kind == Kind::Erase,
                turns: Vec::new(),
            };
            self.shared.append(&line)?;
        }
        self.shared.put(fresh_status(&id, ask.kind, now));
        let task = Task { id: id.clone(), requested_at: now, ask };
        sender.send(task).map_err(|_| RightsError::Stopping)?;
        Ok(id)
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

/// What a line of the ledger means for whom nothing is taken of.
fn hold(suppression: &Suppression, line: &Line) {
    match Kind::from(line.act) {
        Kind::Suppress => suppression.add(line.prints()),
        Kind::Erase if line.suppress => suppression.add(line.prints()),
        Kind::Unsuppress => suppression.remove(line.prints()),
        _ => {}
    }
}

/// What a line of the ledger means for the request's status.
fn note(statuses: &mut BTreeMap<String, Status>, line: &Line) {
    let status = statuses
        .entry(line.request.clone())
        .or_insert_with(|| fresh_status(&line.request, line.act.into(), line.at));
    if line.state == Step::Done || Kind::from(line.act) != Kind::Erase {
        (status.stage, status.finished_at) = (Stage::Finished, Some(line.at));
    }
}

/// The receipt of a request, if this data directory has it.
fn receipt(blobs: &dyn BlobStore, id: &str) -> Result<Option<Receipt>, RightsError> {
    let Some(bytes) = blobs.get(&receipt_name(id))? else { return Ok(None) };
    let read = serde_json::from_slice(&bytes);
    if let Err(error) = &read {
        tracing::error!(request = id, %error, "a receipt does not read; its erasure is made again");
    }
    Ok(read.ok())
}

#[cfg(test)]
mod tests;
