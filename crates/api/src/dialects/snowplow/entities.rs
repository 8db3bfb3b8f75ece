//! The entities that accompany an ecommerce action, in the canonical words.

use serde_json::{Value, json};

use super::super::draft::{Fields, rename};
use super::SelfDescribing;

/// The most products that one event is split into.
const MAX_SPLIT: usize = 200;

/// The canonical name of an action, and whether it counts once per product. Others keep their own.
pub(super) fn action(kind: &str) -> (&str, bool) {
    match kind {
        "product_view" => ("Product Viewed", true),
        "list_view" => ("Product List Viewed", false),
        "list_click" => ("Product Clicked", true),
        "add_to_cart" => ("Product Added", true),
        "remove_from_cart" => ("Product Removed", true),
        "checkout_step" => ("Checkout Step Completed", false),
        "transaction" => ("Order Completed", false),
        "refund" => ("Order Refunded", false),
        "promo_view" => ("Promotion Viewed", false),
        "promo_click" => ("Promotion Clicked", false),
        other => (other, false),
    }
}

/// An event's entities.
#[derive(Debug, Default)]
pub(super) struct Entities {
    products: Vec<Fields>,
    /// What the order, the cart, the refund, the promotion and the checkout say of the whole event.
    whole: Fields,
    /// The rest, as they were sent.
    rest: Vec<Value>,
}

impl Entities {
    /// Sorts the contexts of an event.
    pub(super) fn of(contexts: Option<SelfDescribing>) -> Self {
        let mut entities = Self::default();
        let Some(Value::Array(list)) = contexts.map(|c| c.data) else { return entities };
        for value in list {
            let Ok(SelfDescribing { schema, data: Value::Object(data) }) =
                serde_json::from_value::<SelfDescribing>(value.clone())
            else {
                entities.rest.push(value);
                continue;
            };
            let ours = schema.contains("com.snowplowanalytics.snowplow.ecommerce/");
            let name = schema.split('/').nth(1).unwrap_or_default();
            match name {
                "product" if ours => entities.products.push(product(data)),
                "transaction" | "cart" | "refund" | "promotion" | "checkout_step" if ours => {
                    entities.whole.extend(renamed(name, data));
                }
                _ => entities.rest.push(value),
            }
        }
        entities
    }

    /// The properties of the action as a whole; its products in them unless it is to be split by them.
    pub(super) fn properties(&self, mut action: Fields, per_product: bool) -> Fields {
        action.remove("type");
        rename(&mut action, &[("name", "list_id")]);
        for (name, value) in &self.whole {
            action.entry(name.clone()).or_insert_with(|| value.clone());
        }
        if !action.contains_key("currency")
            && let Some(currency) = self.products.iter().find_map(|p| p.get("currency"))
        {
            action.insert("currency".to_owned(), currency.clone());
        }
        if !per_product && !self.products.is_empty() {
            action.insert("products".to_owned(), json!(self.products));
        }
        action
    }

    /// The properties once for each product; once without where there is none.
    pub(super) fn each_product(&self, base: &Fields) -> Vec<Fields> {
        if self.products.is_empty() {
            return vec![base.clone()];
        }
        let with = |product: &Fields| base.clone().into_iter().chain(product.clone()).collect();
        self.products.iter().take(MAX_SPLIT).map(with).collect()
    }

    /// The entities that have no canonical place.
    pub(super) fn others(&self) -> Option<Value> {
        (!self.rest.is_empty()).then(|| json!({"entities": self.rest}))
    }
}

fn product(mut fields: Fields) -> Fields {
    rename(&mut fields, &[("id", "product_id")]);
    fields
}

fn renamed(entity: &str, mut fields: Fields) -> Fields {
    let names: &[(&str, &str)] = match entity {
        "transaction" => {
            &[("transaction_id", "order_id"), ("discount_code", "coupon"), ("discount_amount", "discount")]
        }
        "refund" => &[("transaction_id", "order_id"), ("refund_amount", "revenue")],
        "cart" => &[("total_value", "value")],
        "promotion" => &[("id", "promotion_id"), ("creative_id", "creative")],
        _ => &[("coupon_code", "coupon")],
    };
    rename(&mut fields, names);
    fields
}
