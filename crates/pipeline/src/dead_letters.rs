//! Dead letters: what could not be processed, kept with its cause until somebody fixes, re-drives or drops it.
//!
//! A letter is known by the offset of the log record that it comes from, and there are two ways to become
//! one. The collector refuses an item of a batch that it otherwise takes: then a [`Note::Letter`] is appended
//! together with the batch's good events. Or the projection meets a record that it cannot read, or that
//! makes it panic: then it writes the letter itself and goes on. Either way the letter is written in the
//! commit that moves the offset, so a rebuild from the log finds the same ones.
//!
//! What happens to a letter later is a record too. A re-drive carries its events within: they count if the
//! letter still waits when the record is applied, and so at most once, however often it is asked for.
//!
//! Limits: 32 KiB of a payload and 8 KiB of what its batch said for all are kept, the latest 16 attempts of a
//! letter, and [`LetterLimits`] of all letters; beyond, the oldest go and are counted.
//!
//! Format: a log record is the kind's byte, a version byte, and [`Note`] as JSON; the events of a re-drive are
//! in the JSON of an event's version 1. A row of the table `dead_letters` is keyed by the offset (u64
//! big-endian) and holds a version byte and [`KeptLetter`] as JSON. The totals are under `dead_letters` in
//! `meta`, as JSON.

mod desk;
mod keep;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tradewind_events::Event;
use tradewind_kernel::UtcMillis;
use tradewind_ports::Offset;

pub(crate) use keep::{Letters, each_stored, totals, words_of_panic};

/// The most of a payload that is kept, in bytes.
pub const MAX_LETTER_BYTES: usize = 32 << 10;
/// The most that is kept of what a batch said for all of its items, in bytes.
const MAX_ENVELOPE_BYTES: usize = 8 << 10;
/// The longest detail that is kept, in bytes.
const MAX_DETAIL_BYTES: usize = 1 << 10;
/// The version byte of a note's body, JSON.
pub(crate) const NOTE_VERSION: u8 = 1;
/// The dialect of letters that the projection wrote: they are records of the log.
pub const LOG_DIALECT: &str = "log";

/// How many letters are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetterLimits {
    /// Letters.
    pub max_letters: u64,
    /// Bytes of their payloads, summed.
    pub max_bytes: u64,
}

impl Default for LetterLimits {
    fn default() -> Self {
        Self { max_letters: 100_000, max_bytes: 256 << 20 }
    }
}

/// Something that could not be processed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    /// When it was received; 0 when a record does not tell.
    #[serde(rename = "r")]
    pub received_at: UtcMillis,
    /// In whose form it is written; [`LOG_DIALECT`] for a record of the log.
    #[serde(rename = "d")]
    pub dialect: String,
    /// The fingerprint of the key that it was sent with, never the key.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where it stood in its request, from 0.
    #[serde(rename = "i", default)]
    pub index: usize,
    /// Why it could not be processed, in snake case.
    #[serde(rename = "c")]
    pub code: String,
    /// The same in words.
    #[serde(rename = "w")]
    pub detail: String,
    /// It, as it was sent.
    #[serde(rename = "p")]
    pub payload: String,
    /// Whether the payload, or its envelope, is not whole.
    #[serde(rename = "x", default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// What its dialect needs to read it again, in the dialect's own JSON.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Box<RawValue>>,
}

impl Letter {
    /// The same within the limits of what is kept.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        self.cut |= self.payload.len() > MAX_LETTER_BYTES;
        truncate(&mut self.payload, MAX_LETTER_BYTES);
        truncate(&mut self.detail, MAX_DETAIL_BYTES);
        if self.envelope.as_ref().is_some_and(|e| e.get().len() > MAX_ENVELOPE_BYTES) {
            (self.cut, self.envelope) = (true, None);
        }
        self
    }
}

/// Shortens text to at most so many bytes.
fn truncate(text: &mut String, max_bytes: usize) {
    text.truncate(text.floor_char_boundary(max_bytes));
}

/// A log record about a dead letter. `by` is who asked for it, as the fingerprint of a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Note {
    /// There is one more; the record's offset is its id.
    Letter(Box<Letter>),
    /// It was read at last.
    Redriven {
        /// The letter.
        id: Offset,
        /// When.
        at: UtcMillis,
        /// By whom.
        by: String,
        /// What it says; they count if the letter still waits.
        events: Vec<Event>,
    },
    /// It was tried, and still cannot be read.
    Failed {
        /// The letter.
        id: Offset,
        /// When.
        at: UtcMillis,
        /// By whom.
        by: String,
        /// Why, in snake case.
        code: String,
        /// Why, in words.
        detail: String,
    },
    /// It is not wanted any more.
    Dropped {
        /// The letter.
        id: Offset,
        /// When.
        at: UtcMillis,
        /// By whom.
        by: String,
    },
}

impl Note {
    /// The letter that it is about, but for one that is a letter itself.
    pub(crate) fn letter_id(&self) -> Option<Offset> {
        match self {
            Self::Letter(_) => None,
            Self::Redriven { id, .. } | Self::Failed { id, .. } | Self::Dropped { id, .. } => Some(*id),
        }
    }
}

/// What an attempt to re-drive a letter came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When.
    #[serde(rename = "t")]
    pub at: UtcMillis,
    /// By whom: the fingerprint of a key.
    #[serde(rename = "b")]
    pub by: String,
    /// Why it failed, in snake case; none if it did not.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same in words.
    #[serde(rename = "w", default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// A letter as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptLetter {
    /// The letter.
    #[serde(rename = "l")]
    pub letter: Letter,
    /// Whether it was re-driven, so that nothing is left to do.
    #[serde(rename = "s", default)]
    pub is_resolved: bool,
    /// Attempts, oldest first, at most 16.
    #[serde(rename = "h", default)]
    pub history: Vec<Attempt>,
}

/// All letters in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterTotals {
    /// Kept, the resolved ones included.
    pub kept: u64,
    /// Those of them that wait for somebody.
    pub waiting: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Lost to the limits since the data directory began.
    pub pushed_out: u64,
    /// No letter has an id below this; where the search for the oldest begins.
    pub(crate) first: Offset,
}

#[cfg(test)]
mod tests;
