//! Audiences as others see them: definitions, who is in them, and the way for whoever decides that.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustc_hash::FxHashSet;
use tradewind_kernel::{Purpose, Purposes, Subject};
use tradewind_people::Profile;
use tradewind_people::consent::{Permitted, Personalization};
use tradewind_ports::{Offset, block_on};

use super::{AudienceNote, AudienceSpec, Audiences, Membership, Moved, Touched, membership};
use crate::live::damaged;
use crate::outbox::subject_of;
use crate::pipeline::{CollectError, Pipeline, PipelineError};
use crate::{entry, identity};

/// How long whoever defines an audience waits until that is seen; it is durable anyway.
const PATIENCE: Duration = Duration::from_millis(500);

/// Somebody who may be asked about, found under the key that their membership is kept by.
#[derive(Debug)]
pub struct Candidate {
    /// Whose the profile is.
    pub subject: Subject,
    /// The whole person's profile.
    pub profile: Permitted<Personalization, Arc<Profile>>,
    /// What they agree to.
    pub allowed: Purposes,
}

/// What was decided of one audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Its number.
    pub audience: u32,
    /// Whether the candidate is in it.
    pub is_in: bool,
}

/// What became of a look at some keys.
#[derive(Debug, Default)]
struct Look {
    moves: Vec<Moved>,
    done: FxHashSet<String>,
}

impl Pipeline {
    /// The audiences that there are, with their sizes.
    #[must_use]
    pub fn audiences(&self) -> Arc<Audiences> {
        self.inner.live.audiences.load_full()
    }

    /// Takes a definition that [`Audiences::put`] would take and whose rule was checked.
    ///
    /// # Errors
    /// [`CollectError`]; then it was not taken.
    pub async fn put_audience(&self, spec: AudienceSpec) -> Result<(), CollectError> {
        let at = self.inner.clock.now();
        self.note_audiences(&[AudienceNote::Put { spec, at }]).await
    }

    /// Deletes an audience. Everybody is out of it at once, and nobody is told.
    ///
    /// # Errors
    /// [`CollectError`]; then it is still there.
    pub async fn delete_audience(&self, name: &str) -> Result<(), CollectError> {
        let at = self.inner.clock.now();
        self.note_audiences(&[AudienceNote::Delete { name: name.to_owned(), at }]).await
    }

    async fn note_audiences(&self, notes: &[AudienceNote]) -> Result<(), CollectError> {
        let end = self.append(records_of(notes)?).await?;
        self.applied_up_to(end, PATIENCE).await;
        Ok(())
    }

    /// Logs that everybody was asked about these revisions; returns once that is applied. Blocks.
    ///
    /// # Errors
    /// [`CollectError`]; then nothing was logged.
    pub fn audiences_evaluated(&self, revisions: &[(u32, u32)]) -> Result<(), CollectError> {
        let note = |&(audience, revision)| AudienceNote::Evaluated { audience, revision };
        self.log_and_wait(&revisions.iter().map(note).collect::<Vec<_>>())
    }

    fn log_and_wait(&self, notes: &[AudienceNote]) -> Result<(), CollectError> {
        if notes.is_empty() {
            return Ok(());
        }
        let end = block_on(self.append(records_of(notes)?))?;
        let reached = |offset: &Offset| *offset >= end || self.inner.failed.load(Ordering::Acquire);
        // The sender lives as long as the pipeline.
        let _ = block_on(async { self.inner.live.applied.subscribe().wait_for(reached).await.map(|_| ()) });
        if self.is_healthy() { Ok(()) } else { Err(CollectError::Stopped) }
    }

    /// From now on keeps the keys of those who change, or no more.
    pub fn watch_audiences(&self, is_watched: bool) {
        self.inner.live.touches.watch(is_watched);
    }

    /// Takes at most `limit` keys of those who have changed since they were taken last. Waits for one, or for
    /// another definition, at most so long.
    #[must_use]
    pub fn touched(&self, patience: Duration, limit: usize) -> Touched {
        self.inner.live.touches.take(patience, limit)
    }

    /// Decides anew of the people behind these profile keys, and logs who goes in and out; returns once that is
    /// applied. Whoever does not agree to personalization, or is nobody any more, goes out of everything
    /// without being asked about. Nobody is erased meanwhile. Blocks. Gives how many went in or out.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read. What the log does not take, or not now, is tried again:
    /// those keys are among the next that [`touched`](Self::touched) gives.
    pub fn reconsider(
        &self,
        keys: &[Arc<str>],
        decide: impl Fn(&Candidate) -> Vec<Verdict>,
    ) -> Result<usize, PipelineError> {
        let _nobody_is_erased = self.inner.erasing.lock();
        let mut look = Look::default();
        for key in keys {
            self.look(key, &decide, &mut look)?;
        }
        let notes: Vec<AudienceNote> = look.moves.into_iter().map(AudienceNote::Moved).collect();
        match self.log_and_wait(&notes) {
            Ok(()) => Ok(notes.len()),
            Err(CollectError::Stopped) => Err(PipelineError::Stopped),
            Err(error) => {
                tracing::debug!(%error, "who goes in and out of audiences is decided again");
                self.inner.live.touches.again(keys.iter().cloned());
                Ok(0)
            }
        }
    }

