//! Prices as shops write them, and variants with their stock.

use tradewind_catalog::{Stock, Variant};
use tradewind_kernel::{Currency, Money};

use crate::data::{LeafSpec, Sizes};
use crate::rng::Rng;

/// Share of products that are out of stock.
const OUT_OF_STOCK: f64 = 0.05;

const APPAREL: [&str; 6] = ["XS", "S", "M", "L", "XL", "XXL"];
const SHOES: [&str; 10] = ["36", "37", "38", "39", "40", "41", "42", "43", "44", "45"];

/// Digits after the decimal point.
pub(super) fn exponent(currency: Currency) -> i32 {
    i32::try_from(currency.exponent()).unwrap_or(2)
}

/// The price nearest to `major` that a shop would write on a shelf: .50 and .90 below 100, then whole fives and nines.
pub(super) fn shelf_price(major: f64, currency: Currency) -> Money {
    let whole = major.floor();
    let shelf = if major < 20.0 {
        whole
            + if major - whole < 0.3 {
                0.0
            } else if major - whole < 0.7 {
                0.5
            } else {
                0.9
            }
    } else if major < 100.0 {
        if major - whole < 0.4 { whole } else { whole + 0.9 }
    } else {
        let tens = (major / 10.0).floor() * 10.0;
        tens + if major - tens < 3.0 {
            0.0
        } else if major - tens < 7.0 {
            5.0
        } else {
            9.0
        }
    };
    Money::from_major(shelf.max(1.0), currency).unwrap_or(Money::new(100, currency))
}

/// The variants of one product. Their ids are written later.
pub(super) fn variants(spec: &LeafSpec, price: Money, locations: &[String], rng: &mut Rng) -> Vec<Variant> {
    let empty = rng.chance(OUT_OF_STOCK);
    let depth = rng.exponential(18.0);
    let mut one = |title: &str, own_price: Option<Money>| Variant {
        sku: String::new(),
        title: title.to_owned(),
        price: own_price,
        stock: locations
            .iter()
            .map(|location| {
                let pieces = if empty || rng.chance(0.2) { 0.0 } else { depth * rng.between(0.1, 1.5) };
                Stock { location: location.clone(), quantity: pieces as u32 }
            })
            .collect(),
        ..Variant::default()
    };
    match spec.sizes {
        Sizes::One => vec![one("", None)],
        Sizes::Apparel => APPAREL.iter().map(|size| one(size, None)).collect(),
        Sizes::Shoes => SHOES.iter().map(|size| one(size, None)).collect(),
        Sizes::Options(options) => {
            let major = price.minor as f64 / 10f64.powi(exponent(price.currency));
            let dearer = |nth: usize| shelf_price(major * (1.0 + 0.18 * nth as f64), price.currency);
            options
                .iter()
                .enumerate()
                .map(|(nth, option)| one(option, (nth > 0).then(|| dearer(nth))))
                .collect()
        }
    }
}
