//! What a shop sells.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tradewind_kernel::{Money, UtcMillis};

use crate::Inventory;

/// Whether a product can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// It can be bought now.
    #[default]
    InStock,
    /// It cannot be bought for now, and is not recommended.
    OutOfStock,
    /// It is no longer sold; kept so that its history can be read.
    Withdrawn,
}

/// Who told us about a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A feed, an import or the catalog API: authoritative.
    #[default]
    Feed,
    /// The properties of an event that named it.
    Discovered,
}

/// Pieces on hand at one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// The warehouse or shop.
    pub location: String,
    /// Pieces that can be sold.
    pub quantity: u32,
}

/// One thing that can be bought: a size, a colour.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Variant {
    /// The stock-keeping unit.
    pub sku: String,
    /// What sets it apart, such as `M / navy`.
    #[serde(default)]
    pub title: String,
    /// Its price where it differs from the product's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// What is on hand, by location.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stock: Vec<Stock>,
    /// How it is counted, where the shop's system tells of stock piece by piece; `stock` then follows from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,
}

/// One product of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Product {
    /// The shop's own id; what events and decisions name it by.
    pub id: String,
    /// What shoppers read.
    pub title: String,
    /// A few sentences, plain text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// From the root of the category tree to the leaf.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub category_path: Vec<String>,
    /// Who makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// What it is sold for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// What the shop pays for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// Its picture: a path or an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Attributes such as `color`, `material`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// What can be bought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// Ids of parts and accessories that fit it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compatible_with: Vec<String>,
    /// Whether it can be had.
    #[serde(default)]
    pub availability: Availability,
    /// Who told us about it.
    #[serde(default)]
    pub origin: Origin,
    /// When it was last written; for imports, the time of the row that did it.
    #[serde(default)]
    pub updated_at: UtcMillis,
    /// What it was sold for before, where it is reduced now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Money>,
}

impl Product {
    /// The category path as one string, `Home > Kitchen > Mugs`; empty when there is none.
    #[must_use]
    pub fn category(&self) -> String {
        self.category_path.join(" > ")
    }
}
