//! The page after an order. Its lines are known to the browser that ordered, for an hour, and to nobody else.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;

use super::cart::{LineView, line_views, total_label};
use crate::cart::Cart;
use crate::cookies;
use crate::rails::{self, Question, Rail, Wanted};
use crate::record::Record;
use crate::render::{self, Head, Visitor};
use crate::state::Shared;

#[derive(Debug, Serialize)]
struct OrderPage {
    number: String,
    lines: Vec<LineView>,
    total: String,
    for_you: Option<Rail>,
    trending: Option<Rail>,
}

/// `GET /order/{id}`.
pub(crate) async fn show(
    State(app): State<Shared>,
    visit: Visitor,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Response {
    let id = id.map(|Path(id)| id).unwrap_or_default();
    if !cookies::is_uuid(&id) {
        return render::not_found(&app, &visit);
    }
    Record::of(&visit, "Thank you").page("Order").send(&app).await;
    let shop = app.shop();
    let kept = cookies::get(&headers, cookies::ORDER).and_then(|kept| kept.split_once(':'));
    let mut cart =
        kept.filter(|(order, _)| *order == id).map(|(_, lines)| Cart::parse(lines)).unwrap_or_default();
    cart.retain_sold(&shop);
    let wanted = vec![Wanted::new("home.for_you", 6), Wanted::new("home.trending", 6)];
    let question = Question { wanted, ..Question::default() };
    let mut rails = rails::decide(&app, &shop, &visit, &question).await;
    let for_you = rails.take("home.for_you");
    let page = OrderPage {
        number: id
            .chars()
            .rev()
            .take(8)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect::<String>()
            .to_uppercase(),
        lines: line_views(&shop, &cart),
        total: total_label(&app, &shop, &cart),
        trending: rails.take("home.trending").filter(|_| for_you.is_none()),
        for_you,
    };
    Record::of(&visit, "Thank you").shown(&shop, [&page.for_you, &page.trending]).send(&app).await;
    render::page(&app, &visit, "order.html", &Head::private("Thank you"), &page)
}
