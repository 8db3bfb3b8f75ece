//! The keeper: a thread beside the projection for what takes long and nobody waits for.
//!
//! It commits checkpoints (what changed, with the offset that it reaches to, in one commit), ranks products
//! by popularity, and compacts the session index. A commit that fails stops the pipeline.

use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tradewind_kernel::UtcMillis;
use tradewind_ports::Offset;

use crate::changes::Changes;
use crate::live::{Live, RUNNING};
use crate::measures;
use crate::pipeline::{Inner, PipelineError};
use crate::trending::Trending;

/// Rankings are made anew at most this often.
const RANK_EVERY: Duration = Duration::from_millis(500);
/// Clicks beyond the frozen part of the session index at which it is frozen anew.
const MAX_LOOSE_CLICKS: usize = 400_000;

/// What the keeper is told.
pub(crate) enum Task {
    /// To commit these changes, which stand in [`Live::pending`] as the frozen ones.
    Commit(Arc<Changes>),
    /// That popularity or the catalog changed.
    Rank,
}

/// The keeper's own memory.
pub(crate) struct Keeper {
    inner: Arc<Inner>,
    is_rank_due: bool,
    ranked_at: Option<Instant>,
    ranking_took: Duration,
    compacted_clicks: usize,
}

impl Keeper {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        let compacted_clicks = inner.live.sessions.read().clicks();
        Self { inner, is_rank_due: false, ranked_at: None, ranking_took: Duration::ZERO, compacted_clicks }
    }

    /// Works until nobody can tell it anything any more.
    pub(crate) fn run(mut self, tasks: &mpsc::Receiver<Task>) {
        loop {
            let patience = if self.is_rank_due { self.rank_in() } else { Duration::MAX };
            let task = match tasks.recv_timeout(patience) {
                Ok(task) => Some(task),
                Err(mpsc::RecvTimeoutError::Timeout) => None,
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            };
            match task {
                Some(Task::Commit(changes)) => {
                    if let Err(error) = self.commit(&changes) {
                        tracing::error!(%error, "a checkpoint could not be committed");
                        self.inner.fail();
                        return;
                    }
                    self.compact_if_grown();
                }
                Some(Task::Rank) => self.is_rank_due = true,
                None => {}
            }
            if self.is_rank_due && self.rank_in().is_zero() {
                self.rank();
            }
        }
    }

    fn commit(&self, changes: &Arc<Changes>) -> Result<(), PipelineError> {
        let began = Instant::now();
        let Inner { store, tables, live, .. } = self.inner.as_ref();
        store.commit(&changes.batch(tables)?)?;
        for (key, profile) in &changes.people.profiles {
            match profile {
                Some(profile) => live.profiles.insert(Arc::clone(key), Arc::clone(profile)),
                None => {
                    live.profiles.remove(key);
                }
            }
        }
        for (key, record) in &changes.people.consents {
            live.consents.insert(Arc::clone(key), Arc::clone(record));
        }
        for (number, record) in &changes.sessions {
            live.records.insert(*number, Arc::clone(record));
        }
        live.pending.write().frozen = None;
        measures::checkpointed(changes.records, began.elapsed());
        live.checkpointed.send_replace(changes.next);
        Ok(())
    }

    /// How long to wait for the next ranking: one that is slow to make is made less often, so that it never
    /// takes more than some 5 % of the time. The first products are ranked at once.
    fn rank_in(&self) -> Duration {
        let is_first = self.inner.live.trending.load().global.is_empty();
        let pause = (self.ranking_took * 20).max(if is_first { Duration::ZERO } else { RANK_EVERY });
        self.ranked_at.map_or(Duration::ZERO, |at| pause.saturating_sub(at.elapsed()))
    }

    fn rank(&mut self) {
        let began = Instant::now();
        let live = &self.inner.live;
        // A copy, so that the projection need not wait for the ranking.
        let popularity = live.popularity.read().clone();
        live.trending.store(Arc::new(Trending::rank(&popularity, &live.catalog.load())));
        self.ranking_took = began.elapsed();
        (self.ranked_at, self.is_rank_due) = (Some(Instant::now()), false);
    }

    /// Freezes the older sessions of an index that has grown much. The projection goes on with a copy of what
    /// it had; its clicks meanwhile are learned by the new index before that takes the old one's place.
    fn compact_if_grown(&mut self) {
        let live = &self.inner.live;
        let index = {
            let sessions = live.sessions.write();
            if sessions.clicks() < self.compacted_clicks + MAX_LOOSE_CLICKS {
                return;
            }
            *live.clicks_meanwhile.lock() = Some(Vec::new());
            sessions.clone()
        };
        self.compacted_clicks = index.clicks();
        let open_from = u32::try_from(index.sessions().saturating_sub(RUNNING)).unwrap_or(u32::MAX);
        let mut compacted = index.compact_before(tradewind_models::SessionNo(open_from));
        drop(index);
        let mut sessions = live.sessions.write();
        for (number, item) in live.clicks_meanwhile.lock().take().unwrap_or_default() {
            Live::learn(&mut compacted, number, item);
        }
        *sessions = compacted;
    }
}

