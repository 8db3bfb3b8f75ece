//! Events that name nobody: what is left of an event whose sender denied `analytics`, before it is written.
//!
//! What is left is its kind, a track event's name, its times, and of its properties the products, amounts and
//! places in lists: enough to count, too little to know who it was. An event that is about consent itself
//! keeps its ids, since the denial has to be known under them; it keeps nothing else but the choice.
//!
//! A denial that comes with an ordinary event becomes such an event of its own, unless the ledger knows it.

use std::borrow::Cow;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use tradewind_events::{ConsentStamp, Event, EventName, Kind};
use tradewind_kernel::{Purpose, Subject, fresh_id};

use crate::dead_letters::Note;
use crate::pipeline::Pipeline;

/// Properties that are kept: numbers, codes of the shop's own, and the products.
const KEPT: [&str; 24] = [
    "product_id",
    "sku",
    "category",
    "brand",
    "variant",
    "price",
    "quantity",
    "position",
    "currency",
    "value",
    "revenue",
    "total",
    "subtotal",
    "shipping",
    "tax",
    "discount",
    "products",
    "list_id",
    "placement",
    "promotion_id",
    "experiment_id",
    "variation_id",
    "step",
    "rating",
];
/// Of each product.
const KEPT_OF_PRODUCTS: [&str; 8] =
    ["product_id", "sku", "category", "brand", "variant", "price", "quantity", "position"];

impl Pipeline {
    /// Events as they may be written.
    pub(crate) fn without_names<'e>(&self, events: &'e [Event]) -> Cow<'e, [Event]> {
        if !events.iter().any(denies) {
            return Cow::Borrowed(events);
        }
        let mut kept = Vec::with_capacity(events.len() + 1);
        let mut choices: Vec<Event> = Vec::new();
        for event in events {
            if !denies(event) {
                kept.push(event.clone());
            } else if is_choice(event) {
                kept.push(choice_of(event));
            } else {
                if !self.is_known(event) && !choices.iter().any(|known| says_the_same(known, event)) {
                    choices.push(Event { message_id: fresh_id(event.received_at), ..choice_of(event) });
                }
                kept.push(bare(event));
            }
        }
        // Behind all others, so that none stands beside the one that it came with.
        kept.extend(choices);
        Cow::Owned(kept)
    }

    /// A note as it may be written: the events of a re-drive are events like others.
    pub(crate) fn note_without_names<'n>(&self, note: &'n Note) -> Cow<'n, Note> {
        match note {
            Note::Redriven { id, at, by, events } if events.iter().any(denies) => {
                let events = self.without_names(events).into_owned();
                Cow::Owned(Note::Redriven { id: *id, at: *at, by: by.clone(), events })
            }
            note => Cow::Borrowed(note),
        }
    }

    /// Whether the ledger has heard all that an event says of consent. One that cannot be read has not.
    fn is_known(&self, event: &Event) -> bool {
        let (Some(stamp), Some(subject)) = (&event.consent, event.subject()) else { return true };
        let is_linked = match (&event.user_id, &event.anonymous_id) {
            (Some(user), Some(anonymous)) => {
                let known = self.consent(&Subject::Anonymous(anonymous.clone()));
                known.is_ok_and(|(subject, _)| subject == Subject::User(user.clone()))
            }
            _ => true,
        };
        let record = self.consent(&subject).ok().and_then(|(_, record)| record);
        let says = |purpose: Purpose| record.as_ref()?.choice(purpose).map(|choice| choice.granted);
        is_linked
            && stamp.denied.iter().all(|purpose| says(purpose) == Some(false))
            && stamp.granted.iter().all(|purpose| says(purpose) == Some(true))
    }
}

fn denies(event: &Event) -> bool {
    event.consent.as_ref().is_some_and(|stamp| stamp.denies_analytics())
}

fn is_choice(event: &Event) -> bool {
    event.kind == Kind::Track && event.name.as_deref() == Some(EventName::ConsentPreferenceUpdated.as_str())
}

fn says_the_same(one: &Event, other: &Event) -> bool {
    (&one.user_id, &one.anonymous_id, &one.consent) == (&other.user_id, &other.anonymous_id, &other.consent)
}

/// An event with nothing of anybody.
fn blank(event: &Event, kind: Kind) -> Event {
    let mut left = Event::new(kind, event.message_id.clone(), event.occurred_at, event.received_at);
    left.origin = event.origin;
    left.consent.clone_from(&event.consent);
    left
}

/// The choice that an event brings, under its ids.
fn choice_of(event: &Event) -> Event {
    let mut choice = blank(event, Kind::Track);
    choice.name = Some(EventName::ConsentPreferenceUpdated.as_str().to_owned());
    choice.user_id.clone_from(&event.user_id);
    choice.anonymous_id.clone_from(&event.anonymous_id);
    choice.context = event.context.as_deref().and_then(consent_of);
    choice
}

/// A context with what it says of consent only.
fn consent_of(context: &RawValue) -> Option<Box<RawValue>> {
    let context: Map<String, Value> = serde_json::from_str(context.get()).ok()?;
    let told = ["consent", "consentManagement"].into_iter().filter_map(|n| context.get(n).map(|v| (n, v)));
    let told: Map<String, Value> = told.map(|(name, value)| (name.to_owned(), value.clone())).collect();
    (!told.is_empty()).then(|| to_raw_value(&told).ok()).flatten()
}

/// What counts of an event.
fn bare(event: &Event) -> Event {
    let mut left = blank(event, event.kind);
    left.name = event.name.clone().filter(|_| event.kind == Kind::Track);
    left.consent = event
        .consent
        .as_ref()
        .map(|stamp| Box::new(ConsentStamp { raw: None, region: None, ..ConsentStamp::clone(stamp) }));
    let properties = event.properties.as_deref().filter(|_| event.kind == Kind::Track);
    left.properties = properties.and_then(countable);
    left
}

/// The properties that count.
fn countable(properties: &RawValue) -> Option<Box<RawValue>> {
    let properties: Map<String, Value> = serde_json::from_str(properties.get()).ok()?;
    let mut left = Map::new();
    for (name, value) in properties.into_iter().filter(|(name, _)| KEPT.contains(&name.as_str())) {
        match value {
            Value::Array(products) if name == "products" => {
                let products = products.into_iter().filter_map(|product| match product {
                    Value::Object(product) => Some(only(product, &KEPT_OF_PRODUCTS)),
                    _ => None,
                });
                left.insert(name, products.collect());
            }
            Value::Array(_) | Value::Object(_) => {}
            value => {
                left.insert(name, value);
            }
        }
    }
    (!left.is_empty()).then(|| to_raw_value(&left).ok()).flatten()
}

fn only(object: Map<String, Value>, names: &[&str]) -> Value {
    let plain = |value: &Value| !value.is_array() && !value.is_object();
    let kept = object.into_iter().filter(|(name, value)| names.contains(&name.as_str()) && plain(value));
    json!(kept.collect::<Map<String, Value>>())
}
