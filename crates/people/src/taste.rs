//! What a shopper likes: affinities that fade, and what they pay.
//!
//! A weight that halves every [`HALF_LIFE_MS`] is kept as its logarithm at a fixed day ([`Decayed`]), in whole
//! steps. So nothing has to be faded as time goes by, two weights compare without a clock, and a replay gives
//! the same numbers. Of each kind the 16 strongest are kept.

use serde::{Deserialize, Serialize};
use tradewind_kernel::UtcMillis;

use crate::facts::{Fact, Signal, StatedTaste};
use crate::{Act, Action};

/// The time in which an affinity's weight halves: 30 days, in milliseconds.
pub const HALF_LIFE_MS: i64 = 30 * UtcMillis::DAY;
/// Categories, brands and attributes that are kept of each.
pub const MAX_AFFINITIES: usize = 16;
/// Categories that are remembered as the latest.
pub const MAX_RECENT_CATEGORIES: usize = 5;
/// The weight at which an [affinity](Decayed::strength) is a half: four views just now.
pub const HALF_STRENGTH_WEIGHT: f64 = 4.0;
/// What a stated preference weighs, a view being one.
pub const STATED_WEIGHT: f64 = 8.0;
/// Steps of [`Decayed`] for a weight that doubles.
const STEPS: f64 = 4_096.0;
/// The day that logarithms are relative to, 2020-01-01, in milliseconds since 1970.
const EPOCH_MS: i64 = 1_577_836_800_000;
/// The latest of so many touches count for a [`Mean`].
const MEAN_OVER: u8 = 16;
/// Choices are counted up to this and then halved, so that older ones fade.
const MAX_CHOICES: u16 = 64;

/// A weight that halves every [`HALF_LIFE_MS`]: 4,096 times its binary logarithm as of 2020-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decayed(i32);

/// Half-lives since the epoch, in steps. Times far beyond any calendar's count as its ends.
fn steps_at(at: UtcMillis) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact for any time within 200,000 years")]
    let (since, half_life) = (at.get().saturating_sub(EPOCH_MS) as f64, HALF_LIFE_MS as f64);
    (since / half_life).clamp(-1e4, 1e4) * STEPS
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "within 10,000 half-lives of 4,096 steps, and sums of those"
)]
const fn whole(steps: f64) -> i32 {
    steps as i32
}

impl Decayed {
    /// A weight at a time.
    #[must_use]
    pub fn new(weight: f64, at: UtcMillis) -> Self {
        Self(whole((weight.max(1e-9).log2().mul_add(STEPS, steps_at(at))).round()))
    }

    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let (more, less) = (self.0.max(other.0), self.0.min(other.0));
        let ratio = (f64::from(less.saturating_sub(more)) / STEPS).exp2();
        Self(more.saturating_add(whole((ratio.ln_1p() * std::f64::consts::LOG2_E * STEPS).round())))
    }

    /// The weight at `now`.
    #[must_use]
    pub fn weight(self, now: UtcMillis) -> f64 {
        ((f64::from(self.0) - steps_at(now)) / STEPS).clamp(-60.0, 60.0).exp2()
    }

    /// The weight at `now` as a number from 0 to 1: a half at [`HALF_STRENGTH_WEIGHT`].
    #[must_use]
    pub fn strength(self, now: UtcMillis) -> f64 {
        let weight = self.weight(now);
        weight / (weight + HALF_STRENGTH_WEIGHT)
    }
}

/// Words with their weights, at most [`MAX_AFFINITIES`], in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Affinities(Vec<(u32, Decayed)>);

impl Affinities {
    /// Adds to a word's weight. Where there is no room the weakest makes some, if it is weaker.
    pub fn add(&mut self, word: u32, gain: Decayed) {
        if let Some((_, weight)) = self.0.iter_mut().find(|(known, _)| *known == word) {
            *weight = weight.plus(gain);
        } else if self.0.len() < MAX_AFFINITIES {
            self.0.push((word, gain));
        } else if let Some(weakest) = self.0.iter_mut().min_by_key(|(_, weight)| *weight)
            && weakest.1 < gain
        {
            *weakest = (word, gain);
        }
    }

