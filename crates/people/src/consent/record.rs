//! The ledger's record of one person.
//!
//! For each purpose the latest word counts, by the time at which it was said; of two at the same time the
//! denial. So the current state does not depend on the order in which words arrive. The history is a journal
//! in the order of arrival, of what changed the state; it is bounded, the oldest entries go.
//!
//! When two records become one, a purpose is allowed only where both said so: a denial of either counts, and
//! so does the silence of one that was asked at all. A record in which nobody was ever asked changes nothing.
//!
//! Stored by position (see [`encode`](crate::encode)): a new field goes to the end, with a default.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tradewind_kernel::{Purpose, Purposes, UtcMillis};

use super::policy::Region;
use super::signal::{SignalKinds, Told};

/// Changes that a record remembers, the latest.
pub const MAX_HISTORY: usize = 64;

/// The latest word on one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Whether it is allowed.
    pub granted: bool,
    /// When that was said.
    pub at: UtcMillis,
    /// Who said so, as the bits of [`SignalKinds`].
    pub kinds: u16,
}

/// What a person was shown before choosing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Notice {
    /// The shop's name for the text.
    pub id: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// A hash of what was shown.
    #[serde(default)]
    pub hash: String,
}

/// One entry of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When it was said.
    pub at: UtcMillis,
    /// When it reached us.
    pub received_at: UtcMillis,
    /// What was allowed, as bits.
    pub granted: u8,
    /// What was forbidden, as bits.
    pub denied: u8,
    /// Who said so, as bits.
    pub kinds: u16,
    /// The version of the policies then.
    pub policy: u32,
    /// The id of the message that said so: the log holds it whole.
    pub message_id: String,
    /// What the signals said, shortened.
    pub raw: String,
    /// Where the choice was made, as the shop calls it.
    pub source: String,
    /// What was shown.
    pub notice: Option<Notice>,
}

/// What is known of one person's consent. Stored by position: new fields go to the end, with a default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Record {
    /// The latest word by the purpose's number.
    choices: BTreeMap<u8, Choice>,
    /// Where the person was last, and in the hour that began when.
    region: Option<(String, UtcMillis)>,
    /// What changed, in the order of arrival.
    history: Vec<Change>,
    /// Changes that the history has no room for any more.
    forgotten: u64,
}

tradewind_kernel::stored! {
    pub(crate) static RECORD: struct Record, "state/consent", ConsentProof {
        choices: Consent, Rights, "The latest word by the purpose's number.";
        region: Technical, Rights, "Where the person was last, and in the hour that began when.";
        history: Consent, Rights, "What changed, in the order of arrival.";
        forgotten: Consent, Rights, "Changes that the history has no room for any more.";
    }
}

impl Record {
    /// The latest word on a purpose, if there was one.
    #[must_use]
    pub fn choice(&self, purpose: Purpose) -> Option<Choice> {
        self.choices.get(&(purpose as u8)).copied()
    }

    /// What was allowed and what was forbidden; the rest was never asked for.
    #[must_use]
    pub fn said(&self) -> (Purposes, Purposes) {
        let (mut granted, mut denied) = (Purposes::NONE, Purposes::NONE);
        for purpose in Purpose::ALL {
            match self.choice(purpose) {
                Some(choice) if choice.granted => granted = granted.with(purpose),
                Some(_) => denied = denied.with(purpose),
                None => {}
            }
        }
        (granted, denied)
    }

    /// Where the person was last.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        self.region.as_ref().and_then(|(region, _)| Region::parse(region).ok())
    }

    /// What changed, oldest first.
    #[must_use]
    pub fn history(&self) -> &[Change] {
        &self.history
    }

    /// Changes that the history has no room for any more.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Whether nobody was ever asked.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.choices.is_empty()
    }

    /// Whether being told of this region then would change the record.
    #[must_use]
    pub fn is_elsewhere(&self, region: &str, at: UtcMillis) -> bool {
        let hour = hour_of(at);
        self.region.as_ref().is_none_or(|(known, since)| match since.cmp(&hour) {
            Ordering::Less => true,
            Ordering::Equal => region < known.as_str(),
            Ordering::Greater => false,
        })
    }

    /// Notes where the person is. The latest hour counts, and within one hour the first place in the alphabet:
    /// so a person who stays changes the record once an hour at most, and the order of arrival does not matter.
    pub fn locate(&mut self, region: &str, at: UtcMillis) {
        if self.is_elsewhere(region, at) {
            self.region = Some((region.to_owned(), hour_of(at)));
        }
    }

    /// Folds in what was told at a time. Gives whether the state changed for any purpose.
    pub fn hear(&mut self, told: &Told, at: UtcMillis) -> bool {
        let words = Purpose::ALL.into_iter().filter_map(|purpose| {
            let denied = told.denied.contains(purpose);
            (denied || told.granted.contains(purpose)).then_some((purpose, !denied))
        });
        let mut changed = false;
        for (purpose, granted) in words {
            let choice = Choice { granted, at, kinds: told.kinds.bits() };
            changed |= self.choose(purpose as u8, choice);
        }
        changed
    }

    /// Keeps the later of two words. Gives whether what is allowed changed.
    fn choose(&mut self, purpose: u8, choice: Choice) -> bool {
        let Some(known) = self.choices.get_mut(&purpose) else {
            self.choices.insert(purpose, choice);
            return true;
        };
        // At the same time a denial counts more; of two equal words either order gives the same one.
        let rank = |c: &Choice| (c.at, !c.granted, c.kinds);
        if rank(&choice) <= rank(known) {
            return false;
        }
        let before = std::mem::replace(known, choice);
        before.granted != choice.granted
    }

    /// Writes an entry into the history.
    pub fn note(&mut self, change: Change) {
        self.history.push(change);
        let over = self.history.len().saturating_sub(MAX_HISTORY);
        self.history.drain(..over);
        self.forgotten += over as u64;
    }

    /// Takes in the record of another id of the same person.
    pub fn absorb(&mut self, other: &Self) {
        if let Some((region, at)) = &other.region {
            self.locate(region, *at);
        }
        let was_asked = !self.is_silent();
        if was_asked && !other.is_silent() {
            for purpose in Purpose::ALL.map(|p| p as u8) {
                let (ours, theirs) = (self.choices.get(&purpose), other.choices.get(&purpose));
                let stricter = match (ours, theirs) {
                    (Some(one), Some(two)) => Choice {
                        granted: one.granted && two.granted,
                        at: one.at.max(two.at),
                        kinds: one.kinds | two.kinds,
                    },
                    (Some(one), None) | (None, Some(one)) => Choice { granted: false, ..*one },
                    (None, None) => continue,
                };
                self.choices.insert(purpose, stricter);
            }
        } else if !was_asked {
            self.choices.clone_from(&other.choices);
        }
        let own = std::mem::take(&mut self.history);
        self.forgotten += other.forgotten;
        let mut all: Vec<Change> = other.history.iter().cloned().chain(own).collect();
        all.sort_by_key(|change| change.received_at);
        for change in all {
            self.note(change);
        }
    }

    /// Who said what counts now for a purpose.
    #[must_use]
    pub fn kinds(&self, purpose: Purpose) -> SignalKinds {
        SignalKinds::from_bits(self.choice(purpose).map_or(0, |c| c.kinds))
    }
}

/// The beginning of the hour.
fn hour_of(at: UtcMillis) -> UtcMillis {
    UtcMillis::new(at.get().div_euclid(UtcMillis::HOUR) * UtcMillis::HOUR)
}
