//! A token bucket that may go into debt.
//!
//! A request passes when there is at least one token, and takes as many as it has events, so that the bucket
//! may fall below zero; then nothing passes until it is filled up again. So a batch larger than the whole
//! bucket passes too, and what passes over any time `t` is at most `burst + rate × t` and one batch more.

use std::time::Duration;

/// How quickly a bucket fills, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    per_second: f64,
    capacity: f64,
}

impl Rate {
    /// None for 0, which is no limit.
    pub(super) fn new(per_second: u32, burst_seconds: u32) -> Option<Self> {
        let per_second = f64::from(per_second);
        let capacity = (per_second * f64::from(burst_seconds)).max(1.0);
        (per_second > 0.0).then_some(Self { per_second, capacity })
    }
}

/// What is in a bucket. Times are those since some beginning, and never run backwards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    level: f64,
    at: Duration,
}

impl Bucket {
    /// A full one.
    pub(super) fn full(rate: Option<Rate>) -> Self {
        Self { level: rate.map_or(0.0, |r| r.capacity), at: Duration::ZERO }
    }

    fn level(&self, rate: Rate, now: Duration) -> f64 {
        let gained = now.saturating_sub(self.at).as_secs_f64() * rate.per_second;
        (self.level + gained).min(rate.capacity)
    }

    /// How long until a request passes; zero when one passes now.
    pub(super) fn wait(&self, rate: Rate, now: Duration) -> Duration {
        // A billionth of an event is what rounding may cost.
        let missing = 1.0 - 1e-9 - self.level(rate, now);
        Duration::try_from_secs_f64(missing.max(0.0) / rate.per_second).unwrap_or(Duration::MAX)
    }

    /// Takes the tokens of a request that passed.
    pub(super) fn take(&mut self, rate: Rate, now: Duration, events: usize) {
        let events = f64::from(u32::try_from(events).unwrap_or(u32::MAX));
        *self = Self { level: self.level(rate, now) - events, at: now.max(self.at) };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(s: f64) -> Duration {
        Duration::from_secs_f64(s)
    }

    #[test]
    fn a_batch_larger_than_the_bucket_passes_and_is_paid_for_later() {
        let rate = Rate::new(10, 2).unwrap();
        let mut bucket = Bucket::full(Some(rate));
        assert_eq!(bucket.wait(rate, Duration::ZERO), Duration::ZERO);
        bucket.take(rate, Duration::ZERO, 500);
        // 480 of debt and the one that is needed, 10 a second.
        let wait = bucket.wait(rate, Duration::ZERO);
        assert!((wait.as_secs_f64() - 48.1).abs() < 1e-6, "{wait:?}");
        assert!(bucket.wait(rate, seconds(48.0)) > Duration::ZERO);
        assert_eq!(bucket.wait(rate, seconds(48.2)), Duration::ZERO);
    }

    #[test]
    fn a_quiet_time_earns_the_burst_and_no_more() {
        let rate = Rate::new(10, 2).unwrap();
        let mut bucket = Bucket::full(Some(rate));
        let later = seconds(1_000.0);
        let passed = (0..100).take_while(|_| {
            let passes = bucket.wait(rate, later).is_zero();
            if passes {
                bucket.take(rate, later, 1);
            }
            passes
        });
        assert_eq!(passed.count(), 20);
        assert_eq!(Rate::new(0, 10), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// What passes stays within the burst, the rate and one batch; who waits as long as told passes.
        #[test]
        fn never_more_than_promised_and_never_for_ever(
            per_second in 1u32..2_000,
            burst in 0u32..5,
            asked in prop::collection::vec((0u64..700, 1usize..2_500), 1..80),
        ) {
            let rate = Rate::new(per_second, burst).unwrap();
            let mut bucket = Bucket::full(Some(rate));
            let (mut now, mut passed) = (Duration::ZERO, 0usize);
            for (gap_ms, events) in asked {
                now += Duration::from_millis(gap_ms);
                let wait = bucket.wait(rate, now);
                if wait.is_zero() {
                    bucket.take(rate, now, events);
                    passed += events;
                } else {
                    let then = now + wait + Duration::from_micros(1);
                    prop_assert!(bucket.wait(rate, then).is_zero(), "{wait:?} was not enough");
                }
                let most = rate.capacity + f64::from(per_second) * now.as_secs_f64() + 2_500.0;
                prop_assert!(f64::from(u32::try_from(passed).unwrap()) <= most, "{passed} of {most}");
            }
        }
    }
}
