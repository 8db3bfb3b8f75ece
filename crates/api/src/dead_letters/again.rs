//! Reading a letter once more, by its dialect's own parser as it is now.

use tradewind_events::Event;
use tradewind_kernel::UtcMillis;
use tradewind_pipeline::{Letter, MAX_LETTER_BYTES};
use xxhash_rust::xxh3::xxh3_64;

use super::{Dialect, Shared};
use crate::collect::parse::{Envelope, Reject, malformed, parse_named, reject};
use crate::dialects::draft::{Draft, read_items};
use crate::dialects::{cloudevents, ga4, posthog, snowplow};
use crate::enrich::Sender;
use crate::state::Api;

/// The events of a letter; `fixed` takes the place of what was sent. They have the time at which the letter
/// was received, and an id that follows from the letter where the message has none.
///
/// # Errors
/// [`Reject`] with what is wrong with it still.
pub(super) fn read_again(
    api: &Api,
    id: u64,
    letter: &Letter,
    fixed: Option<&str>,
) -> Result<Vec<Event>, Reject> {
    let dialect = Dialect::parse(&letter.dialect)
        .ok_or_else(|| reject("dialect_unknown", "this program does not read the letter's dialect"))?;
    if dialect == Dialect::Log && fixed.is_none() {
        let read = api.pipeline.logged_event(id).ok().flatten();
        let unread = "the record is no event that this program can read; send a payload in Segment's form";
        return read.map(|event| vec![event]).ok_or_else(|| reject("unreadable", unread));
    }
    if dialect == Dialect::Shopify && fixed.is_none() {
        let message = "a webhook is not read again without its headers; send a payload in Segment's form";
        return Err(reject("webhook_unread", message));
    }
    if fixed.is_none() && letter.cut {
        let message = "what was kept of it is not whole; send the whole message as payload";
        return Err(reject("payload_cut", message));
    }
    let payload = fixed.unwrap_or(&letter.payload);
    if payload.len() > MAX_LETTER_BYTES {
        let message = format!("the payload has {} bytes, and {MAX_LETTER_BYTES} are the most", payload.len());
        return Err(reject("event_too_large", message));
    }
    let shared: Shared = match &letter.envelope {
        Some(envelope) => serde_json::from_str(envelope.get()).map_err(|e| malformed(e.to_string()))?,
        None => Shared::default(),
    };
    let own_id = format!("letter-{id}-{:016x}", xxh3_64(letter.payload.as_bytes()));
    let received = received_at(api, letter);
    if matches!(dialect, Dialect::Segment | Dialect::Shopify | Dialect::Log) {
        let (sent, context, origin, kind) =
            (shared.sent, shared.around.as_deref(), shared.origin, shared.kind);
        let sender = Sender::of_history(&api.enricher);
        let envelope = Envelope { received, sent, context, origin, kind, sender };
        return parse_named(payload, &envelope, Some(own_id)).map(|event| vec![event]);
    }
    let items = read_items(&[payload], |_, source| drafts(dialect, source, &shared, letter));
    let named = items.into_iter().enumerate().map(|(n, item)| {
        let mut draft = item.draft?;
        draft.message_id.get_or_insert_with(|| format!("{own_id}-{n}"));
        draft.into_event(received, Sender::of_history(&api.enricher))
    });
    named.collect()
}

fn drafts(dialect: Dialect, json: &str, shared: &Shared, letter: &Letter) -> Result<Vec<Draft>, Reject> {
    match dialect {
        Dialect::CloudEvents => Ok(vec![cloudevents::read(json)?]),
        Dialect::PostHog => Ok(vec![posthog::read(json, shared.sent, letter.received_at)?]),
        Dialect::Snowplow => snowplow::read(json),
        Dialect::Ga4 => ga4::read_again(json, shared, letter.index),
        Dialect::Segment | Dialect::Shopify | Dialect::Log => Err(malformed("it is read elsewhere")),
    }
}

/// When it was received; a record of the log that does not tell counts as received now.
fn received_at(api: &Api, letter: &Letter) -> UtcMillis {
    if letter.received_at == UtcMillis::default() { api.now() } else { letter.received_at }
}