    /// The words, the strongest first.
    #[must_use]
    pub fn strongest(&self) -> Vec<(u32, Decayed)> {
        let mut words = self.0.clone();
        words.sort_by_key(|(word, weight)| (std::cmp::Reverse(*weight), *word));
        words
    }

    /// A word's weight.
    #[must_use]
    pub fn get(&self, word: u32) -> Option<Decayed> {
        self.0.iter().find(|(known, _)| *known == word).map(|(_, weight)| *weight)
    }

    /// How many words there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn absorb(&mut self, other: &Self) {
        for (word, weight) in &other.0 {
            self.add(*word, *weight);
        }
    }
}

/// A mean over some 16 latest values: a new one moves it by 1/16, the first ones by more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mean {
    /// Values so far, at most 16.
    pub count: u8,
    /// The mean.
    pub value: i32,
}

impl Mean {
    fn learn(&mut self, value: i32) {
        self.count = self.count.saturating_add(1).min(MEAN_OVER);
        self.value = self.value.saturating_add(value.saturating_sub(self.value) / i32::from(self.count));
    }

    fn absorb(&mut self, other: Self) {
        let count = i64::from(self.count) + i64::from(other.count);
        if count > 0 {
            let sum = i64::from(self.count) * i64::from(self.value)
                + i64::from(other.count) * i64::from(other.value);
            self.value = i32::try_from(sum / count).unwrap_or(self.value);
            self.count = u8::try_from(count).unwrap_or(MEAN_OVER).min(MEAN_OVER);
        }
    }

    /// The mean, once there are `enough` values.
    #[must_use]
    pub fn of(self, enough: u8) -> Option<i32> {
        (self.count >= enough).then_some(self.value)
    }
}

/// What a shopper likes and pays. Stored by position: new fields go to the end, with a default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Taste {
    /// Words of categories, every level of a path.
    pub categories: Affinities,
    /// Words of brands.
    pub brands: Affinities,
    /// Words of attributes.
    pub attributes: Affinities,
    /// Words of the innermost categories touched, the latest last, each once.
    pub recent_categories: Vec<u32>,
    /// The price level of what was touched.
    pub price: Mean,
    /// … against its category's.
    pub relative_price: Mean,
    /// The same of what was put into the cart or bought.
    pub chosen_relative_price: Mean,
    /// Products put into the cart or bought.
    pub chosen: u16,
    /// Those of them that were reduced.
    pub chosen_reduced: u16,
    /// Coupons applied.
    pub coupons: u16,
    /// The most they said they want to pay, in minor units of the shop's currency.
    pub price_max_minor: Option<i64>,
}

impl Taste {
    /// Folds in an act.
    pub(crate) fn apply(&mut self, act: &Act<'_>) {
        if act.signal == Signal::Coupon {
            self.coupons = self.coupons.saturating_add(1);
        }
        if let Some(stated) = act.stated {
            self.hear(stated, act.at);
        }
        let Some(action) = act.action.filter(|a| a.shows_interest()) else { return };
        if act.facts.is_empty() {
            return;
        }
        let gain = Decayed::new(action.weight(), act.at);
        for fact in act.facts {
            self.touch(fact, action, gain);
        }
    }

    fn touch(&mut self, fact: &Fact, action: Action, gain: Decayed) {
        let facts = &*fact.item;
        for word in &facts.categories {
            self.categories.add(*word, gain);
        }
        if let Some(word) = &facts.brand {
            self.brands.add(*word, gain);
        }
        for word in &facts.attributes {
            self.attributes.add(*word, gain);
        }
        if let Some(leaf) = facts.categories.last() {
            self.remember_category(*leaf);
        }
        if let Some(level) = facts.price_level {
            self.price.learn(level);
        }
        let is_chosen = matches!(action, Action::Add | Action::Buy);
        if let Some(relative) = fact.relative_price {
            let mean = if is_chosen { &mut self.chosen_relative_price } else { &mut self.relative_price };
            mean.learn(relative);
        }
        if is_chosen {
            if self.chosen >= MAX_CHOICES {
                self.chosen /= 2;
                self.chosen_reduced /= 2;
            }
            self.chosen += 1;
            self.chosen_reduced += u16::from(facts.is_reduced);
        }
    }

