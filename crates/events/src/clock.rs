//! When an event really happened, though the client's clock may be wrong.

use tradewind_kernel::UtcMillis;

/// The three times that accompany a message.
#[derive(Debug, Clone, Copy)]
pub struct Stamps {
    /// When it happened, by the client's clock.
    pub original: Option<UtcMillis>,
    /// When the client sent it, by the same clock.
    pub sent: Option<UtcMillis>,
    /// When it reached us, by ours.
    pub received: UtcMillis,
}

/// The corrected time: received − (sent − original), since both ends of that difference were read from
/// one clock. Without a time of sending the client's time is taken, without either the time of receipt.
/// Never later than the receipt.
#[must_use]
pub fn corrected_time(stamps: Stamps) -> UtcMillis {
    let time = match (stamps.original, stamps.sent) {
        (Some(original), Some(sent)) => stamps.received.plus(sent.since(original).saturating_neg()),
        (Some(original), None) => original,
        (None, _) => stamps.received,
    };
    time.min(stamps.received)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(original: Option<i64>, sent: Option<i64>, received: i64, expected: i64) {
        let at = |t: Option<i64>| t.map(UtcMillis::new);
        let stamps = Stamps { original: at(original), sent: at(sent), received: UtcMillis::new(received) };
        assert_eq!(corrected_time(stamps), UtcMillis::new(expected));
    }

    #[test]
    fn a_wrong_clock_is_corrected() {
        check(Some(1_000), Some(1_500), 9_000, 8_500);
        check(Some(50_000), Some(50_100), 9_000, 8_900);
        check(Some(5_000), None, 9_000, 5_000);
        check(Some(12_000), None, 9_000, 9_000);
        check(Some(1_600), Some(1_500), 9_000, 9_000);
        check(None, Some(1_500), 9_000, 9_000);
        check(Some(i64::MIN), Some(i64::MAX), 9_000, 9_000 - i64::MAX);
    }
}
