//! The canonical event: one form for everything a shopper does, whatever dialect it arrived in.
//!
//! Names and properties are those of Segment's Ecommerce specification, version 2. An event keeps its
//! properties as they were sent; [`Commerce`] is the typed reading of them, money in minor units.
//! Pure: no I/O, the clock's reading is passed in.

mod clock;
mod commerce;
pub mod enrich;
mod enrichment;
mod event;
mod lenient;
mod vocabulary;

pub use clock::{Stamps, corrected_time};
pub use commerce::{Commerce, ProductRef};
pub use enrichment::Enrichment;
pub use event::{DecodeError, Event, Kind, Origin};
pub use vocabulary::EventName;
