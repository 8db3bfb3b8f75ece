//! GA4's events and items in the canonical words.

use serde_json::Value;

use super::super::draft::{Fields, rename, text_of};

/// The most items that one event may have.
const MAX_ITEMS: usize = 200;

/// What becomes of an event's items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// They are the event's `products`.
    Products,
    /// Each is an event of its own.
    Each,
}

/// What an event is called, and how it is read.
#[derive(Debug)]
pub(super) struct Shape<'a> {
    pub(super) name: &'a str,
    items: Use,
    /// Whether `value` is what the shop earns.
    is_sale: bool,
}

impl<'a> Shape<'a> {
    /// The shape of the event that GA4 calls by this name.
    pub(super) fn of(name: &'a str) -> Self {
        let (canonical, items) = match name {
            "view_item_list" => ("Product List Viewed", Use::Products),
            "select_item" => ("Product Clicked", Use::Each),
            "view_item" => ("Product Viewed", Use::Each),
            "add_to_cart" => ("Product Added", Use::Each),
            "remove_from_cart" => ("Product Removed", Use::Each),
            "view_cart" => ("Cart Viewed", Use::Products),
            "add_to_wishlist" => ("Product Added to Wishlist", Use::Each),
            "search" | "view_search_results" => ("Products Searched", Use::Products),
            "begin_checkout" => ("Checkout Started", Use::Products),
            "add_shipping_info" => ("Checkout Step Completed", Use::Products),
            "add_payment_info" => ("Payment Info Entered", Use::Products),
            "purchase" => ("Order Completed", Use::Products),
            "refund" => ("Order Refunded", Use::Products),
            "view_promotion" => ("Promotion Viewed", Use::Products),
            "select_promotion" => ("Promotion Clicked", Use::Products),
            other => (other, Use::Products),
        };
        let is_sale = matches!(name, "begin_checkout" | "purchase" | "refund");
        Self { name: canonical, items, is_sale }
    }
}

/// The canonical properties: of one event, or of one for each item.
pub(super) fn properties(shape: &Shape<'_>, mut params: Fields) -> Vec<Fields> {
    let items: Vec<Fields> = match params.remove("items") {
        Some(Value::Array(items)) => items.into_iter().take(MAX_ITEMS).filter_map(product).collect(),
        _ => Vec::new(),
    };
    rename(
        &mut params,
        &[
            ("transaction_id", "order_id"),
            ("search_term", "query"),
            ("item_list_id", "list_id"),
            ("page_location", "url"),
            ("page_title", "title"),
            ("page_referrer", "referrer"),
            ("creative_name", "creative"),
            ("promotion_name", "name"),
        ],
    );
    if shape.is_sale {
        rename(&mut params, &[("value", "revenue")]);
    }
    match shape.items {
        Use::Each if !items.is_empty() => {
            if items.len() > 1 {
                // It is the value of all of them.
                params.remove("value");
            }
            items.into_iter().map(|item| params.clone().into_iter().chain(item).collect()).collect()
        }
        _ => {
            if !items.is_empty() {
                let items = items.into_iter().map(Value::Object).collect();
                params.insert("products".to_owned(), Value::Array(items));
            }
            vec![params]
        }
    }
}

/// An item as a product. Its place in a list counts from 0 here, as `position_base` says.
fn product(item: Value) -> Option<Fields> {
    let Value::Object(mut item) = item else { return None };
    let levels = ["item_category", "item_category2", "item_category3", "item_category4", "item_category5"];
    let path: Vec<String> = levels.iter().filter_map(|level| text_of(&item, level)).collect();
    for level in levels {
        item.remove(level);
    }
    if !path.is_empty() {
        item.insert("category".to_owned(), path.join(" > ").into());
    }
    if item.contains_key("index") {
        item.insert("position_base".to_owned(), 0.into());
    }
    rename(
        &mut item,
        &[
            ("item_id", "product_id"),
            ("item_name", "name"),
            ("item_brand", "brand"),
            ("item_variant", "variant"),
            ("item_list_id", "list_id"),
            ("index", "position"),
        ],
    );
    Some(item)
}
