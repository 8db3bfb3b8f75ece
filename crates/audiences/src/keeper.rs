//! The thread `audiences`: keeps who is in which audience as the rules say.
//!
//! **Who changes is asked about at once**, beside the projection, so that events wait for nothing: usually some
//! ten milliseconds later. Under load those who change much are asked about once in a while: after each look the
//! thread rests as long as the look took, but half a second at most, so that it usually takes half of a core.
//!
//! **A rule that is new or another one is asked about everybody**, in slices, with rests three times as long.
//! Until that is over the audience says `evaluating`.
//!
//! **Time goes on too.** Whoever was asked about during a visit is asked about again when the visit ends, where a
//! rule reads what ends with it. Everything else that changes by time alone changes within days, so everybody is
//! asked about once an hour; and after each start, since what changed right before a crash is not known any more.
//!
//! What it decides goes through the log ([`Pipeline::reconsider`]), so that it is decided once: neither a kill
//! nor a rebuild tells anybody again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tradewind_kernel::{Purpose, UtcMillis};
use tradewind_people::SESSION_GAP_MS;
use tradewind_people::traits::Context;
use tradewind_pipeline::{Candidate, CollectError, Pipeline, PipelineError, Touched, Verdict};

use crate::measures;
use crate::pass::Pass;
use crate::rule::{Asker, Rule};
use crate::timers::Timers;

/// Keys of those who changed that a turn takes.
const KEYS_OF_TURN: usize = 2_048;
/// Keys of one look.
const SLICE: usize = 256;
/// How long the thread waits for something to do before it looks whether it should stop.
const IDLE: Duration = Duration::from_millis(200);
/// Everybody is asked about this often.
const WHOLE_EVERY_MS: i64 = UtcMillis::HOUR;
/// A slice of a pass is followed by a rest so many times as long.
const REST_OF_PASS: u32 = 3;
/// The longest rest.
const MAX_REST: Duration = Duration::from_millis(500);

/// A definition with its rule. Without one it is of a newer program, and nobody goes in or out.
#[derive(Debug)]
struct Compiled {
    id: u32,
    revision: u32,
    purpose: Purpose,
    rule: Option<Rule>,
}

/// The thread. Dropping it ends it.
#[derive(Debug)]
pub struct Keeper {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts to keep the audiences of a pipeline; there may be one keeper of it.
    ///
    /// # Errors
    /// An error of the machine's when there is no thread for it.
    pub fn start(pipeline: Arc<Pipeline>) -> std::io::Result<Self> {
        let stop = Arc::<AtomicBool>::default();
        let stopping = Arc::clone(&stop);
        let run = move || {
            if let Err(error) = run(&pipeline, &stopping) {
                tracing::error!(%error, "audiences are not kept any more; they stay as they are until a restart");
            }
        };
        let thread = std::thread::Builder::new().name("audiences".into()).spawn(run)?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // One that panicked has told so already.
            let _ = thread.join();
        }
    }
}

fn run(pipeline: &Arc<Pipeline>, stop: &AtomicBool) -> Result<(), PipelineError> {
    let is_over = || stop.load(Ordering::Acquire) || !pipeline.is_healthy();
    while !pipeline.is_ready() && !is_over() {
        // Nobody watches yet, so this only waits.
        let _ = pipeline.touched(IDLE, 0);
    }
    let mut worker = Worker::new(Arc::clone(pipeline));
    let mut patience = Duration::ZERO;
    while !is_over() {
        let touched = pipeline.touched(patience, KEYS_OF_TURN);
        let began = Instant::now();
        let turn = worker.turn(touched)?;
        let rest = match turn {
            Turn::Idle => Duration::ZERO,
            Turn::Asked => began.elapsed(),
            Turn::Passed => began.elapsed() * REST_OF_PASS,
        };
        patience = if turn == Turn::Idle { IDLE } else { Duration::ZERO };
        std::thread::park_timeout(rest.min(MAX_REST));
    }
    Ok(())
}

/// What came of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// There was nothing to do.
    Idle,
    /// Those who had changed were asked about.
    Asked,
    /// A slice of everybody was.
    Passed,
}

/// What the thread does, a turn at a time.
pub struct Worker {
    pipeline: Arc<Pipeline>,
    asker: Asker,
    compiled: Vec<Compiled>,
    /// Over everybody, for what is new.
    fresh: Option<Pass>,
    /// Over everybody, for everything.
    whole: Option<Pass>,
    /// When the latest of those began.
    passed_at: UtcMillis,
    timers: Timers,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("compiled", &self.compiled).finish_non_exhaustive()
    }
}

impl Worker {
    /// One that has asked about nobody yet.
    #[must_use]
    pub fn new(pipeline: Arc<Pipeline>) -> Self {
        let (whole, passed_at) = (Some(Pass::new(None)), pipeline.clock().now());
        let (asker, timers) = (Asker::new(), Timers::default());
        Self { pipeline, asker, compiled: Vec::new(), fresh: None, whole, passed_at, timers }
    }

    /// Works until there is nothing left to do; for tests, and whoever has no thread for it.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read, or the pipeline has stopped.
    pub fn settle(&mut self) -> Result<(), PipelineError> {
        loop {
            let touched = self.pipeline.touched(Duration::ZERO, KEYS_OF_TURN);
            if self.turn(touched)? == Turn::Idle {
                return Ok(());
            }
        }
    }

