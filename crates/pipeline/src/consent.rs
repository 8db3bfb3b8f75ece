//! The ledger in the pipeline: how what people agreed to is folded, kept, and asked before anything of a
//! person is given out.
//!
//! An event that was stamped with signals changes the record of its subject, in the step that goes in the
//! log's order; an event that was not costs a look into an empty set. Records are kept like profiles: at once
//! in what is pending, then in the table `consent` with the offset.
//!
//! Who denied `analytics` is in no profile from then on: such events count, and name nobody. Who refuses
//! `model_training` is not learned from, neither live nor by training. The first follows from the log alone;
//! the second also from the policies, and is in memory only.
//!
//! Whoever asks for something of a person names the purpose, and gets it as `Permitted`, or a refusal. A
//! ledger that cannot be read is an error, and nothing is given out.
//!
//! Format: the table `consent` holds, under the subject's key, `tradewind_people::consent::Record` as
//! [`encode`](tradewind_people::encode) writes it.

mod nameless;
mod read;
mod refused;

use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use tradewind_events::{ConsentStamp, EventName, EventView};
use tradewind_kernel::Purpose;
use tradewind_people::consent::{Change, Notice, Policy, Record, SignalKinds, Told};

pub use read::Lookup;
pub(crate) use refused::Refused;

use crate::live::Live;
use crate::pipeline::PipelineError;
use crate::reads::Reads;

/// Characters that are kept of what signals said, and of where a choice was made.
const MAX_RAW_CHARS: usize = 200;
const MAX_WORD_CHARS: usize = 120;

/// The records that a batch changes, as they are after it.
#[derive(Debug, Default)]
pub(crate) struct Consents(FxHashMap<String, Record>);

/// What `context.consent` says of a choice beyond the choice itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Circumstances {
    source: Option<String>,
    notice: Option<Notice>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Context<'a> {
    #[serde(borrow)]
    consent: Option<&'a serde_json::value::RawValue>,
}

impl Consents {
    /// Folds in what an event says. Gives whether its subject refuses to be counted by name.
    pub(crate) fn hear(
        &mut self,
        reads: &Reads<'_>,
        key: Option<&str>,
        event: &EventView<'_>,
    ) -> Result<bool, PipelineError> {
        let Some(key) = key else { return Ok(false) };
        if let Some(stamp) = &event.consent {
            self.note(reads, key, event, stamp)?;
            if stamp.denies_analytics() {
                return Ok(true);
            }
        }
        if !self.0.is_empty()
            && let Some(record) = self.0.get(key)
        {
            return Ok(denies_analytics(record));
        }
        Ok(reads.live.refused.read().refuses_analytics_by(key))
    }

    /// Whether somebody said that this is allowed, as of the record that is being planned.
    pub(crate) fn grants(
        &self,
        reads: &Reads<'_>,
        key: &str,
        purpose: Purpose,
    ) -> Result<bool, PipelineError> {
        let grants = |record: &Record| record.choice(purpose).is_some_and(|choice| choice.granted);
        if let Some(record) = self.0.get(key) {
            return Ok(grants(record));
        }
        Ok(reads.consent(key)?.is_some_and(|record| grants(&record)))
    }

    fn note(
        &mut self,
        reads: &Reads<'_>,
        key: &str,
        event: &EventView<'_>,
        stamp: &ConsentStamp,
    ) -> Result<(), PipelineError> {
        let at = event.occurred_at;
        if !self.0.contains_key(key) {
            let known = reads.consent(key)?;
            let moves = || {
                let region = stamp.region.as_deref();
                region.is_some_and(|r| known.as_ref().is_none_or(|known| known.is_elsewhere(r, at)))
            };
            if stamp.is_silent() && !moves() {
                return Ok(());
            }
            self.0.insert(key.to_owned(), known.map(Arc::unwrap_or_clone).unwrap_or_default());
        }
        let Some(record) = self.0.get_mut(key) else { return Ok(()) };
        if let Some(region) = &stamp.region {
            record.locate(region, at);
        }
        if stamp.is_silent() {
            return Ok(());
        }
        let kinds = SignalKinds::from_bits(stamp.signals);
        let told = Told { granted: stamp.granted, denied: stamp.denied, kinds };
        if record.hear(&told, at) || is_choice(event) {
            record.note(change_of(event, stamp));
        }
        Ok(())
    }

    /// The keys whose records change.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Brings together what two ids of one person agreed to.
    pub(crate) fn absorb(&mut self, reads: &Reads<'_>, from: &str, to: &str) -> Result<(), PipelineError> {
        let theirs = match self.0.get(from) {
            Some(record) => Some(record.clone()),
            None => reads.consent(from)?.map(Arc::unwrap_or_clone),
        };
        let Some(theirs) = theirs else { return Ok(()) };
        let mut ours = match self.0.remove(to) {
            Some(record) => record,
            None => reads.consent(to)?.map(Arc::unwrap_or_clone).unwrap_or_default(),
        };
        ours.absorb(&theirs);
        self.0.insert(to.to_owned(), ours);
        Ok(())
    }

    /// Shows the records to all readers.
    pub(crate) fn show(self, live: &Live, policy: &Policy) {
        if self.0.is_empty() {
            return;
        }
        let mut refused = live.refused.write();
        for (key, record) in &self.0 {
            refused.note(key, record, policy);
        }
        drop(refused);
        let shown = self.0.into_iter().map(|(key, record)| (Arc::from(key), Arc::new(record)));
        live.pending.write().current.consents.extend(shown);
    }
}

/// Whether somebody said that nothing may be kept under a name.
fn denies_analytics(record: &Record) -> bool {
    record.choice(Purpose::Analytics).is_some_and(|choice| !choice.granted)
}

/// Whether an event is about consent and nothing else.
fn is_choice(event: &EventView<'_>) -> bool {
    event.name.as_deref() == Some(EventName::ConsentPreferenceUpdated.as_str())
}

fn clipped(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// The entry of the history that an event makes.
fn change_of(event: &EventView<'_>, stamp: &ConsentStamp) -> Change {
    let context: Context<'_> =
        event.context.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let more: Circumstances =
        context.consent.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let raw = stamp.raw.as_deref().or(context.consent.map(serde_json::value::RawValue::get));
    let notice = more.notice.map(|notice| Notice {
        id: clipped(&notice.id, MAX_WORD_CHARS),
        version: clipped(&notice.version, MAX_WORD_CHARS),
        hash: clipped(&notice.hash, MAX_WORD_CHARS),
    });
    Change {
        at: event.occurred_at,
        received_at: event.received_at,
        granted: stamp.granted.bits(),
        denied: stamp.denied.bits(),
        kinds: stamp.signals,
        policy: stamp.policy,
        message_id: event.message_id.clone().into_owned(),
        raw: clipped(raw.unwrap_or_default(), MAX_RAW_CHARS),
        source: clipped(more.source.as_deref().unwrap_or_default(), MAX_WORD_CHARS),
        notice,
    }
}

#[cfg(test)]
mod tests;
