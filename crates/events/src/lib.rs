//! The canonical event: one form for everything a shopper does, whatever dialect it arrived in.
//!
//! Names and properties are those of Segment's Ecommerce specification, version 2. An event keeps its
//! properties as they were sent; [`Commerce`] is the typed reading of them, money in minor units, and
//! [`schema`] says which an event should have.
//! Pure: no I/O, the clock's reading is passed in.

mod clock;
mod commerce;
mod consent;
pub mod data_map;
mod details;
pub mod enrich;
mod enrichment;
mod event;
mod event_view;
mod lenient;
pub mod personal;
mod salvage;
pub mod schema;
mod stated;

mod vocabulary;

pub use clock::{Stamps, corrected_time};
pub use commerce::{Commerce, ProductRef};
pub use consent::ConsentStamp;
pub use details::{CommerceDetails, Criterion, Facts, ProductDetails};
pub use enrichment::Enrichment;
pub use event::{DecodeError, Event, Kind, Origin};
pub use event_view::{EnrichmentView, EventView};
pub use stated::Stated;
pub use vocabulary::EventName;
