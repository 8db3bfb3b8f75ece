//! When in the year things are wanted: counts by month, and an index that compares them with everything else.
//!
//! The index of a thing in a month is its count there by what it would be if its part of all counts were the
//! same the whole year: 1 as usual, 2 twice as much. Since it is compared with the other things of the same
//! months, neither a shop that grows nor a history of less than a year bends it. It shrinks towards 1 where
//! there is little to go by, as if [`USUAL`] events had come as usual.
//!
//! Limits: 16,384 things, some 56 bytes each; further ones have no index. Months are those of UTC.

use std::collections::HashMap;

/// Things that are counted apart.
const MAX_THINGS: usize = 16_384;
/// Events as usual that each month of a thing is taken to have had.
const USUAL: f64 = 50.0;

/// Counts by month, January first.
pub type Months = [u32; 12];

/// What the counts say of a thing in a month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeasonIndex {
    /// 1 as usual, more where it is wanted more.
    pub index: f64,
    /// The events of the month that it goes by.
    pub events: u32,
}

/// Counts of things by month.
///
/// ```
/// use tradewind_models::Seasonality;
///
/// let (tents, pans) = (1, 2);
/// let mut seasons = Seasonality::default();
/// for month in 1..=12 {
///     let summer = if (6..=8).contains(&month) { 900 } else { 100 };
///     for _ in 0..summer {
///         seasons.add(month, &[tents]);
///     }
///     for _ in 0..1_000 {
///         seasons.add(month, &[pans]);
///     }
/// }
/// assert!(seasons.index(tents, 7).unwrap().index > 1.5);
/// assert!(seasons.index(tents, 1).unwrap().index < 0.8);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seasonality {
    things: HashMap<u32, Months>,
    /// Events, whatever they were about.
    all: Months,
}

/// A month's place; none for a number that is no month.
fn place(month: u32) -> Option<usize> {
    usize::try_from(month).ok()?.checked_sub(1).filter(|place| *place < 12)
}

impl Seasonality {
    /// Counts an event of a month (1 to 12) about some things, such as the levels of one category. Gives whether
    /// it was counted.
    pub fn add(&mut self, month: u32, things: &[u32]) -> bool {
        let Some(place) = place(month) else { return false };
        self.all[place] = self.all[place].saturating_add(1);
        for thing in things {
            if self.things.len() < MAX_THINGS || self.things.contains_key(thing) {
                let months = self.things.entry(*thing).or_default();
                months[place] = months[place].saturating_add(1);
            }
        }
        true
    }

    /// The counts of one thing.
    #[must_use]
    pub fn of(&self, thing: u32) -> Option<&Months> {
        self.things.get(&thing)
    }

    /// The counts of all events.
    #[must_use]
    pub const fn all(&self) -> &Months {
        &self.all
    }

    /// Puts counts back.
    pub fn restore(&mut self, thing: u32, months: Months) {
        self.things.insert(thing, months);
    }

    /// Puts the counts of all events back.
    pub fn restore_all(&mut self, months: Months) {
        self.all = months;
    }

    /// The index of a thing in a month, 1 to 12; none for what was never counted.
    #[must_use]
    pub fn index(&self, thing: u32, month: u32) -> Option<SeasonIndex> {
        let (months, place) = (self.things.get(&thing)?, place(month)?);
        let sum = |months: &Months| months.iter().copied().map(f64::from).sum::<f64>();
        let (total, all) = (sum(months), sum(&self.all));
        if all <= 0.0 {
            return None;
        }
        let expected = total * f64::from(self.all[place]) / all;
        let index = (f64::from(months[place]) + USUAL) / (expected + USUAL);
        Some(SeasonIndex { index, events: months[place] })
    }

    /// The month in which a thing is wanted most, by its index, among those of which there is any event; none for
    /// what was never counted.
    #[must_use]
    pub fn peak(&self, thing: u32) -> Option<u32> {
        let index = |month: u32| self.index(thing, month).map_or(f64::MIN, |found| found.index);
        self.things.get(&thing)?;
        let is_known = |month: &u32| place(*month).is_some_and(|place| self.all[place] > 0);
        (1..=12).filter(is_known).max_by(|a, b| index(*a).total_cmp(&index(*b)).then(b.cmp(a)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seasons(counts: &[(u32, u32, u32)]) -> Seasonality {
        let mut seasons = Seasonality::default();
        for &(thing, month, events) in counts {
            (0..events).for_each(|_| assert!(seasons.add(month, &[thing])));
        }
        seasons
    }

    #[test]
    fn it_is_what_differs_from_the_rest_that_counts() {
        // The shop sells ten times as much in December, of everything.
        let grown = seasons(&[(1, 6, 1_000), (2, 6, 1_000), (1, 12, 10_000), (2, 12, 10_000)]);
        assert!((grown.index(1, 12).unwrap().index - 1.0).abs() < 1e-9);
        let half = seasons(&[(1, 6, 3_000), (2, 6, 1_000), (1, 12, 1_000), (2, 12, 3_000)]);
        let (june, december) = (half.index(1, 6).unwrap(), half.index(1, 12).unwrap());
        assert!(june.index > 1.4 && december.index < 0.6, "{june:?} {december:?}");
        assert_eq!((half.peak(1), half.peak(2), half.peak(3)), (Some(6), Some(12), None));
    }

    #[test]
    fn little_says_little() {
        let few = seasons(&[(1, 6, 3), (2, 12, 2_000)]);
        let index = few.index(1, 6).unwrap();
        assert!((1.0..1.1).contains(&index.index) && index.events == 3, "{index:?}");
        let one = seasons(&[(1, 11, 10), (2, 11, 10)]);
        assert_eq!(one.peak(1), Some(11), "of other months nothing is known");
        assert_eq!((few.index(9, 6), few.index(1, 13), few.index(1, 0)), (None, None, None));
        assert!(!Seasonality::default().add(13, &[1]));
    }
}
