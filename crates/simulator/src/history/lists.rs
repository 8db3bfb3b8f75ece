//! What the shop shows, before any personalization: its pages, lists and search results.

use crate::data::{BRANDS, MISSING_QUERIES};
use crate::math::{day_number, dot};
use crate::rng::{Rng, text_key};
use crate::shop::Shop;
use crate::visit::SessionContext;

/// Products on one page of a list.
const PAGE: usize = 12;

/// Products beside another one.
const STRIP: usize = 8;

/// One search in so many is for what the shop does not have.
const MISSING: f64 = 0.09;

/// A list as it is shown: where, and which products.
#[derive(Debug)]
pub(super) struct Shown {
    /// The list's id in events, such as `home` or `category`.
    pub id: &'static str,
    /// The category shown, as events name it; empty for none.
    pub category: String,
    /// The page's address.
    pub path: String,
    /// What was searched for.
    pub query: Option<String>,
    /// The products, by index, in order.
    pub items: Vec<Option<u32>>,
}

fn some(items: impl IntoIterator<Item = u32>) -> Vec<Option<u32>> {
    items.into_iter().map(Some).collect()
}

/// The home page: the same for everybody on one day, good products of many leaves.
pub(super) fn home(shop: &Shop, context: &SessionContext) -> Shown {
    let day = u64::try_from(day_number(context.at)).unwrap_or(0);
    let mut rng = Rng::new(&[shop.seed(), text_key("home"), day]);
    let mut items: Vec<u32> = Vec::with_capacity(PAGE);
    while items.len() < PAGE.min(shop.products().len()) {
        let leaf = &shop.leaves()[rng.below(shop.leaves().len())];
        let item = leaf.members[rng.below(leaf.members.len().min(10))];
        if !items.contains(&item) {
            items.push(item);
        }
    }
    Shown { id: "home", category: String::new(), path: "/".into(), query: None, items: some(items) }
}

/// A leaf's page; some people sort by what is new, some turn the page.
pub(super) fn category(shop: &Shop, leaf: u16, rng: &mut Rng) -> Shown {
    let leaf = &shop.leaves()[usize::from(leaf)];
    let order = if rng.chance(0.15) { &leaf.newest } else { &leaf.members };
    let pages = order.len().div_ceil(PAGE).max(1);
    let page = (rng.exponential(0.9) as usize).min(pages - 1);
    let items = some(order.iter().skip(page * PAGE).take(PAGE).copied());
    Shown { id: "category", category: leaf.path.join(" > "), path: leaf.url.clone(), query: None, items }
}

/// Search results for what the visit is after.
pub(super) fn search(shop: &Shop, context: &SessionContext, rng: &mut Rng) -> Shown {
    let shown = |query: String, items: Vec<u32>| Shown {
        id: "search",
        category: String::new(),
        path: "/search".into(),
        query: Some(query),
        items: some(items),
    };
    if let Some(wanted) = context.wanted {
        let title = &shop.products()[wanted as usize].title;
        let others = shop.leaf_of(wanted).members.iter().copied().filter(|&m| m != wanted).take(5);
        return shown(title.to_lowercase(), std::iter::once(wanted).chain(others).collect());
    }
    if rng.chance(MISSING) {
        return shown((*rng.pick(MISSING_QUERIES)).to_owned(), Vec::new());
    }
    let leaf = &shop.leaves()[usize::from(context.leaf.unwrap_or(0))];
    let noun = rng.below(leaf.spec.nouns.len());
    let name = leaf.spec.nouns[noun].0.to_lowercase();
    let matches = leaf.members.iter().copied().filter(|&m| usize::from(shop.truth(m).noun) == noun);
    if rng.chance(0.2) {
        let brand = BRANDS[rng.below(BRANDS.len())].name;
        let of_brand = |&m: &u32| shop.products()[m as usize].brand.as_deref() == Some(brand);
        return shown(
            format!("{} {name}", brand.to_lowercase()),
            matches.filter(of_brand).take(PAGE).collect(),
        );
    }
    shown(name, matches.take(PAGE).collect())
}

/// Beside a product: the nearest of some of its leaf, then what fits it.
pub(super) fn related(shop: &Shop, to: u32, rng: &mut Rng) -> Shown {
    let leaf = shop.leaf_of(to);
    let mut items: Vec<u32> = Vec::with_capacity(PAGE + STRIP);
    for _ in 0..PAGE + STRIP {
        let item = leaf.members[rng.below(leaf.members.len())];
        if item != to && !items.contains(&item) {
            items.push(item);
        }
    }
    let near = |item: u32| dot(&shop.truth(to).latent, &shop.truth(item).latent);
    items.sort_by(|&a, &b| near(b).total_cmp(&near(a)));
    items.truncate(STRIP - 2);
    items.extend(fitting(shop, to, 2, rng));
    let path = shop.products()[to as usize].url.clone().unwrap_or_default();
    Shown { id: "related", category: String::new(), path, query: None, items: some(items) }
}

/// In the cart: what completes a product.
pub(super) fn complements(shop: &Shop, to: u32, rng: &mut Rng) -> Shown {
    let mut items = fitting(shop, to, STRIP / 2, rng);
    let goes_with = &shop.leaf_of(to).goes_with;
    for _ in 0..STRIP {
        let Some(&leaf) = goes_with.get(rng.below(goes_with.len())) else { break };
        let members = &shop.leaves()[usize::from(leaf)].members;
        let item = members[rng.below(members.len().min(20))];
        if items.len() < STRIP && !items.contains(&item) {
            items.push(item);
        }
    }
    Shown {
        id: "complements",
        category: String::new(),
        path: "/cart".into(),
        query: None,
        items: some(items),
    }
}

/// Up to `count` products that fit one.
fn fitting(shop: &Shop, to: u32, count: usize, rng: &mut Rng) -> Vec<u32> {
    let all = &shop.truth(to).complements;
    let mut items: Vec<u32> = Vec::with_capacity(count);
    for _ in 0..count {
        if let Some(&item) = all.get(rng.below(all.len())).filter(|item| !items.contains(item)) {
            items.push(item);
        }
    }
    items
}
