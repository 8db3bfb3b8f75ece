//! From counts to expectations.
//!
//! A share of a group is `(x + m·p) / (n + m)`: `x` of its `n` people, `p` the share of the next wider group,
//! and `m` how many people that one is worth. `m` follows from how much the groups differ beyond chance, by the
//! method of moments (J. C. Kleinman, *Proportions with extraneous variance*, JASA 68, 1973): where they do not
//! differ it is large, and each group says what the wider one says.

use std::collections::HashMap;

use super::{Group, GroupCounts, MIN_PEOPLE};
use crate::intent::{SessionCounts, purchase_probability};

/// The least and the most that the wider group is worth, in people.
const STRENGTHS: (f64, f64) = (20.0, 10_000.0);
/// What the numbers that the program brings are worth against the shop's own, in people.
const DEFAULT_STRENGTH: f64 = 20.0;
/// Categories of the shop by which it is judged how much groups differ.
const JUDGED_BY: usize = 8;
/// Categories that are told, the likeliest.
const TOLD: usize = 8;
/// Shares of people below this are not told.
const LEAST_SHARE: f64 = 0.01;
/// A category that fewer people of a group took an interest in counts as if nobody had.
const LEAST_PEOPLE: u64 = 5;
/// Events of a session that count as much as what is expected beforehand.
const HALF_EVIDENCE_EVENTS: f64 = 4.0;

/// How many people the wider group is worth, by what is estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Strengths {
    orders: f64,
    bands: f64,
    categories: f64,
}

impl Strengths {
    /// Of the groups that are told.
    pub(crate) fn of<S>(groups: &HashMap<Group, GroupCounts, S>) -> Self {
        // In an order of their own, so that sums are the same each time.
        let mut told: Vec<(Group, &GroupCounts)> = groups
            .iter()
            .filter(|(group, counts)| matches!(group, Group::Place(..)) && counts.people >= MIN_PEOPLE)
            .map(|(group, counts)| (*group, counts))
            .collect();
        told.sort_unstable_by_key(|(group, _)| group.key());
        let strength = |part: &dyn Fn(&GroupCounts) -> (u64, u64)| {
            moments(told.iter().map(|(_, counts)| part(counts)).map(|(x, n)| (x.min(n) as f64, n as f64)))
        };
        let shop: Vec<(u32, u64)> = told.iter().flat_map(|(_, counts)| counts.categories.clone()).collect();
        let mut words: Vec<(u64, u32)> = sums(shop).into_iter().map(|(word, sum)| (sum, word)).collect();
        words.sort_unstable_by(|a, b| b.cmp(a));
        words.truncate(JUDGED_BY);
        let of_word = |word: u32| strength(&|counts| (counts.of_word(word), counts.people));
        let banded = |counts: &GroupCounts| counts.bands.iter().sum::<u64>();
        let bands = (0..3).map(|band| strength(&|counts| (counts.bands[band], banded(counts))));
        Self {
            orders: strength(&|counts| (counts.buyers, counts.people)),
            bands: mean(bands),
            categories: mean(words.iter().map(|(_, word)| of_word(*word))),
        }
    }
}

fn sums(words: Vec<(u32, u64)>) -> HashMap<u32, u64> {
    let mut sums = HashMap::new();
    for (word, people) in words {
        *sums.entry(word).or_default() += people;
    }
    sums
}

/// The geometric mean of strengths; the greatest strength of none.
fn mean(strengths: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = strengths.fold((0.0, 0.0), |(sum, count), m| (sum + m.ln(), count + 1.0));
    if count > 0.0 { (sum / count).exp() } else { STRENGTHS.1 }
}

/// How many people the common share is worth against a group's own, from `(x, n)` of each.
fn moments(groups: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let groups = groups.filter(|(_, n)| *n > 0.0);
    let (k, x, n, squares) = groups
        .clone()
        .fold((0.0, 0.0, 0.0, 0.0), |(k, xs, ns, sq), (x, n)| (k + 1.0, xs + x, ns + n, n.mul_add(n, sq)));
    if k < 2.0 || x <= 0.0 || x >= n {
        return STRENGTHS.1;
    }
    let p = x / n;
    let spread: f64 = groups.map(|(x, n)| n * (x / n - p).powi(2)).sum();
    let between = (spread - (k - 1.0) * p * (1.0 - p)) / (n - squares / n);
    if between <= 0.0 {
        return STRENGTHS.1;
    }
    (p * (1.0 - p) / between - 1.0).clamp(STRENGTHS.0, STRENGTHS.1)
}

