//! The catalog arranged for a shop: products by id, the tree of categories, words to search.
//!
//! Built from one snapshot and kept with it. [`Shelf`] rebuilds when the engine has a newer snapshot, at most
//! once a second, so that a page may be up to a second behind the feed and never waits for a neighbour's
//! rebuild. Arranging 100,000 products takes in the order of 0.1 s.

use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use rustc_hash::{FxHashMap, FxHashSet};
use tradewind_catalog::{CatalogSnapshot, Origin, Product};
use tradewind_kernel::{Money, UtcMillis};

use crate::cart::Line;
use crate::engine::Engine;
use crate::text;

/// The deepest level of the category tree that gets a page.
const MAX_DEPTH: usize = 6;

/// One category's page.
#[derive(Debug)]
pub(crate) struct Category {
    /// Its address below `/c/`.
    pub(crate) slug: String,
    /// From the root to this category.
    pub(crate) path: Vec<String>,
    /// The categories right below it.
    pub(crate) children: Vec<usize>,
    /// Everything for sale in it and below it.
    pub(crate) items: Vec<u32>,
}

impl Category {
    /// Its own name, without those above it.
    pub(crate) fn title(&self) -> String {
        text::display_title(self.path.last().map_or("", String::as_str))
    }

    /// The address of its page.
    pub(crate) fn href(&self) -> String {
        let parts: Vec<_> = self.slug.split('/').map(text::encode).collect();
        format!("/c/{}", parts.join("/"))
    }
}

/// What a search looks through, in lower case.
#[derive(Debug)]
pub(crate) struct Words {
    /// The product.
    pub(crate) item: u32,
    /// Its title.
    pub(crate) title: String,
    /// Its brand.
    pub(crate) brand: String,
    /// Its categories.
    pub(crate) category: String,
}

/// One snapshot of the catalog, arranged.
#[derive(Debug)]
pub(crate) struct Shop {
    snapshot: Arc<CatalogSnapshot>,
    by_id: FxHashMap<String, u32>,
    categories: Vec<Category>,
    by_slug: FxHashMap<String, usize>,
    roots: Vec<usize>,
    words: Vec<Words>,
}

impl Shop {
    /// Arranges a snapshot.
    pub(crate) fn arrange(snapshot: &Arc<CatalogSnapshot>) -> Self {
        let mut shop = Self {
            by_id: FxHashMap::default(),
            categories: Vec::new(),
            by_slug: FxHashMap::default(),
            roots: Vec::new(),
            words: Vec::new(),
            snapshot: Arc::clone(snapshot),
        };
        let mut numbers = FxHashMap::default();
        for (item, product) in snapshot.iter() {
            shop.by_id.insert(product.id.clone(), item);
            if snapshot.eligible(item) {
                shop.put_in_categories(item, product, &mut numbers);
                shop.words.push(Words {
                    item,
                    title: product.title.to_lowercase(),
                    brand: product.brand.as_deref().unwrap_or_default().to_lowercase(),
                    category: product.category_path.join(" ").to_lowercase(),
                });
            }
        }
        shop
    }

    fn put_in_categories(
        &mut self,
        item: u32,
        product: &Product,
        numbers: &mut FxHashMap<Vec<String>, usize>,
    ) {
        let mut parent = None;
        let levels = product.category_path.len().min(MAX_DEPTH);
        for depth in 1..=levels {
            let path = &product.category_path[..depth];
            let number = match numbers.get(path) {
                Some(&number) => number,
                None => {
                    let number = self.open_category(path, parent);
                    numbers.insert(path.to_vec(), number);
                    number
                }
            };
            self.categories[number].items.push(item);
            parent = Some(number);
        }
    }

    fn open_category(&mut self, path: &[String], parent: Option<usize>) -> usize {
        let number = self.categories.len();
        let own = Some(text::slug(path.last().map_or("", String::as_str))).filter(|s| !s.is_empty());
        let own = own.unwrap_or_else(|| "other".to_owned());
        let base = parent.map_or(own.clone(), |parent| format!("{}/{own}", self.categories[parent].slug));
        let mut slug = base.clone();
        for again in 2.. {
            if !self.by_slug.contains_key(&slug) {
                break;
            }
            slug = format!("{base}-{again}");
        }
        self.by_slug.insert(slug.clone(), number);
        self.categories.push(Category { slug, path: path.to_vec(), children: Vec::new(), items: Vec::new() });
        match parent {
            Some(parent) => self.categories[parent].children.push(number),
            None => self.roots.push(number),
        }
        number
    }

    /// A product that has a page: from a feed, or for sale in a shop that has none.
    pub(crate) fn product(&self, id: &str) -> Option<&Arc<Product>> {
        let &item = self.by_id.get(id)?;
        let product = self.snapshot.get(item)?;
        (product.origin == Origin::Feed || self.snapshot.eligible(item)).then_some(product)
    }

    /// A product by its item number.
    pub(crate) fn get(&self, item: u32) -> Option<&Arc<Product>> {
        self.snapshot.get(item)
    }

    /// Whether a product is for sale.
    pub(crate) fn is_sold(&self, id: &str) -> bool {
        self.by_id.get(id).is_some_and(|&item| self.snapshot.eligible(item))
    }

