//! Orders and what becomes of them.

use serde_json::Value;
use tradewind_events::{Kind, Origin};

use super::payload::{
    cart_key, hashed, links, number, object, objects, order_key, product_of, products, put, put_numbers,
    put_person, put_texts,
};
use super::{Heard, Notice, Said};
use crate::collect::parse::{Reject, reject};
use crate::dialects::draft::{Draft, Fields, text_of};

/// `orders/create`, `orders/paid`: one order, told twice. Remembered for ever, since an order may be paid long
/// after it was placed.
pub(super) fn completed(notice: &Notice, payload: &Fields) -> Heard {
    let (id, mut draft) = order(notice, payload, "Order Completed", &["created_at", "processed_at"])?;
    draft.message_id = Some(hashed(&["order", &id]));
    draft.origin = Origin::Import;
    let keys = keys(payload, &id);
    let mut drafts = links(&draft, &keys);
    drafts.push(draft);
    Ok(Said::Events(drafts))
}

/// `orders/updated`
pub(super) fn updated(notice: &Notice, payload: &Fields) -> Heard {
    let (_, draft) = order(notice, payload, "Order Updated", &["updated_at"])?;
    Ok(Said::Events(vec![draft]))
}

/// `orders/cancelled`
pub(super) fn cancelled(notice: &Notice, payload: &Fields) -> Heard {
    let (_, mut draft) = order(notice, payload, "Order Cancelled", &["cancelled_at", "updated_at"])?;
    put_texts(&mut draft.properties, payload, &[("cancel_reason", "reason")]);
    Ok(Said::Events(vec![draft]))
}

/// `refunds/create`: names the order only, whose customer it was linked with when it was placed. `products` is
/// always there, if empty, since without it a refund counts as one of everything.
pub(super) fn refunded(notice: &Notice, payload: &Fields) -> Heard {
    let (Some(id), Some(refund)) = (text_of(payload, "order_id"), text_of(payload, "id")) else {
        return Err(reject("id_missing", "the refund has no id or no order_id"));
    };
    let mut draft = notice.draft(Kind::Track, payload, &["processed_at", "created_at"]);
    draft.name = Some("Order Refunded".to_owned());
    draft.message_id = Some(hashed(&["refund", &refund]));
    draft.anonymous_id = Some(order_key(&id));
    let paid_back = || objects(payload, "transactions").filter(|t| is_refund(t));
    let lines = || objects(payload, "refund_line_items");
    let sum = |of: &mut dyn Iterator<Item = Option<f64>>| of.sum::<Option<f64>>();
    let currency = paid_back().find_map(|t| text_of(t, "currency"));
    let properties = &mut draft.properties;
    put(properties, "order_id", Some(id));
    put(properties, "refund_id", Some(refund));
    put(properties, "currency", currency);
    put(properties, "total", sum(&mut paid_back().map(|t| number(t, "amount"))));
    put(properties, "revenue", sum(&mut lines().map(|l| number(l, "subtotal"))));
    put(properties, "tax", sum(&mut lines().map(|l| number(l, "total_tax"))));
    let returned: Value = lines().filter_map(returned).collect();
    put(properties, "products", Some(returned));
    Ok(Said::Events(vec![draft]))
}

fn is_refund(transaction: &Fields) -> bool {
    let is = |name: &str, value: &str| text_of(transaction, name).is_none_or(|v| v == value);
    is("kind", "refund") && is("status", "success")
}

/// A line that came back: how many of it is the refund's number, not the order's.
fn returned(line: &Fields) -> Option<Value> {
    let mut product = product_of(object(line, "line_item")?);
    product.remove("quantity");
    put_numbers(&mut product, line, &[("quantity", "quantity")]);
    Some(product.into())
}

/// What stands in for the browser of whoever placed the order.
fn keys(payload: &Fields, id: &str) -> [Option<String>; 2] {
    [cart_key(payload, "cart_token"), Some(order_key(id))]
}

/// An order's id, and the event that tells of it.
fn order(notice: &Notice, payload: &Fields, name: &str, times: &[&str]) -> Result<(String, Draft), Reject> {
    let Some(id) = text_of(payload, "id") else {
        return Err(reject("id_missing", "the order has no id"));
    };
    let mut draft = notice.draft(Kind::Track, payload, times);
    draft.name = Some(name.to_owned());
    put_person(&mut draft, payload, &keys(payload, &id));
    draft.properties = properties(payload);
    Ok((id, draft))
}

fn properties(payload: &Fields) -> Fields {
    let mut out = Fields::new();
    let texts = [
        ("id", "order_id"),
        ("name", "order_name"),
        ("checkout_token", "checkout_id"),
        ("currency", "currency"),
        ("financial_status", "financial_status"),
        ("fulfillment_status", "fulfillment_status"),
        ("source_name", "affiliation"),
    ];
    put_texts(&mut out, payload, &texts);
    put(&mut out, "cart_id", cart_key(payload, "cart_token"));
    let amounts = [
        ("total_price", "total"),
        ("subtotal_price", "subtotal"),
        ("total_tax", "tax"),
        ("total_discounts", "discount"),
    ];
    put_numbers(&mut out, payload, &amounts);
    put(&mut out, "revenue", revenue(payload));
    let shipping = object(payload, "total_shipping_price_set").and_then(|set| object(set, "shop_money"));
    put(&mut out, "shipping", shipping.and_then(|money| number(money, "amount")));
    put(&mut out, "coupon", objects(payload, "discount_codes").find_map(|code| text_of(code, "code")));
    if payload.get("test") == Some(&Value::Bool(true)) {
        put(&mut out, "test", Some(true));
    }
    put(&mut out, "products", Some(products(payload)));
    out
}

/// What the goods brought after discounts, before tax and shipping: the subtotal, less the tax in it.
fn revenue(payload: &Fields) -> Option<f64> {
    let subtotal = number(payload, "subtotal_price")?;
    if payload.get("taxes_included") != Some(&Value::Bool(true)) {
        return Some(subtotal);
    }
    let taxes = objects(payload, "line_items").flat_map(|line| objects(line, "tax_lines"));
    Some(subtotal - taxes.filter_map(|tax| number(tax, "price")).sum::<f64>())
}