    fn look(
        &self,
        key: &str,
        decide: &impl Fn(&Candidate) -> Vec<Verdict>,
        look: &mut Look,
    ) -> Result<(), PipelineError> {
        let Some(asked) = subject_of(key) else { return Ok(()) };
        let subject = self.holder(&asked)?;
        if subject != asked && look.done.insert(key.to_owned()) {
            // Somebody else holds what there is of them.
            self.decided(&asked, None, look)?;
        }
        if !look.done.insert(subject.key()) {
            return Ok(());
        }
        let (_, standing) = self.standing(&subject)?;
        let found = identity::profile(self.inner.place(), &subject)?;
        let profile = found.and_then(|(_, profile)| standing.permit(profile).ok());
        let Some(profile) = profile else { return self.decided(&subject, None, look) };
        let candidate = Candidate { subject, profile, allowed: standing.allowed() };
        let verdicts = decide(&candidate);
        self.decided(&candidate.subject, Some(&verdicts), look)
    }

    /// Notes who goes in and out; without verdicts, out of everything.
    fn decided(
        &self,
        subject: &Subject,
        verdicts: Option<&[Verdict]>,
        look: &mut Look,
    ) -> Result<(), PipelineError> {
        let known = membership(self.inner.place(), &subject.key())?;
        let is_of = |id: u32| known.as_ref().is_some_and(|known| known.is_of(id));
        let ids = |is_in: bool| {
            let verdicts = verdicts.unwrap_or_default().iter();
            let changed = verdicts.filter(|v| v.is_in == is_in && is_of(v.audience) != is_in);
            changed.map(|verdict| verdict.audience).collect::<Vec<u32>>()
        };
        let (entered, exited) = match verdicts {
            Some(_) => (ids(true), ids(false)),
            None => (Vec::new(), known.as_ref().map_or_else(Vec::new, |known| known.ids().collect())),
        };
        if !entered.is_empty() || !exited.is_empty() {
            let at = self.inner.clock.now();
            look.moves.push(Moved { subject: subject.to_string(), entered, exited, at });
        }
        Ok(())
    }

    /// The subject under which a person's membership is kept: that which their profile is found under.
    fn holder(&self, subject: &Subject) -> Result<Subject, PipelineError> {
        let user = identity::user_of(self.inner.place(), subject)?;
        Ok(match user {
            None => subject.clone(),
            Some(user) => {
                let merged = self.inner.live.merged.load();
                Subject::User(merged.persons.of(&user).map_or(user, |person| person.id.clone()))
            }
        })
    }

    /// The names of the audiences that a subject's person is in, sorted; none without consent to
    /// personalization, nor of those whose purpose is not agreed to.
    ///
    /// # Errors
    /// [`PipelineError`] when the ledger or the state does not read.
    pub fn audiences_of(&self, subject: &Subject) -> Result<Vec<String>, PipelineError> {
        let audiences = self.audiences();
        if audiences.is_empty() {
            return Ok(Vec::new());
        }
        let holder = self.holder(subject)?;
        let Some(known) = membership(self.inner.place(), &holder.key())? else { return Ok(Vec::new()) };
        let allowed = self.standing(&holder)?.1.allowed();
        if !allowed.contains(Purpose::Personalization) {
            return Ok(Vec::new());
        }
        let agreed = audiences.all().filter(|one| known.is_of(one.id) && allowed.contains(one.spec.purpose));
        Ok(agreed.map(|one| one.spec.name.clone()).collect())
    }

    /// Keys of those who were in any audience at the last checkpoint, in their order, from the first after
    /// `after` on, until `take` has enough.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn each_member(
        &self,
        after: &str,
        mut take: impl FnMut(&str, &Membership) -> ControlFlow<()>,
    ) -> Result<(), PipelineError> {
        for pair in self.inner.store.scan(self.inner.tables.memberships, after.as_bytes()) {
            let (key, value) = pair?;
            let key = String::from_utf8_lossy(&key);
            let row: Membership =
                tradewind_people::decode(&value).map_err(|e| damaged("a membership", &e))?;
            if key != after && take(&key, &row).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Keys of profiles at the last checkpoint, in their order: at most `limit` after `after`.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn profile_keys(&self, after: &str, limit: usize) -> Result<Vec<Arc<str>>, PipelineError> {
        let mut keys = Vec::with_capacity(limit);
        for pair in self.inner.store.scan(self.inner.tables.profiles, after.as_bytes()) {
            let (key, _) = pair?;
            if *key != *after.as_bytes() {
                keys.push(Arc::from(String::from_utf8_lossy(&key)));
            }
            if keys.len() >= limit {
                break;
            }
        }
        Ok(keys)
    }
}

fn records_of(notes: &[AudienceNote]) -> Result<Vec<Vec<u8>>, CollectError> {
    let records: Result<Vec<_>, _> = notes.iter().map(entry::of_audience).collect();
    records.map_err(|e| CollectError::TooLarge(e.to_string()))
}
