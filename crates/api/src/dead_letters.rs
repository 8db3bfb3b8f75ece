//! Items that were refused: kept as dead letters beside the good ones, listed, read again, dropped.
//!
//! What an answer of 2xx refused is durable with what it took, in one append. Only counted, and shown by
//! `GET /v1/rejected` until the program stops, is what was refused with an error, since then the client
//! knows; what came without a known key; and what exceeds the guard of 6,000 letters and 64 MiB a minute.
//!
//! A letter's envelope is [`Shared`] as JSON: what its request said for all items. No key is kept, also not
//! where a payload names it; only its fingerprint is, to tell which client sends what cannot be read.

mod again;
mod answers;
pub(crate) mod handlers;

use std::collections::VecDeque;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use tradewind_events::enrich::address::blotted;
use tradewind_events::personal::text::said_without;
use tradewind_events::{Event, Kind, Origin};
use tradewind_kernel::UtcMillis;
use tradewind_pipeline::{LOG_DIALECT, Letter};
use xxhash_rust::xxh3::xxh3_64;

use crate::collect::handlers::not_collected;
use crate::collect::parse::{Reject, sample};
use crate::measures;
use crate::privacy::SUPPRESSED;
use crate::problem::Problem;
use crate::state::{Api, Rejected};

/// Letters that are kept within one minute.
const MAX_LETTERS_A_MINUTE: u64 = 6_000;
/// Bytes of their payloads.
const MAX_BYTES_A_MINUTE: usize = 64 << 20;
/// Rejected events without a letter that are shown.
const SHOWN: usize = 1_000;
/// Where clients put a key in what they send.
const KEY_FIELDS: [&str; 4] = ["writeKey", "api_key", "token", "aid"];

/// In whose form a letter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Segment,
    CloudEvents,
    Ga4,
    PostHog,
    Snowplow,
    Shopify,
    /// A record of the log that the projection could not apply.
    Log,
}

impl Dialect {
    const ALL: [Self; 7] = [
        Self::Segment,
        Self::CloudEvents,
        Self::Ga4,
        Self::PostHog,
        Self::Snowplow,
        Self::Shopify,
        Self::Log,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::CloudEvents => "cloudevents",
            Self::Ga4 => "ga4",
            Self::PostHog => "posthog",
            Self::Snowplow => "snowplow",
            Self::Shopify => "shopify",
            Self::Log => LOG_DIALECT,
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == name)
    }
}

/// What a request said for all of its items.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Shared {
    /// When it was sent, by the client's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sent: Option<UtcMillis>,
    #[serde(default)]
    pub(crate) origin: Origin,
    /// The kind that its path named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<Kind>,
    /// Segment's batch context; GA4's body without its events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) around: Option<Box<RawValue>>,
    /// What GA4's message ids are made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hash: Option<String>,
}

/// The request that items came in.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) received: UtcMillis,
    /// The key that it came with.
    pub(crate) key: &'a str,
    /// Makes what it said for all items; asked only when one of them is refused.
    pub(crate) shared: &'a (dyn Fn() -> Shared + Sync),
}

/// An item that is not taken.
#[derive(Debug)]
pub(crate) struct Refused<'a> {
    pub(crate) index: usize,
    /// How it was written; empty when nothing of it may be kept.
    pub(crate) json: &'a str,
    pub(crate) reject: Reject,
}

/// Whether the request as a whole is answered with an error, so that nothing of it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Taken,
    Refused,
}

/// What the API remembers about letters.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// Held while letters are re-driven or dropped, so that each request sees what came of the one before.
    pub(crate) one_by_one: tokio::sync::Mutex<()>,
    guard: Mutex<Guard>,
    without_letter: Mutex<VecDeque<Rejected>>,
}

/// Counts the letters of the current minute.
#[derive(Debug, Default)]
struct Guard {
    minute: i64,
    letters: u64,
    bytes: usize,
}

impl Guard {
    fn admits(&mut self, now: UtcMillis, bytes: usize) -> bool {
        let minute = now.get().div_euclid(UtcMillis::MINUTE);
        if minute != self.minute {
            *self = Self { minute, letters: 0, bytes: 0 };
        }
        if self.letters >= MAX_LETTERS_A_MINUTE || self.bytes + bytes > MAX_BYTES_A_MINUTE {
            return false;
        }
        (self.letters, self.bytes) = (self.letters + 1, self.bytes + bytes);
        true
    }
}

