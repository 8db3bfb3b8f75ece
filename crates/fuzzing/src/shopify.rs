//! Shopify's webhooks, their signatures left out.
//!
//! The first byte chooses the topic; the payload follows.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tradewind_api::wire;
use tradewind_catalog::Change;
use tradewind_kernel::Currency;

use crate::{RECEIVED, choose, events};

/// The topics that something is made of, and one that nothing is made of.
const TOPICS: [&str; 20] = [
    "products/create",
    "products/update",
    "products/delete",
    "inventory_levels/update",
    "inventory_levels/connect",
    "orders/create",
    "orders/paid",
    "orders/updated",
    "orders/cancelled",
    "refunds/create",
    "carts/create",
    "carts/update",
    "checkouts/create",
    "checkouts/update",
    "customers/create",
    "customers/update",
    "customers_marketing_consent/update",
    "customers/redact",
    "shop/redact",
    "themes/publish",
];

/// A topic and any payload.
pub fn check(bytes: &[u8]) {
    let (topic, body) = choose(bytes, TOPICS.len());
    let Ok(body) = wire::unpack(&HeaderMap::new(), body) else { return };
    let Ok(json) = std::str::from_utf8(&body) else { panic!("an unpacked body is not UTF-8") };
    let headers = HeaderMap::from_iter([
        (HeaderName::from_static("x-shopify-topic"), HeaderValue::from_static(TOPICS[topic])),
        (HeaderName::from_static("x-shopify-event-id"), HeaderValue::from_static("e-1")),
    ]);
    match wire::shopify(&headers, json, RECEIVED, Currency::EUR) {
        Ok((changes, parsed)) => {
            assert!(changes.is_empty() || parsed.is_empty());
            changes.iter().for_each(holds);
            events::all_of_anybody_hold(&parsed, RECEIVED);
        }
        Err(problem) => events::refuses_well(&problem),
    }
}

/// Whether a change is stored and read back as the same, and applies to nothing and to itself.
fn holds(change: &Change) {
    let Ok(json) = serde_json::to_vec(change) else { panic!("it does not write: {change:?}") };
    assert_eq!(serde_json::from_slice::<Change>(&json).ok().as_ref(), Some(change));
    if let Some(product) = change.apply(None) {
        assert!(!product.id.is_empty(), "{change:?}");
        let again = change.apply(Some(&product));
        assert!(again.is_none_or(|again| again == product), "it says something new twice: {change:?}");
    }
}
