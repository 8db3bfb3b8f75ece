//! Products, and the immutable snapshot of them that decisions read.
//!
//! A product is one page of the shop; its variants are what can be bought there. Feeds and imports are
//! authoritative; a product that only events have named is [`Origin::Discovered`] and counts for decisions
//! as long as no feed has ever been taken (a browser's write key is public, so anybody could name one).

mod change;
pub mod data_map;
mod inventory;
mod product;
mod snapshot;

pub use change::Change;
pub use inventory::{Inventory, Level};
pub use product::{Availability, Origin, Product, Stock, Variant};
pub use snapshot::CatalogSnapshot;
