//! How old things are, for whoever keeps them to an age.

use std::ops::ControlFlow;
use std::time::Duration;

use tradewind_kernel::{Subject, UtcMillis};
use tradewind_ports::{Offset, block_on};

use crate::dead_letters::Note;
use crate::pipeline::{Pipeline, PipelineError};
use tradewind_people::Profile;

/// Nobody waits for this: after so many profiles it rests, so that it takes about a third of a core.
const REST_AFTER: u64 = 1_000;
const REST: Duration = Duration::from_millis(4);

/// People by when they were seen last.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Aging {
    /// When the profile was seen last that was seen longest ago.
    pub oldest: Option<UtcMillis>,
    /// When anybody was seen last.
    pub newest: Option<UtcMillis>,
    /// People none of whose ids was seen for so long; at most as many as asked for.
    pub idle: Vec<Subject>,
}

impl Pipeline {
    /// Looks at every profile, and finds people who were not seen for `keep_ms`, if it is given: none of the
    /// profiles of the same person was. The time that counts is the clock's, but at most a day after anybody was
    /// seen: a clock that jumps ahead makes nobody old.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn aging(&self, keep_ms: Option<i64>, limit: usize) -> Result<Aging, PipelineError> {
        block_on(self.flushed())?;
        let (mut aging, mut count) = (Aging::default(), 0_u64);
        self.each_profile("", |_, profile| {
            count += 1;
            if count.is_multiple_of(REST_AFTER) {
                std::thread::park_timeout(REST);
            }
            let seen = profile.last_seen;
            aging.oldest = Some(aging.oldest.map_or(seen, |at| at.min(seen)));
            aging.newest = Some(aging.newest.map_or(seen, |at| at.max(seen)));
            ControlFlow::Continue(())
        })?;
        let (Some(keep_ms), Some(newest)) = (keep_ms, aging.newest) else { return Ok(aging) };
        let before = self.clock().now().min(newest.plus(UtcMillis::DAY)).plus(-keep_ms);
        let mut old = Vec::new();
        self.each_profile("", |key, profile| {
            old.extend(subject_of(key).filter(|_| profile.last_seen < before));
            if old.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let each: Vec<&[Subject]> = old.iter().map(std::slice::from_ref).collect();
        let people = self.people(&each)?;
        for (subject, whose) in old.iter().zip(&people) {
            if self.are_before(whose.keys(), before)? {
                aging.idle.push(subject.clone());
            }
        }
        Ok(aging)
    }

    /// Whether none of these keys has a profile in the store that was seen since.
    fn are_before<'a>(
        &self,
        keys: impl Iterator<Item = &'a str>,
        before: UtcMillis,
    ) -> Result<bool, PipelineError> {
        for key in keys {
            let Some(bytes) = self.inner.store.get(self.inner.tables.profiles, key.as_bytes())? else {
                continue;
            };
            let profile: Profile =
                tradewind_people::decode(&bytes).map_err(|e| crate::live::damaged("a profile", &e))?;
            if profile.last_seen >= before {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// When the oldest part of the log was written last, as far as the disk tells, and the first offset that it
    /// still holds.
    ///
    /// # Errors
    /// [`PipelineError`] when the log does not tell.
    pub fn oldest_of_log(&self) -> Result<(Option<UtcMillis>, Offset), PipelineError> {
        let parts = self.inner.log.parts()?;
        let oldest = parts.first().filter(|part| part.end > part.first);
        Ok((oldest.map(|part| UtcMillis::new(part.written_at_ms)), self.inner.log.start()))
    }

    /// When the oldest dead letter was received that tells it.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn oldest_letter(&self) -> Result<Option<UtcMillis>, PipelineError> {
        let mut oldest: Option<UtcMillis> = None;
        self.dead_letters(None, 1, |kept| {
            let at = kept.letter.received_at;
            if at > UtcMillis::default() {
                oldest = Some(oldest.map_or(at, |known| known.min(at)));
            }
            false
        })?;
        Ok(oldest)
    }

    /// Drops dead letters that were received before a time, at most `limit`, and gives how many. Those that do not
    /// tell when stay. It is noted in the log, so that a rebuild does the same. Blocks.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read, or nothing can be written.
    pub fn drop_letters_before(&self, before: UtcMillis, limit: usize) -> Result<u64, PipelineError> {
        let is_old = |at: UtcMillis| at > UtcMillis::default() && at < before;
        let old = self.dead_letters(None, limit, |kept| is_old(kept.letter.received_at))?;
        let at = self.clock().now();
        let notes: Vec<Note> =
            old.iter().map(|(id, _)| Note::Dropped { id: *id, at, by: "retention".into() }).collect();
        if !notes.is_empty() {
            block_on(self.note_letters(&notes))
                .map_err(|e| crate::live::damaged("the dead letters that are too old", &e))?;
        }
        Ok(notes.len() as u64)
    }
}

fn subject_of(key: &str) -> Option<Subject> {
    match key.split_at_checked(2)? {
        ("u:", id) if !id.is_empty() => Some(Subject::User(id.to_owned())),
        ("a:", id) if !id.is_empty() => Some(Subject::Anonymous(id.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
