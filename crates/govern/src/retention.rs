//! Keeping each class of data to its age, and telling how that goes.
//!
//! The classes are [`Keep`]'s, the one table of them. A [`Rule`] stands for a class that this program can say more
//! of: its setting, how old the oldest of it is, and, where nothing else does it, the removal. The thread
//! `retention` goes through the rules at the start, once everything of before is carried out, and then every so
//! often. What was removed last is kept in the blob `retention/last`, JSON `{"v":1,"classes":{NAME:{"at":…,
//! "count":…,"mark":…}}}`, and names nobody.
//!
//! A class that is removed by something else (whole files of the log, by its own thread) tells a mark that grows by
//! what it removes; the difference since the last look counts as removed then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};
use tradewind_kernel::data_map::Keep;
use tradewind_kernel::{Clock, UtcMillis};
use tradewind_ports::{BlobError, BlobStore};

/// The blob with what was removed last.
const LAST: &str = "retention/last";
const VERSION: u8 = 1;
/// How often to look whether the rules may be gone through at all.
const GLANCE: Duration = Duration::from_millis(100);

/// What is known of a class.
pub trait Rule: Send + Sync {
    /// Which.
    fn keep(&self) -> Keep;

    /// For how many days it is kept; 0 for ever.
    fn days(&self) -> u32;

    /// When the oldest of it was written; none if there is nothing, or nobody knows.
    ///
    /// # Errors
    /// In words.
    fn oldest(&self) -> Result<Option<UtcMillis>, String>;

    /// Removes what is older than [`days`](Self::days), which is not 0, and gives how much. Blocks. Nothing, where
    /// something else does it.
    ///
    /// # Errors
    /// In words; it is tried again the next time.
    fn enforce(&self) -> Result<u64, String> {
        Ok(0)
    }

    /// A number that grows by what something else removes; none where nothing else does.
    fn mark(&self) -> Option<u64> {
        None
    }
}

/// What was removed of a class last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// When.
    pub at: UtcMillis,
    /// How much.
    pub count: u64,
    /// The rule's mark at the last look.
    #[serde(default)]
    pub mark: Option<u64>,
}

tradewind_kernel::stored! {
    pub(crate) static REMOVED: struct Removed, "blobs/retention/last", Aggregates {
        at: Operational, Operation, "When something of a class was removed last.";
        count: Aggregate, Operation, "How much.";
        mark: Operational, Operation, "A number that grows by what something else removes.";
    }
}

#[derive(Serialize, Deserialize)]
struct Last {
    v: u8,
    classes: BTreeMap<String, Removed>,
}

/// A class as it stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Which.
    pub keep: Keep,
    /// For how many days; 0 for ever, none where no setting bounds it.
    pub days: Option<u32>,
    /// When the oldest of it was written, as of the last look.
    pub oldest: Option<UtcMillis>,
    /// What was removed last, if anything ever was.
    pub removed: Option<Removed>,
    /// When it is looked at next.
    pub next_run: Option<UtcMillis>,
    /// Why the last look failed.
    pub error: Option<String>,
}

#[derive(Default)]
struct State {
    removed: BTreeMap<Keep, Removed>,
    oldest: BTreeMap<Keep, UtcMillis>,
    errors: BTreeMap<Keep, String>,
    next_run: Option<UtcMillis>,
    is_over: bool,
}

struct Shared {
    rules: Vec<Arc<dyn Rule>>,
    blobs: Arc<dyn BlobStore>,
    clock: Arc<dyn Clock>,
    every: Duration,
    state: Mutex<State>,
    signal: Condvar,
}

