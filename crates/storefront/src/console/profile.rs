//! A profile of any shape as a tree that people can read.
//!
//! Field names become words, times become times, product ids become titles, shares between 0 and 1 become
//! bars. At most 5 levels deep and 24 entries a level; what is left out is counted.

use serde::Serialize;
use serde_json::{Map, Value};
use tradewind_kernel::{Currency, Money, UtcMillis};

use crate::shop::Shop;
use crate::text;

/// The deepest level that is shown.
const MAX_DEPTH: usize = 5;
/// Entries of one level that are shown.
const MAX_ENTRIES: usize = 24;
/// The first millisecond that a number is read as a time: 2001-09-09.
const FIRST_TIME: i64 = 1_000_000_000_000;

/// One entry.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Node {
    label: String,
    value: String,
    share: Option<f64>,
    children: Vec<Node>,
    more: usize,
}

/// The entries of a profile, but for whose it is, which stands above it.
pub(crate) fn tree(profile: &Value, shop: &Shop) -> Node {
    let mut root = node("", profile, shop, 0);
    root.children.retain(|child| child.label != "Subject");
    root
}

/// Amounts in minor units by currency, as shoppers read them.
fn amounts(label: &str, by_currency: &Map<String, Value>) -> Node {
    let read = |(code, minor): (&String, &Value)| {
        Some(text::price(Money::new(minor.as_i64()?, Currency::parse(code).ok()?)))
    };
    let amounts: Vec<String> = by_currency.iter().filter_map(read).collect();
    let value = if amounts.is_empty() { "–".to_owned() } else { amounts.join(", ") };
    Node { label: label.to_owned(), value, ..Node::default() }
}

fn node(label: &str, value: &Value, shop: &Shop, depth: usize) -> Node {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) if label.ends_with(" minor") => {
            return amounts(label.trim_end_matches(" minor"), fields);
        }
        Value::Object(fields) => fields.iter().map(|(key, field)| (name_of(key, shop), field)).collect(),
        Value::Array(items) => items.iter().map(|item| (String::new(), item)).collect(),
        leaf => {
            return Node {
                label: label.to_owned(),
                value: leaf_text(label, leaf, shop),
                share: share(leaf),
                ..Node::default()
            };
        }
    };
    let shown = if depth < MAX_DEPTH { MAX_ENTRIES } else { 0 };
    Node {
        label: label.to_owned(),
        more: children.len().saturating_sub(shown),
        value: if children.is_empty() { "–".to_owned() } else { String::new() },
        children: children.iter().take(shown).map(|(key, child)| node(key, child, shop, depth + 1)).collect(),
        share: None,
    }
}

/// A key for reading: a product's title, words as they are, or a field's name as words.
fn name_of(key: &str, shop: &Shop) -> String {
    match shop.product(key) {
        Some(product) => text::display_title(&product.title),
        None if key.contains([' ', '>']) => text::clip(key, 80),
        None => text::label(&text::clip(key, 80)),
    }
}

fn leaf_text(label: &str, leaf: &Value, shop: &Shop) -> String {
    match leaf {
        Value::Null => "–".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(time) if is_time(time) => time.chars().take(19).collect::<String>().replace('T', " "),
        Value::String(id) => {
            let title = shop.product(id).map(|product| text::display_title(&product.title));
            title.unwrap_or_else(|| text::clip(id, 160))
        }
        Value::Number(number) => {
            let time = number.as_i64().filter(|n| *n >= FIRST_TIME && label.ends_with(" at"));
            time.map_or_else(
                || number_text(number),
                |n| UtcMillis::new(n).to_rfc3339().chars().take(19).collect::<String>().replace('T', " "),
            )
        }
        Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// Whether the text is a time as [`UtcMillis::to_rfc3339`] writes it.
fn is_time(text: &str) -> bool {
    text.len() == 24 && text.ends_with('Z') && UtcMillis::parse(text).is_ok()
}

fn number_text(number: &serde_json::Number) -> String {
    match (number.as_i64(), number.as_f64()) {
        (None, Some(part)) => format!("{part:.3}").trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => number.to_string(),
    }
}

/// The number as the length of a bar, if it is a share: not whole, between 0 and 1.
fn share(leaf: &Value) -> Option<f64> {
    leaf.as_f64().filter(|n| leaf.as_i64().is_none() && (0.0..=1.0).contains(n))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use tradewind_catalog::{CatalogSnapshot, Product};

    use super::*;

    #[test]
    fn a_profile_reads_as_words() {
        let tent = Product { id: "t1".into(), title: "TRAIL TENT".into(), ..Product::default() };
        let shop = Shop::arrange(&Arc::new(CatalogSnapshot::build([(0, Arc::new(tent))])));
        let seen = tree(
            &json!({"subject": "a", "revenueMinor": {"EUR": 2900}, "at": "2026-11-21T10:07:58.123Z", "lastSeenAt": 1_700_000_000_000i64, "viewed": ["t1", "x"], "affinity": {"Outdoor > Tents": 0.5}}),
            &shop,
        );
        let [affinity, at, last, revenue, viewed] = seen.children.as_slice() else { panic!("{seen:?}") };
        assert_eq!((revenue.label.as_str(), revenue.value.as_str()), ("Revenue", "€29.00"));
        assert_eq!(at.value, "2026-11-21 10:07:58");
        assert_eq!((last.label.as_str(), last.value.as_str()), ("Last seen at", "2023-11-14 22:13:20"));
        assert_eq!(viewed.children.iter().map(|c| c.value.as_str()).collect::<Vec<_>>(), ["Trail Tent", "x"]);
        assert_eq!(
            (affinity.children[0].label.as_str(), affinity.children[0].share),
            ("Outdoor > Tents", Some(0.5))
        );
    }

    #[test]
    fn a_deep_or_wide_profile_has_an_end() {
        let shop = Shop::arrange(&Arc::new(CatalogSnapshot::default()));
        let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
        assert!(format!("{:?}", tree(&deep, &shop)).matches("Node").count() <= MAX_DEPTH + 1);
        assert_eq!(tree(&json!(vec![1; 100]), &shop).more, 100 - MAX_ENTRIES);
    }
}
