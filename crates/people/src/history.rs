//! What somebody did on which day: how often each event was sent, for rules over what happened lately.
//!
//! A cell counts the events of one name on one day (UTC). The latest [`MAX_CELLS`] cells are kept, so what is
//! asked about a window is exact as long as no more than that many pairs of a name and a day fall into it, and
//! a lower bound beyond. What is kept does not depend on the order in which events arrive.
//!
//! Format: MessagePack's array of u64, ascending: 16 bits of the day since 1970, 32 bits of the name's hash,
//! 16 bits of the count, which stops at 65,535. 9 bytes a cell, 580 at most.

use serde::{Deserialize, Serialize};
use tradewind_kernel::{UtcMillis, stored};
use xxhash_rust::xxh3::xxh3_64;

/// Pairs of an event's name and a day that are remembered, the latest.
pub const MAX_CELLS: usize = 64;

/// An event's name as cells hold it: of two different names the hashes are the same once in four thousand
/// million pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameHash(u32);

impl NameHash {
    /// That of a name in the vocabulary's spelling.
    #[must_use]
    pub fn of(name: &str) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the lower half of the hash")]
        Self(xxh3_64(name.as_bytes()) as u32)
    }
}

/// What was done lately, by name and day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History {
    cells: Vec<u64>,
}

stored! {
    pub(crate) static HISTORY: struct History, "state/profiles, in a profile", People {
        cells: Behaviour, Personalization, "Hashes of events' names, each with a day and how often; at most 64, the latest days.";
    }
}

/// The day of a time; times before 1970 are of its first day.
fn day_of(at: UtcMillis) -> u16 {
    u16::try_from(at.get().div_euclid(UtcMillis::DAY).max(0)).unwrap_or(u16::MAX)
}

/// What cells are ordered by.
const fn pair_of(cell: u64) -> u64 {
    cell >> 16
}

const fn count_of(cell: u64) -> u64 {
    cell & 0xffff
}

const fn is_of(cell: u64, name: NameHash) -> bool {
    (pair_of(cell) & 0xffff_ffff) == name.0 as u64
}

const fn cell_day(cell: u64) -> u64 {
    cell >> 48
}

impl History {
    /// Counts one event.
    pub(crate) fn apply(&mut self, at: UtcMillis, name: NameHash) {
        self.add(u64::from(day_of(at)) << 32 | u64::from(name.0), 1);
    }

    /// Takes in what another profile of the same person counted.
    pub(crate) fn absorb(&mut self, other: &Self) {
        for cell in &other.cells {
            self.add(pair_of(*cell), count_of(*cell));
        }
    }

    fn add(&mut self, pair: u64, count: u64) {
        match self.cells.binary_search_by_key(&pair, |cell| pair_of(*cell)) {
            Ok(place) => {
                let sum = (count_of(self.cells[place]) + count).min(0xffff);
                self.cells[place] = pair << 16 | sum;
            }
            Err(0) if self.cells.len() >= MAX_CELLS => {}
            Err(place) => {
                self.cells.insert(place, pair << 16 | count);
                if self.cells.len() > MAX_CELLS {
                    self.cells.remove(0);
                }
            }
        }
    }

    /// Events of a name in the last `days` days, the day of `now` being the first of them.
    #[must_use]
    pub fn count(&self, name: NameHash, days: u32, now: UtcMillis) -> u64 {
        let from = (u64::from(day_of(now)) + 1).saturating_sub(u64::from(days));
        let lately = self.cells.iter().rev().take_while(|cell| cell_day(**cell) >= from);
        lately.filter(|cell| is_of(**cell, name)).map(|cell| count_of(*cell)).sum()
    }

    /// Whole days from the latest day with such an event to the day of `now`; `None` where none is remembered.
    #[must_use]
    pub fn days_since(&self, name: NameHash, now: UtcMillis) -> Option<u64> {
        let last = self.cells.iter().rev().find(|cell| is_of(**cell, name))?;
        Some(u64::from(day_of(now)).saturating_sub(cell_day(*last)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TODAY: UtcMillis = UtcMillis::new(20_000 * UtcMillis::DAY + 5);

    fn ago(days: i64) -> UtcMillis {
        TODAY.plus(-days * UtcMillis::DAY)
    }

    #[test]
    fn a_window_counts_whole_days() {
        let (view, order) = (NameHash::of("Product Viewed"), NameHash::of("Order Completed"));
        let mut history = History::default();
        for days in [0, 0, 1, 6, 7, 40] {
            history.apply(ago(days), view);
        }
        history.apply(ago(3), order);
        assert_eq!([1, 2, 7, 8, 400].map(|days| history.count(view, days, TODAY)), [2, 3, 4, 5, 6]);
        assert_eq!((history.count(view, 0, TODAY), history.count(order, 2, TODAY)), (0, 0));
        assert_eq!((history.days_since(view, TODAY), history.days_since(order, TODAY)), (Some(0), Some(3)));
        assert_eq!(history.days_since(NameHash::of("x"), TODAY), None);
        assert_eq!(history.days_since(order, ago(9)), Some(0), "a clock that is behind");
    }

    #[test]
    fn a_count_stops_and_the_oldest_leave() {
        let view = NameHash::of("Product Viewed");
        let mut history = History::default();
        (0..70_000).for_each(|_| history.apply(TODAY, view));
        assert_eq!(history.count(view, 1, TODAY), 65_535);
        (0..200).for_each(|days| history.apply(ago(days), NameHash::of("x")));
        assert_eq!((history.cells.len(), history.count(NameHash::of("x"), 400, TODAY)), (MAX_CELLS, 63));
        let bytes = crate::encode(&history).unwrap();
        assert!(bytes.len() <= 580, "{}", bytes.len());
        assert_eq!(crate::decode::<History>(&bytes).unwrap(), history);
    }

    proptest! {
        #[test]
        fn what_is_kept_depends_on_no_order(
            events in prop::collection::vec((0i64..40, 0u32..5), 0..300),
            shuffled in any::<prop::sample::Index>(),
            split in any::<prop::sample::Index>(),
        ) {
            let fold = |events: &[(i64, u32)]| {
                let mut history = History::default();
                events.iter().for_each(|(days, name)| history.apply(ago(*days), NameHash(*name)));
                history
            };
            let straight = fold(&events);
            let mut other = events.clone();
            if !other.is_empty() {
                let by = shuffled.index(other.len());
                other.rotate_left(by);
                other.reverse();
            }
            prop_assert_eq!(&fold(&other), &straight);
            let (one, two) = events.split_at(if events.is_empty() { 0 } else { split.index(events.len()) });
            let mut joined = fold(one);
            joined.absorb(&fold(two));
            prop_assert_eq!(&joined, &straight);
        }
    }
}
