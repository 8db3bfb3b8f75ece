//! The search: plain token matching on title, brand and category.
//!
//! All words have to match; where nothing has them all, any of them counts. A word in the title weighs more
//! than one in brand or category, a whole word more than a beginning, a beginning more than a part.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use tradewind_events::EventName;

use super::listing::{Grid, GridQuery};
use crate::rails::{self, Question, Rail, Wanted};
use crate::record::{self, Record};
use crate::render::{self, Head, Visitor};
use crate::shop::{Shop, Words};
use crate::state::Shared;

/// The most words of a query that are looked at.
const MAX_TOKENS: usize = 8;

#[derive(Debug, Serialize)]
struct SearchPage {
    query: String,
    grid: Grid,
    trending: Option<Rail>,
}

/// `GET /search?q=`; without words it lists everything.
pub(crate) async fn show(
    State(app): State<Shared>,
    visit: Visitor,
    query: Result<Query<GridQuery>, QueryRejection>,
) -> Response {
    let shop = app.shop();
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let words = query.words();
    let found = find(&shop, &words);
    let grid = Grid::of(&shop, &found, &query, "/search");
    let title = if words.is_empty() { "All products".to_owned() } else { format!("“{words}”") };
    let mut record = Record::of(&visit, &title).page("Search");
    if !words.is_empty() && grid.page == 1 {
        record = record
            .track(&EventName::ProductsSearched, &json!({ "query": words, "results_count": grid.total }));
    }
    if !grid.items.is_empty() {
        let products = record::listed(&shop, &grid.items, grid.first_position());
        let viewed = json!({ "list_id": "search", "query": words, "products": products });
        record = record.track(&EventName::ProductListViewed, &viewed);
    }
    record.send(&app).await;
    let mut trending = None;
    if grid.items.is_empty() {
        let question = Question { wanted: vec![Wanted::new("home.trending", 10)], ..Question::default() };
        trending = rails::decide(&app, &shop, &visit, &question).await.take("home.trending");
        Record::of(&visit, &title).shown(&shop, [&trending]).send(&app).await;
    }
    let head = Head { query: words.clone(), ..Head::private(&title) };
    render::page(&app, &visit, "search.html", &head, &SearchPage { query: words, grid, trending })
}

/// The products that match, the best first.
fn find(shop: &Shop, query: &str) -> Vec<u32> {
    let lower = query.to_lowercase();
    let tokens: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|t| !t.is_empty()).take(MAX_TOKENS).collect();
    if tokens.is_empty() {
        let all = if query.is_empty() { shop.words() } else { &[] };
        return all.iter().map(|words| words.item).collect();
    }
    let mut scored: Vec<(usize, u32, u32)> = shop.words().iter().filter_map(|w| score(w, &tokens)).collect();
    let most = scored.iter().map(|hit| hit.0).max().unwrap_or(0);
    scored.retain(|hit| hit.0 == tokens.len() || most < tokens.len());
    scored.sort_by_key(|&(matched, points, item)| (std::cmp::Reverse((matched, points)), item));
    scored.into_iter().map(|hit| hit.2).collect()
}

/// How many of the tokens match, how well, and the item; `None` where none matches.
fn score(words: &Words, tokens: &[&str]) -> Option<(usize, u32, u32)> {
    let points = tokens.iter().map(|token| {
        let fields = [(&words.title, 3), (&words.brand, 2), (&words.category, 1)];
        fields.iter().map(|(field, weight)| field_points(field, token) * weight).max().unwrap_or(0)
    });
    let points: Vec<u32> = points.collect();
    let matched = points.iter().filter(|points| **points > 0).count();
    (matched > 0).then(|| (matched, points.iter().sum(), words.item))
}

/// 3 for a whole word, 2 for a word's beginning, 1 for a part of at least three letters, else 0.
fn field_points(field: &str, token: &str) -> u32 {
    let stem = if token.len() > 3 { token.strip_suffix('s').unwrap_or(token) } else { token };
    let mut words = field.split(|c: char| !c.is_alphanumeric());
    let is_word = |word: &str| word == token || word == stem || word.strip_suffix('s') == Some(stem);
    if words.clone().any(is_word) {
        3
    } else if words.any(|word| word.starts_with(stem)) {
        2
    } else {
        u32::from(stem.chars().count() >= 3 && field.contains(stem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_before_beginnings_before_parts() {
        let check = |field: &str, token: &str, points: u32| assert_eq!(field_points(field, token), points);
        check("alpine tent 2p", "tents", 3);
        check("alpine tents", "tent", 3);
        check("tentative plan", "tent", 2);
        check("potent tea", "tent", 1);
        check("potent tea", "te", 2);
        check("a potato", "ot", 0);
    }
}
