//! The catalog as a decision sees it: immutable, indexed by the dense item number that models use.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::{Availability, Origin, Product};

/// All products at one moment. Cheap to share; a change makes a new one.
#[derive(Debug, Default, Clone)]
pub struct CatalogSnapshot {
    products: Vec<Option<Arc<Product>>>,
    categories: Vec<String>,
    category_of: Vec<u16>,
    category_index: FxHashMap<String, u16>,
    has_feed: bool,
    count: usize,
}

/// A product without a category.
const NO_CATEGORY: u16 = u16::MAX;

impl CatalogSnapshot {
    /// Builds a snapshot of `(item number, product)` pairs; the later of two for one number wins.
    #[must_use]
    pub fn build(products: impl IntoIterator<Item = (u32, Arc<Product>)>) -> Self {
        let mut snapshot = Self::default();
        for (item, product) in products {
            snapshot.put(item, product);
        }
        snapshot
    }

    /// Writes one product. At most 65,535 distinct categories are kept apart; further ones count as none.
    pub fn put(&mut self, item: u32, product: Arc<Product>) {
        let slot = item as usize;
        if slot >= self.products.len() {
            self.products.resize(slot + 1, None);
            self.category_of.resize(slot + 1, NO_CATEGORY);
        }
        self.has_feed |= product.origin == Origin::Feed;
        self.count += usize::from(self.products[slot].is_none());
        self.category_of[slot] = self.category_number(&product.category());
        self.products[slot] = Some(product);
    }

    fn category_number(&mut self, category: &str) -> u16 {
        if category.is_empty() {
            return NO_CATEGORY;
        }
        if let Some(&number) = self.category_index.get(category) {
            return number;
        }
        let Ok(number) = u16::try_from(self.categories.len()) else { return NO_CATEGORY };
        if number == NO_CATEGORY {
            return NO_CATEGORY;
        }
        self.categories.push(category.to_owned());
        self.category_index.insert(category.to_owned(), number);
        number
    }

    /// The product with this item number, whatever its availability.
    #[must_use]
    pub fn get(&self, item: u32) -> Option<&Arc<Product>> {
        self.products.get(item as usize).and_then(Option::as_ref)
    }

    /// Whether a decision may show it: known, to be had, and from a feed where the shop has one.
    #[must_use]
    pub fn eligible(&self, item: u32) -> bool {
        self.get(item).is_some_and(|p| {
            p.availability == Availability::InStock && (p.origin == Origin::Feed || !self.has_feed)
        })
    }

    /// The number of the product's category; `None` when it is unknown or has none.
    #[must_use]
    pub fn category_of(&self, item: u32) -> Option<u16> {
        self.category_of.get(item as usize).copied().filter(|&c| c != NO_CATEGORY)
    }

    /// The number of a category by its full path, ` > ` between the levels.
    #[must_use]
    pub fn category_by_name(&self, name: &str) -> Option<u16> {
        self.category_index.get(name).copied()
    }

    /// All category paths, by number.
    #[must_use]
    pub fn categories(&self) -> &[String] {
        &self.categories
    }

    /// Every product with its item number, in the order of the numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Arc<Product>)> {
        (0u32..).zip(&self.products).filter_map(|(item, product)| product.as_ref().map(|p| (item, p)))
    }

    /// How many products there are, withdrawn ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(id: &str, origin: Origin) -> Arc<Product> {
        Arc::new(Product { id: id.into(), origin, category_path: vec!["Home".into()], ..Product::default() })
    }

    #[test]
    fn a_feed_outranks_what_events_named() {
        let mut snapshot = CatalogSnapshot::build([(3, product("d", Origin::Discovered))]);
        assert!(snapshot.eligible(3) && !snapshot.eligible(0) && !snapshot.eligible(99));
        snapshot.put(1, product("f", Origin::Feed));
        assert!(snapshot.eligible(1) && !snapshot.eligible(3));
        assert_eq!((snapshot.len(), snapshot.category_of(1)), (2, snapshot.category_by_name("Home")));
    }

    #[test]
    fn what_cannot_be_had_is_not_shown() {
        let gone = Product { availability: Availability::OutOfStock, ..Product::default() };
        assert!(!CatalogSnapshot::build([(0, Arc::new(gone))]).eligible(0));
    }
}
