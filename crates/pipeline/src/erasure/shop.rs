//! What came from one shop's Shopify: its people, and what names nobody but came from there all the same.
//!
//! An event is, when its context says so under `shopify` and either no domain or this one stands there; a dead
//! letter is, when it is in the dialect `shopify`, since it could not be read far enough to tell more: one
//! deployment is one shop.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_events::EventView;
use tradewind_kernel::Subject;

use super::search;
use crate::dead_letters::{KeptLetter, Note};
use crate::entry::Entry;
use crate::pipeline::{Pipeline, PipelineError};

const DIALECT: &str = "shopify";

#[derive(Deserialize)]
struct Context {
    shopify: Option<About>,
}

#[derive(Deserialize)]
struct About {
    #[serde(rename = "shopDomain")]
    domain: Option<String>,
}

/// Whether an event came from the shop of this domain.
pub(super) fn is_event(event: &EventView<'_>, domain: &str) -> bool {
    let Some(context) = event.context.map(RawValue::get).filter(|text| text.contains(DIALECT)) else {
        return false;
    };
    let read = serde_json::from_str::<Context>(context).ok().and_then(|context| context.shopify);
    read.is_some_and(|about| about.domain.is_none_or(|known| known.eq_ignore_ascii_case(domain)))
}

/// Whether a record about a dead letter tells of one that came from there.
pub(super) fn is_note(bytes: &[u8]) -> bool {
    matches!(Entry::read(bytes), Ok(Entry::DeadLetter(note))
        if matches!(&*note, Note::Letter(letter) if letter.dialect == DIALECT))
}

/// Whether a letter as it is kept came from there.
pub(super) fn is_letter(json: &[u8]) -> bool {
    serde_json::from_slice::<KeptLetter>(json).is_ok_and(|kept| kept.letter.dialect == DIALECT)
}

impl Pipeline {
    /// Everybody whom an event from a shop's Shopify names, by its `….myshopify.com`. It reads the whole log.
    ///
    /// # Errors
    /// [`PipelineError`] when the log does not read.
    pub fn people_of_shop(&self, domain: &str) -> Result<BTreeSet<Subject>, PipelineError> {
        let mut found = BTreeSet::new();
        search::each_event(self.inner.log.as_ref(), |event| {
            if is_event(event, domain) {
                let user = event.user_id.as_deref().map(|id| Subject::User(id.to_owned()));
                let anonymous = event.anonymous_id.as_deref().map(|id| Subject::Anonymous(id.to_owned()));
                found.extend(user.into_iter().chain(anonymous));
            }
        })?;
        Ok(found)
    }
}
