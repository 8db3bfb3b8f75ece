//! What templates show: links and product cards, ready to be printed.

use serde::Serialize;
use tradewind_catalog::{Availability, Product, Variant};
use tradewind_kernel::Money;

use crate::text;
use crate::visit::Visit;

/// Pieces at or below which a product is said to be running out.
const FEW_PIECES: u64 = 5;

/// A link with its words.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Link {
    /// The words.
    pub(crate) title: String,
    /// The address.
    pub(crate) href: String,
}

impl Link {
    /// A link.
    pub(crate) fn new(title: impl Into<String>, href: impl Into<String>) -> Self {
        Self { title: title.into(), href: href.into() }
    }
}

/// A product in a grid or a rail.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Card {
    /// Its page.
    pub(crate) href: String,
    /// Its title.
    pub(crate) title: String,
    /// Who makes it; empty where nobody says.
    pub(crate) brand: String,
    /// Its price for reading; empty where it has none.
    pub(crate) price: String,
    /// Its picture.
    pub(crate) image: String,
    /// A word of warning, such as "Only 3 left"; mostly empty.
    pub(crate) note: String,
}

impl Card {
    /// A card of this product.
    pub(crate) fn of(product: &Product) -> Self {
        let stock = StockHint::of(product);
        Self {
            href: product_href(&product.id),
            title: text::display_title(&product.title),
            brand: product.brand.clone().unwrap_or_default(),
            price: price_label(product),
            image: picture_href(&product.id),
            note: if stock.level == "ok" { String::new() } else { stock.words },
        }
    }
}

/// The address of a product's page.
pub(crate) fn product_href(id: &str) -> String {
    format!("/p/{}", text::encode(id))
}

/// The address of a product's picture.
pub(crate) fn picture_href(id: &str) -> String {
    format!("/media/{}.svg", text::encode(id))
}

/// A product's price for reading: with "from" where its variants differ.
pub(crate) fn price_label(product: &Product) -> String {
    let of = |variant: &Variant| variant.price.or(product.price);
    let prices: Vec<Money> = match product.variants.as_slice() {
        [] => product.price.into_iter().collect(),
        variants => variants.iter().filter_map(of).collect(),
    };
    let lowest = prices.iter().min_by_key(|price| price.minor);
    let differ = prices.iter().any(|price| Some(price) != lowest);
    lowest
        .map_or_else(String::new, |&low| format!("{}{}", if differ { "from " } else { "" }, text::price(low)))
}

/// Pieces on hand of one variant; `None` where nobody counts them.
pub(crate) fn pieces(variant: &Variant) -> Option<u64> {
    let counted = variant.stock.iter().map(|stock| u64::from(stock.quantity));
    (!variant.stock.is_empty()).then(|| counted.sum())
}

/// What is said of a product's stock.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StockHint {
    /// `ok`, `few` or `none`.
    pub(crate) level: &'static str,
    /// The words.
    pub(crate) words: String,
}

impl StockHint {
    /// The hint for a product.
    pub(crate) fn of(product: &Product) -> Self {
        let say = |level, words: &str| Self { level, words: words.to_owned() };
        let counted: Option<u64> = product.variants.iter().map(pieces).sum::<Option<u64>>();
        match (product.availability, counted.filter(|_| !product.variants.is_empty())) {
            (Availability::Withdrawn, _) => say("none", "No longer sold"),
            (Availability::OutOfStock, _) | (_, Some(0)) => say("none", "Out of stock"),
            (_, Some(few @ 1..=FEW_PIECES)) => say("few", &format!("Only {few} left")),
            _ => say("ok", "In stock"),
        }
    }
}

/// The address of this visit without what only measures it.
pub(crate) fn absolute(visit: &Visit, path: &str) -> String {
    format!("{}{path}", visit.root)
}

#[cfg(test)]
mod tests {
    use tradewind_catalog::Stock;
    use tradewind_kernel::Currency;

    use super::*;

    fn variant(minor: Option<i64>, quantity: Option<u32>) -> Variant {
        let stock = quantity.map(|quantity| Stock { location: "w".into(), quantity });
        Variant {
            sku: "s".into(),
            price: minor.map(|minor| Money::new(minor, Currency::EUR)),
            stock: stock.into_iter().collect(),
            ..Variant::default()
        }
    }

    #[test]
    fn prices_and_stock_of_variants() {
        let check = |variants: Vec<Variant>, price: &str, stock: &str| {
            let base = Some(Money::new(1_000, Currency::EUR));
            let product = Product { price: base, variants, ..Product::default() };
            assert_eq!(
                (price_label(&product).as_str(), StockHint::of(&product).words.as_str()),
                (price, stock)
            );
        };
        check(vec![], "€10.00", "In stock");
        check(vec![variant(None, None), variant(Some(800), None)], "from €8.00", "In stock");
        check(vec![variant(None, Some(0)), variant(None, Some(3))], "€10.00", "Only 3 left");
        check(vec![variant(None, Some(0))], "€10.00", "Out of stock");
    }
}
