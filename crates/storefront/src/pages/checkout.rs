//! The checkout: one form, checked here and not only in the browser. Nothing is charged.
//!
//! What is typed stays in this request: neither name nor address become part of an event.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradewind_events::EventName;
use tradewind_kernel::fresh_id;

use super::cart::{LineView, line_views, total_label};
use crate::cookies;
use crate::record::{self, Record};
use crate::render::{self, Head, Visitor};
use crate::shop::Shop;
use crate::state::{App, Shared};
use crate::text;
use crate::visit::Visit;

/// The longest entry of a field, in characters.
const MAX_CHARS: usize = 200;

/// The wire form of the checkout's form. `order_id` makes a form that is sent twice one order.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CheckoutForm {
    order_id: String,
    email: String,
    name: String,
    address: String,
    postcode: String,
    city: String,
    country: String,
}

/// A field of the form with what was typed and what is wrong with it.
#[derive(Debug, Serialize)]
struct Field {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    autocomplete: &'static str,
    value: String,
    error: &'static str,
}

#[derive(Debug, Serialize)]
struct CheckoutPage {
    order_id: String,
    fields: Vec<Field>,
    errors: usize,
    lines: Vec<LineView>,
    total: String,
}

impl CheckoutForm {
    fn fields(&self, is_checked: bool) -> Vec<Field> {
        let field = |name, label, kind, autocomplete, value: &str, missing: &'static str| {
            let value = value.trim();
            let is_short = value.is_empty() || (name == "email" && !is_email(value));
            let error = match value.chars().count() {
                _ if !is_checked => "",
                _ if is_short => missing,
                MAX_CHARS.. => "Please shorten this to 200 characters.",
                _ => "",
            };
            Field { name, label, kind, autocomplete, value: text::clip(value, MAX_CHARS), error }
        };
        let given = |value: &str| value.to_owned();
        let (street, town) = (given(&self.address), given(&self.city));
        vec![
            field("email", "E-mail", "email", "email", &self.email, "Enter an address like ann@example.com."),
            field("name", "Full name", "text", "name", &self.name, "Enter the name on the parcel."),
            field(
                "address",
                "Street and number",
                "text",
                "street-address",
                &street,
                "Enter where to deliver.",
            ),
            field("postcode", "Postcode", "text", "postal-code", &self.postcode, "Enter the postcode."),
            field("city", "Town or city", "text", "address-level2", &town, "Enter the town or city."),
            field("country", "Country", "text", "country-name", &self.country, "Enter the country."),
        ]
    }
}

/// Whether text could be an e-mail address: one `@`, something before it, a domain with a dot after it.
fn is_email(text: &str) -> bool {
    let domain_fits = |domain: &str| {
        domain.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && rest.trim_matches('.') == rest)
            && !domain.ends_with('.')
    };
    let fits =
        |(local, domain): (&str, &str)| !local.is_empty() && !domain.contains('@') && domain_fits(domain);
    !text.chars().any(|c| c.is_whitespace() || c.is_control()) && text.split_once('@').is_some_and(fits)
}

fn draw(app: &App, visit: &Visit, form: &CheckoutForm, is_checked: bool) -> Response {
    let shop = app.shop();
    let fields = form.fields(is_checked);
    let page = CheckoutPage {
        order_id: form.order_id.clone(),
        errors: fields.iter().filter(|field| !field.error.is_empty()).count(),
        fields,
        lines: line_views(&shop, &visit.cart),
        total: total_label(app, &shop, &visit.cart),
    };
    let head = Head { is_quiet: true, ..Head::private("Checkout") };
    render::page(app, visit, "checkout.html", &head, &page)
}

/// An order as an event names it.
fn order(app: &App, shop: &Shop, visit: &Visit, order_id: &str) -> Value {
    let totals = visit.cart.totals(shop);
    let currency = totals.first().map_or(app.site.currency, |total| total.currency);
    let revenue = totals.first().map_or(0.0, |total| text::major(*total));
    json!({
        "order_id": order_id,
        "revenue": revenue,
        "total": revenue,
        "shipping": 0,
        "tax": 0,
        "currency": currency,
        "products": record::cart_lines(shop, &visit.cart),
    })
}

/// `GET /checkout`.
pub(crate) async fn show(State(app): State<Shared>, visit: Visitor) -> Response {
    if visit.cart.is_empty() {
        return render::see_other("/cart", [None]);
    }
    let email = visit.user_id.clone().filter(|id| id.contains('@')).unwrap_or_default();
    let form = CheckoutForm { order_id: fresh_id(visit.now), email, ..CheckoutForm::default() };
    let started = order(&app, &app.shop(), &visit, &form.order_id);
    let record = Record::of(&visit, "Checkout").page("Checkout");
    record.track(&EventName::CheckoutStarted, &started).send(&app).await;
    draw(&app, &visit, &form, false)
}

/// `POST /checkout`.
pub(crate) async fn submit(
    State(app): State<Shared>,
    visit: Visitor,
    form: Result<Form<CheckoutForm>, FormRejection>,
) -> Response {
    let Ok(Form(mut form)) = form else { return render::bad_form(&app, &visit) };
    if visit.cart.is_empty() {
        return render::see_other("/cart", [None]);
    }
    if !cookies::is_uuid(&form.order_id) {
        form.order_id = fresh_id(visit.now);
    }
    if form.fields(true).iter().any(|field| !field.error.is_empty()) {
        let mut page = draw(&app, &visit, &form, true);
        *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return page;
    }
    let order_id = form.order_id.to_ascii_lowercase();
    let completed = order(&app, &app.shop(), &visit, &order_id);
    let record = Record::of(&visit, "Checkout");
    record.track_once(&order_id, &EventName::OrderCompleted, &completed).send(&app).await;
    let kept = format!("{order_id}:{}", visit.cart.write());
    render::see_other(
        &format!("/order/{order_id}"),
        [
            cookies::set(cookies::CART, "", "/", 0),
            cookies::set(cookies::ORDER, &kept, "/order", cookies::HOUR_S),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_can_be_written_to() {
        for good in ["ann@example.com", "a.b+c@x.co.uk", "ä@ö.de"] {
            assert!(is_email(good), "{good}");
        }
        for bad in
            ["", "ann", "@example.com", "ann@", "ann@localhost", "a@b@c.de", "a b@c.de", "a@.de", "a@c."]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn every_field_is_checked() {
        let wrong = |form: &CheckoutForm| form.fields(true).iter().filter(|f| !f.error.is_empty()).count();
        assert_eq!(wrong(&CheckoutForm::default()), 6);
        let long = CheckoutForm { name: "x".repeat(201), email: "a@b.de".into(), ..CheckoutForm::default() };
        assert_eq!(wrong(&long), 5);
        assert_eq!(CheckoutForm::default().fields(false).iter().filter(|f| !f.error.is_empty()).count(), 0);
    }
}