/// The keeping, until it is dropped.
pub struct Retention {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Retention {
    /// Starts the thread, which goes through the rules once `may_begin` says so and then `every` so often.
    ///
    /// # Errors
    /// [`BlobError`] when what was removed last does not read; the operating system's in its words.
    pub fn start(
        rules: Vec<Arc<dyn Rule>>,
        blobs: Arc<dyn BlobStore>,
        clock: Arc<dyn Clock>,
        every: Duration,
        may_begin: impl Fn() -> bool + Send + 'static,
    ) -> Result<Self, BlobError> {
        let state = Mutex::new(State { removed: load(blobs.as_ref())?, ..State::default() });
        let shared = Arc::new(Shared { rules, blobs, clock, every, state, signal: Condvar::new() });
        let own = Arc::clone(&shared);
        let run = move || {
            while !may_begin() {
                if !own.wait(GLANCE) {
                    return;
                }
            }
            loop {
                own.look();
                if !own.wait(own.every) {
                    return;
                }
            }
        };
        let failed = |e: std::io::Error| BlobError::Engine {
            doing: "start the thread for",
            name: LAST.to_owned(),
            cause: e.to_string(),
        };
        let thread = std::thread::Builder::new().name("retention".into()).spawn(run).map_err(failed)?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Every class as it stands.
    #[must_use]
    pub fn standing(&self) -> Vec<Standing> {
        let state = self.shared.state.lock();
        let rule = |keep| self.shared.rules.iter().find(|rule| rule.keep() == keep);
        let of = |&keep: &Keep| Standing {
            keep,
            days: rule(keep).map(|rule| rule.days()).filter(|_| !keep.setting().is_empty()),
            oldest: state.oldest.get(&keep).copied(),
            removed: state.removed.get(&keep).copied().filter(|removed| removed.count > 0),
            next_run: state.next_run.filter(|_| rule(keep).is_some()),
            error: state.errors.get(&keep).cloned(),
        };
        Keep::ALL.iter().map(of).collect()
    }

    /// Ends the thread, once it is through with the rule that it is at.
    pub fn stop(&self) {
        self.shared.state.lock().is_over = true;
        self.shared.signal.notify_all();
        if let Some(thread) = self.thread.lock().take() {
            // One that panicked has told so already.
            let _ = thread.join();
        }
    }
}

impl Drop for Retention {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// Waits; false when it is over.
    fn wait(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut state = self.state.lock();
        while !state.is_over && Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            self.signal.wait_for(&mut state, left);
        }
        !state.is_over
    }

    /// Goes through the rules once.
    fn look(&self) {
        for rule in &self.rules {
            if self.state.lock().is_over {
                return;
            }
            let keep = rule.keep();
            let done = if rule.days() == 0 { Ok(0) } else { rule.enforce() };
            let oldest = rule.oldest();
            let mut state = self.state.lock();
            if let Err(error) = done.as_ref().and(oldest.as_ref().map(|_| &0)) {
                tracing::error!(class = keep.as_str(), error, "a class of data could not be kept to its age");
                state.errors.insert(keep, error.clone());
            } else {
                state.errors.remove(&keep);
            }
            match oldest {
                Ok(Some(at)) => _ = state.oldest.insert(keep, at),
                _ => _ = state.oldest.remove(&keep),
            }
            note(&mut state, keep, done.unwrap_or(0), rule.mark(), self.clock.now());
        }
        let mut state = self.state.lock();
        let every_ms = i64::try_from(self.every.as_millis()).unwrap_or(i64::MAX);
        state.next_run = Some(self.clock.now().plus(every_ms));
        if let Err(error) = save(self.blobs.as_ref(), &state.removed) {
            tracing::warn!(%error, "what was removed by retention could not be noted");
        }
    }
}

/// Notes what was removed of a class.
fn note(state: &mut State, keep: Keep, count: u64, mark: Option<u64>, now: UtcMillis) {
    let known = state.removed.entry(keep).or_default();
    let elsewhere = mark.zip(known.mark).map_or(0, |(mark, before)| mark.saturating_sub(before));
    known.mark = mark;
    if count + elsewhere > 0 {
        (known.at, known.count) = (now, count + elsewhere);
        tracing::info!(class = keep.as_str(), count = known.count, "what was too old was removed");
    }
}

fn load(blobs: &dyn BlobStore) -> Result<BTreeMap<Keep, Removed>, BlobError> {
    let Some(bytes) = blobs.get(LAST)? else { return Ok(BTreeMap::new()) };
    let Ok(Last { v: VERSION, classes }) = serde_json::from_slice(&bytes) else {
        tracing::warn!("what retention removed last does not read; it is noted anew");
        return Ok(BTreeMap::new());
    };
    let known = |(name, removed)| Some((*Keep::ALL.iter().find(|keep| keep.as_str() == name)?, removed));
    Ok(classes.into_iter().filter_map(known).collect())
}

fn save(blobs: &dyn BlobStore, removed: &BTreeMap<Keep, Removed>) -> Result<(), BlobError> {
    let classes = removed.iter().map(|(keep, removed)| (keep.as_str().to_owned(), *removed)).collect();
    let bytes = serde_json::to_vec(&Last { v: VERSION, classes }).unwrap_or_default();
    blobs.delete(LAST)?;
    blobs.put(LAST, &bytes)
}

#[cfg(test)]
mod tests;