/// What may be expected of somebody of whom nothing is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Priors {
    /// The narrowest group that is large enough to be told; none where even the shop is not, and what the
    /// program brings is all there is.
    pub group: Option<Group>,
    /// People of that group.
    pub people: u64,
    /// The probability that a first visit ends with an order.
    pub order_probability: f64,
    /// The probability of each band of prices, see [`BANDS`](super::BANDS); they add up to one.
    pub bands: [f64; 3],
    /// Those of the group whose band is known.
    pub banded: u64,
    /// Words of categories with the part of the people who took an interest, the greatest first, at most 8.
    pub categories: Vec<(u32, f64)>,
}

impl Priors {
    /// What the program brings: the model's constant, and that no band of prices is likelier.
    fn unknown() -> Self {
        let order_probability = purchase_probability(&SessionCounts::default(), 0);
        let (bands, categories) = ([1.0 / 3.0; 3], Vec::new());
        Self { group: None, people: 0, order_probability, bands, banded: 0, categories }
    }

    /// From groups, the widest first.
    pub(crate) fn of(strengths: &Strengths, groups: [(Group, Option<&GroupCounts>); 3]) -> Self {
        let large = groups.into_iter().filter_map(|(group, counts)| Some((group, counts?)));
        large
            .take_while(|(_, counts)| counts.people >= MIN_PEOPLE)
            .fold(Self::unknown(), |wider, (group, counts)| wider.narrowed(strengths, group, counts))
    }

    fn narrowed(&self, strengths: &Strengths, group: Group, counts: &GroupCounts) -> Self {
        let worth = |strength: f64| if self.group.is_some() { strength } else { DEFAULT_STRENGTH };
        let shrunk = |x: u64, n: u64, p: f64, m: f64| {
            let (x, n) = (x.min(n) as f64, n as f64);
            m.mul_add(p, x) / (n + m)
        };
        let banded = counts.bands.iter().sum();
        let band = |n: usize| shrunk(counts.bands[n], banded, self.bands[n], worth(strengths.bands));
        let wider = |word: u32| self.categories.iter().find(|(known, _)| *known == word).map_or(0.0, |w| w.1);
        let share = |word: u32, people: u64| {
            // A category that hardly anybody looks at is worth as much as the groups differ, too.
            let strength = if self.group.is_some() { strengths.categories } else { 1.0 };
            (word, shrunk(people, counts.people, wider(word), strength))
        };
        let known = counts.categories.iter().filter(|(_, people)| *people >= LEAST_PEOPLE);
        let known = known.map(|(word, people)| share(*word, *people));
        let of_wider = self.categories.iter().filter(|(word, _)| counts.of_word(*word) < LEAST_PEOPLE);
        let mut categories: Vec<(u32, f64)> =
            known.chain(of_wider.map(|(word, _)| share(*word, 0))).collect();
        categories.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Self {
            group: Some(group),
            people: counts.people,
            order_probability: shrunk(
                counts.buyers,
                counts.people,
                self.order_probability,
                worth(strengths.orders),
            ),
            bands: [band(0), band(1), band(2)],
            banded,
            categories,
        }
    }

    /// The categories that are worth telling.
    pub fn told_categories(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        self.categories.iter().copied().take(TOLD).filter(|(_, share)| *share >= LEAST_SHARE)
    }

    /// The likeliest band of prices.
    #[must_use]
    pub fn band(&self) -> Option<&'static str> {
        let known = self.group.is_some() && self.banded > 0;
        let likeliest = (0..3).max_by(|a, b| self.bands[*a].total_cmp(&self.bands[*b]).then(b.cmp(a)));
        likeliest.filter(|_| known).map(|band| super::BANDS[band])
    }
}

/// What is expected, moved towards what a model says of a session by the events that it goes by: half the way
/// after four.
#[must_use]
pub fn blend(expected: f64, said: f64, events: u32) -> f64 {
    let events = f64::from(events);
    (said - expected).mul_add(events / (events + HALF_EVIDENCE_EVENTS), expected)
}
