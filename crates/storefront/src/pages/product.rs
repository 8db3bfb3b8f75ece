//! A product's page.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use tradewind_catalog::{Availability, Product};
use tradewind_events::EventName;

use crate::cart::MAX_QUANTITY;
use crate::rails::{self, Question, Rail, Wanted};
use crate::record::{self, Record};
use crate::render::{self, Head, Visitor};
use crate::state::Shared;
use crate::text;
use crate::view::{self, Card, Link, StockHint};

/// The most attributes that are shown.
const MAX_ATTRIBUTES: usize = 16;

/// Endings of attributes' names that are units.
const UNITS: [&str; 11] = ["g", "kg", "mm", "cm", "m", "ml", "l", "w", "lm", "h", "mah"];

#[derive(Debug, Serialize)]
struct ProductPage {
    id: String,
    card: Card,
    crumbs: Vec<Link>,
    paragraphs: Vec<String>,
    attributes: Vec<(String, String)>,
    variants: Vec<Choice>,
    stock: StockHint,
    can_buy: bool,
    max_quantity: u32,
    bought_together: Option<Rail>,
    similar: Option<Rail>,
}

/// One entry of the variants' list.
#[derive(Debug, Serialize)]
struct Choice {
    sku: String,
    title: String,
    is_sold_out: bool,
}

/// `GET /p/{id}`.
pub(crate) async fn show(
    State(app): State<Shared>,
    visit: Visitor,
    id: Result<Path<String>, PathRejection>,
) -> Response {
    let shop = app.shop();
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let Some(product) = shop.product(&id) else { return render::not_found(&app, &visit) };
    let card = Card::of(product);
    let viewed = Value::Object(record::product_ref(product, None));
    let record = Record::of(&visit, &card.title).page("Product").click(product);
    record.track(&EventName::ProductViewed, &viewed).send(&app).await;
    let category = product.category();
    let question = Question {
        wanted: vec![
            Wanted::new("product.bought_together", 6).near([product.id.clone()]),
            Wanted::new("product.similar", 12).near([product.id.clone()]),
        ],
        category: (!category.is_empty()).then_some(category),
        stand_ins: rails::neighbours(&shop, &product.category_path),
    };
    let mut rails = rails::decide(&app, &shop, &visit, &question).await;
    let stock = StockHint::of(product);
    let page = ProductPage {
        id: product.id.clone(),
        crumbs: rails::crumbs(&shop, &product.category_path),
        paragraphs: paragraphs(&product.description),
        attributes: attributes(product),
        variants: variants(product),
        can_buy: !card.price.is_empty() && stock.level != "none" && shop.is_sold(&product.id),
        stock,
        max_quantity: MAX_QUANTITY.min(10),
        bought_together: rails.take("product.bought_together"),
        similar: rails.take("product.similar"),
        card,
    };
    let rails = [&page.bought_together, &page.similar];
    Record::of(&visit, &page.card.title).shown(&shop, rails).send(&app).await;
    let about = if product.description.is_empty() { &page.card.title } else { &product.description };
    let kept = product.availability != Availability::Withdrawn;
    let canonical = if kept { view::absolute(&visit, &page.card.href) } else { String::new() };
    let head = Head::public(&page.card.title, about, &canonical);
    render::page(&app, &visit, "product.html", &head, &page)
}

fn paragraphs(description: &str) -> Vec<String> {
    description.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn attributes(product: &Product) -> Vec<(String, String)> {
    let shown = product.attributes.iter().filter(|(_, value)| !value.trim().is_empty());
    shown.take(MAX_ATTRIBUTES).map(|(key, value)| (attribute_label(key), text::clip(value, 200))).collect()
}

/// An attribute's name for reading, its unit in brackets: `weight_g` becomes `Weight (g)`.
fn attribute_label(key: &str) -> String {
    match key.rsplit_once('_') {
        Some((name, unit)) if UNITS.contains(&unit) => format!("{} ({unit})", text::label(name)),
        _ => text::label(key),
    }
}

/// The variants to choose from; none where there is no choice.
fn variants(product: &Product) -> Vec<Choice> {
    let choice = |(at, variant): (usize, &tradewind_catalog::Variant)| {
        let named = Some(variant.title.trim()).filter(|title| !title.is_empty());
        let title = named.map_or_else(|| format!("Option {}", at + 1), str::to_owned);
        let own = variant.price.filter(|price| Some(*price) != product.price);
        let is_sold_out = view::pieces(variant) == Some(0);
        let price = own.map(|price| format!(" · {}", text::price(price))).unwrap_or_default();
        let gone = if is_sold_out { " (sold out)" } else { "" };
        Choice { sku: variant.sku.clone(), title: format!("{title}{price}{gone}"), is_sold_out }
    };
    product.variants.iter().enumerate().map(choice).collect()
}
