//! The three topics that every app of a shop must acknowledge: somebody asks for their data, or for its erasure.
//!
//! Who names a customer's id, or orders, is found by these: the request is handed over as one of
//! `/v1/privacy/requests` and carried out. Of it only an event of its own name is kept, which names nobody and
//! belongs to nobody's profile, so that asking to be forgotten makes none. A request that names somebody by an
//! address only is kept with all that it says and told in the program's log: somebody must act on it.
//!
//! The erasure of a whole shop becomes a request of its own kind. By `privacy.shop_redact` it waits until somebody
//! confirms it, is carried out at once, or is only kept and told.

use std::sync::Arc;

use serde_json::Value;
use tradewind_govern::{Ask, Kind, Stage};
use tradewind_kernel::Subject;

use super::payload::{hashed, object, order_key, put, put_texts};
use super::{Heard, Notice, Said};
use crate::dialects::draft::{Fields, take_object, text_of};
use crate::measures;
use crate::privacy::{hand_over, hold};
use crate::problem::Problem;
use crate::state::{Api, ShopRedact};

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
        let ask = Ask { kind, subjects, suppress: false, shop: None, id: Some(id) };
        let Said::Record(event) = notice.record(name, &properties) else {
            return Ok(Said::Events(Vec::new()));
        };
        return Ok(Said::Right(event, ask));
    }
    let domain = text_of(&payload, "shop_domain").or_else(|| notice.shop.clone());
    if let (None, Some(domain)) = (kind, domain) {
        let id = hashed(&[&notice.message_id()]).replace(':', "-");
        let kind = Kind::EraseShop;
        let ask = Ask { kind, subjects: Vec::new(), suppress: false, shop: Some(domain), id: Some(id) };
        let Said::Record(event) = notice.record(name, &properties) else {
            return Ok(Said::Events(Vec::new()));
        };
        return Ok(Said::Whole(event, ask));
    }
    put_texts(&mut properties, &customer, &[("id", "customer_id"), ("email", "email"), ("phone", "phone")]);
    put(&mut properties, "orders", orders.filter(Value::is_array));
    tracing::warn!(
        request = name, event_id = %notice.message_id(),
        "a privacy request was received and kept that names nobody by an id; somebody must act on it"
    );
    Ok(notice.record(name, &properties))
}

/// Does with the erasure of a whole shop what the configuration says.
pub(super) async fn redact_shop(api: &Arc<Api>, ask: Ask) -> Result<(), Problem> {
    let shop = ask.shop.clone().unwrap_or_default();
    match api.settings.shop_redact {
        ShopRedact::Confirm => {
            let status = hold(api, ask).await?;
            if status.stage == Stage::AwaitingConfirmation {
                tracing::warn!(
                    request = %status.id, shop,
                    "Shopify asks for the erasure of this shop and everybody in it; confirm it with `tradewind \
                     privacy confirm`, or remove the data directory"
                );
            }
        }
        ShopRedact::Erase => {
            let status = hand_over(api, ask).await?;
            tracing::warn!(request = %status.id, shop, "Shopify asks for the erasure of this shop; it is carried out");
        }
        ShopRedact::Record => tracing::warn!(
            shop,
            "Shopify asks for the erasure of this shop; that is kept, and somebody must act on it"
        ),
    }
    Ok(())
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
