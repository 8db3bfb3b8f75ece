//! Medians and percentiles of what was measured.

use crate::report::Latency;

/// The middle value; zero of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

/// Percentiles of latencies in microseconds, by nearest rank.
pub(crate) fn latency(mut micros: Vec<u32>) -> Latency {
    micros.sort_unstable();
    let at = |per_mille: usize| {
        let rank = (micros.len() * per_mille).div_ceil(1_000).saturating_sub(1);
        micros.get(rank).map_or(0.0, |&us| f64::from(us) / 1e3)
    };
    Latency { p50_ms: at(500), p90_ms: at(900), p99_ms: at(990), p999_ms: at(999), max_ms: at(1_000) }
}

/// Whole microseconds, at most some 71 minutes.
pub(crate) fn micros(time: std::time::Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

/// A count as a number to reckon with; exact up to 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "counts of a measurement are far below 2^53")]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_nearest_rank() {
        let found = latency((1..=1_000).rev().map(|ms| ms * 1_000).collect());
        assert_eq!((found.p50_ms, found.p90_ms, found.p99_ms), (500.0, 900.0, 990.0));
        assert_eq!((found.p999_ms, found.max_ms), (999.0, 1_000.0));
        assert!(latency(Vec::new()).max_ms.abs() < f64::EPSILON);
        assert_eq!((median(vec![3.0, 1.0, 2.0]), median(vec![4.0, 1.0])), (2.0, 2.5));
    }
}