/// When a checkpoint is due.
pub(crate) struct Pace {
    /// When changes were handed over last.
    handed_at: Instant,
    /// How long those before took to be committed.
    took: Duration,
    /// The day of the clock when that was asked last.
    day_checked: i64,
}

/// A checkpoint is made this often while records come in,
const CHECKPOINT_EVERY: Duration = Duration::from_millis(1_000);
/// or less often, so that committing takes no more than one part in so many of the time: whoever comes back
/// within it is written once,
const COMMITTING_SHARE: u32 = 10;
/// but at least this often, since a crash gives so much to apply again.
const CHECKPOINT_LATEST: Duration = Duration::from_millis(4_000);
/// And earlier, after so many records, to bound the memory that they take.
pub(crate) const CHECKPOINT_RECORDS: u64 = 100_000;

impl Pace {
    pub(crate) fn new() -> Self {
        Self { handed_at: Instant::now(), took: Duration::ZERO, day_checked: 0 }
    }

    /// Whether it is time, given how many records have been applied since.
    pub(crate) fn is_due(&self, records: u64) -> bool {
        let pause = (self.took * COMMITTING_SHARE).clamp(CHECKPOINT_EVERY, CHECKPOINT_LATEST);
        records >= CHECKPOINT_RECORDS || (records > 0 && self.handed_at.elapsed() >= pause)
    }

    /// Notes that what was handed over last is committed.
    pub(crate) fn committed(&mut self) {
        self.took = self.handed_at.elapsed();
    }

    pub(crate) fn handed_over(&mut self) {
        self.handed_at = Instant::now();
    }

    /// Whether a day of the clock has begun since the last time.
    pub(crate) fn is_new_day(&mut self, now: UtcMillis) -> bool {
        let day = now.get().div_euclid(UtcMillis::DAY);
        std::mem::replace(&mut self.day_checked, day) != day
    }
}

/// Waits until the keeper has committed up to `offset`, or the pipeline has stopped.
pub(crate) async fn committed(inner: &Inner, offset: Offset) -> bool {
    let mut checkpointed = inner.live.checkpointed.subscribe();
    let reached = |at: &Offset| *at >= offset || inner.failed.load(Ordering::Acquire);
    checkpointed.wait_for(reached).await.is_ok() && !inner.failed.load(Ordering::Acquire)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_checkpoint_is_made_less_often() {
        let pace = |took: u64, ago: u64| {
            let handed_at = Instant::now().checked_sub(Duration::from_millis(ago)).unwrap();
            Pace { handed_at, took: Duration::from_millis(took), day_checked: 0 }
        };
        assert!(pace(50, 1_000).is_due(1) && !pace(50, 1_000).is_due(0));
        assert!(!pace(200, 1_000).is_due(1), "that would be a fifth of the time");
        assert!(pace(200, 2_000).is_due(1));
        assert!(pace(9_000, 4_000).is_due(1), "what a crash gives to apply again is bounded");
        assert!(pace(9_000, 0).is_due(CHECKPOINT_RECORDS), "and so is what is kept in memory");
        let mut noted = pace(0, 5_000);
        noted.committed();
        assert!(noted.took >= Duration::from_secs(5));
    }
}
