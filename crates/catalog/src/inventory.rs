//! What is on hand of one variant, as a shop's system tells of it: a total now and then, and levels by location.
//!
//! The two may contradict each other for a while, since they travel apart. The later one is believed: the
//! levels' sum once any level is newer than the total, else the total. A location that was never told of
//! counts as empty until the next total, so that nothing is shown that cannot be bought.

use serde::{Deserialize, Serialize};
use tradewind_kernel::UtcMillis;

use crate::Stock;

/// Locations kept of one variant; further ones are passed over.
const MAX_LOCATIONS: usize = 1_000;

/// Pieces on hand at one location, at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// The warehouse or shop.
    pub location: String,
    /// Pieces that can be sold; none if more were sold than there were.
    pub quantity: u32,
    /// When it was counted.
    pub at: UtcMillis,
}

/// The counting of one variant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Inventory {
    /// What levels name it by.
    pub item: String,
    /// Whether it can be bought whatever is on hand: not counted, or sold on order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub always_sold: bool,
    /// Pieces at all locations together, as told with the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u32>,
    /// When the total was told.
    #[serde(default)]
    pub total_at: UtcMillis,
    /// The latest level of each location, in the order of their first mention.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Level>,
}

impl Inventory {
    /// Takes a level, unless a later one of its location is known. Gives whether anything changed.
    pub fn put(&mut self, level: &Level) -> bool {
        let is_full = self.levels.len() >= MAX_LOCATIONS;
        match self.levels.iter_mut().find(|l| l.location == level.location) {
            Some(known) if known.at > level.at || known == level => false,
            Some(known) => {
                known.clone_from(level);
                true
            }
            None if is_full => false,
            None => {
                self.levels.push(level.clone());
                true
            }
        }
    }

    /// Pieces on hand; `None` when nothing was ever told.
    #[must_use]
    pub fn quantity(&self) -> Option<u32> {
        if self.levels_are_newer() {
            return Some(self.levels.iter().fold(0, |sum: u32, l| sum.saturating_add(l.quantity)));
        }
        self.total
    }

    /// Whether it can be bought, as far as is known.
    #[must_use]
    pub fn can_be_sold(&self) -> bool {
        self.always_sold || self.quantity().is_none_or(|q| q > 0)
    }

    /// What is on hand, by location; without a location where only the total is believed.
    #[must_use]
    pub fn stock(&self) -> Vec<Stock> {
        if self.levels_are_newer() {
            let of = |l: &Level| Stock { location: l.location.clone(), quantity: l.quantity };
            return self.levels.iter().map(of).collect();
        }
        self.total.map(|quantity| Stock { location: String::new(), quantity }).into_iter().collect()
    }

    fn levels_are_newer(&self) -> bool {
        let newest = self.levels.iter().map(|l| l.at).max();
        newest.is_some_and(|at| self.total.is_none() || at > self.total_at)
    }
}
