//! A category's page.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use tradewind_events::EventName;

use super::listing::{Grid, GridQuery};
use crate::rails;
use crate::record::{self, Record};
use crate::render::{self, Head, Visitor};
use crate::state::Shared;
use crate::view::{self, Link};

#[derive(Debug, Serialize)]
struct CategoryPage {
    title: String,
    crumbs: Vec<Link>,
    children: Vec<Link>,
    grid: Grid,
}

/// `GET /c/{slug}`.
pub(crate) async fn show(
    State(app): State<Shared>,
    visit: Visitor,
    slug: Result<Path<String>, PathRejection>,
    query: Result<Query<GridQuery>, QueryRejection>,
) -> Response {
    let shop = app.shop();
    let slug = slug.map(|Path(slug)| slug).unwrap_or_default();
    let Some(category) = shop.category(slug.trim_end_matches('/')) else {
        return render::not_found(&app, &visit);
    };
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let (title, href) = (category.title(), category.href());
    let grid = Grid::of(&shop, &category.items, &query, &href);
    let viewed = json!({
        "list_id": category.slug,
        "category": category.path.join(" > "),
        "products": record::listed(&shop, &grid.items, grid.first_position()),
    });
    let record = Record::of(&visit, &title).page("Category");
    record.track(&EventName::ProductListViewed, &viewed).send(&app).await;
    let above = &category.path[..category.path.len().saturating_sub(1)];
    let child = |&number: &usize| {
        let child = shop.category_at(number);
        Link::new(child.title(), child.href())
    };
    let page = CategoryPage {
        crumbs: rails::crumbs(&shop, above),
        children: category.children.iter().map(child).collect(),
        title: title.clone(),
        grid,
    };
    let canonical = if page.grid.is_default() { view::absolute(&visit, &href) } else { String::new() };
    let about = format!("{title} at {}: {} products.", app.site.name, page.grid.total);
    render::page(&app, &visit, "category.html", &Head::public(&title, &about, &canonical), &page)
}
