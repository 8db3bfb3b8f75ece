//! What can be made out of an event's context when it is accepted: device, channel, place and local time.
//!
//! Everything here is a pure function of what is passed in. The collector keeps the caches, reads the
//! request's headers and asks the geo database; see [`Enrichment`](crate::Enrichment) for what is stored.
//!
//! [`address`] takes network addresses out of what is kept: they are used for the place, and for nothing else.

pub mod address;
mod agent;
mod calendar;
mod channel;
mod context;
mod holiday;
mod loose;
mod place;

pub use agent::{Agent, Hints, is_server_agent, is_server_library};
pub use calendar::{LocalTime, local_time};
pub use channel::{Arrival, Visit, visit};
pub use context::{Context, Page};
pub use holiday::{holiday, holiday_at};
pub use loose::{Loose, Nested};
pub use place::{Country, country_of_locale, country_of_zone, main_zone};
