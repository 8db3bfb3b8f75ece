//! An event on its way from a dialect to its canonical form.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use tradewind_events::{Event, Kind, Origin};
use tradewind_kernel::UtcMillis;

use crate::collect::handlers::MAX_BATCH;
use crate::collect::message::Message;
use crate::collect::parse::{Envelope, MAX_EVENT_BYTES, Parsed, Reject, canonical, malformed, reject};
use crate::dead_letters::{Dialect, Refused, Source, Verdict, take_in};
use crate::enrich::Sender;
use crate::privacy::unsuppressed;
use crate::problem::{Code, FieldError, Problem};
use crate::state::Api;
use crate::text::Text;

/// The most that one event may become when it is split by its products, in bytes.
const MAX_SPLIT_BYTES: usize = 1 << 20;

/// A JSON object.
pub(crate) type Fields = Map<String, Value>;

/// What a dialect says of one event, in the words of the canonical one.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) kind: Kind,
    pub(crate) message_id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) anonymous_id: Option<String>,
    pub(crate) previous_id: Option<String>,
    pub(crate) group_id: Option<String>,
    /// When it happened, by the client's clock.
    pub(crate) original: Option<UtcMillis>,
    /// When it was sent, by the same clock.
    pub(crate) sent: Option<UtcMillis>,
    pub(crate) properties: Fields,
    pub(crate) traits: Fields,
    pub(crate) context: Fields,
    /// For how long its message id is remembered.
    pub(crate) origin: Origin,
}

impl Draft {
    /// A draft of which only the kind is known.
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            message_id: None,
            name: None,
            user_id: None,
            anonymous_id: None,
            previous_id: None,
            group_id: None,
            original: None,
            sent: None,
            properties: Fields::new(),
            traits: Fields::new(),
            context: Fields::new(),
            origin: Origin::Live,
        }
    }

    /// The canonical event, by the rules that hold for Segment's messages too.
    pub(crate) fn into_event(self, received: UtcMillis, sender: Sender<'_>) -> Parsed {
        let [properties, traits, context] =
            [&self.properties, &self.traits, &self.context].map(|fields| to_raw_value(fields).ok());
        let is_track = self.kind == Kind::Track;
        let (event, name) = if is_track { (self.name, None) } else { (None, self.name) };
        let time = |at: Option<UtcMillis>| text(at.map(|at| at.get().to_string()));
        let message = Message {
            message_id: text(self.message_id),
            user_id: text(self.user_id),
            anonymous_id: text(self.anonymous_id),
            previous_id: text(self.previous_id),
            group_id: text(self.group_id),
            event: text(event),
            name: text(name),
            timestamp: time(self.original),
            sent_at: time(self.sent),
            properties: properties.as_deref(),
            traits: traits.as_deref(),
            context: context.as_deref(),
            ..Message::default()
        };
        let (origin, kind) = (self.origin, Some(self.kind));
        canonical(&message, &Envelope { received, sent: None, context: None, origin, kind, sender })
    }
}

fn text<'a>(text: Option<String>) -> Text<'a> {
    Text(text.map(Cow::Owned))
}

/// One thing of a request: where it stood, how it was written, and what it says.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    pub(crate) index: usize,
    pub(crate) source: &'a str,
    pub(crate) draft: Result<Draft, Reject>,
}

/// Reads the members of a list, each into any number of drafts. Members over the limit of one event's size
/// are not read.
pub(crate) fn read_items<'a>(
    sources: &[&'a str],
    read: impl Fn(usize, &'a str) -> Result<Vec<Draft>, Reject>,
) -> Vec<Item<'a>> {
    let mut items = Vec::with_capacity(sources.len());
    for (index, &source) in sources.iter().enumerate() {
        let drafts =
            if source.len() > MAX_EVENT_BYTES { Err(too_large(source)) } else { read(index, source) };
        match drafts {
            Ok(drafts) => match check_split(drafts.len(), source.len()) {
                Ok(()) => items.extend(drafts.into_iter().map(|d| Item { index, source, draft: Ok(d) })),
                Err(reject) => items.push(Item { index, source, draft: Err(reject) }),
            },
            Err(reject) => items.push(Item { index, source, draft: Err(reject) }),
        }
    }
    items
}

/// Refuses to make `count` drafts of `bytes` each out of one event where that would be too much.
pub(crate) fn check_split(count: usize, bytes: usize) -> Result<(), Reject> {
    if count.saturating_mul(bytes) <= MAX_SPLIT_BYTES {
        return Ok(());
    }
    Err(reject("event_too_large", "the event names too many products for its size; send several events"))
}

