//! From a message to a canonical event, or to the reason why not.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;
use tradewind_events::enrich::address::blotted;
use tradewind_events::{Event, EventName, Kind, Origin, Stamps, corrected_time};
use tradewind_kernel::{UtcMillis, fresh_id};

use super::message::Message;
use crate::enrich::Sender;
use crate::problem::clipped;
use crate::text::Text;

/// The largest single event, in bytes of JSON.
pub(crate) const MAX_EVENT_BYTES: usize = 32 << 10;
/// The longest message id, in characters.
const MAX_MESSAGE_ID: usize = 100;
/// The longest other id or name, in characters.
pub(crate) const MAX_ID: usize = 512;

/// The longest reason for which a message is not taken, in bytes.
const MAX_REASON_BYTES: usize = 500;

/// Why a message is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// In snake case, of a closed set.
    pub code: &'static str,
    /// In words, with what to do.
    pub message: String,
    /// Whether it is no message at all, rather than one that lacks something.
    pub structural: bool,
}

/// An event, or the reason why there is none.
pub type Parsed = Result<Event, Reject>;

pub(crate) fn reject(code: &'static str, message: impl Into<String>) -> Reject {
    Reject { code, message: message.into(), structural: false }
}

pub(crate) fn malformed(message: impl Into<String>) -> Reject {
    // Rejects are kept, and an error may quote all of the message.
    let message = clipped(message.into(), MAX_REASON_BYTES);
    Reject { code: "malformed", message, structural: true }
}

/// What a batch says for all its messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope<'a> {
    pub(crate) received: UtcMillis,
    pub(crate) sent: Option<UtcMillis>,
    pub(crate) context: Option<&'a RawValue>,
    pub(crate) origin: Origin,
    /// The kind that the path names, for messages without a type.
    pub(crate) kind: Option<Kind>,
    /// Who sent it.
    pub(crate) sender: Sender<'a>,
}

/// Parses one line of a file in Segment's message form, as an import: its message id is remembered for ever.
///
/// # Errors
/// [`Reject`] with the reason.
pub fn parse_line(line: &str, received: UtcMillis) -> Parsed {
    let (origin, sender) = (Origin::Import, Sender::nobody());
    parse(line, &Envelope { received, sent: None, context: None, origin, kind: None, sender })
}

/// Parses one message.
pub(crate) fn parse(json: &str, envelope: &Envelope<'_>) -> Parsed {
    parse_named(json, envelope, None)
}

/// Parses one message; `own_id` is its id if it has none.
pub(crate) fn parse_named(json: &str, envelope: &Envelope<'_>, own_id: Option<String>) -> Parsed {
    if json.len() > MAX_EVENT_BYTES && envelope.origin == Origin::Live {
        let message = format!("the event has {} bytes, and {MAX_EVENT_BYTES} are the most", json.len());
        return Err(reject("event_too_large", message));
    }
    if !json.trim_start().starts_with('{') {
        return Err(malformed("a message is a JSON object"));
    }
    let mut message: Message<'_> = serde_json::from_str(json).map_err(|e| malformed(e.to_string()))?;
    if own_id.is_some() && message.message_id.get().is_none() {
        message.message_id = Text(own_id.map(Cow::Owned));
    }
    canonical(&message, envelope)
}

/// Checks a message that was read, in whatever dialect, and makes an event of it.
pub(crate) fn canonical(message: &Message<'_>, envelope: &Envelope<'_>) -> Parsed {
    let kind = kind_of(message, envelope.kind)?;
    check_lengths(message)?;
    check_needs(message, kind)?;
    let message_id = message.message_id.owned().unwrap_or_else(|| fresh_id(envelope.received));
    let original = time_of(&message.original_timestamp).or_else(|| time_of(&message.timestamp));
    let sent = time_of(&message.sent_at).or(envelope.sent);
    let occurred_at = corrected_time(Stamps { original, sent, received: envelope.received });
    let mut event = Event::new(kind, message_id, occurred_at, envelope.received);
    event.original_at = original.filter(|&o| o != occurred_at);
    event.origin = envelope.origin;
    event.name = name_of(message, kind);
    event.user_id = message.user_id.owned();
    event.anonymous_id = message.anonymous_id.owned();
    event.previous_id = message.previous_id.owned();
    event.group_id = message.group_id.owned();
    event.properties = object("properties", message.properties)?;
    event.traits = object("traits", message.traits)?;
    let context = object("context", message.context)?;
    event.context = merged(envelope.context, context);
    envelope.sender.enricher.enrich(&mut event, message.channel.get(), &envelope.sender);
    Ok(event)
}

