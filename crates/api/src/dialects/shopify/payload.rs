//! Reading Shopify's payloads: amounts are decimals in text, ids are numbers, lists may be absent or null.

use serde_json::Value;
use tradewind_kernel::UtcMillis;
use xxhash_rust::xxh3::xxh3_128;

use crate::dialects::draft::{Draft, Fields, text_of};

/// Cart and order attributes that hold the browser's anonymous id, the best first.
const ANONYMOUS: [&str; 2] = ["_tradewind_anonymous_id", "anonymous_id"];

/// Parts of an id that may be long, as a short id.
pub(super) fn hashed(parts: &[&str]) -> String {
    format!("shopify:{:032x}", xxh3_128(parts.join("\n").as_bytes()))
}

/// A time; one that does not read counts as absent.
pub(super) fn time(fields: &Fields, name: &str) -> Option<UtcMillis> {
    UtcMillis::parse(fields.get(name)?.as_str()?).ok()
}

/// An amount or a count, as text or as a number.
pub(super) fn number(fields: &Fields, name: &str) -> Option<f64> {
    let number = match fields.get(name)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|n| n.is_finite())
}

/// A whole number, none if negative, at most what a `u32` holds.
pub(super) fn count(fields: &Fields, name: &str) -> Option<u32> {
    let number = number(fields, name)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range of u32"
    )]
    Some(number.clamp(0.0, f64::from(u32::MAX)) as u32)
}

/// An object in a field.
pub(super) fn object<'a>(fields: &'a Fields, name: &str) -> Option<&'a Fields> {
    fields.get(name)?.as_object()
}

/// The objects of a list in a field.
pub(super) fn objects<'a>(fields: &'a Fields, name: &str) -> impl Iterator<Item = &'a Fields> {
    let list = fields.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

/// Writes a field, if there is something to write.
pub(super) fn put(fields: &mut Fields, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        fields.insert(name.to_owned(), value.into());
    }
}

/// Copies fields that are text or numbers, as text.
pub(super) fn put_texts(fields: &mut Fields, from: &Fields, names: &[(&str, &str)]) {
    for (theirs, ours) in names {
        put(fields, ours, text_of(from, theirs));
    }
}

/// Copies fields that are amounts, as numbers.
pub(super) fn put_numbers(fields: &mut Fields, from: &Fields, names: &[(&str, &str)]) {
    for (theirs, ours) in names {
        put(fields, ours, number(from, theirs));
    }
}

/// A line of an order, a cart or a checkout as a product of an event.
pub(super) fn product_of(line: &Fields) -> Fields {
    let mut product = Fields::new();
    let texts = [
        ("product_id", "product_id"),
        ("variant_id", "variant_id"),
        ("sku", "sku"),
        ("title", "name"),
        ("variant_title", "variant"),
        ("vendor", "brand"),
    ];
    put_texts(&mut product, line, &texts);
    put_numbers(&mut product, line, &[("price", "price"), ("quantity", "quantity")]);
    product
}

/// The products of `line_items`.
pub(super) fn products(payload: &Fields) -> Value {
    objects(payload, "line_items").map(|line| Value::Object(product_of(line))).collect()
}

/// The customer's id.
pub(super) fn customer(payload: &Fields) -> Option<String> {
    text_of(object(payload, "customer")?, "id")
}

/// What stands in for the anonymous id of whoever holds a cart. Newer tokens carry a secret behind a `?`.
pub(super) fn cart_key(payload: &Fields, name: &str) -> Option<String> {
    let token = text_of(payload, name)?;
    let token = token.split('?').next().filter(|t| !t.is_empty())?;
    Some(format!("shopify:cart:{token}"))
}

/// What stands in for the anonymous id of whoever placed an order.
pub(super) fn order_key(id: &str) -> String {
    format!("shopify:order:{id}")
}

/// The browser's own id, from the attributes of a cart or an order: a list of names and values, or an object.
fn browser(payload: &Fields) -> Option<String> {
    let listed = |wanted: &str| {
        let mut notes = objects(payload, "note_attributes");
        notes.find(|note| text_of(note, "name").as_deref() == Some(wanted)).and_then(|n| text_of(n, "value"))
    };
    let named = |wanted: &str| text_of(object(payload, "attributes")?, wanted);
    ANONYMOUS.iter().find_map(|wanted| listed(wanted).or_else(|| named(wanted)))
}

/// Says who did it: the customer, and the browser, else the first of the keys that stand in for it.
pub(super) fn put_person(draft: &mut Draft, payload: &Fields, keys: &[Option<String>]) {
    draft.user_id = customer(payload);
    draft.anonymous_id = browser(payload).or_else(|| keys.iter().flatten().next().cloned());
}

/// The aliases that make each of the keys the customer's, so that what comes under one of them is told of the same
/// person. Each link is made once.
pub(super) fn links(draft: &Draft, keys: &[Option<String>]) -> Vec<Draft> {
    let Some(user) = &draft.user_id else { return Vec::new() };
    let others = keys.iter().flatten().filter(|key| draft.anonymous_id.as_ref() != Some(key));
    let link = |key: &String| {
        let mut alias = Draft::new(tradewind_events::Kind::Alias);
        alias.message_id = Some(hashed(&["link", key, user]));
        alias.previous_id = Some(key.clone());
        alias.user_id = Some(user.clone());
        alias.original = draft.original;
        alias.context = draft.context.clone();
        alias
    };
    others.map(link).collect()
}
