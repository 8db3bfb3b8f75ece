//! The thread `rights`: carries requests out, one at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rustc_hash::FxHashSet;
use serde_json::{Map, Value};
use tradewind_kernel::{Subject, UtcMillis};
use tradewind_pipeline::{PipelineError, Whose};

use crate::export;
use crate::ledger::{Act, Line, Step};
use crate::measures;
use crate::prints::Print;
use crate::receipt::{Receipt, VERSION};
use crate::request::{Ask, Kind, Stage, Status};
use crate::rights::{RightsError, Shared, fresh_status};

/// How long to wait for the projection before looking whether to stop.
const STEP: Duration = Duration::from_secs(1);
/// What the pipeline holds, as receipts name it.
const OF_PIPELINE: [&str; 9] = [
    "profiles",
    "links",
    "consents",
    "features",
    "memberships",
    "effects",
    "sessions",
    "dead_letters",
    "log_records",
];

/// The name of a receipt's blob.
pub(crate) fn receipt_name(id: &str) -> String {
    format!("receipts/{id}")
}

/// A request that waits.
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) requested_at: UtcMillis,
    pub(crate) ask: Ask,
}

/// What the thread works on.
pub(crate) struct Job {
    shared: Arc<Shared>,
}

impl Job {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Makes again what is unfinished, then carries out what comes.
    pub(crate) fn run(&self, unfinished: &[Line], inbox: &mpsc::Receiver<Task>) {
        if !unfinished.is_empty() {
            if let Err(error) = self.again(unfinished) {
                // Nothing may be answered while people are there whom the ledger says are not.
                tracing::error!(%error, "erasures of the ledger could not be made again; nothing is served");
                return;
            }
            self.shared.is_ready.store(true, Ordering::Release);
        }
        while let Ok(task) = inbox.recv() {
            if self.is_stopping() {
                return;
            }
            self.carry_out(&task);
        }
    }

    fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }

    fn now(&self) -> UtcMillis {
        self.shared.setup.pipeline.clock().now()
    }

    fn carry_out(&self, task: &Task) {
        let status =
            Status { stage: Stage::Running, ..fresh_status(&task.id, task.ask.kind, task.requested_at) };
        self.shared.put(status.clone());
        let ended = match self.act(task, status.clone()) {
            Ok(done) => Status { stage: Stage::Finished, ..done },
            Err(error) => {
                tracing::error!(request = %task.id, %error, "a request of somebody's rights failed");
                Status { stage: Stage::Failed, error: Some(error.to_string()), ..status }
            }
        };
        measures::ended(task.ask.kind.as_str(), ended.stage.as_str());
        self.shared.put(Status { finished_at: Some(self.now()), ..ended });
    }

    fn act(&self, task: &Task, status: Status) -> Result<Status, RightsError> {
        self.drain()?;
        let keys = self.shared.setup.pipeline.keys_of_all(&task.ask.subjects)?;
        let whose = Whose::new(keys);
        match task.ask.kind {
            Kind::Erase => {
                let receipt = self.erase_one(task, &whose)?;
                Ok(Status { found: receipt.found.clone(), receipt: Some(receipt), ..status })
            }
            Kind::Export => Ok(Status { export: Some(self.export(&whose)?), ..status }),
            Kind::Restrict => {
                let Some(consents) = &self.shared.setup.consents else { return Err(RightsError::NoConsents) };
                let place = "consents";
                let count = consents.deny_all(&whose).map_err(|cause| RightsError::Place { place, cause })?;
                Ok(Status { found: BTreeMap::from([(place.to_owned(), count)]), ..status })
            }
            Kind::Suppress => self.remember_further(task, &whose, Act::Suppress).map(|_| status),
            Kind::Unsuppress => self.remember_further(task, &whose, Act::Unsuppress).map(|_| status),
        }
    }

    /// Waits until everything that was taken before is applied and in the store.
    fn drain(&self) -> Result<(), RightsError> {
        let pipeline = &self.shared.setup.pipeline;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(RightsError::Thread)?;
        while !runtime.block_on(pipeline.settled(STEP)) {
            if !pipeline.is_healthy() {
                return Err(PipelineError::Stopped.into());
            }
            if self.is_stopping() {
                return Err(RightsError::Stopping);
            }
        }
        Ok(())
    }

    /// Writes the fingerprints of all keys of these people to the ledger, if the request names not all of
    /// them. Gives those fingerprints.
    fn remember_further(&self, task: &Task, whose: &Whose, act: Act) -> Result<Vec<String>, RightsError> {
        let prints = self.shared.ledger.prints().texts(whose.keys());
        let named: BTreeSet<String> = task.ask.subjects.iter().map(Subject::key).collect();
        if whose.keys().any(|key| !named.contains(key)) {
            let suppress = task.ask.suppress && act == Act::Erase;
            self.shared.append(&self.line(&task.id, Step::Requested, act, prints.clone(), suppress))?;
        }
        Ok(prints)
    }

    fn line(&self, id: &str, state: Step, act: Act, prints: Vec<String>, suppress: bool) -> Line {
        Line { v: 0, seq: 0, at: self.now(), state, request: id.to_owned(), act, prints, suppress }
    }

    fn erase_one(&self, task: &Task, whose: &Whose) -> Result<Receipt, RightsError> {
        let prints = self.remember_further(task, whose, Act::Erase)?;
        let found = self.erase(whose)?;
        let suppress = task.ask.suppress;
        self.finish(&Finished { id: &task.id, at: task.requested_at, prints, suppress }, &found, 1)
    }

    /// Removes people from every place.
    fn erase(&self, whose: &Whose) -> Result<BTreeMap<String, u64>, RightsError> {
        let setup = &self.shared.setup;
        let erased = setup.pipeline.erase(whose)?;
        let counts = [
            erased.profiles,
            erased.links,
            erased.consents,
            erased.features,
            erased.memberships,
            erased.effects,
            erased.sessions,
            erased.dead_letters,
            erased.log_records,
        ];
        let mut found: BTreeMap<String, u64> =
            OF_PIPELINE.iter().zip(counts).map(|(name, count)| ((*name).to_owned(), count)).collect();
        for place in &setup.places {
            let name = place.name();
            let count = place.erase(whose).map_err(|cause| RightsError::Place { place: name, cause })?;
            found.insert(name.to_owned(), count);
        }
        measures::erased(found.values().sum());
        Ok(found)
    }

    /// Writes the line `done`, then the receipt: a data directory that has the receipt has no need of the rest.
    fn finish(
        &self,
        done: &Finished<'_>,
        found: &BTreeMap<String, u64>,
        requests_together: u32,
    ) -> Result<Receipt, RightsError> {
        let Shared { ledger, setup, .. } = self.shared.as_ref();
        let line = self.line(done.id, Step::Done, Act::Erase, Vec::new(), done.suppress);
        let ledger_seq = self.shared.append(&line)?;
        let places = setup.places.iter().map(|place| place.name());
        let receipt = ledger.seal()?.sign(Receipt {
            version: VERSION,
            request: done.id.to_owned(),
            requested_at: done.at.to_rfc3339(),
            finished_at: self.now().to_rfc3339(),
            prints: done.prints.clone(),
            requests_together,
            found: found.clone(),
            places: OF_PIPELINE.into_iter().chain(places).map(ToOwned::to_owned).collect(),
            ledger_seq,
            ..Receipt::default()
        });
        let name = receipt_name(done.id);
        let bytes = serde_json::to_vec(&receipt).unwrap_or_default();
        setup.blobs.delete(&name)?;
        setup.blobs.put(&name, &bytes)?;
        Ok(receipt)
    }

    fn export(&self, whose: &Whose) -> Result<Value, RightsError> {
        let setup = &self.shared.setup;
        let mut all = match export::of_pipeline(&setup.pipeline, whose)? {
            Value::Object(fields) => fields,
            other => Map::from_iter([("log".to_owned(), other)]),
        };
        for place in &setup.places {
            let name = place.name();
            let held = place.export(whose).map_err(|cause| RightsError::Place { place: name, cause })?;
            all.insert(name.to_owned(), held);
        }
        Ok(all.into())
    }

    /// Carries out, all together, the requests of these lines: only their fingerprints are known.
    fn again(&self, lines: &[Line]) -> Result<(), RightsError> {
        let ids: BTreeSet<&str> = lines.iter().map(|line| line.request.as_str()).collect();
        tracing::warn!(
            requests = ids.len(),
            "the ledger of erasures knows of requests that this data directory has not seen to the end; they are \
             made again before anything is served"
        );
        self.drain()?;
        let (pipeline, prints) = (&self.shared.setup.pipeline, self.shared.ledger.prints());
        let wanted: FxHashSet<Print> = lines.iter().flat_map(Line::prints).collect();
        let keys = pipeline.find_keys(&|key| wanted.contains(&prints.of(key)))?;
        let subjects: Vec<Subject> = keys.iter().filter_map(|key| subject_of(key)).collect();
        let whose = Whose::new(pipeline.keys_of_all(&subjects)?);
        let found = self.erase(&whose)?;
        let together = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        for id in ids {
            let own: Vec<&Line> = lines.iter().filter(|line| line.request == id).collect();
            let mut prints: Vec<String> = own.iter().flat_map(|line| line.prints.iter().cloned()).collect();
            prints.sort_unstable();
            prints.dedup();
            let at = own.first().map_or_else(|| self.now(), |line| line.at);
            let suppress = own.iter().any(|line| line.suppress);
            let receipt = self.finish(&Finished { id, at, prints, suppress }, &found, together)?;
            let status = fresh_status(id, Kind::Erase, at);
            self.shared.put(Status {
                stage: Stage::Finished,
                finished_at: Some(self.now()),
                found: found.clone(),
                receipt: Some(receipt),
                ..status
            });
        }
        Ok(())
    }
}

/// An erasure that is done.
struct Finished<'a> {
    id: &'a str,
    at: UtcMillis,
    prints: Vec<String>,
    suppress: bool,
}

/// The subject behind a key.
fn subject_of(key: &str) -> Option<Subject> {
    let id = key.get(2..).filter(|id| !id.is_empty())?.to_owned();
    match key.get(..2)? {
        "u:" => Some(Subject::User(id)),
        "a:" => Some(Subject::Anonymous(id)),
        _ => None,
    }
}
