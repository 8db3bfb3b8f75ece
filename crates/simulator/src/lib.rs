//! A seeded synthetic shop whose truth is known: for the demo, for load, and for rehearsing policies.
//!
//! - [`Shop::generate`] makes a catalog and, hidden behind it, what makes products worth choosing ([`Truth`]).
//! - [`Shop::shopper`] gives any of its shoppers: tastes, means, habits, consent.
//! - [`History`] lets them visit, and yields canonical events in the order of time.
//! - [`Shop::respond`] answers what one shopper would have done with one list; [`Shop::expected_value`] answers
//!   it on average, exactly. Both choose as the history does.
//! - [`picture`] and [`hero`] draw the shop.
//!
//! ```
//! use tradewind_simulator::{History, HistoryParams, Shop, ShopParams};
//!
//! let shop = Shop::generate(&ShopParams { seed: 7, products: 500, ..ShopParams::default() });
//! let week = HistoryParams { days: 7, sessions_per_day: 20, ..HistoryParams::default() };
//! let first = History::new(&shop, &week).next().expect("somebody comes");
//! assert_eq!(first.message_id, "sim-1-1");
//!
//! let shopper = shop.shopper(week.seed, 42);
//! let visit = shop.visit(&shopper, 1, week.start);
//! let list: Vec<&str> = shop.products()[..8].iter().map(|product| product.id.as_str()).collect();
//! let clicked = shop.respond(&shopper, &visit, &list).clicked;
//! let expected = shop.expected_value(&shopper, &visit, &list);
//! assert!(clicked.len() <= 8 && expected.any_click > 0.0);
//! ```
//!
//! Everything is a function of the seeds: no clock, no environment, no order of a hash map, and no
//! platform's mathematics. The memory of a [`History`] grows with the returning shoppers and open sessions,
//! not with the number of events.

mod choice;
mod data;
mod hero;
mod history;
mod math;
mod picture;
mod respond;
mod rng;
mod shop;
mod shopper;
mod visit;

pub use hero::hero;
pub use history::{History, HistoryParams};
pub use math::{LATENT_DIMENSIONS, Latent};
pub use picture::{PICTURE_LIMIT_BYTES, picture};
pub use respond::{Expected, Response};
pub use shop::{Leaf, Shop, ShopParams, Truth};
pub use shopper::{Channel, Device, Shopper};
pub use visit::{Intent, SessionContext};
