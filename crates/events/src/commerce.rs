//! The typed reading of an ecommerce event's properties.
//!
//! Reading never fails on a single odd property: what cannot be read is left out, so that one bad price
//! does not lose an order. At most 2,000 products of one event are read. This is the reading of the hot path,
//! with what profiles and models learn from; [`CommerceDetails`](crate::CommerceDetails) reads everything.
//! `revenue` is after discounts, before tax and shipping; `total` includes both.

use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_kernel::{Currency, Money};

use crate::lenient;

/// A product as an event names it.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct ProductRef {
    /// The shop's product id; taken from `sku` where only that was sent.
    #[serde(default, deserialize_with = "lenient::text")]
    pub product_id: Option<String>,
    /// The stock-keeping unit.
    #[serde(default, deserialize_with = "lenient::text")]
    pub sku: Option<String>,
    /// What shoppers read.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Its category, a path with `/` or `>` between levels, or one name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub category: Option<String>,
    /// Who makes it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub brand: Option<String>,
    /// Which of its variants.
    #[serde(default, deserialize_with = "lenient::text")]
    pub variant: Option<String>,
    /// Price of one, in major units of the event's currency.
    #[serde(default, deserialize_with = "lenient::number")]
    pub price: Option<f64>,
    /// How many.
    #[serde(default, deserialize_with = "lenient::number")]
    pub quantity: Option<f64>,
    /// Where in a list it stood.
    #[serde(default, deserialize_with = "lenient::number")]
    pub position: Option<f64>,
    /// Its page.
    #[serde(default, deserialize_with = "lenient::text")]
    pub url: Option<String>,
    /// Its picture.
    #[serde(default, deserialize_with = "lenient::text")]
    pub image_url: Option<String>,
}

impl ProductRef {
    /// The id by which the engine knows the product: `product_id`, else `sku`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.product_id.as_deref().or(self.sku.as_deref())
    }

    /// The category as a path, root first.
    #[must_use]
    pub fn category_path(&self) -> Vec<String> {
        self.categories().map(str::to_owned).collect()
    }

    /// The categories of the path, root first.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        let parts = self.category.as_deref().unwrap_or_default().split(['>', '/']);
        parts.map(str::trim).filter(|p| !p.is_empty())
    }

    /// The price in minor units.
    #[must_use]
    pub fn price(&self, currency: Currency) -> Option<Money> {
        Money::from_major(self.price?, currency).ok()
    }
}

/// The properties of any ecommerce event: those of one product, and those of the event.
#[derive(Deserialize, Default)]
struct Properties {
    #[serde(default, deserialize_with = "lenient::text")]
    product_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    sku: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    category: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    brand: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    variant: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    price: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    quantity: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    position: Option<f64>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    image_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::list")]
    products: Option<Vec<ProductRef>>,
    #[serde(default, deserialize_with = "lenient::text")]
    currency: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    order_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    query: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    coupon: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    revenue: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    total: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    value: Option<f64>,
}

impl Properties {
    /// The product that the properties themselves name.
    fn own_product(&mut self) -> ProductRef {
        ProductRef {
            product_id: self.product_id.take(),
            sku: self.sku.take(),
            name: self.name.take(),
            category: self.category.take(),
            brand: self.brand.take(),
            variant: self.variant.take(),
            price: self.price,
            quantity: self.quantity,
            position: self.position,
            url: self.url.take(),
            image_url: self.image_url.take(),
        }
    }
}

/// What an ecommerce event says, typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Commerce {
    /// The products it names: `products`, or the one in the properties themselves. Each has an id.
    pub products: Vec<ProductRef>,
    /// The currency of every amount: as sent, else the shop's.
    pub currency: Currency,
    /// The order that it is about.
    pub order_id: Option<String>,
    /// What was searched for.
    pub query: Option<String>,
    /// The coupon on the order or the product.
    pub coupon: Option<String>,
    /// What the shop earned: `revenue`, else `total`, else `value`, else the sum of the products' prices.
    pub revenue: Option<Money>,
}

