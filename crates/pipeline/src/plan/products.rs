//! What a batch learns of products: from feeds, from the channels' changes, and from events that name one
//! that no feed has told of.

use std::sync::Arc;

use tradewind_catalog::{CatalogSnapshot, Change, Origin, Product};
use tradewind_events::{Commerce, EventView, ProductRef};
use tradewind_people::facts::Fact;

use super::Plan;
use crate::counted::Counted;
use crate::facts::Before;
use crate::items::Items;

/// The views of products that a batch begins with.
pub(crate) struct Views<'a> {
    pub(crate) items: &'a Items,
    pub(crate) catalog: &'a CatalogSnapshot,
    pub(crate) counted: &'a Counted,
    pub(crate) before: Before<'a>,
}

impl Plan {
    /// A product as its feed has it.
    pub(crate) fn product(&mut self, views: &Views<'_>, product: Product) {
        let item = self.item(views, &product.id);
        self.put(views, item, product);
    }

    /// Takes a product as it is from now on.
    fn put(&mut self, views: &Views<'_>, item: u32, product: Product) {
        self.counted.note(item, &product);
        let before = self.products.get(&item).or_else(|| views.catalog.get(item));
        self.facts.changed(item, before.map(|p| &**p), &product, views.before.currency);
        self.products.insert(item, Arc::new(product));
    }

    /// What the products of an act are.
    pub(super) fn facts(&mut self, views: &Views<'_>, items: &[(u32, u32)]) -> Vec<Fact> {
        let fact = |&(item, _): &(u32, u32)| {
            let product = self.products.get(&item).or_else(|| views.catalog.get(item));
            product.map_or_else(Fact::default, |product| self.facts.of(views.before, item, product))
        };
        items.iter().map(fact).collect()
    }

    /// A change of the catalog, where it says something new. Gives whether its product is known at all.
    pub(crate) fn change(&mut self, views: &Views<'_>, change: &Change) -> bool {
        let item = match change {
            Change::Product(product) => Some(self.item(views, &product.id)),
            Change::Withdrawn { id, .. } => Some(self.item(views, id)),
            Change::Stock { item, .. } => {
                self.counted.product_of(item).or_else(|| views.counted.product_of(item))
            }
        };
        let Some(item) = item else { return false };
        let known = self.products.get(&item).or_else(|| views.catalog.get(item));
        if let Some(product) = change.apply(known.map(|p| &**p)) {
            self.put(views, item, product);
        }
        true
    }

    /// The number of a product id, a new one if it was never named.
    fn item(&mut self, views: &Views<'_>, id: &str) -> u32 {
        if let Some(number) = views.items.number(id).or_else(|| self.new_numbers.get(id).copied()) {
            return number;
        }
        let number = views.items.len() + u32::try_from(self.new_items.len()).unwrap_or(u32::MAX);
        let id: Arc<str> = Arc::from(id);
        self.new_items.push(Arc::clone(&id));
        self.new_numbers.insert(id, number);
        number
    }

    /// The number of a product that an event names; one that no feed has told of is learned from the event.
    pub(super) fn touch_product(
        &mut self,
        views: &Views<'_>,
        named: &ProductRef,
        commerce: &Commerce,
        event: &EventView<'_>,
    ) -> u32 {
        let id = named.id().unwrap_or_default();
        let item = self.item(views, id);
        let known = self.products.get(&item).or_else(|| views.catalog.get(item));
        if known.is_some_and(|p| p.origin == Origin::Feed || !tells_more(named, commerce, p)) {
            return item;
        }
        let before = known.map_or_else(Product::default, |p| Product::clone(p));
        let product = learned(id, named, commerce, before);
        self.put(views, item, Product { updated_at: event.occurred_at, ..product });
        item
    }
}

pub(crate) fn quantity(product: &ProductRef) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range of u32"
    )]
    product.quantity.map_or(1, |q| q.clamp(0.0, 1e6) as u32)
}

/// Whether an event says of a discovered product what is not known of it yet.
fn tells_more(named: &ProductRef, commerce: &Commerce, known: &Product) -> bool {
    let differs = |told: &Option<String>, known: Option<&str>| told.is_some() && told.as_deref() != known;
    differs(&named.name, Some(&known.title))
        || differs(&named.brand, known.brand.as_deref())
        || differs(&named.image_url, known.image_url.as_deref())
        || differs(&named.url, known.url.as_deref())
        || named.price(commerce.currency).is_some_and(|price| Some(price) != known.price)
        || named.categories().next().is_some() && !named.categories().eq(&known.category_path)
}

/// A discovered product after an event named it.
fn learned(id: &str, named: &ProductRef, commerce: &Commerce, before: Product) -> Product {
    let title = match &named.name {
        Some(name) => name.clone(),
        None if before.title.is_empty() => id.to_owned(),
        None => before.title.clone(),
    };
    let path = named.category_path();
    Product {
        id: id.to_owned(),
        title,
        category_path: if path.is_empty() { before.category_path.clone() } else { path },
        brand: named.brand.clone().or_else(|| before.brand.clone()),
        price: named.price(commerce.currency).or(before.price),
        image_url: named.image_url.clone().or_else(|| before.image_url.clone()),
        url: named.url.clone().or_else(|| before.url.clone()),
        origin: Origin::Discovered,
        ..before
    }
}
