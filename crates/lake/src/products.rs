//! Rows of what the catalog was told.

use tradewind_catalog::{Availability, Origin, Product};

use crate::columns::{Cell, Column, DAY, column};

/// The table with one row for each time that a product was put into the catalog.
pub(crate) const PRODUCTS: &str = "products";

/// A product as it was from then on.
pub(crate) struct ProductRow {
    pub(crate) offset: i64,
    pub(crate) product: Product,
    category: String,
    attributes: String,
}

impl ProductRow {
    pub(crate) fn new(offset: i64, product: Product) -> Self {
        let category = product.category();
        let attributes = serde_json::to_string(&product.attributes).unwrap_or_default();
        Self { offset, product, category, attributes }
    }
}

const fn availability_name(availability: Availability) -> &'static str {
    match availability {
        Availability::InStock => "in_stock",
        Availability::OutOfStock => "out_of_stock",
        Availability::Withdrawn => "withdrawn",
    }
}

const fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Feed => "feed",
        Origin::Discovered => "discovered",
    }
}

/// The columns of `products`.
pub(crate) fn product_columns() -> Vec<Column<ProductRow>> {
    vec![
        column(DAY, Cell::Day(|r| Some(r.product.updated_at))),
        column("offset", Cell::Long(|r| Some(r.offset))),
        column("product_id", Cell::Text(|r| Some(&r.product.id))),
        column("updated_at", Cell::Time(|r| Some(r.product.updated_at))),
        column("title", Cell::Text(|r| Some(&r.product.title))),
        column("category", Cell::Text(|r| Some(r.category.as_str()).filter(|c| !c.is_empty()))),
        column("brand", Cell::Text(|r| r.product.brand.as_deref())),
        column("price_minor", Cell::Long(|r| r.product.price.map(|m| m.minor))),
        column("cost_minor", Cell::Long(|r| r.product.cost.map(|m| m.minor))),
        column("currency", Cell::Text(|r| r.product.price.as_ref().map(|m| m.currency.as_str()))),
        column("availability", Cell::Text(|r| Some(availability_name(r.product.availability)))),
        column("origin", Cell::Text(|r| Some(origin_name(r.product.origin)))),
        column("url", Cell::Text(|r| r.product.url.as_deref())),
        column("image_url", Cell::Text(|r| r.product.image_url.as_deref())),
        column("attributes", Cell::Text(|r| Some(&r.attributes))),
    ]
}
