//! The home page.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use crate::rails::{self, Question, Rail, Wanted};
use crate::record::Record;
use crate::render::{self, Head, Visitor};
use crate::shop::{Category, Shop};
use crate::state::Shared;
use crate::view::{self, Link};

/// How many departments get a tile.
const MAX_TILES: usize = 8;

#[derive(Debug, Serialize)]
struct Home {
    for_you: Option<Rail>,
    recently_viewed: Option<Rail>,
    trending: Option<Rail>,
    tiles: Vec<Tile>,
    browse_href: String,
}

/// A department with the picture of one of its products.
#[derive(Debug, Serialize)]
struct Tile {
    link: Link,
    image: String,
    count: usize,
}

/// `GET /`.
pub(crate) async fn show(State(app): State<Shared>, visit: Visitor) -> Response {
    Record::of(&visit, &app.site.name).page("Home").send(&app).await;
    let shop = app.shop();
    let question = Question {
        wanted: vec![
            Wanted::new("home.for_you", 10),
            Wanted::new("home.recently_viewed", 12),
            Wanted::new("home.trending", 10),
        ],
        ..Question::default()
    };
    let mut rails = rails::decide(&app, &shop, &visit, &question).await;
    let departments = shop.departments();
    let page = Home {
        for_you: rails.take("home.for_you"),
        recently_viewed: rails.take("home.recently_viewed"),
        trending: rails.take("home.trending"),
        browse_href: departments.first().map_or_else(|| "/search".to_owned(), |c| c.href()),
        tiles: departments.into_iter().take(MAX_TILES).filter_map(|c| tile(&shop, c)).collect(),
    };
    let rails = [&page.for_you, &page.recently_viewed, &page.trending];
    Record::of(&visit, &app.site.name).shown(&shop, rails).send(&app).await;
    let head = Head::public("", &app.site.tagline, &view::absolute(&visit, "/"));
    render::page(&app, &visit, "home.html", &head, &page)
}

fn tile(shop: &Shop, category: &Category) -> Option<Tile> {
    let first = shop.get(*category.items.first()?)?;
    Some(Tile {
        link: Link::new(category.title(), category.href()),
        image: view::picture_href(&first.id),
        count: category.items.len(),
    })
}
