//! The thread `rights`: carries requests out, in their order. Erasures that wait one behind the other are carried
//! out together: the log is searched once and each store is purged once for all of them, and none is done before
//! that is through. Each has its own lines in the ledger, its own receipt and its own status.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde_json::{Map, Value};
use tradewind_kernel::{Subject, UtcMillis};
use tradewind_pipeline::{PipelineError, Turn, Whose};

use crate::export;
use crate::ledger::{Act, Line, Step, TurnPrint};
use crate::receipt::{Receipt, VERSION};
use crate::request::{Ask, Kind, Stage, Status};
use crate::rights::{RightsError, Shared, fresh_status};
use crate::{measures, under_way};

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

/// Ids of a shop's people that are looked for at once.
const PEOPLE_AT_ONCE: usize = 20_000;
/// The most requests that are carried out together.
const MAX_TOGETHER: usize = 1_000;

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
    pub(crate) shared: Arc<Shared>,
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
        let mut waiting: VecDeque<Task> = VecDeque::new();
        loop {
            if waiting.is_empty() {
                let Ok(task) = inbox.recv() else { return };
                waiting.push_back(task);
            }
            waiting.extend(inbox.try_iter());
            if self.is_stopping() {
                return;
            }
            let erasures = waiting.iter().take(MAX_TOGETHER).take_while(|task| task.ask.kind == Kind::Erase);
            let count = erasures.count().max(1);
            let tasks: Vec<Task> = waiting.drain(..count).collect();
            self.carry_out(&tasks);
        }
    }

    fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }

    pub(crate) fn now(&self) -> UtcMillis {
        self.shared.setup.pipeline.clock().now()
    }

    /// Carries out one request, or several erasures.
    fn carry_out(&self, tasks: &[Task]) {
        let begun = |task: &Task| {
            let status = fresh_status(&task.id, task.ask.kind, task.requested_at);
            Status { stage: Stage::Running, ..status }
        };
        let statuses: Vec<Status> = tasks.iter().map(begun).collect();
        statuses.iter().for_each(|status| self.shared.put(status.clone()));
        let ended = match self.act(tasks, &statuses) {
            Ok(done) => done,
            Err(error) => {
                let why = error.to_string();
                tracing::error!(requests = tasks.len(), %error, "requests of somebody's rights failed");
                let fail = |status| Status { stage: Stage::Failed, error: Some(why.clone()), ..status };
                statuses.into_iter().map(fail).collect()
            }
        };
        for status in ended {
            measures::ended(status.kind.as_str(), status.stage.as_str());
            self.shared.put(Status { finished_at: Some(self.now()), ..status });
        }
    }

    fn act(&self, tasks: &[Task], statuses: &[Status]) -> Result<Vec<Status>, RightsError> {
        self.drain()?;
        let subjects: Vec<&[Subject]> = tasks.iter().map(|task| task.ask.subjects.as_slice()).collect();
        let people = self.shared.setup.pipeline.people(&subjects)?;
        let done = match (tasks, people.as_slice()) {
            ([task], _) if task.ask.kind == Kind::EraseShop => {
                statuses.iter().map(|status| self.erase_shop(task, status.clone())).collect()
            }
            ([task], [whose]) if task.ask.kind != Kind::Erase => {
                statuses.iter().map(|status| self.act_on(task, whose, status.clone())).collect()
            }
            _ => self.erase_together(tasks, &people, statuses),
        };
        Ok(done?.into_iter().map(|status| Status { stage: Stage::Finished, ..status }).collect())
    }

    /// Whatever is no erasure.
    fn act_on(&self, task: &Task, whose: &Whose, status: Status) -> Result<Status, RightsError> {
        match task.ask.kind {
            Kind::Erase | Kind::EraseShop => Ok(status),
            Kind::Export => Ok(Status { export: Some(self.export(whose)?), ..status }),
            Kind::Restrict => {
                let Some(consents) = &self.shared.setup.consents else { return Err(RightsError::NoConsents) };
                let place = "consents";
                let count = consents.deny_all(whose).map_err(|cause| RightsError::Place { place, cause })?;
                Ok(Status { found: BTreeMap::from([(place.to_owned(), count)]), ..status })
            }
            Kind::Suppress => self.remember_further(task, whose, Act::Suppress).map(|_| status),
            Kind::Unsuppress => self.remember_further(task, whose, Act::Unsuppress).map(|_| status),
        }
    }

    /// Waits until everything that was taken before is applied and in the store.
    pub(crate) fn drain(&self) -> Result<(), RightsError> {
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
        let turns =
            if matches!(act, Act::Erase | Act::EraseShop) { self.turn_prints(whose) } else { Vec::new() };
        if !turns.is_empty() || whose.keys().any(|key| !named.contains(key)) {
            let suppress = task.ask.suppress && task.ask.kind.is_erasure();
            let line = self.line(&task.id, Step::Requested, act, prints.clone(), suppress);
            self.shared.append(&Line { turns, shop: task.ask.shop.clone(), ..line })?;
        }
        Ok(prints)
    }

    /// Their turns at browsers of several people, as the ledger remembers them.
    pub(crate) fn turn_prints(&self, whose: &Whose) -> Vec<TurnPrint> {
        let print = |turn: Turn| {
            let key = Subject::Anonymous(turn.anonymous).key();
            let print = self.shared.ledger.prints().texts(std::iter::once(key.as_str())).pop();
            Some(TurnPrint { print: print?, from: turn.from, until: turn.until })
        };
        whose.turns().filter_map(print).collect()
    }

    pub(crate) fn line(&self, id: &str, state: Step, act: Act, prints: Vec<String>, suppress: bool) -> Line {
        Line {
            v: 0,
            seq: 0,
            at: self.now(),
            state,
            request: id.to_owned(),
            act,
            prints,
            suppress,
            turns: Vec::new(),
            shop: None,
        }
    }

    /// Carries out erasures by one search and one purge. The ledger knows whom all of them mean before anything is
    /// removed, and nobody is told of an end before everything is.
    fn erase_together(
        &self,
        tasks: &[Task],
        people: &[Whose],
        statuses: &[Status],
    ) -> Result<Vec<Status>, RightsError> {
        let prints: Vec<Vec<String>> = tasks
            .iter()
            .zip(people)
            .map(|(task, whose)| self.remember_further(task, whose, Act::Erase))
            .collect::<Result<_, _>>()?;
        let found = self.erase(&Whose::together(people))?;
        let together = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        let mut done = Vec::with_capacity(tasks.len());
        for ((task, prints), status) in tasks.iter().zip(prints).zip(statuses) {
            let (id, at, suppress) = (task.id.as_str(), task.requested_at, task.ask.suppress);
            let receipt =
                self.finish(&Finished { id, at, prints, suppress, act: Act::Erase }, &found, together)?;
            done.push(Status { found: found.clone(), receipt: Some(receipt), ..status.clone() });
        }
        Ok(done)
    }

    /// Erases everybody of a shop, some at a time, and at last what came from its Shopify and names nobody.
    fn erase_shop(&self, task: &Task, status: Status) -> Result<Status, RightsError> {
        let domain = task.ask.shop.clone().unwrap_or_default();
        let (mut prints, mut found) = (Vec::new(), BTreeMap::new());
        let people: Vec<Subject> = self.shared.setup.pipeline.people_of_shop(&domain)?.into_iter().collect();
        tracing::warn!(request = %task.id, shop = domain, ids = people.len(), "a whole shop is erased");
        for some in people.chunks(PEOPLE_AT_ONCE) {
            let whose = Whose::together(&self.shared.setup.pipeline.people(&[some])?);
            prints.extend(self.remember_further(task, &whose, Act::EraseShop)?);
            add(&mut found, self.erase(&whose)?);
        }
        add(&mut found, self.erase(&Whose::default().with_shop(Some(domain)))?);
        prints.sort_unstable();
        prints.dedup();
        let (id, at, suppress) = (task.id.as_str(), task.requested_at, task.ask.suppress);
        let receipt = self.finish(&Finished { id, at, prints, suppress, act: Act::EraseShop }, &found, 1)?;
        Ok(Status { found, receipt: Some(receipt), ..status })
    }

    /// Removes people from every place. Until that is through, it is noted whom it means.
    pub(crate) fn erase(&self, whose: &Whose) -> Result<BTreeMap<String, u64>, RightsError> {
        let setup = &self.shared.setup;
        let whose = &under_way::put(setup.blobs.as_ref(), whose)?;
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
        under_way::clear(setup.blobs.as_ref())?;
        measures::erased(found.values().sum());
        Ok(found)
    }

    /// Writes the line `done`, then the receipt: a data directory that has the receipt has no need of the rest.
    pub(crate) fn finish(
        &self,
        done: &Finished<'_>,
        found: &BTreeMap<String, u64>,
        requests_together: u32,
    ) -> Result<Receipt, RightsError> {
        let Shared { ledger, setup, .. } = self.shared.as_ref();
        let line = self.line(done.id, Step::Done, done.act, Vec::new(), done.suppress);
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
            remarks: setup
                .places
                .iter()
                .filter_map(|place| Some((place.name().to_owned(), place.remark()?)))
                .collect(),
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
}

/// An erasure that is done.
pub(crate) struct Finished<'a> {
    pub(crate) id: &'a str,
    pub(crate) at: UtcMillis,
    pub(crate) prints: Vec<String>,
    pub(crate) suppress: bool,
    pub(crate) act: Act,
}

/// Adds what another round found.
fn add(found: &mut BTreeMap<String, u64>, more: BTreeMap<String, u64>) {
    for (place, count) in more {
        *found.entry(place).or_default() += count;
    }
}
