//! The cart: its page and the three forms that change it.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradewind_events::EventName;

use crate::cart::{Cart, MAX_QUANTITY};
use crate::cookies;
use crate::rails::{self, Question, Rail, Wanted};
use crate::record::{self, Record};
use crate::render::{self, Head, Visitor};
use crate::shop::Shop;
use crate::state::{App, Shared};
use crate::text;
use crate::view;
use crate::visit::Visit;

/// The wire form of all three forms. A missing quantity is 1; more than there may be is cut.
#[derive(Debug, Deserialize)]
pub(crate) struct LineForm {
    product_id: String,
    #[serde(default)]
    sku: String,
    #[serde(default)]
    quantity: String,
}

impl LineForm {
    /// The quantity, 0 to [`MAX_QUANTITY`]; `None` when it is not a number.
    fn quantity(&self) -> Option<u32> {
        match self.quantity.trim() {
            "" => Some(1),
            typed => typed.parse::<i64>().ok().map(|n| u32::try_from(n.max(0)).unwrap_or(MAX_QUANTITY)),
        }
        .map(|quantity| quantity.min(MAX_QUANTITY))
    }
}

/// A cart's line as it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct LineView {
    product_id: String,
    sku: String,
    title: String,
    variant: String,
    href: String,
    image: String,
    quantity: u32,
    each: String,
    cost: String,
}

#[derive(Debug, Serialize)]
struct CartPage {
    lines: Vec<LineView>,
    total: String,
    max_quantity: u32,
    add_ons: Option<Rail>,
}

/// The lines of a cart for a page.
pub(crate) fn line_views(shop: &Shop, cart: &Cart) -> Vec<LineView> {
    let view = |line: &crate::cart::Line| {
        let product = shop.product(&line.product_id)?;
        let each = shop.unit_price(line)?;
        let mut cost = each;
        cost.minor = cost.minor.saturating_mul(i64::from(line.quantity));
        let variant = product.variants.iter().find(|v| v.sku == line.sku && !line.sku.is_empty());
        Some(LineView {
            product_id: line.product_id.clone(),
            sku: line.sku.clone(),
            title: text::display_title(&product.title),
            variant: variant.map(|v| v.title.clone()).unwrap_or_default(),
            href: view::product_href(&product.id),
            image: view::picture_href(&product.id),
            quantity: line.quantity,
            each: text::price(each),
            cost: text::price(cost),
        })
    };
    cart.lines().iter().filter_map(view).collect()
}

/// What a cart costs, for reading.
pub(crate) fn total_label(app: &App, shop: &Shop, cart: &Cart) -> String {
    let totals = cart.totals(shop);
    if totals.is_empty() {
        return text::price(tradewind_kernel::Money::new(0, app.site.currency));
    }
    totals.into_iter().map(text::price).collect::<Vec<_>>().join(" + ")
}

/// `GET /cart`.
pub(crate) async fn show(State(app): State<Shared>, visit: Visitor) -> Response {
    let shop = app.shop();
    let viewed = json!({ "products": record::cart_lines(&shop, &visit.cart) });
    let record = Record::of(&visit, "Cart").page("Cart");
    record.track(&EventName::CartViewed, &viewed).send(&app).await;
    let ids: Vec<String> = visit.cart.lines().iter().map(|line| line.product_id.clone()).collect();
    let question = Question { wanted: vec![Wanted::new("cart.add_ons", 6).near(ids)], ..Question::default() };
    let mut rails = rails::decide(&app, &shop, &visit, &question).await;
    let page = CartPage {
        lines: line_views(&shop, &visit.cart),
        total: total_label(&app, &shop, &visit.cart),
        max_quantity: MAX_QUANTITY,
        add_ons: rails.take("cart.add_ons"),
    };
    Record::of(&visit, "Cart").shown(&shop, [&page.add_ons]).send(&app).await;
    render::page(&app, &visit, "cart.html", &Head::private("Cart"), &page)
}

/// The cart's cookie; removed with the last line.
fn cookie(cart: &Cart) -> Option<HeaderValue> {
    let lasts_s = if cart.is_empty() { 0 } else { cookies::MONTH_S };
    cookies::set(cookies::CART, &cart.write(), "/", lasts_s)
}

/// Records that pieces of a line came or went.
async fn record_line(app: &App, visit: &Visit, name: EventName, form: &LineForm, quantity: u32) {
    let shop = app.shop();
    if let Some(line) = record::cart_line(&shop, &form.product_id, &form.sku, quantity) {
        Record::of(visit, "Cart").track(&name, &Value::Object(line)).send(app).await;
    }
}

/// `POST /cart/add`.
pub(crate) async fn add(
    State(app): State<Shared>,
    visit: Visitor,
    form: Result<Form<LineForm>, FormRejection>,
) -> Response {
    let Ok(Form(mut form)) = form else { return render::bad_form(&app, &visit) };
    let Some(quantity) = form.quantity().filter(|quantity| *quantity > 0) else {
        return render::bad_form(&app, &visit);
    };
    let shop = app.shop();
    let Some(product) = shop.product(&form.product_id).filter(|product| shop.is_sold(&product.id)) else {
        return render::not_found(&app, &visit);
    };
    let named = product.variants.iter().find(|variant| variant.sku == form.sku);
    match (named, product.variants.first()) {
        (Some(_), _) | (None, None) => {}
        (None, Some(first)) if form.sku.is_empty() => form.sku.clone_from(&first.sku),
        (None, Some(_)) => return render::bad_form(&app, &visit),
    }
    if product.variants.is_empty() {
        form.sku.clear();
    }
    let mut cart = visit.cart.clone();
    if cart.add(&form.product_id, &form.sku, quantity).is_err() {
        let detail = "A cart holds 40 different products. Order these first, or remove some.";
        return render::problem(&app, &visit, StatusCode::CONFLICT, "The cart is full", detail);
    }
    cart.retain_sold(&shop);
    record_line(&app, &visit, EventName::ProductAdded, &form, quantity).await;
    render::see_other("/cart", [cookie(&cart)])
}

/// `POST /cart/update`.
pub(crate) async fn update(
    State(app): State<Shared>,
    visit: Visitor,
    form: Result<Form<LineForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return render::bad_form(&app, &visit) };
    let Some(quantity) = form.quantity() else { return render::bad_form(&app, &visit) };
    change(&app, &visit, &form, quantity).await
}

/// `POST /cart/remove`.
pub(crate) async fn remove(
    State(app): State<Shared>,
    visit: Visitor,
    form: Result<Form<LineForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return render::bad_form(&app, &visit) };
    change(&app, &visit, &form, 0).await
}

async fn change(app: &App, visit: &Visit, form: &LineForm, quantity: u32) -> Response {
    let mut cart = visit.cart.clone();
    let before = cart.set(&form.product_id, &form.sku, quantity).unwrap_or(quantity);
    match quantity.cmp(&before) {
        std::cmp::Ordering::Less => {
            record_line(app, visit, EventName::ProductRemoved, form, before - quantity).await;
        }
        std::cmp::Ordering::Greater => {
            record_line(app, visit, EventName::ProductAdded, form, quantity - before).await;
        }
        std::cmp::Ordering::Equal => {}
    }
    render::see_other("/cart", [cookie(&cart)])
}
