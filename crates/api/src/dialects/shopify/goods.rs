//! Products and stock levels.

use std::collections::BTreeMap;

use serde_json::Value;
use tradewind_catalog::{Availability, Change, Inventory, Level, Product, Variant};
use tradewind_kernel::{Currency, Money};

use super::payload::{count, number, object, objects, time};
use super::{Heard, Notice, Said};
use crate::collect::parse::reject;
use crate::dialects::draft::{Fields, text_of};

/// The longest description kept, in characters.
const MAX_DESCRIPTION: usize = 5_000;

/// `products/create`, `products/update`
pub(super) fn product(notice: &Notice, payload: &Fields, currency: Currency) -> Heard {
    let Some(id) = text_of(payload, "id") else {
        return Err(reject("id_missing", "the product has no id"));
    };
    let at = time(payload, "updated_at").unwrap_or(notice.triggered);
    let offered: Vec<Offer> = objects(payload, "variants").map(|v| offer(v, currency, at)).collect();
    let cheapest = offered.iter().filter(|o| o.price.is_some()).min_by_key(|o| o.price.map(|p| p.minor));
    let (price, list_price) = cheapest.map_or((None, None), |offer| (offer.price, offer.list_price));
    let variants = offered.iter().map(|offer| Variant {
        price: offer.price.filter(|_| offer.price != price),
        ..offer.variant.clone()
    });
    let product = Product {
        title: text_of(payload, "title").unwrap_or_else(|| id.clone()),
        description: payload.get("body_html").and_then(Value::as_str).map(plain).unwrap_or_default(),
        category_path: category(payload),
        brand: text_of(payload, "vendor"),
        price,
        list_price,
        image_url: image(payload),
        url: text_of(payload, "handle").map(|handle| format!("/products/{handle}")),
        attributes: attributes(payload),
        variants: variants.collect(),
        availability: if is_sold(payload) { Availability::InStock } else { Availability::Withdrawn },
        updated_at: at,
        id,
        ..Product::default()
    };
    Ok(Said::Goods(vec![Change::Product(Box::new(product))]))
}

/// `products/delete`
pub(super) fn deleted(notice: &Notice, payload: &Fields) -> Heard {
    let Some(id) = text_of(payload, "id") else {
        return Err(reject("id_missing", "the product has no id"));
    };
    Ok(Said::Goods(vec![Change::Withdrawn { id, at: notice.triggered }]))
}

/// `inventory_levels/update`
pub(super) fn level(notice: &Notice, payload: &Fields) -> Heard {
    let ids = (text_of(payload, "inventory_item_id"), text_of(payload, "location_id"));
    let (Some(item), Some(location)) = ids else {
        return Err(reject("id_missing", "the level has no inventory_item_id or no location_id"));
    };
    // Nothing available is told as null where a location does not stock the item.
    let quantity = count(payload, "available").unwrap_or(0);
    let at = time(payload, "updated_at").unwrap_or(notice.triggered);
    Ok(Said::Goods(vec![Change::Stock { item, level: Level { location, quantity, at } }]))
}

/// A variant with what it costs.
struct Offer {
    variant: Variant,
    price: Option<Money>,
    list_price: Option<Money>,
}

fn offer(fields: &Fields, currency: Currency, at: tradewind_kernel::UtcMillis) -> Offer {
    let money = |name| number(fields, name).and_then(|major| Money::from_major(major, currency).ok());
    let price = money("price");
    let dearer = |list: &Money| price.is_some_and(|price| list.minor > price.minor);
    let is_counted =
        text_of(fields, "inventory_management").is_some() || !fields.contains_key("inventory_management");
    let sold_on = text_of(fields, "inventory_policy").as_deref() == Some("continue");
    let inventory = text_of(fields, "inventory_item_id").map(|item| Inventory {
        item,
        always_sold: !is_counted || sold_on,
        total: count(fields, "inventory_quantity"),
        total_at: at,
        levels: Vec::new(),
    });
    let variant = Variant {
        sku: text_of(fields, "sku").or_else(|| text_of(fields, "id")).unwrap_or_default(),
        title: text_of(fields, "title").filter(|t| t != "Default Title").unwrap_or_default(),
        inventory,
        ..Variant::default()
    };
    Offer { variant, price, list_price: money("compare_at_price").filter(dearer) }
}

/// Whether the product is offered: active, and not taken off the online store.
fn is_sold(payload: &Fields) -> bool {
    let active = text_of(payload, "status").is_none_or(|status| status.eq_ignore_ascii_case("active"));
    active && payload.get("published_at") != Some(&Value::Null)
}

/// The standard category where one is set, else the shop's own type.
fn category(payload: &Fields) -> Vec<String> {
    let full = object(payload, "category").and_then(|c| text_of(c, "full_name"));
    let path = full.or_else(|| text_of(payload, "product_type")).unwrap_or_default();
    path.split('>').map(|level| level.trim().to_owned()).filter(|level| !level.is_empty()).collect()
}

fn image(payload: &Fields) -> Option<String> {
    let first = object(payload, "image").or_else(|| objects(payload, "images").next())?;
    text_of(first, "src")
}

/// The tags, the type, and the values of each option.
fn attributes(payload: &Fields) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    for name in ["tags", "product_type"] {
        attributes.extend(text_of(payload, name).map(|value| (name.to_owned(), value)));
    }
    for option in objects(payload, "options") {
        let values = option.get("values").and_then(Value::as_array).into_iter().flatten();
        let values = values.filter_map(Value::as_str).filter(|v| *v != "Default Title").collect::<Vec<_>>();
        if let Some(name) = text_of(option, "name").filter(|_| !values.is_empty()) {
            attributes.insert(name.to_lowercase(), values.join(", "));
        }
    }
    attributes
}

/// Tags that stand within words.
const INLINE: [&str; 10] = ["a", "b", "i", "u", "em", "strong", "span", "sub", "sup", "small"];

/// HTML as plain text: other tags become blanks, the commonest entities characters.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        text.push_str(before);
        let name = tag.trim_start_matches(['<', '/']).split(|c: char| !c.is_ascii_alphanumeric()).next();
        if !name.is_some_and(|name| INLINE.contains(&name)) {
            text.push(' ');
        }
        rest = tag.find('>').map_or("", |end| &tag[end + 1..]);
    }
    text.push_str(rest);
    let entities =
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    let text = entities.iter().fold(text, |text, (entity, character)| text.replace(entity, character));
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(MAX_DESCRIPTION).collect()
}