    fn remember_category(&mut self, leaf: u32) {
        if self.recent_categories.last() == Some(&leaf) {
            return;
        }
        self.recent_categories.retain(|known| *known != leaf);
        self.recent_categories.push(leaf);
        if self.recent_categories.len() > MAX_RECENT_CATEGORIES {
            self.recent_categories.remove(0);
        }
    }

    fn hear(&mut self, stated: &StatedTaste, at: UtcMillis) {
        let gain = Decayed::new(STATED_WEIGHT, at);
        let kinds = [
            (&mut self.categories, &stated.categories),
            (&mut self.brands, &stated.brands),
            (&mut self.attributes, &stated.attributes),
        ];
        for (known, words) in kinds {
            for word in words {
                known.add(*word, gain);
            }
        }
        self.price_max_minor = stated.price_max_minor.or(self.price_max_minor);
    }

    /// Takes in another's.
    pub(crate) fn absorb(&mut self, other: &Self) {
        self.categories.absorb(&other.categories);
        self.brands.absorb(&other.brands);
        self.attributes.absorb(&other.attributes);
        let ours = std::mem::take(&mut self.recent_categories);
        for word in other.recent_categories.iter().chain(&ours) {
            self.remember_category(*word);
        }
        self.price.absorb(other.price);
        self.relative_price.absorb(other.relative_price);
        self.chosen_relative_price.absorb(other.chosen_relative_price);
        self.chosen = self.chosen.saturating_add(other.chosen);
        self.chosen_reduced = self.chosen_reduced.saturating_add(other.chosen_reduced);
        while self.chosen > MAX_CHOICES {
            self.chosen /= 2;
            self.chosen_reduced /= 2;
        }
        self.coupons = self.coupons.saturating_add(other.coupons);
        self.price_max_minor = self.price_max_minor.or(other.price_max_minor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: i64) -> UtcMillis {
        UtcMillis::new(EPOCH_MS + n * UtcMillis::DAY)
    }

    #[test]
    fn a_weight_halves_in_thirty_days_and_adds_up() {
        let view = Decayed::new(1.0, day(2_000));
        assert!((view.weight(day(2_030)) - 0.5).abs() < 1e-3);
        let both = view.plus(Decayed::new(3.0, day(2_030)));
        assert!((both.weight(day(2_030)) - 3.5).abs() < 2e-3, "{}", both.weight(day(2_030)));
        assert!((Decayed::new(4.0, day(1)).strength(day(1)) - 0.5).abs() < 1e-3);
        let late = Decayed::new(3.0, day(2_030)).plus(view);
        assert_eq!(late, both, "the order of arrival does not matter");
        for far in [UtcMillis::new(i64::MIN), UtcMillis::new(i64::MAX)] {
            assert!(Decayed::new(1.0, far).plus(view).strength(day(0)).is_finite());
        }
    }

    #[test]
    fn the_weakest_makes_room() {
        let mut known = Affinities::default();
        for word in 0..16 {
            known.add(word, Decayed::new(1.0, day(i64::from(word))));
        }
        known.add(99, Decayed::new(1.0, day(0)));
        assert!(known.get(99).is_none(), "it is no stronger than the weakest");
        known.add(99, Decayed::new(1.0, day(20)));
        assert!(known.get(0).is_none() && known.strongest()[0].0 == 99 && known.len() == 16);
    }

    #[test]
    fn a_mean_follows() {
        let mut mean = Mean::default();
        for _ in 0..3 {
            mean.learn(100);
        }
        assert_eq!((mean.of(3), mean.of(4)), (Some(100), None));
        for _ in 0..200 {
            mean.learn(-1_000);
        }
        assert!((-1_000..=-980).contains(&mean.value), "{}", mean.value);
    }
}
