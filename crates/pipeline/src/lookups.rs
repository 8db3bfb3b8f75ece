//! The pipeline's look-ups: waiting until something is applied, and asking what is.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tradewind_kernel::{Subject, UtcMillis};
use tradewind_people::Profile;
use tradewind_people::consent::Record;
use tradewind_ports::{Offset, block_on};

use crate::audiences::{self, Membership};
use crate::duplicates;
use crate::duplicates::Repetitions;
use crate::keeper::committed;
use crate::pipeline::{Inner, Pipeline, PipelineError};
use crate::pulse::Pulse;
use crate::reads::Place;

/// What is known of a subject, kept to be compared with what is known later.
#[derive(Debug, Clone)]
pub struct Mark {
    profile: Option<Option<Arc<Profile>>>,
    consent: Option<Arc<Record>>,
    membership: Option<Arc<Membership>>,
    is_linked: bool,
}

impl Mark {
    /// Whether something may have changed since an earlier mark: the same profile and consent are the same
    /// places in memory. Both marks hold theirs, so no place is used again meanwhile.
    #[must_use]
    pub fn differs_from(&self, earlier: &Self) -> bool {
        let places = |mark: &Self| {
            let profile = mark.profile.as_ref().map(|known| known.as_ref().map(Arc::as_ptr));
            (profile, mark.consent.as_ref().map(Arc::as_ptr), mark.is_linked)
        };
        places(self) != places(earlier) || self.membership != earlier.membership
    }
}

impl Pipeline {
    /// Waits until every acknowledged event of these ids is in the views, those of users that they are merged
    /// with included, for at most `patience`. Gives whether it is so.
    pub async fn caught_up(&self, ids: &[&str], patience: Duration) -> bool {
        let target = ids.iter().map(|id| self.inner.watermark(id)).max().unwrap_or(0);
        self.applied_up_to(target, patience).await
    }

    /// Waits until everything that was durable at the call is in the views, for at most `patience`.
    pub async fn drained(&self, patience: Duration) -> bool {
        self.applied_up_to(self.inner.log.end(), patience).await
    }

    /// Waits until everything that was durable at the call is in the store too, for at most `patience`.
    pub async fn settled(&self, patience: Duration) -> bool {
        let settled = async { self.drained(patience).await && self.flushed().await.is_ok() };
        tokio::time::timeout(patience, settled).await.unwrap_or(false)
    }

    pub(crate) async fn applied_up_to(&self, target: Offset, patience: Duration) -> bool {
        if self.inner.live.applied() >= target {
            return true;
        }
        let mut applied = self.inner.live.applied.subscribe();
        let reached =
            applied.wait_for(|&offset| offset >= target || self.inner.failed.load(Ordering::Acquire));
        let reached = tokio::time::timeout(patience, reached).await.is_ok();
        reached && self.is_healthy()
    }

    /// How many events of each name were applied, by name.
    #[must_use]
    pub fn counts(&self) -> Vec<(String, u64)> {
        self.inner.live.counters.lock().all()
    }

    /// The offset that the store reaches to: what a crash now would not have to apply again.
    #[must_use]
    pub fn checkpointed(&self) -> Offset {
        *self.inner.live.checkpointed.borrow()
    }

    /// Which messages of these records count for nothing: repetitions, and what no folding survives. The
    /// records must be before [`checkpointed`](Self::checkpointed).
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn duplicates(&self, range: Range<Offset>) -> Result<Repetitions, PipelineError> {
        duplicates::read(self.inner.store.as_ref(), &self.inner.tables, range)
    }

    /// Waits until the store has everything that is applied.
    ///
    /// # Errors
    /// [`PipelineError::Stopped`] when the projection has ended with an error.
    pub async fn flushed(&self) -> Result<(), PipelineError> {
        let applied = self.inner.live.applied();
        if committed(&self.inner, applied).await { Ok(()) } else { Err(PipelineError::Stopped) }
    }

    /// The stream at this moment.
    #[must_use]
    pub fn pulse(&self, now: UtcMillis) -> Pulse {
        self.inner.live.pulses.lock().read(now, self.lag())
    }

    /// Whether a message of this id was imported and applied.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn is_imported(&self, message_id: &str) -> Result<bool, PipelineError> {
        block_on(self.flushed())?;
        let key = crate::sieve::key_of(message_id);
        Ok(self.inner.store.get(self.inner.tables.imported, &key)?.is_some())
    }

    /// Wakes up with each batch that is applied; the number is the offset before which every record is.
    #[must_use]
    pub fn applications(&self) -> tokio::sync::watch::Receiver<Offset> {
        self.inner.live.applied.subscribe()
    }

    /// What tells whether something about a subject has changed. It may be asked often: only while there are
    /// audiences does it read one row of the store, which a checkpoint may have written since the last look.
    #[must_use]
    pub fn mark_of(&self, subject: &Subject) -> Mark {
        let Inner { live, store, tables, .. } = &*self.inner;
        let key = subject.key();
        let place = Place { store: store.as_ref(), tables, live };
        let is_asked = !live.audiences.load().is_empty();
        // Of a store that does not read others tell; what was in memory is looked at all the same.
        let membership = is_asked.then(|| audiences::membership(place, &key).ok().flatten()).flatten();
        let pending = live.pending.read();
        Mark {
            profile: pending.profile(&key).or_else(|| live.profiles.get(key.as_str()).map(Some)),
            consent: pending.consent(&key).or_else(|| live.consents.get(key.as_str())),
            membership,
            is_linked: matches!(subject, Subject::Anonymous(id) if pending.link(id).is_some()),
        }
    }

    /// The text of a word: a category's path, a brand, or `name=value` of an attribute.
    #[must_use]
    pub fn word(&self, word: u32) -> Option<String> {
        crate::facts::text_of(&self.inner.live.words.read(), word)
    }
}
