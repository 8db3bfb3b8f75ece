//! What is popular now: exponentially decayed counts, kept by forward decay.
//!
//! A thing's popularity at time `now` is the sum over its events of `weight · 2^(−(now − at) / half_life)`.
//! Forward decay (Cormode, Shkapenyuk, Srivastava, Xu: *Forward decay*, ICDE 2009) keeps instead the sum of
//! `weight · 2^((at − landmark) / half_life)`, which no passing of time changes: nothing is ever aged, and
//! events may come late and in any order. The sum would overflow within weeks, so its logarithm is kept:
//! **one `f64` per item**, `log2 Σ weight · 2^((at − landmark) / half_life)`, which stands in the same order
//! as the popularity at any time.
//!
//! Promises: neither overflow nor underflow for 1970 to 2100 at half-lives from one minute up. The order of
//! events changes a value by rounding alone, about 10⁻¹¹ (relative) per event at half-lives from an hour.
//!
//! Limits: 8 bytes per item up to the largest id. The landmark is 2025-01-01 UTC, part of the raw values'
//! meaning, and never changes.

/// 2025-01-01T00:00:00Z in milliseconds since 1970. Near the present, so that logarithms are small and exact.
const LANDMARK_MS: i64 = 1_735_689_600_000;
/// The log-weight of an item without events.
const NONE: f64 = f64::NEG_INFINITY;

/// Decayed counts of items.
///
/// ```
/// use tradewind_models::Popularity;
///
/// const HOUR_MS: i64 = 3_600_000;
/// let mut popularity = Popularity::new(24 * HOUR_MS);
/// popularity.add(7, 0, 3.0);
/// popularity.add(8, 48 * HOUR_MS, 1.0);
/// assert_eq!(popularity.rank(2)[0].0, 8, "three events two days ago weigh less than one now");
/// assert!((popularity.score(7, 48 * HOUR_MS) - 0.75).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Popularity {
    half_life_ms: i64,
    log_weights: Vec<f64>,
}

impl Popularity {
    /// No events yet. Half-lives below one minute count as one minute.
    pub fn new(half_life_ms: i64) -> Self {
        Self { half_life_ms: half_life_ms.max(60_000), log_weights: Vec::new() }
    }

    /// The time in milliseconds after which an event counts half.
    pub fn half_life_ms(&self) -> i64 {
        self.half_life_ms
    }

    /// Counts an event at `at_ms` (milliseconds since 1970). A weight that is not positive and finite counts
    /// nothing.
    pub fn add(&mut self, item: u32, at_ms: i64, weight: f64) {
        if weight > 0.0 && weight.is_finite() {
            let log_weight = weight.log2() + self.half_lives(at_ms);
            let slot = self.slot(item);
            *slot = log2_sum(*slot, log_weight);
        }
    }

    /// Adds another's events to these. False, and no change, if the half-lives differ.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.half_life_ms != other.half_life_ms {
            return false;
        }
        for (item, &log_weight) in other.log_weights.iter().enumerate() {
            if log_weight > NONE {
                let slot = self.slot(item as u32);
                *slot = log2_sum(*slot, log_weight);
            }
        }
        true
    }

    /// The decayed count as of `now_ms`: one event of weight 1 at that time scores 1. Zero without events;
    /// infinite if events lie over a thousand half-lives ahead.
    pub fn score(&self, item: u32, now_ms: i64) -> f64 {
        self.raw(item).map_or(0.0, |log_weight| (log_weight - self.half_lives(now_ms)).exp2())
    }

    /// The `n` most popular items with their raw values, most popular first, at equal values the lower id first.
    pub fn rank(&self, n: usize) -> Vec<(u32, f64)> {
        self.rank_filtered(n, |_| true)
    }

    /// The same among the items that `keep` accepts.
    pub fn rank_filtered(&self, n: usize, mut keep: impl FnMut(u32) -> bool) -> Vec<(u32, f64)> {
        let order = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        let mut ranked: Vec<(u32, f64)> = self.entries().filter(|&(item, _)| keep(item)).collect();
        if n == 0 {
            return Vec::new();
        }
        if n < ranked.len() {
            ranked.select_nth_unstable_by(n - 1, order);
            ranked.truncate(n);
        }
        ranked.sort_unstable_by(order);
        ranked
    }

    /// The raw value of an item for storage, `log2` of its forward-decayed sum; none without events.
    pub fn raw(&self, item: u32) -> Option<f64> {
        self.log_weights.get(item as usize).copied().filter(|&log_weight| log_weight > NONE)
    }

    /// Restores a stored raw value, or forgets the item. A value that is not finite forgets too.
    pub fn set_raw(&mut self, item: u32, raw: Option<f64>) {
        let raw = raw.filter(|value| value.is_finite());
        if raw.is_some() || (item as usize) < self.log_weights.len() {
            *self.slot(item) = raw.unwrap_or(NONE);
        }
    }

    /// All items with events and their raw values, by item.
    pub fn entries(&self) -> impl Iterator<Item = (u32, f64)> {
        let all = self.log_weights.iter().enumerate();
        all.filter(|(_, log_weight)| **log_weight > NONE).map(|(item, &log_weight)| (item as u32, log_weight))
    }

    fn half_lives(&self, at_ms: i64) -> f64 {
        at_ms.saturating_sub(LANDMARK_MS) as f64 / self.half_life_ms as f64
    }

    fn slot(&mut self, item: u32) -> &mut f64 {
        let row = item as usize;
        if self.log_weights.len() <= row {
            self.log_weights.resize(row + 1, NONE);
        }
        &mut self.log_weights[row]
    }
}

