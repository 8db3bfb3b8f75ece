//! Writes properties and contexts as JSON, in the form of Segment's Ecommerce specification, version 2.
//!
//! What is the same in every event of a product is written once, in [`Facts`].

use std::fmt::Write as _;

use serde_json::value::RawValue;
use tradewind_catalog::Product;
use tradewind_kernel::Currency;

use crate::shop::Shop;
use crate::shopper::{Channel, Device, Shopper};

/// Each product's fixed properties, as the inside of a JSON object.
#[derive(Debug)]
pub(super) struct Facts {
    /// Id and price: for lists.
    pub brief: Vec<String>,
    /// Id, name, category, brand, page and picture: for single products.
    pub full: Vec<String>,
    /// The currency as a property.
    pub currency: String,
    unit: Currency,
}

/// A line of a cart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// The product's index.
    pub item: u32,
    /// The variant's index.
    pub variant: usize,
    /// Price of one, minor units.
    pub price_minor: i64,
    /// How many.
    pub quantity: i64,
}

/// Text as a JSON string, quotes included.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Facts {
    /// The facts of a shop's products.
    pub(super) fn of(shop: &Shop) -> Self {
        let mut facts = Self {
            brief: Vec::new(),
            full: Vec::new(),
            currency: format!(r#""currency":"{}""#, shop.currency()),
            unit: shop.currency(),
        };
        for product in shop.products() {
            let price = facts.amount(product.price.map_or(0, |p| p.minor));
            facts.brief.push(format!(r#""product_id":{},"price":{price}"#, quoted(&product.id)));
            facts.full.push(Self::full_of(product));
        }
        facts
    }

    fn full_of(product: &Product) -> String {
        format!(
            r#""product_id":{},"name":{},"category":{},"brand":{},"url":{},"image_url":{}"#,
            quoted(&product.id),
            quoted(&product.title),
            quoted(&product.category()),
            quoted(product.brand.as_deref().unwrap_or_default()),
            quoted(product.url.as_deref().unwrap_or_default()),
            quoted(product.image_url.as_deref().unwrap_or_default()),
        )
    }

    /// Minor units as a decimal number.
    pub(super) fn amount(&self, minor: i64) -> String {
        match self.unit.exponent() {
            0 => minor.to_string(),
            digits => {
                let unit = 10i64.pow(digits);
                format!("{}.{:0width$}", minor / unit, minor % unit, width = digits as usize)
            }
        }
    }

    /// The inside of a JSON object for a line of a cart.
    pub(super) fn line(&self, product: &Product, line: Line) -> String {
        let mut text = self.full[line.item as usize].clone();
        if let Some(variant) = product.variants.get(line.variant) {
            let _ = write!(text, r#","sku":{}"#, quoted(&variant.sku));
            if !variant.title.is_empty() {
                let _ = write!(text, r#","variant":{}"#, quoted(&variant.title));
            }
        }
        let _ = write!(text, r#","price":{},"quantity":{}"#, self.amount(line.price_minor), line.quantity);
        text
    }

    /// A JSON array of products with their positions, from 1.
    pub(super) fn positions(&self, items: &[Option<u32>]) -> String {
        let mut text = String::with_capacity(items.len() * 64);
        text.push('[');
        for (position, item) in items.iter().enumerate().filter_map(|(p, item)| item.map(|i| (p + 1, i))) {
            if text.len() > 1 {
                text.push(',');
            }
            let _ = write!(text, r#"{{{},"position":{position}}}"#, self.brief[item as usize]);
        }
        text.push(']');
        text
    }
}

/// A JSON object from its inside.
pub(super) fn object(inside: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(format!("{{{inside}}}")).ok()
}

/// The inside of the context that a visit's events share, up to the page.
pub(super) fn surroundings(shopper: &Shopper, device: Device, channel: Channel) -> String {
    let (country, region) = shopper.home();
    let (locale, timezone) = shopper.locale();
    let mut text = format!(
        r#""library":{{"name":"tradewind-simulator"}},"locale":"{locale}","timezone":"{timezone}","device":{{"type":"{}"}},"location":{{"country":"{country}","region":"{region}"}}"#,
        device.as_str(),
    );
    let (source, medium) = match channel {
        Channel::Direct => ("", ""),
        Channel::Search => ("search", "organic"),
        Channel::Email => ("newsletter", "email"),
        Channel::Social => ("social", "social"),
        Channel::Paid => ("ads", "cpc"),
    };
    if !source.is_empty() {
        let _ = write!(text, r#","campaign":{{"source":"{source}","medium":"{medium}"}}"#);
    }
    let consent = shopper.consent.map(|(purpose, agreed)| format!(r#""{purpose}":{agreed}"#)).join(",");
    let _ = write!(text, r#","consent":{{"categoryPreferences":{{{consent}}}}}"#);
    text
}
