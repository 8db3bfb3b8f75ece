//! A gathered file as products and events.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tradewind_catalog::Product;
use tradewind_events::{Event, EventName, Kind, Origin};
use tradewind_kernel::{Currency, Money, UtcMillis};

use super::book::{Book, Goods, Invoice, Line};
use crate::ImportError;
use crate::fields::{major, path_segment, tidy};
use crate::intake::Intake;

/// The country of invoices that name none.
const NO_COUNTRY: &str = "Unspecified";

#[derive(Serialize)]
struct Properties<'a> {
    order_id: &'a str,
    currency: Currency,
    revenue: f64,
    total: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discount: Option<f64>,
    products: &'a [ProductLine<'a>],
}

#[derive(Serialize)]
struct ProductLine<'a> {
    product_id: &'a str,
    name: &'a str,
    price: f64,
    quantity: u32,
}

#[derive(Serialize)]
struct Context<'a> {
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    country: &'a str,
}

/// Hands over every product, then every event by its time.
pub(super) fn all(book: Book, now: UtcMillis, intake: &mut Intake<'_>) -> Result<(), ImportError> {
    let Book { invoices, mut goods, mut lines, .. } = book;
    for one in &mut goods {
        one.name = title(one);
        intake.product(product(one))?;
    }
    lines.sort_by_key(|line| line.invoice);
    let mut order: Vec<(UtcMillis, usize)> = invoices.iter().map(|i| i.at).zip(0..).collect();
    order.sort_unstable();
    let mut shown = Vec::new();
    for (_, place) in order {
        let start = lines.partition_point(|line| (line.invoice as usize) < place);
        let count = lines[start..].partition_point(|line| line.invoice as usize == place);
        shown.clear();
        shown.extend(lines[start..start + count].iter().map(|line| product_line(line, &goods)));
        intake.event(event(&invoices[place], &shown, &lines[start..start + count], now)?)?;
    }
    Ok(())
}

fn title(goods: &Goods) -> String {
    let name = tidy(&goods.name);
    if name.is_empty() { format!("Product {}", goods.id) } else { name }
}

fn product(goods: &Goods) -> Product {
    let segment = path_segment(&goods.id);
    Product {
        id: goods.id.to_string(),
        title: goods.name.clone(),
        price: Some(Money::new(i64::from(goods.price_minor), Currency::GBP)),
        image_url: Some(format!("/media/{segment}.svg")),
        url: Some(format!("/p/{segment}")),
        updated_at: goods.price_from.at,
        ..Product::default()
    }
}

fn product_line<'a>(line: &Line, goods: &'a [Goods]) -> ProductLine<'a> {
    let goods = &goods[line.goods as usize];
    let price = major(i64::from(line.price_minor));
    ProductLine { product_id: &goods.id, name: &goods.name, price, quantity: line.quantity }
}

fn event(
    invoice: &Invoice,
    products: &[ProductLine<'_>],
    lines: &[Line],
    now: UtcMillis,
) -> Result<Event, ImportError> {
    let goods_minor = lines.iter().fold(0i64, |sum, line| {
        sum.saturating_add(i64::from(line.price_minor).saturating_mul(i64::from(line.quantity)))
    });
    let (name, what, discount_minor) = match invoice.refund {
        true => (EventName::OrderRefunded, "refund", invoice.discount_minor),
        false => (EventName::OrderCompleted, "order", -invoice.discount_minor),
    };
    let revenue_minor = goods_minor.saturating_add(discount_minor);
    let some = |minor: i64| (minor != 0).then(|| major(minor));
    let properties = to_raw_value(&Properties {
        order_id: &invoice.number,
        currency: Currency::GBP,
        revenue: major(revenue_minor),
        total: major(revenue_minor.saturating_add(invoice.shipping_minor)),
        shipping: some(invoice.shipping_minor),
        discount: some(invoice.discount_minor),
        products,
    })?;
    let message_id = format!("online-retail:{what}:{}", invoice.number);
    Ok(Event {
        name: Some(name.as_str().to_owned()),
        user_id: invoice.customer.as_deref().map(str::to_owned),
        anonymous_id: invoice.customer.is_none().then(|| format!("invoice-{}", invoice.number)),
        origin: Origin::Import,
        properties: Some(properties),
        context: context(&invoice.country)?,
        ..Event::new(Kind::Track, message_id, invoice.at, now)
    })
}

fn context(country: &str) -> Result<Option<Box<RawValue>>, ImportError> {
    if country.is_empty() || country == NO_COUNTRY {
        return Ok(None);
    }
    Ok(Some(to_raw_value(&Context { location: Location { country } })?))
}
