//! Finding what is theirs in what others keep.

use tradewind_kernel::{Subject, UtcMillis};

use super::Whose;
use super::search::Mentions;
use crate::outbox::Effect;
use crate::pipeline::PipelineError;

/// Tells what is about these people.
pub struct Theirs<'a> {
    whose: &'a Whose,
    mentions: Mentions,
}

impl Whose {
    /// What finds them in effects.
    ///
    /// # Errors
    /// [`PipelineError`] when there are too many ids to look for at once.
    pub fn finder(&self) -> Result<Theirs<'_>, PipelineError> {
        Ok(Theirs { whose: self, mentions: Mentions::of(self)? })
    }
}

impl Theirs<'_> {
    /// Whether an effect is about one of them: by whose it is; where it is nobody's, by an id of theirs within its
    /// message's or its order's.
    #[must_use]
    pub fn is_effect(&self, effect: &Effect) -> bool {
        let is_in = |text: &str| self.mentions.are_in(text.as_bytes());
        match effect {
            Effect::EventHappened(event) => match &event.subject {
                Some(subject) => self.is_subject(subject, event.occurred_at),
                None => is_in(&event.message_id) || event.order_id.as_deref().is_some_and(is_in),
            },
            Effect::AudienceMoved(moved) => self.is_subject(&moved.subject, moved.at),
        }
    }

    /// Whether a subject was one of them at a time.
    fn is_subject(&self, subject: &Subject, at: UtcMillis) -> bool {
        match subject {
            Subject::Anonymous(id) => self.whose.are_named_at(None, Some(id), None, at),
            Subject::User(_) => self.whose.is_key(&subject.key()),
        }
    }
}