impl Commerce {
    /// Reads properties. Amounts without a readable currency are in `shop_currency`.
    #[must_use]
    pub fn read(properties: Option<&RawValue>, shop_currency: Currency) -> Self {
        let mut read: Properties = properties.map(lenient::properties).unwrap_or_default();
        let currency =
            read.currency.as_deref().and_then(|c| Currency::parse(c).ok()).unwrap_or(shop_currency);
        let mut products = read.products.take().unwrap_or_else(|| vec![read.own_product()]);
        products.retain(|p| p.id().is_some());
        let summed = || -> Option<f64> {
            let prices = products.iter().map(|p| Some(p.price? * p.quantity.unwrap_or(1.0)));
            prices.sum::<Option<f64>>().filter(|_| !products.is_empty())
        };
        let revenue = read.revenue.or(read.total).or(read.value).or_else(summed);
        let revenue = revenue.and_then(|major| Money::from_major(major, currency).ok());
        Self { products, currency, order_id: read.order_id, query: read.query, coupon: read.coupon, revenue }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Commerce {
        Commerce::read(Some(&RawValue::from_string(json.to_owned()).unwrap()), Currency::EUR)
    }

    #[test]
    fn one_product_or_a_list() {
        assert_eq!(read(r#"{"product_id":"p1","price":"12.50"}"#).products[0].price, Some(12.5));
        let order = read(
            r#"{"order_id":7,"currency":"gbp","products":[{"sku":"s","price":2.55,"quantity":6},{"name":"no id"},3]}"#,
        );
        assert_eq!(order.products.len(), 1);
        assert_eq!(order.products[0].id(), Some("s"));
        assert_eq!(order.order_id.as_deref(), Some("7"));
        assert_eq!(order.revenue.unwrap().to_string(), "15.30 GBP");
    }

    #[test]
    fn odd_properties_are_left_out() {
        let odd =
            read(r#"{"product_id":["x"],"price":{},"currency":"??","revenue":"a lot","query":{"q":1}}"#);
        assert_eq!(
            (odd.products.len(), odd.currency, odd.revenue, odd.query),
            (0, Currency::EUR, None, None)
        );
        for product in
            [r#""p":[1,"p",null]"#, r#""price":1e999"#, r#""price":1,"price":2"#, r#""brand":true"#]
        {
            let one = read(&format!(r#"{{"product_id":"p1",{product}}}"#));
            assert_eq!(one.products[0].id(), Some("p1"), "{product}");
            let list = read(&format!(r#"{{"products":[7,{{"product_id":"p1",{product}}},{{"sku":"s"}}]}}"#));
            assert_eq!(list.products.len(), 2, "{product}");
        }
        for json in [r#"["p1"]"#, "[]", "null", "3", r#""text""#, r#"{"price":1e999}"#, r#"{"products":{}}"#]
        {
            assert_eq!(read(json).products.len(), 0, "{json}");
        }
    }

    #[test]
    fn categories_become_paths() {
        let path = |category: &str| {
            ProductRef { category: Some(category.into()), ..ProductRef::default() }.category_path()
        };
        assert_eq!(path("Home > Kitchen"), ["Home", "Kitchen"]);
        assert_eq!(path("Games"), ["Games"]);
    }

    #[test]
    #[ignore = "a measurement: cargo test --release -p tradewind-events reading_costs -- --ignored --nocapture"]
    fn reading_costs() {
        let product = r#"{"product_id":"TW-2951","name":"Enamel kettle, two litres","category":"Kitchen > Kettles","brand":"Hearth","price":39.5,"position":3}"#;
        let list = format!(r#"{{"list_id":"kettles","products":[{}]}}"#, [product; 24].join(","));
        for (what, json) in [("one product", product), ("a list of 24", list.as_str())] {
            let raw = RawValue::from_string(json.to_owned()).unwrap();
            let once = || {
                let began = std::time::Instant::now();
                let read = (0..200).map(|_| Commerce::read(Some(std::hint::black_box(&raw)), Currency::EUR));
                let products: usize = read.map(|c| c.products.len()).sum();
                assert!(products >= 200);
                began.elapsed().as_secs_f64() * 1e9 / 2e2
            };
            let best = (0..2_000).map(|_| once()).fold(f64::INFINITY, f64::min);
            println!("{what}: {best:.0} ns");
        }
    }
}