    /// Asks about those who have changed, and about a slice of everybody where that is due.
    pub(crate) fn turn(&mut self, touched: Touched) -> Result<Turn, PipelineError> {
        self.look_up();
        self.pipeline.watch_audiences(!self.compiled.is_empty());
        if self.compiled.is_empty() {
            return Ok(Turn::Idle);
        }
        let now = self.pipeline.clock().now();
        // A pass that is under way may have asked about somebody long ago, so the next one begins once it is over.
        let is_due = self.whole.is_none() && now.since(self.passed_at).abs() >= WHOLE_EVERY_MS;
        if touched.is_everybody || is_due {
            (self.whole, self.passed_at) = (Some(Pass::new(None)), now);
        }
        let mut keys: Vec<Arc<str>> = touched.keys.into_iter().collect();
        keys.extend(self.timers.due(now));
        for slice in keys.chunks(SLICE) {
            self.ask(slice, None)?;
        }
        Ok(match self.pass()? {
            Turn::Idle if !keys.is_empty() => Turn::Asked,
            turn => turn,
        })
    }

    /// Takes notice of definitions that are new or other ones.
    fn look_up(&mut self) {
        let audiences = self.pipeline.audiences();
        let is_known = audiences.all().count() == self.compiled.len()
            && audiences.all().zip(&self.compiled).all(|(a, c)| (a.id, a.revision) == (c.id, c.revision));
        if is_known {
            return;
        }
        let mut before: BTreeMap<u32, Compiled> = self.compiled.drain(..).map(|one| (one.id, one)).collect();
        for audience in audiences.all() {
            let known = before.remove(&audience.id).filter(|known| known.revision == audience.revision);
            self.compiled.push(known.unwrap_or_else(|| {
                let rule = Rule::compile(&audience.spec.rule).inspect_err(|error| {
                    tracing::warn!(%error, audience = audience.spec.name, "a rule does not read, so nobody goes in or out");
                });
                let (id, revision, purpose) = (audience.id, audience.revision, audience.spec.purpose);
                if audience.is_evaluating() {
                    let fresh = self.fresh.get_or_insert_with(|| Pass::new(Some(BTreeMap::new())));
                    fresh.extend(id, revision);
                }
                Compiled { id, revision, purpose, rule: rule.ok() }
            }));
        }
    }

    /// Asks about the next slice of everybody, what is new first.
    fn pass(&mut self) -> Result<Turn, PipelineError> {
        let is_fresh = self.fresh.is_some();
        let Some(mut pass) = self.fresh.take().or_else(|| self.whole.take()) else { return Ok(Turn::Idle) };
        let keys = pass.next(&self.pipeline, SLICE)?;
        if !keys.is_empty() {
            self.ask(&keys, Some(&pass))?;
            *(if is_fresh { &mut self.fresh } else { &mut self.whole }) = Some(pass);
            return Ok(Turn::Passed);
        }
        measures::passed();
        let revisions: Vec<(u32, u32)> = pass.revisions.iter().flatten().map(|(a, b)| (*a, *b)).collect();
        match self.pipeline.audiences_evaluated(&revisions) {
            Ok(()) => {}
            Err(CollectError::Stopped) => return Err(PipelineError::Stopped),
            // Too much else is to be written: the end of the pass comes again.
            Err(_) => *(if is_fresh { &mut self.fresh } else { &mut self.whole }) = Some(pass),
        }
        Ok(Turn::Passed)
    }

    /// Asks about the people behind some keys; about all audiences, or those of a pass.
    fn ask(&mut self, keys: &[Arc<str>], pass: Option<&Pass>) -> Result<(), PipelineError> {
        let Self { pipeline, asker, compiled, timers, .. } = self;
        let now = pipeline.clock().now();
        let word = |word| pipeline.word(word);
        let context = Context { now, word: &word, currency: pipeline.currency() };
        let ends_with_visit = |one: &Compiled| {
            one.rule.as_ref().and_then(Rule::shortest_ttl_ms).is_some_and(|ttl| ttl <= SESSION_GAP_MS)
        };
        let wait = compiled.iter().any(ends_with_visit);
        let visits: RefCell<Vec<(Arc<str>, UtcMillis)>> = RefCell::default();
        let decide = |candidate: &Candidate| {
            let profile = &**candidate.profile;
            if let Some(session) = profile.session.as_ref().filter(|s| wait && s.holds(now)) {
                // A trait is told up to its last millisecond.
                let end = session.last_at.plus(SESSION_GAP_MS + 1);
                visits.borrow_mut().push((Arc::from(candidate.subject.key()), end));
            }
            let asked = compiled.iter().filter(|one| pass.is_none_or(|pass| pass.asks(one.id)));
            let verdict = |one: &Compiled| {
                let rule = one.rule.as_ref()?;
                let is_in = candidate.allowed.contains(one.purpose)
                    && asker.fits(rule, profile, &context, candidate.allowed);
                Some(Verdict { audience: one.id, is_in })
            };
            asked.filter_map(verdict).collect()
        };
        let moves = pipeline.reconsider(keys, decide)?;
        visits.into_inner().into_iter().for_each(|(key, end)| timers.set(key, end));
        measures::asked(keys.len(), moves);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
