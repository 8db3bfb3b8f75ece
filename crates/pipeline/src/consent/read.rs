//! Reading for a purpose.

use std::sync::Arc;

use tradewind_kernel::Subject;
use tradewind_people::consent::{ForPurpose, ModelTraining, Permitted, Policy, Record, Refusal, Standing};
use tradewind_people::{Profile, SessionRecord};
use tradewind_ports::block_on;

use super::refused::standings;
use crate::live::damaged;
use crate::pipeline::{Inner, Pipeline, PipelineError};
use crate::{identity, reads};

/// What came of asking for something of a person.
#[derive(Debug)]
pub enum Lookup<P: ForPurpose, T> {
    /// There is such a person, found under this subject, and consent to the purpose.
    Found(Subject, Permitted<P, T>),
    /// Nothing is known.
    Unknown,
    /// There is no consent to the purpose. Whether anything is known is not told.
    Refused(Refusal),
}

impl<P: ForPurpose, T> Lookup<P, T> {
    /// What was found.
    #[must_use]
    pub fn found(self) -> Option<(Subject, Permitted<P, T>)> {
        match self {
            Self::Found(subject, found) => Some((subject, found)),
            Self::Unknown | Self::Refused(_) => None,
        }
    }
}

impl Pipeline {
    /// The subject under which consent is kept: an anonymous id that belongs to a user is that user.
    fn known_as(&self, subject: &Subject) -> Result<Subject, PipelineError> {
        let user = identity::user_of(self.inner.place(), subject)?;
        Ok(user.map_or_else(|| subject.clone(), Subject::User))
    }

    /// What is known of a person's consent, with the subject that it is kept under.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read.
    pub fn consent(&self, subject: &Subject) -> Result<(Subject, Option<Arc<Record>>), PipelineError> {
        let subject = self.known_as(subject)?;
        let record = reads::consent(self.inner.place(), &subject.key())?;
        Ok((subject, record))
    }

    /// What a person agrees to, with the subject that it is kept under.
    ///
    /// # Errors
    /// [`PipelineError`] when the ledger cannot be read: then nothing may be assumed.
    pub fn standing(&self, subject: &Subject) -> Result<(Subject, Standing), PipelineError> {
        let (subject, record) = self.consent(subject)?;
        let mut standing = self.inner.policy.standing(record.as_deref());
        if let Some(person) = self.person(&subject)? {
            // Of several users who are one person each has to agree.
            for user in &person.users {
                let (_, record) = self.consent(&Subject::User(user.clone()))?;
                standing = standing.narrowed_by(self.inner.policy.standing(record.as_deref()));
            }
        }
        Ok((subject, standing))
    }

    /// What holds where a person was never asked.
    #[must_use]
    pub fn policy(&self) -> &Arc<Policy> {
        &self.inner.policy
    }

    /// The profile of a person for a purpose, an anonymous id that belongs to a user resolved to that one,
    /// and a user who is merged with others to all of them.
    ///
    /// The purpose has to be named, or it does not compile:
    ///
    /// ```compile_fail,E0283
    /// # use tradewind_pipeline::{Lookup, Pipeline};
    /// fn peek(pipeline: &Pipeline, subject: &tradewind_kernel::Subject) {
    ///     let profile = pipeline.profile(subject);
    /// }
    /// ```
    ///
    /// ```
    /// # use tradewind_pipeline::{Lookup, Pipeline};
    /// # use tradewind_people::consent::Personalization;
    /// fn peek(pipeline: &Pipeline, subject: &tradewind_kernel::Subject) {
    ///     let profile = pipeline.profile::<Personalization>(subject);
    /// }
    /// ```
    ///
    /// # Errors
    /// [`PipelineError`] when the ledger or the state does not read.
    pub fn profile<P: ForPurpose>(
        &self,
        subject: &Subject,
    ) -> Result<Lookup<P, Arc<Profile>>, PipelineError> {
        let (subject, standing) = self.standing(subject)?;
        if !standing.allows(P::PURPOSE) {
            return Ok(Lookup::Refused(Refusal(P::PURPOSE)));
        }
        let Some((subject, profile)) = identity::profile(self.inner.place(), &subject)? else {
            return Ok(Lookup::Unknown);
        };
        Ok(match standing.permit(profile) {
            Ok(profile) => Lookup::Found(subject, profile),
            Err(refusal) => Lookup::Refused(refusal),
        })
    }

    /// Every session that may be learned from, in the order of its number, for training.
    ///
    /// # Errors
    /// [`PipelineError`] when the ledger or the state does not read.
    pub fn each_session(
        &self,
        mut take: impl FnMut(u32, Permitted<ModelTraining, SessionRecord>),
    ) -> Result<(), PipelineError> {
        block_on(self.flushed())?;
        let Inner { store, tables, policy, .. } = self.inner.as_ref();
        let standings = standings(store.as_ref(), tables, policy)?;
        let unasked = policy.standing(None);
        for (number, pair) in (0..).zip(store.scan(tables.sessions, &[])) {
            let record: SessionRecord =
                tradewind_people::decode(&pair?.1).map_err(|e| damaged("a session", &e))?;
            let standing = standings.get(&record.subject_hash).copied().unwrap_or(unasked);
            if let Ok(record) = standing.permit(record) {
                take(number, record);
            }
        }
        Ok(())
    }
}