/// Takes the good items of a request and keeps the bad ones, all durable on success.
///
/// # Errors
/// [`Problem`] when nothing can be taken now; then nothing was.
pub(crate) async fn take_in(
    api: &Api,
    source: &Source<'_>,
    events: &mut [Event],
    refused: &[Refused<'_>],
    verdict: Verdict,
) -> Result<(), Problem> {
    let (mut letters, mut others) = (Vec::new(), Vec::new());
    let envelope = (!refused.is_empty()).then(|| to_raw_value(&(source.shared)()).ok()).flatten();
    for one in refused {
        let bytes = one.json.len().min(tradewind_pipeline::MAX_LETTER_BYTES);
        let is_nobodys = one.reject.code == SUPPRESSED;
        let keeps = verdict == Verdict::Taken && !one.json.is_empty() && !is_nobodys;
        if keeps && api.desk.guard.lock().admits(api.now(), bytes) {
            let mut letter = letter_of(source, envelope.as_deref(), one);
            api.protect_letter(&mut letter).await?;
            letters.push(letter);
        } else {
            if keeps {
                measures::letter_not_kept();
            }
            if !is_nobodys {
                others.push(one);
            }
        }
    }
    if verdict == Verdict::Taken && !(events.is_empty() && letters.is_empty()) {
        api.protect(events).await?;
        api.pipeline.collect_with(events, letters).await.map_err(not_collected)?;
    }
    api.count_rejects(refused.iter().map(|one| one.reject.code));
    let mut shown = api.desk.without_letter.lock();
    for one in others {
        shown.push_front(Rejected {
            received_at: source.received.get(),
            index: one.index,
            code: one.reject.code.to_owned(),
            message: said_without(&one.reject.message),
            sample: sample(&api.shown(one.json)),
        });
    }
    shown.truncate(SHOWN);
    Ok(())
}

fn letter_of(source: &Source<'_>, envelope: Option<&RawValue>, one: &Refused<'_>) -> Letter {
    let letter = Letter {
        received_at: source.received,
        dialect: source.dialect.as_str().to_owned(),
        key: (!source.key.is_empty()).then(|| fingerprint(source.key)),
        index: one.index,
        code: one.reject.code.to_owned(),
        // What does not read is quoted, and may be an address.
        detail: blotted(&one.reject.message),
        payload: blotted(&without_key(one.json, source.key)),
        cut: false,
        envelope: envelope.and_then(|e| RawValue::from_string(blotted(e.get())).ok()),
    };
    letter.bounded()
}

/// Takes what names these ids out of what is shown of rejected events, and gives how many they were.
pub(crate) fn forget_shown(api: &Api, ids: &[&str]) -> usize {
    let mut shown = api.desk.without_letter.lock();
    let before = shown.len();
    shown.retain(|one| !ids.iter().any(|id| one.sample.contains(id) || one.message.contains(id)));
    before - shown.len()
}

/// What tells a key from others without giving it away.
pub(crate) fn fingerprint(key: &str) -> String {
    format!("{:016x}", xxh3_64(key.as_bytes()))
}

/// JSON with nothing where a client put this key.
fn without_key(json: &str, key: &str) -> String {
    if key.is_empty() {
        return json.to_owned();
    }
    let quoted = serde_json::Value::from(key).to_string();
    let (mut out, mut rest) = (String::with_capacity(json.len()), json);
    while let Some(at) = rest.find(&quoted) {
        let before = &rest[..at];
        let name = before.trim_end().strip_suffix(':').map(str::trim_end);
        let is_key = name.is_some_and(|name| {
            KEY_FIELDS.iter().any(|field| name.strip_suffix('"').is_some_and(|n| n.ends_with(field)))
        });
        out.push_str(before);
        out.push_str(if is_key { "\"\"" } else { &quoted });
        rest = &rest[at + quoted.len()..];
    }
    out + rest
}

/// The latest rejected events, with a letter or without, newest first.
pub(crate) fn latest_rejects(api: &Api) -> Vec<Rejected> {
    let stored = api.pipeline.dead_letters(None, SHOWN, |kept| kept.letter.dialect != LOG_DIALECT);
    let stored = stored.unwrap_or_else(|error| {
        tracing::error!(%error, "the dead letters could not be read");
        Vec::new()
    });
    let with_letter = stored.into_iter().map(|(_, kept)| Rejected {
        received_at: kept.letter.received_at.get(),
        index: kept.letter.index,
        sample: sample(&kept.letter.payload),
        code: kept.letter.code,
        message: kept.letter.detail,
    });
    let mut all: Vec<Rejected> = with_letter.collect();
    all.extend(api.desk.without_letter.lock().iter().cloned());
    all.sort_by_key(|rejected| std::cmp::Reverse(rejected.received_at));
    all.truncate(SHOWN);
    all
}

#[cfg(test)]
mod tests;
