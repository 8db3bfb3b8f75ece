//! The three topics that every app of a shop must acknowledge: somebody asks for their data, or for its erasure.
//!
//! Who names a customer's id, or orders, is found by these: the request is handed over as one of
//! `/v1/privacy/requests` and carried out. Of it only an event of its own name is kept, which names nobody and
//! belongs to nobody's profile, so that asking to be forgotten makes none. A request that names somebody by an
//! address only, and the erasure of a whole shop, are kept with all that they say and told in the program's
//! log: somebody must act on them.

use serde_json::Value;
use tradewind_govern::{Ask, Kind};
use tradewind_kernel::Subject;

use super::payload::{hashed, object, order_key, put, put_texts};
use super::{Heard, Notice, Said};
use crate::dialects::draft::{Fields, take_object, text_of};
use crate::measures;

/// Orders of one request that are looked at.
const MAX_ORDERS: usize = 1_000;

/// `customers/data_request`, `customers/redact`, `shop/redact`
pub(super) fn requested(notice: &Notice, mut payload: Fields) -> Heard {
    let (name, kind) = match notice.topic.as_str() {
        "customers/data_request" => ("Privacy Data Requested", Some(Kind::Export)),
        "customers/redact" => ("Privacy Erasure Requested", Some(Kind::Erase)),
        _ => ("Shop Erasure Requested", None),
    };
    let mut properties = Fields::new();
    put_texts(&mut properties, &payload, &[("shop_id", "shop_id"), ("shop_domain", "shop_domain")]);
    if let Some(request) = object(&payload, "data_request") {
        put_texts(&mut properties, request, &[("id", "request_id")]);
    }
    let customer = take_object(&mut payload, "customer");
    let orders = ["orders_requested", "orders_to_redact"].iter().find_map(|name| payload.remove(*name));
    measures::privacy_request(name);
    let subjects = subjects(&customer, orders.as_ref());
    if let Some(kind) = kind.filter(|_| !subjects.is_empty()) {
        let id = hashed(&[&notice.message_id()]).replace(':', "-");
        let ask = Ask { kind, subjects, suppress: false, id: Some(id) };
        let Said::Record(event) = notice.record(name, &properties) else {
            return Ok(Said::Events(Vec::new()));
        };
        return Ok(Said::Right(event, ask));
    }
    put_texts(&mut properties, &customer, &[("id", "customer_id"), ("email", "email"), ("phone", "phone")]);
    put(&mut properties, "orders", orders.filter(Value::is_array));
    tracing::warn!(
        request = name, event_id = %notice.message_id(),
        "a privacy request was received and kept that names nobody by an id; somebody must act on it"
    );
    Ok(notice.record(name, &properties))
}

/// Who is meant: the customer, and whoever placed these orders.
fn subjects(customer: &Fields, orders: Option<&Value>) -> Vec<Subject> {
    let orders = orders.and_then(Value::as_array).into_iter().flatten().take(MAX_ORDERS);
    let placed = orders.filter_map(|order| match order {
        Value::Number(id) => Some(Subject::Anonymous(order_key(&id.to_string()))),
        Value::String(id) if !id.is_empty() => Some(Subject::Anonymous(order_key(id))),
        _ => None,
    });
    text_of(customer, "id").map(Subject::User).into_iter().chain(placed).collect()
}