/// What becomes of items, without a server.
pub(crate) fn events_of(items: Vec<Item<'_>>, received: UtcMillis) -> Vec<Parsed> {
    items
        .into_iter()
        .map(|item| item.draft.and_then(|draft| draft.into_event(received, Sender::nobody())))
        .collect()
}

fn too_large(source: &str) -> Reject {
    let message = format!("the event has {} bytes, and {MAX_EVENT_BYTES} are the most", source.len());
    reject("event_too_large", message)
}

/// What became of a request's items.
#[derive(Debug)]
pub(crate) struct Delivered {
    /// Events that are durable now.
    pub(crate) taken: usize,
    /// What was not taken, and why.
    pub(crate) rejected: Vec<FieldError>,
}

/// Takes the good items of another server and keeps the bad ones as dead letters, all durable on success.
///
/// # Errors
/// [`Problem`] when nothing can be taken now; then nothing was.
pub(crate) async fn deliver(
    api: &Api,
    source: &Source<'_>,
    items: Vec<Item<'_>>,
) -> Result<Delivered, Problem> {
    deliver_from(api, Sender::of_history(&api.enricher), source, items).await
}

/// The same for items of which the sender may be the shopper's own device.
///
/// # Errors
/// As [`deliver`].
pub(crate) async fn deliver_from(
    api: &Api,
    sender: Sender<'_>,
    source: &Source<'_>,
    items: Vec<Item<'_>>,
) -> Result<Delivered, Problem> {
    let mut events: Vec<Event> = Vec::with_capacity(items.len());
    let mut refused = Vec::new();
    for Item { index, source: json, draft } in items {
        let parsed = draft.and_then(|draft| draft.into_event(source.received, sender));
        match parsed.and_then(|event| unsuppressed(api, event)) {
            Ok(event) => events.push(event),
            Err(reject) => refused.push(Refused { index, json, reject }),
        }
    }
    // A sender of CloudEvents is told of a request of which nothing fits; the others never are.
    let is_told = source.dialect == Dialect::CloudEvents && events.is_empty();
    let verdict = if is_told { Verdict::Refused } else { Verdict::Taken };
    take_in(api, source, &mut events, &refused, verdict).await?;
    api.schemas.watch(&events);
    let named = |one: Refused<'_>| FieldError {
        pointer: format!("/{}", one.index),
        code: one.reject.code.to_owned(),
        detail: one.reject.message,
    };
    Ok(Delivered { taken: events.len(), rejected: refused.into_iter().map(named).collect() })
}

/// Refuses lists that are longer than a batch may be.
pub(crate) fn check_length(length: usize) -> Result<(), Problem> {
    if length <= MAX_BATCH {
        return Ok(());
    }
    let detail = format!("the batch has {length} events, and {MAX_BATCH} are the most");
    Err(Problem::new(Code::BatchTooLong, detail))
}

/// Reads a request's body as this type.
pub(crate) fn read_body<'a, T: Deserialize<'a>>(bytes: &'a [u8], what: &str) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        if error.is_data() {
            Problem::new(Code::BatchInvalid, format!("the body is no {what}: {error}"))
        } else {
            Problem::new(Code::InvalidJson, format!("the body is not JSON: {error}"))
        }
    })
}

/// Reads one event's JSON as this type.
pub(crate) fn read_event<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Reject> {
    if !json.trim_start().starts_with('{') {
        return Err(malformed("an event is a JSON object"));
    }
    serde_json::from_str(json).map_err(|e| malformed(e.to_string()))
}

/// An object; anything else counts as an empty one.
pub(crate) fn fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fields, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    })
}

/// The text of these raw values.
pub(crate) fn texts<'a>(raw: &[&'a RawValue]) -> Vec<&'a str> {
    raw.iter().map(|raw| raw.get()).collect()
}

/// A field that is text or a number, as text; blank counts as absent.
pub(crate) fn text_of(fields: &Fields, name: &str) -> Option<String> {
    match fields.get(name)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|t| !t.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Takes an object out of a field; an empty one when there is none.
pub(crate) fn take_object(fields: &mut Fields, name: &str) -> Fields {
    match fields.remove(name) {
        Some(Value::Object(inner)) => inner,
        _ => Fields::new(),
    }
}

/// Copies fields under other names, where they are and the names are free.
pub(crate) fn rename(fields: &mut Fields, names: &[(&str, &str)]) {
    for (from, to) in names {
        if fields.contains_key(*to) {
            continue;
        }
        if let Some(value) = fields.remove(*from) {
            fields.insert((*to).to_owned(), value);
        }
    }
}