/// log2(2^a + 2^b), of which one may be minus infinity.
fn log2_sum(a: f64, b: f64) -> f64 {
    let (large, small) = if a >= b { (a, b) } else { (b, a) };
    if small == NONE { large } else { large + (small - large).exp2().ln_1p() * std::f64::consts::LOG2_E }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR_MS: i64 = 3_600_000;
    const YEAR_2100_MS: i64 = 4_102_444_800_000;

    #[test]
    fn survives_from_1970_to_2100() {
        let mut popularity = Popularity::new(HOUR_MS);
        popularity.add(0, 0, 1e9);
        popularity.add(1, YEAR_2100_MS, 1e-9);
        assert_eq!(popularity.rank(9).iter().map(|r| r.0).collect::<Vec<_>>(), [1, 0]);
        assert!((popularity.score(0, 0) / 1e9 - 1.0).abs() < 1e-9);
        assert!((popularity.score(1, YEAR_2100_MS) / 1e-9 - 1.0).abs() < 1e-9);
        assert_eq!(popularity.score(0, YEAR_2100_MS), 0.0);
        assert_eq!(popularity.score(5, 0), 0.0);
    }

    #[test]
    fn ignores_weights_that_mean_nothing() {
        let mut popularity = Popularity::new(HOUR_MS);
        for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            popularity.add(3, 0, weight);
        }
        assert_eq!(popularity.rank(9), []);
    }

    #[test]
    fn filters_ranks_and_breaks_ties_by_id() {
        let mut popularity = Popularity::new(HOUR_MS);
        for item in [4, 2, 9, 3] {
            popularity.add(item, 1000, 1.0);
        }
        let ids = |ranked: Vec<(u32, f64)>| ranked.into_iter().map(|r| r.0).collect::<Vec<_>>();
        assert_eq!(ids(popularity.rank(3)), [2, 3, 4]);
        assert_eq!(ids(popularity.rank_filtered(9, |item| item > 3)), [4, 9]);
        assert_eq!(ids(popularity.rank(0)), Vec::<u32>::new());
    }

    #[test]
    fn refuses_to_merge_other_half_lives() {
        assert!(!Popularity::new(HOUR_MS).merge(&Popularity::new(2 * HOUR_MS)));
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
    }

    type Events = Vec<(u32, i64, f64)>;

    fn counted(events: &[(u32, i64, f64)], half_life_ms: i64) -> Popularity {
        let mut popularity = Popularity::new(half_life_ms);
        events.iter().for_each(|&(item, at_ms, weight)| popularity.add(item, at_ms, weight));
        popularity
    }

    proptest! {
        #[test]
        fn any_order_and_any_split_give_the_same(
            (events, shuffled) in prop::collection::vec(
                (0_u32..6, 1_600_000_000_000_i64..1_900_000_000_000, 0.01_f64..100.0), 0..60,
            ).prop_flat_map(|events: Events| (Just(events.clone()), Just(events).prop_shuffle())),
            half_life_ms in HOUR_MS..100 * 24 * HOUR_MS,
            cut in any::<prop::sample::Index>(),
        ) {
            let straight = counted(&events, half_life_ms);
            let other = counted(&shuffled, half_life_ms);
            let (head, tail) = shuffled.split_at(cut.index(shuffled.len() + 1));
            let mut merged = counted(head, half_life_ms);
            prop_assert!(merged.merge(&counted(tail, half_life_ms)));
            let mut restored = Popularity::new(half_life_ms);
            straight.entries().for_each(|(item, raw)| restored.set_raw(item, Some(raw)));
            prop_assert_eq!(restored.rank(9), straight.rank(9));
            for item in 0..6 {
                let now_ms = events.iter().filter(|e| e.0 == item).map(|e| e.1).max().unwrap_or(0);
                let exact: f64 = events.iter().filter(|e| e.0 == item)
                    .map(|e| e.2 * (-((now_ms - e.1) as f64) / half_life_ms as f64).exp2()).sum();
                for popularity in [&straight, &other, &merged] {
                    prop_assert!(close(popularity.score(item, now_ms), exact));
                }
            }
            // Ranks agree unless two values are within rounding of each other.
            let (a, b) = (straight.rank(6), other.rank(6));
            prop_assert!(a.iter().zip(&b).all(|(x, y)| (x.1 - y.1).abs() < 1e-8));
        }
    }
}
