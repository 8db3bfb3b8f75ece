//! The three topics that every app of a shop must acknowledge: somebody asks for their data, or for its erasure.
//!
//! Each is kept durably as an event of its own name with all that identifies the person, counted, and told in
//! the program's log. It belongs to nobody's profile, so that asking to be forgotten makes none. Nothing is
//! handed out or erased yet.

use super::payload::{object, put, put_texts};
use super::{Heard, Notice};
use crate::dialects::draft::{Fields, take_object};
use crate::measures;

/// `customers/data_request`, `customers/redact`, `shop/redact`
pub(super) fn requested(notice: &Notice, mut payload: Fields) -> Heard {
    let name = match notice.topic.as_str() {
        "customers/data_request" => "Privacy Data Requested",
        "customers/redact" => "Privacy Erasure Requested",
        _ => "Shop Erasure Requested",
    };
    let mut properties = Fields::new();
    put_texts(&mut properties, &payload, &[("shop_id", "shop_id"), ("shop_domain", "shop_domain")]);
    let customer = take_object(&mut payload, "customer");
    put_texts(&mut properties, &customer, &[("id", "customer_id"), ("email", "email"), ("phone", "phone")]);
    if let Some(request) = object(&payload, "data_request") {
        put_texts(&mut properties, request, &[("id", "request_id")]);
    }
    let orders = ["orders_requested", "orders_to_redact"].iter().find_map(|name| payload.remove(*name));
    put(&mut properties, "orders", orders.filter(serde_json::Value::is_array));
    measures::privacy_request(name);
    tracing::warn!(
        request = name, event_id = %notice.message_id(),
        "a privacy request was received and kept; somebody must answer it, nothing does so by itself yet"
    );
    Ok(notice.record(name, &properties))
}
