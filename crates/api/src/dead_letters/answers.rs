//! The wire types of the dead letters.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tradewind_kernel::UtcMillis;
use tradewind_pipeline::{Attempt, KeptLetter, LetterTotals};
use utoipa::ToSchema;

use crate::collect::parse::sample;

/// What the list is asked for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ListQuery {
    /// Only of this cause.
    #[serde(default)]
    pub(super) cause: Option<String>,
    /// Only with ids below this.
    #[serde(default)]
    pub(super) before: Option<u64>,
    /// At most so many.
    #[serde(default)]
    pub(super) limit: Option<usize>,
    /// `waiting` (also without it), `redriven` or `all`.
    #[serde(default)]
    pub(super) state: Option<String>,
}

/// An attempt to re-drive a letter.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptOut {
    /// RFC 3339.
    at: String,
    /// The fingerprint of the API key that asked for it.
    by: String,
    /// `redriven` or `failed`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

impl AttemptOut {
    fn of(attempt: &Attempt) -> Self {
        Self {
            at: attempt.at.to_rfc3339(),
            by: attempt.by.clone(),
            outcome: if attempt.code.is_none() { "redriven" } else { "failed" },
            cause: attempt.code.clone(),
            detail: attempt.detail.clone(),
        }
    }
}

/// A dead letter.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LetterOut {
    id: u64,
    /// `waiting` or `redriven`.
    state: &'static str,
    /// Why it could not be processed, in snake case.
    cause: String,
    /// The same in words.
    detail: String,
    /// When it was received, RFC 3339; null for a record of the log that does not tell.
    received_at: Option<String>,
    /// `segment`, `cloudevents`, `ga4`, `posthog`, `snowplow`, or `log` for a record of the log.
    dialect: String,
    /// The fingerprint of the write key that it was sent with.
    key_fingerprint: Option<String>,
    /// Where it stood in its request, from 0.
    index: usize,
    /// As it was sent; in a list its first 500 characters.
    payload: String,
    /// Whether what is kept is not whole; then it can be re-driven with a payload only.
    is_cut: bool,
    /// Attempts, oldest first, at most 16.
    history: Vec<AttemptOut>,
}

impl LetterOut {
    pub(super) fn whole(id: u64, kept: KeptLetter) -> Self {
        Self {
            id,
            state: if kept.is_resolved { "redriven" } else { "waiting" },
            cause: kept.letter.code,
            detail: kept.letter.detail,
            received_at: (kept.letter.received_at != UtcMillis::default())
                .then(|| kept.letter.received_at.to_rfc3339()),
            dialect: kept.letter.dialect,
            key_fingerprint: kept.letter.key,
            index: kept.letter.index,
            payload: kept.letter.payload,
            is_cut: kept.letter.cut,
            history: kept.history.iter().map(AttemptOut::of).collect(),
        }
    }

    pub(super) fn short((id, mut kept): (u64, KeptLetter)) -> Self {
        kept.letter.payload = sample(&kept.letter.payload);
        Self::whole(id, kept)
    }
}

/// All letters in numbers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TotalsOut {
    /// Kept, the re-driven ones included.
    kept: u64,
    waiting: u64,
    /// Lost to the limits since the data directory began.
    pushed_out: u64,
}

impl From<LetterTotals> for TotalsOut {
    fn from(totals: LetterTotals) -> Self {
        Self { kept: totals.kept, waiting: totals.waiting, pushed_out: totals.pushed_out }
    }
}

/// A page of letters.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LettersOut {
    /// Newest first.
    pub(super) letters: Vec<LetterOut>,
    /// What to send as `before` for the next page; null on the last.
    pub(super) next: Option<u64>,
    pub(super) totals: TotalsOut,
}

/// How one letter is to be re-driven.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct RedriveIn {
    /// The message as it should have been; without one, it is read again as it was sent.
    #[serde(default)]
    pub(super) payload: Option<Box<RawValue>>,
}

/// Which letters are to be re-driven.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedriveManyIn {
    /// Only of this cause.
    #[serde(default)]
    pub(super) cause: Option<String>,
    /// At most so many: 100 unless it says otherwise, 1,000 at most.
    #[serde(default)]
    pub(super) limit: Option<usize>,
}

/// A letter that was re-driven.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RedrivenOut {
    pub(super) id: u64,
    /// Whether that had been done before, so that nothing was done now.
    pub(super) already: bool,
    /// The ids of the messages that it became.
    pub(super) message_ids: Vec<String>,
}

/// A letter that still cannot be processed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailedOut {
    pub(super) id: u64,
    pub(super) cause: String,
    pub(super) detail: String,
}

/// What became of many letters.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct RedrivenManyOut {
    pub(super) redriven: usize,
    pub(super) failed: Vec<FailedOut>,
}