    /// What one piece of a cart's line costs.
    pub(crate) fn unit_price(&self, line: &Line) -> Option<Money> {
        let product = self.product(&line.product_id)?;
        let variant = product.variants.iter().find(|v| v.sku == line.sku);
        variant.and_then(|v| v.price).or(product.price)
    }

    /// A category by its address.
    pub(crate) fn category(&self, slug: &str) -> Option<&Category> {
        self.by_slug.get(slug).map(|&number| &self.categories[number])
    }

    /// A category by its number.
    pub(crate) fn category_at(&self, number: usize) -> &Category {
        &self.categories[number]
    }

    /// The categories at the top, the largest first.
    pub(crate) fn departments(&self) -> Vec<&Category> {
        let mut roots: Vec<_> = self.roots.iter().map(|&number| &self.categories[number]).collect();
        roots.sort_by_key(|category| std::cmp::Reverse(category.items.len()));
        roots
    }

    /// The categories from the root down to `path`.
    pub(crate) fn trail(&self, path: &[String]) -> Vec<&Category> {
        let mut trail: Vec<&Category> = Vec::new();
        let mut level: &[usize] = &self.roots;
        for depth in 1..=path.len() {
            let found = level.iter().map(|&n| &self.categories[n]).find(|c| c.path == path[..depth]);
            let Some(found) = found else { break };
            trail.push(found);
            level = &found.children;
        }
        trail
    }

    /// What a search looks through: everything for sale.
    pub(crate) fn words(&self) -> &[Words] {
        &self.words
    }

    /// Up to `limit` products without any engine: from `items`, or from each department in turn.
    pub(crate) fn plain_choice(&self, items: Option<&[u32]>, limit: usize, without: &[String]) -> Vec<u32> {
        let mut seen: FxHashSet<u32> = without.iter().filter_map(|id| self.by_id.get(id)).copied().collect();
        if let Some(items) = items {
            return items.iter().copied().filter(|item| seen.insert(*item)).take(limit).collect();
        }
        let all: Vec<u32> = self.words.iter().map(|words| words.item).collect();
        let mut shelves: Vec<&[u32]> = self.departments().iter().map(|c| c.items.as_slice()).collect();
        if shelves.is_empty() {
            shelves.push(&all);
        }
        let deepest = shelves.iter().map(|shelf| shelf.len()).max().unwrap_or(0).min(limit * 2);
        let turns = (0..deepest).flat_map(|turn| shelves.iter().filter_map(move |shelf| shelf.get(turn)));
        turns.copied().filter(|item| seen.insert(*item)).take(limit).collect()
    }
}

/// The arranged catalog, kept up to date.
#[derive(Debug)]
pub(crate) struct Shelf {
    current: RwLock<Arc<Shop>>,
    built_at: Mutex<UtcMillis>,
}

impl Shelf {
    /// Arranges the engine's present catalog.
    pub(crate) fn new(engine: &dyn Engine) -> Self {
        let shop = Arc::new(Shop::arrange(&engine.catalog()));
        Self { current: RwLock::new(shop), built_at: Mutex::new(engine.now()) }
    }

    /// The shop as of at most a second ago.
    pub(crate) fn current(&self, engine: &dyn Engine) -> Arc<Shop> {
        let kept = Arc::clone(&self.current.read());
        let snapshot = engine.catalog();
        if Arc::ptr_eq(&kept.snapshot, &snapshot) {
            return kept;
        }
        let Some(mut built_at) = self.built_at.try_lock() else { return kept };
        let now = engine.now();
        if now.since(*built_at).abs() < UtcMillis::SECOND && !kept.snapshot.is_empty() {
            return kept;
        }
        let fresh = Arc::new(Shop::arrange(&snapshot));
        *self.current.write() = Arc::clone(&fresh);
        *built_at = now;
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(paths: &[&[&str]]) -> Shop {
        let product = |(item, path): (u32, &&[&str])| {
            let category_path = path.iter().map(|level| (*level).to_owned()).collect();
            (item, Arc::new(Product { id: format!("p{item}"), category_path, ..Product::default() }))
        };
        Shop::arrange(&Arc::new(CatalogSnapshot::build((0u32..).zip(paths).map(product))))
    }

    #[test]
    fn categories_form_a_tree_with_one_address_each() {
        let shop = shop(&[&["A & B", "C"], &["A & B"], &["a b", "C"], &["!"]]);
        let items = |slug: &str| shop.category(slug).map(|category| category.items.clone());
        assert_eq!((items("a-b"), items("a-b/c")), (Some(vec![0, 1]), Some(vec![0])));
        assert_eq!((items("a-b-2/c"), items("other"), items("c")), (Some(vec![2]), Some(vec![3]), None));
        let trail: Vec<_> = shop.trail(&["A & B".into(), "C".into()]).iter().map(|c| c.href()).collect();
        assert_eq!(trail, ["/c/a-b", "/c/a-b/c"]);
    }

    #[test]
    fn a_plain_choice_takes_from_each_department_in_turn() {
        let shop = shop(&[&["A"], &["A"], &["A"], &["B"], &[]]);
        assert_eq!(shop.plain_choice(None, 3, &[]), [0, 3, 1]);
        assert_eq!(shop.plain_choice(Some(&[0, 1, 2]), 2, &["p0".into()]), [1, 2]);
    }
}
