//! Changes of the catalog as a shop's own system tells of them: one at a time, late, twice, in any order.
//!
//! A change never undoes a newer one: products are compared by [`Product::updated_at`], levels by the time of
//! the same location's last one. So a change that comes again, or comes late, leaves the catalog as it is.
//! Pure: what is known of the product comes in, what it is from now on comes out.

use serde::{Deserialize, Serialize};
use tradewind_kernel::UtcMillis;

use crate::inventory::Level;
use crate::{Availability, Origin, Product, Variant};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A product as it was at its `updated_at`.
    Product(Box<Product>),
    /// A product is no longer sold.
    Withdrawn {
        /// The product's id.
        id: String,
        /// Since when.
        at: UtcMillis,
    },
    /// How much of something is on hand at one place.
    Stock {
        /// What is counted: the key that a variant's [`Inventory`](crate::Inventory) names.
        item: String,
        /// How much, where, and when.
        level: Level,
    },
}

impl Change {
    /// The product as it is after the change; `None` when the change says nothing new. `known` is what the
    /// catalog has of the product that the change is about.
    #[must_use]
    pub fn apply(&self, known: Option<&Product>) -> Option<Product> {
        match self {
            Self::Product(product) => replaced(product, known),
            Self::Withdrawn { id, at } => withdrawn(id, *at, known),
            Self::Stock { item, level } => {
                let mut product = known?.clone();
                let counted = |v: &&mut Variant| v.inventory.as_ref().is_some_and(|i| i.item == *item);
                let inventory = product.variants.iter_mut().find(counted)?.inventory.as_mut()?;
                if !inventory.put(level) {
                    return None;
                }
                settle(&mut product);
                Some(product)
            }
        }
    }
}

/// Whether a feed has told of the product at a later time than this. What events alone have named does not count.
fn is_outdated(at: UtcMillis, known: Option<&Product>) -> bool {
    known.is_some_and(|k| k.origin == Origin::Feed && k.updated_at > at)
}

fn replaced(product: &Product, known: Option<&Product>) -> Option<Product> {
    if is_outdated(product.updated_at, known) {
        return None;
    }
    let mut product = product.clone();
    let before = known.map_or(&[][..], |k| &k.variants[..]);
    for inventory in product.variants.iter_mut().filter_map(|v| v.inventory.as_mut()) {
        let same = before.iter().filter_map(|v| v.inventory.as_ref()).find(|b| b.item == inventory.item);
        for level in same.into_iter().flat_map(|same| &same.levels) {
            inventory.put(level);
        }
    }
    settle(&mut product);
    Some(product)
}

/// A product that is not known yet is noted too, so that news of it that comes late does not bring it back.
fn withdrawn(id: &str, at: UtcMillis, known: Option<&Product>) -> Option<Product> {
    if is_outdated(at, known) {
        return None;
    }
    let mut product =
        known.cloned().unwrap_or_else(|| Product { title: id.to_owned(), ..Product::default() });
    id.clone_into(&mut product.id);
    product.availability = Availability::Withdrawn;
    product.origin = Origin::Feed;
    product.updated_at = at;
    Some(product)
}

/// Draws what follows from the inventories: each variant's stock, and whether the product can be had.
fn settle(product: &mut Product) {
    for variant in &mut product.variants {
        if let Some(inventory) = &variant.inventory {
            variant.stock = inventory.stock();
        }
    }
    if product.availability == Availability::Withdrawn || product.variants.is_empty() {
        return;
    }
    let can_be_had = |variant: &Variant| match &variant.inventory {
        Some(inventory) => inventory.can_be_sold(),
        None => variant.stock.is_empty() || variant.stock.iter().any(|s| s.quantity > 0),
    };
    let any = product.variants.iter().any(can_be_had);
    product.availability = if any { Availability::InStock } else { Availability::OutOfStock };
}

#[cfg(test)]
mod tests;
