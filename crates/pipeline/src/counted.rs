//! Which product a stock level is about: levels name a key of the shop's inventory, not the product.
//!
//! Kept in memory, 16 bytes or so for each variant that is counted; made from the catalog when the program
//! starts. Keys are kept as hashes: who uses an answer looks into the product, where the key itself stands.

use rustc_hash::FxHashMap;
use tradewind_catalog::{CatalogSnapshot, Product};
use xxhash_rust::xxh3::xxh3_64;

/// The products by the keys of their variants' inventories.
#[derive(Debug, Default)]
pub(crate) struct Counted(FxHashMap<u64, u32>);

impl Counted {
    /// Those of a whole catalog.
    pub(crate) fn of(catalog: &CatalogSnapshot) -> Self {
        let mut counted = Self::default();
        for (item, product) in catalog.iter() {
            counted.note(item, product);
        }
        counted
    }

    /// Notes what a product's variants are counted as.
    pub(crate) fn note(&mut self, item: u32, product: &Product) {
        for inventory in product.variants.iter().filter_map(|v| v.inventory.as_ref()) {
            self.0.insert(xxh3_64(inventory.item.as_bytes()), item);
        }
    }

    /// Takes in what a batch has noted.
    pub(crate) fn extend(&mut self, batch: Self) {
        self.0.extend(batch.0);
    }

    /// The item number of the product whose variant is counted as `key`.
    pub(crate) fn product_of(&self, key: &str) -> Option<u32> {
        self.0.get(&xxh3_64(key.as_bytes())).copied()
    }
}
