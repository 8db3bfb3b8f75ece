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
    use proptest::prelude::*;

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

    const YEAR: i64 = 365 * UtcMillis::DAY;

    /// What the server makes of a message that was made `age` before it was sent and took `way` to arrive,
    /// by a client whose clock is off by `skew`, and jumped by `jump` between making and sending it.
    fn corrected(happened: i64, age: i64, way: i64, skew: i64, jump: i64) -> i64 {
        let at = |millis: i64| UtcMillis::new(millis);
        let stamps = Stamps {
            original: Some(at(happened + skew)),
            sent: Some(at(happened + age + skew + jump)),
            received: at(happened + age + way),
        };
        corrected_time(stamps).get()
    }

    proptest! {
        /// A clock that is wrong by any amount, but steady, leaves no trace: what stays is the time of the way.
        #[test]
        fn a_steady_skew_leaves_no_trace(
            happened in 0..2 * YEAR, age in 0..YEAR, way in 0..60_000i64, skew in -50 * YEAR..50 * YEAR,
        ) {
            prop_assert_eq!(corrected(happened, age, way, skew, 0), happened + way);
        }

        /// A jump before the sending moves the event by as much, and never past its receipt.
        #[test]
        fn a_jump_moves_by_itself_and_never_into_the_future(
            happened in 0..2 * YEAR, age in 0..YEAR, way in 0..60_000i64, skew in -YEAR..YEAR, jump in -YEAR..YEAR,
        ) {
            let received = happened + age + way;
            prop_assert_eq!(corrected(happened, age, way, skew, jump), (happened + way - jump).min(received));
        }

        /// What one client sends in one go stays in its order.
        #[test]
        fn the_order_within_a_batch_stays(
            first in 0..YEAR, later in 0..YEAR, age in 0..YEAR, skew in -YEAR..YEAR, jump in -YEAR..YEAR,
        ) {
            let sent = first + later + age;
            let at = |happened: i64| corrected(happened, sent - happened, 50, skew, jump);
            prop_assert!(at(first) <= at(first + later));
        }

        /// Nothing is ever later than its receipt; without a time of sending the client's own is taken, as
        /// long as it is not, and no time is too odd.
        #[test]
        fn never_into_the_future(
            original in prop::option::of(any::<i64>()), sent in prop::option::of(any::<i64>()), received in 0..100 * YEAR,
        ) {
            let at = |time: Option<i64>| time.map(UtcMillis::new);
            let stamps = Stamps { original: at(original), sent: at(sent), received: UtcMillis::new(received) };
            let time = corrected_time(stamps).get();
            prop_assert!(time <= received);
            match (original, sent) {
                (Some(original), None) => prop_assert_eq!(time, original.min(received)),
                (None, _) => prop_assert_eq!(time, received),
                _ => {}
            }
        }
    }
}
