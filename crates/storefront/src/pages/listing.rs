//! A grid of products with facets, sorting and pages; shared by categories and the search.
//!
//! Everything is a plain link: the state of the grid is its address.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tradewind_catalog::Product;

use crate::shop::Shop;
use crate::text;
use crate::view::{Card, Link};

/// Products on one page of a grid.
pub(crate) const PAGE_SIZE: usize = 24;
/// Values of one facet that are shown.
const MAX_VALUES: usize = 10;
/// The orders that can be chosen; the first is the default.
const SORTS: [(&str, &str); 4] =
    [("", "Featured"), ("price", "Price, low first"), ("-price", "Price, high first"), ("title", "Name")];
/// The facets and the names under which attributes may hold them.
const FACETS: [(&str, &str, &[&str]); 2] =
    [("brand", "Brand", &["brand"]), ("color", "Color", &["color", "colour"])];

/// The wire form of a grid's address. Whatever it does not understand it leaves at the default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct GridQuery {
    q: String,
    sort: String,
    page: String,
    brand: String,
    color: String,
}

impl GridQuery {
    /// What was searched for, trimmed, at most 120 characters.
    pub(crate) fn words(&self) -> String {
        text::clip(self.q.split_whitespace().collect::<Vec<_>>().join(" ").trim(), 120)
    }

    /// The page that was asked for, from 1.
    pub(crate) fn page(&self) -> usize {
        self.page.parse().unwrap_or(1).clamp(1, 10_000)
    }

    fn chosen(&self, facet: &str) -> &str {
        if facet == "brand" { &self.brand } else { &self.color }
    }

    /// The address of this grid with some parts replaced; an empty part is left out.
    fn href(&self, base: &str, changes: &[(&str, &str)]) -> String {
        let own = [
            ("q", self.q.as_str()),
            ("brand", &self.brand),
            ("color", &self.color),
            ("sort", &self.sort),
            ("page", ""),
        ];
        let changed =
            |(name, value)| (name, changes.iter().find(|change| change.0 == name).map_or(value, |c| c.1));
        let parts = own.into_iter().map(changed).filter(|(_, value)| !value.is_empty());
        let parts: Vec<_> = parts.map(|(name, value)| format!("{name}={}", text::encode(value))).collect();
        if parts.is_empty() { base.to_owned() } else { format!("{base}?{}", parts.join("&")) }
    }
}

/// A link that may be the one that is in force.
#[derive(Debug, Serialize)]
pub(crate) struct Choice {
    link: Link,
    count: usize,
    is_chosen: bool,
}

/// One facet and its values.
#[derive(Debug, Serialize)]
pub(crate) struct Facet {
    title: &'static str,
    values: Vec<Choice>,
}

/// A page of a grid.
#[derive(Debug, Serialize)]
pub(crate) struct Grid {
    /// Products on all pages.
    pub(crate) total: usize,
    /// This page, from 1.
    pub(crate) page: usize,
    pages: usize,
    cards: Vec<Card>,
    facets: Vec<Facet>,
    sorts: Vec<Choice>,
    is_filtered: bool,
    clear_href: String,
    previous: Option<String>,
    next: Option<String>,
    /// The items on this page.
    #[serde(skip)]
    pub(crate) items: Vec<u32>,
}

impl Grid {
    /// The position of this page's first product among all.
    pub(crate) fn first_position(&self) -> usize {
        (self.page - 1) * PAGE_SIZE + 1
    }

    /// Whether facets, another order or a later page were asked for.
    pub(crate) fn is_default(&self) -> bool {
        !self.is_filtered && self.page == 1
    }