fn kind_of(message: &Message<'_>, of_path: Option<Kind>) -> Result<Kind, Reject> {
    let kind = message.kind.get().map(str::to_ascii_lowercase);
    match kind.as_deref() {
        Some("track") => Ok(Kind::Track),
        Some("identify") => Ok(Kind::Identify),
        Some("page") => Ok(Kind::Page),
        Some("screen") => Ok(Kind::Screen),
        Some("group") => Ok(Kind::Group),
        Some("alias") => Ok(Kind::Alias),
        None => of_path.ok_or_else(|| {
            reject("type_missing", "type is missing: track, identify, page, screen, group or alias")
        }),
        Some(_) => {
            Err(reject("type_unknown", "type is none of track, identify, page, screen, group and alias"))
        }
    }
}

fn check_lengths(message: &Message<'_>) -> Result<(), Reject> {
    let too_long = |text: &Text<'_>, limit: usize| text.get().is_some_and(|t| t.chars().nth(limit).is_some());
    if too_long(&message.message_id, MAX_MESSAGE_ID) {
        let words = format!("messageId has over {MAX_MESSAGE_ID} characters");
        return Err(reject("message_id_too_long", words));
    }
    let ids = [
        ("userId", &message.user_id),
        ("anonymousId", &message.anonymous_id),
        ("previousId", &message.previous_id),
        ("groupId", &message.group_id),
        ("event", &message.event),
        ("name", &message.name),
        ("category", &message.category),
    ];
    match ids.iter().find(|(_, text)| too_long(text, MAX_ID)) {
        Some((name, _)) => Err(reject("id_too_long", format!("{name} has over {MAX_ID} characters"))),
        None => Ok(()),
    }
}

fn check_needs(message: &Message<'_>, kind: Kind) -> Result<(), Reject> {
    let (user, anonymous) = (message.user_id.get(), message.anonymous_id.get());
    match kind {
        Kind::Alias if message.previous_id.get().is_none() || user.is_none() => {
            Err(reject("alias_incomplete", "an alias needs previousId and userId"))
        }
        Kind::Alias => Ok(()),
        _ if user.is_none() && anonymous.is_none() => {
            Err(reject("id_missing", "one of userId and anonymousId is needed"))
        }
        Kind::Track if message.event.get().is_none() => {
            Err(reject("event_missing", "a track message needs event, its name"))
        }
        Kind::Group if message.group_id.get().is_none() => {
            Err(reject("group_id_missing", "a group message needs groupId"))
        }
        _ => Ok(()),
    }
}

/// A time as text, or as milliseconds since 1970; one that does not read counts as absent.
pub(crate) fn time_of(text: &Text<'_>) -> Option<UtcMillis> {
    let text = text.get()?;
    UtcMillis::parse(text).ok().or_else(|| text.parse().ok().map(UtcMillis::new))
}

fn name_of(message: &Message<'_>, kind: Kind) -> Option<String> {
    match kind {
        Kind::Track => message.event.get().map(|name| EventName::canonical(name).to_owned()),
        Kind::Page | Kind::Screen => match (message.category.get(), message.name.get()) {
            (Some(category), Some(name)) if category != name => Some(format!("{category} {name}")),
            (category, name) => name.or(category).map(str::to_owned),
        },
        _ => None,
    }
}

/// An object as it was sent; null counts as absent.
fn object(name: &str, raw: Option<&RawValue>) -> Result<Option<Box<RawValue>>, Reject> {
    match raw {
        None => Ok(None),
        Some(raw) if raw.get() == "null" || raw.get() == "{}" => Ok(None),
        Some(raw) if raw.get().starts_with('{') => Ok(Some(raw.to_owned())),
        Some(_) => Err(malformed(format!("{name} is not an object"))),
    }
}

/// The batch's context under the message's own.
fn merged(outer: Option<&RawValue>, own: Option<Box<RawValue>>) -> Option<Box<RawValue>> {
    let Some(outer) = outer.filter(|o| o.get().starts_with('{') && o.get() != "{}") else { return own };
    let Some(inner) = own else { return Some(outer.to_owned()) };
    let (Ok(mut base), Ok(over)) =
        (serde_json::from_str::<Value>(outer.get()), serde_json::from_str::<Value>(inner.get()))
    else {
        return Some(inner);
    };
    put_over(&mut base, over);
    serde_json::value::to_raw_value(&base).ok().or(Some(inner))
}

fn put_over(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                match base.get_mut(&key) {
                    Some(slot) => put_over(slot, value),
                    None => {
                        base.insert(key, value);
                    }
                }
            }
        }
        (base, over) => *base = over,
    }
}

/// The first characters of a message, for the view of rejected ones, its addresses blotted out.
pub(crate) fn sample(json: &str) -> String {
    // A little more than is shown, so that no address is cut before it is found.
    let window = json.char_indices().nth(600).map_or(json, |(end, _)| &json[..end]);
    let blotted = blotted(window);
    match blotted.char_indices().nth(500) {
        Some((end, _)) => format!("{}…", &blotted[..end]),
        None => blotted,
    }
}

#[cfg(test)]
mod tests;
