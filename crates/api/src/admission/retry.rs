//! `Retry-After`: when to come back, spread so that those who were refused together do not return together.
//!
//! Whole seconds, 1 to 300: the clients that honour the header read integers and wait at most so long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The longest wait that is asked for, in seconds.
const MOST_SECONDS: u64 = 300;
/// Answers are spread over so many seconds.
const SPREAD_SECONDS: u64 = 3;

/// The n-th number of a row that looks like chance (SplitMix64's finalizer).
fn scattered(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Whole seconds of at least `wait`, and up to two more: which, `n` decides.
fn seconds(wait: Duration, n: u64) -> u64 {
    let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    whole.clamp(1, MOST_SECONDS - SPREAD_SECONDS + 1) + scattered(n) % SPREAD_SECONDS
}

/// The header's value of the next refusal.
pub(crate) fn after(wait: Duration) -> u64 {
    static REFUSALS: AtomicU64 = AtomicU64::new(0);
    seconds(wait, REFUSALS.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn spread(wait: Duration) -> BTreeMap<u64, usize> {
        let mut seen = BTreeMap::new();
        for n in 0..3_000 {
            *seen.entry(seconds(wait, n)).or_default() += 1;
        }
        seen
    }

    #[track_caller]
    fn check(wait_ms: u64, expected: [u64; 3]) {
        let seen = spread(Duration::from_millis(wait_ms));
        assert_eq!(seen.keys().copied().collect::<Vec<_>>(), expected);
        assert!(seen.values().all(|&count| (900..1_100).contains(&count)), "{seen:?}");
    }

    #[test]
    fn at_least_the_wait_and_spread_evenly() {
        check(0, [1, 2, 3]);
        check(1, [1, 2, 3]);
        check(1_001, [2, 3, 4]);
        check(100_000, [100, 101, 102]);
        check(u64::MAX, [298, 299, 300]);
    }
}