    /// The grid of `items` that `query` asks for, at the address `base`.
    pub(crate) fn of(shop: &Shop, items: &[u32], query: &GridQuery, base: &str) -> Self {
        let facets = FACETS.iter().filter_map(|facet| build_facet(shop, items, query, base, facet)).collect();
        let mut kept: Vec<u32> =
            items.iter().copied().filter(|&item| passes(shop, item, query, "")).collect();
        sort(shop, &mut kept, &query.sort);
        let pages = kept.len().div_ceil(PAGE_SIZE).max(1);
        let page = query.page().min(pages);
        let shown: Vec<u32> = kept.iter().copied().skip((page - 1) * PAGE_SIZE).take(PAGE_SIZE).collect();
        let turn = |to: usize| query.href(base, &[("page", &to.to_string())]);
        Self {
            total: kept.len(),
            page,
            pages,
            cards: shown.iter().filter_map(|&item| shop.get(item)).map(|product| Card::of(product)).collect(),
            facets,
            sorts: SORTS.iter().map(|&(key, words)| sort_choice(query, base, key, words)).collect(),
            is_filtered: FACETS.iter().any(|(name, ..)| !query.chosen(name).is_empty()),
            clear_href: query.href(base, &[("brand", ""), ("color", "")]),
            previous: (page > 1).then(|| turn(page - 1)),
            next: (page < pages).then(|| turn(page + 1)),
            items: shown,
        }
    }
}

fn sort_choice(query: &GridQuery, base: &str, key: &str, words: &str) -> Choice {
    let known = SORTS.iter().any(|(name, _)| *name == query.sort);
    let in_force = if known { query.sort.as_str() } else { "" };
    Choice {
        link: Link::new(words, query.href(base, &[("sort", key)])),
        count: 0,
        is_chosen: in_force == key,
    }
}

/// A product's value of a facet.
fn value_of<'a>(product: &'a Product, name: &str, attributes: &[&str]) -> Option<&'a str> {
    let brand = product.brand.as_deref().filter(|_| name == "brand");
    let attribute = || attributes.iter().find_map(|key| product.attributes.get(*key).map(String::as_str));
    brand.or_else(attribute).filter(|value| !value.is_empty())
}

/// Whether a product has all chosen values, those of the facet `but` aside.
fn passes(shop: &Shop, item: u32, query: &GridQuery, but: &str) -> bool {
    let Some(product) = shop.get(item) else { return false };
    FACETS.iter().filter(|(name, ..)| *name != but).all(|(name, _, attributes)| {
        let chosen = query.chosen(name);
        chosen.is_empty() || value_of(product, name, attributes) == Some(chosen)
    })
}

fn build_facet(
    shop: &Shop,
    items: &[u32],
    query: &GridQuery,
    base: &str,
    (name, title, attributes): &(&'static str, &'static str, &[&str]),
) -> Option<Facet> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for product in items.iter().filter(|&&item| passes(shop, item, query, name)).filter_map(|&i| shop.get(i))
    {
        if let Some(value) = value_of(product, name, attributes) {
            *counts.entry(value).or_default() += 1;
        }
    }
    let chosen = query.chosen(name);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(value, count)| (value != chosen, std::cmp::Reverse(count)));
    let choice = |(value, count): (&str, usize)| {
        let is_chosen = value == chosen;
        let href = query.href(base, &[(name, if is_chosen { "" } else { value })]);
        Choice { link: Link::new(text::display_title(value), href), count, is_chosen }
    };
    let several = counts.len() > 1 || !chosen.is_empty();
    several.then(|| Facet { title, values: counts.into_iter().take(MAX_VALUES).map(choice).collect() })
}

fn sort(shop: &Shop, items: &mut [u32], by: &str) {
    let price = |item: &u32| shop.get(*item).and_then(|p| p.price).map(|price| price.minor);
    match by {
        "price" => items.sort_by_key(|item| price(item).unwrap_or(i64::MAX)),
        "-price" => items.sort_by_key(|item| std::cmp::Reverse(price(item))),
        "title" => items.sort_by_cached_key(|item| shop.get(*item).map(|p| p.title.to_lowercase())),
        _ => {}
    }
}
