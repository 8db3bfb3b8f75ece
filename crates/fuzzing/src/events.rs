//! What holds of every event that is taken, whatever dialect it came in.

use serde_json::value::RawValue;
use tradewind_api::{Parsed, Problem, Reject};
use tradewind_events::{Commerce, Event, EventView, Kind};
use tradewind_kernel::{Currency, UtcMillis};

/// The longest message id, in characters.
const MAX_MESSAGE_ID: usize = 100;
/// The longest other id, in characters.
const MAX_ID: usize = 512;
/// The longest name: that of a page is put together of two.
const MAX_NAME: usize = 2 * MAX_ID + 1;
/// The longest reason for which something is not taken, in bytes.
const MAX_REASON_BYTES: usize = 600;
/// What one body of at most 512 KiB may come to when it is stored, in bytes.
const MAX_STORED_BYTES: usize = 64 << 20;
/// The largest amount, in minor units.
const MAX_MINOR: u64 = 9_000_000_000_000_000;

/// Checks all that a body was read as.
pub fn all_hold(parsed: &[Parsed], received: UtcMillis) {
    all_of_anybody_hold(parsed, received);
    for event in parsed.iter().flatten() {
        assert!(event.subject().is_some(), "an event of nobody");
    }
}

/// The same where an event may be about nobody: what a shop's own system tells.
pub fn all_of_anybody_hold(parsed: &[Parsed], received: UtcMillis) {
    let mut stored_bytes = 0;
    for one in parsed {
        match one {
            Ok(event) => stored_bytes += holds(event, received),
            Err(reject) => rejects_well(reject),
        }
    }
    assert!(stored_bytes <= MAX_STORED_BYTES, "one body comes to {stored_bytes} bytes");
}

/// Checks what is said of something that is not taken.
pub fn rejects_well(reject: &Reject) {
    let is_snake = |b: u8| b.is_ascii_lowercase() || b == b'_';
    assert!(!reject.code.is_empty() && reject.code.bytes().all(is_snake), "{}", reject.code);
    let length = reject.message.len();
    assert!((1..=MAX_REASON_BYTES).contains(&length), "a reason of {length} bytes");
}

/// Checks what is said of a request that is refused.
pub fn refuses_well(problem: &Problem) {
    assert!(!problem.detail.is_empty());
    assert!(problem.detail.len() <= 2 * MAX_REASON_BYTES, "a detail of {} bytes", problem.detail.len());
    for error in &problem.errors {
        assert!(error.pointer.starts_with('/') && !error.code.is_empty(), "{error:?}");
    }
}

fn holds(event: &Event, received: UtcMillis) -> usize {
    let chars = |text: &str| text.chars().count();
    let id_length = chars(&event.message_id);
    assert!((1..=MAX_MESSAGE_ID).contains(&id_length), "a message id of {id_length} characters");
    for id in [&event.user_id, &event.anonymous_id, &event.previous_id, &event.group_id].into_iter().flatten()
    {
        assert!((1..=MAX_ID).contains(&chars(id)) && id.trim() == id, "an id of {} characters", chars(id));
    }
    let name_length = event.name.as_deref().map_or(1, chars);
    assert!((1..=MAX_NAME).contains(&name_length), "a name of {name_length} characters");
    assert!(event.kind != Kind::Track || event.name.is_some());
    assert!(event.received_at == received && event.occurred_at <= received);
    for raw in [&event.properties, &event.traits, &event.context].into_iter().flatten() {
        assert!(raw.get().starts_with('{'), "no object: {}", raw.get());
    }
    reads_typed(event.properties.as_deref());
    stores_and_reads_back(event)
}

/// Checks that an event's stored form reads back as the same event, with both readers; gives its size.
pub fn stores_and_reads_back(event: &Event) -> usize {
    let Ok(bytes) = event.encode() else { panic!("an event does not encode: {event:?}") };
    let Ok(back) = Event::decode(&bytes) else { panic!("an encoded event does not decode: {event:?}") };
    assert_eq!(back.encode().ok().as_ref(), Some(&bytes), "it reads back as another event");
    view_agrees(event, &bytes);
    bytes.len()
}

/// Checks that [`EventView`] says of these bytes what the event says.
pub fn view_agrees(event: &Event, bytes: &[u8]) {
    let view = match EventView::decode(bytes) {
        Ok(view) => view,
        Err(error) => panic!("the view does not read what the event reads: {error}"),
    };
    assert_eq!(view.message_id, event.message_id);
    assert_eq!((view.kind, view.origin), (event.kind, event.origin));
    assert_eq!(view.name.as_deref(), event.name.as_deref());
    assert_eq!(view.user_id.as_deref(), event.user_id.as_deref());
    assert_eq!(view.anonymous_id.as_deref(), event.anonymous_id.as_deref());
    assert_eq!(view.previous_id.as_deref(), event.previous_id.as_deref());
    assert_eq!((view.occurred_at, view.received_at), (event.occurred_at, event.received_at));
    let properties = event.properties.as_ref().map(|raw| raw.get());
    assert_eq!(view.properties.map(RawValue::get), properties);
    assert_eq!(view.subject(), event.subject());
    assert_eq!(view.consent, event.consent);
}

/// Checks the typed reading of properties.
pub fn reads_typed(properties: Option<&RawValue>) {
    let commerce = Commerce::read(properties, Currency::EUR);
    assert!(commerce.products.len() <= 2_000);
    for product in &commerce.products {
        assert!(product.id().is_some_and(|id| !id.is_empty()), "{product:?}");
        let prices = [product.price, product.quantity, product.position].into_iter().flatten();
        assert!(prices.into_iter().all(f64::is_finite), "{product:?}");
        assert!(product.category_path().iter().all(|part| !part.is_empty()));
    }
    assert!(commerce.revenue.is_none_or(|money| money.minor.unsigned_abs() <= MAX_MINOR));
}
