//! What an answer means, and when to try again. Pure: the time and what spreads the attempts come in.

use std::time::{Duration, SystemTime};

use tradewind_kernel::UtcMillis;

/// The longest pause that an answer may ask for.
const MAX_RETRY_AFTER_MS: i64 = UtcMillis::DAY;
/// The longest time that an endpoint in trouble is left alone, but for what its answer asks.
const MAX_QUIET_MS: i64 = 5 * UtcMillis::MINUTE;
/// The part of a pause that may come on top, so that attempts spread.
const JITTER_PART: i64 = 10;

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer with this status; it may ask to wait.
    Answer { status: u16, retry_after_ms: Option<i64> },
    /// No answer: `timeout`, `unreachable` or `address_refused`, and the same in words.
    Nothing { cause: &'static str, detail: String },
}

/// What an outcome means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Delivered,
    /// The endpoint wants nothing any more.
    Gone,
    /// To be tried again, at the earliest after so long.
    Again {
        after_ms: i64,
        trouble: Trouble,
    },
}

/// Whose trouble an attempt ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// This delivery's.
    Delivery,
    /// The endpoint's: others need not be tried now.
    Endpoint,
}

impl Outcome {
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Answer { status: 200..=299, .. } => Verdict::Delivered,
            Self::Answer { status: 410, .. } => Verdict::Gone,
            Self::Answer { status, retry_after_ms } => {
                let is_endpoints = matches!(status, 429 | 502 | 503 | 504);
                let trouble = if is_endpoints { Trouble::Endpoint } else { Trouble::Delivery };
                let after_ms = retry_after_ms.filter(|_| is_endpoints).unwrap_or(0);
                Verdict::Again { after_ms: after_ms.clamp(0, MAX_RETRY_AFTER_MS), trouble }
            }
            Self::Nothing { .. } => Verdict::Again { after_ms: 0, trouble: Trouble::Endpoint },
        }
    }

    /// Why it is no delivery, in snake case.
    pub(crate) fn cause(&self) -> &'static str {
        match self {
            Self::Nothing { cause, .. } => cause,
            Self::Answer { status, .. } => match status {
                300..=399 => "redirected",
                410 => "gone",
                429 => "too_many_requests",
                400..=499 => "refused",
                500..=599 => "server_error",
                _ => "unexpected_answer",
            },
        }
    }

    /// The same in words.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Nothing { detail, .. } => detail.clone(),
            Self::Answer { status, .. } => format!("the endpoint answered {status}"),
        }
    }

    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Answer { status, .. } => Some(*status),
            Self::Nothing { .. } => None,
        }
    }
}

/// A pause with up to a tenth on top, spread by `seed`.
fn spread(pause_ms: i64, seed: u64) -> i64 {
    let thousandth = i64::try_from(seed % 1_000).unwrap_or(0);
    pause_ms + pause_ms / JITTER_PART * thousandth / 1_000
}

/// When a delivery is tried again after `attempts` of them, `None` when that was the last.
pub(crate) fn next_at(
    now: UtcMillis,
    pauses_ms: &[i64],
    attempts: usize,
    after_ms: i64,
    seed: u64,
) -> Option<UtcMillis> {
    let pause_ms = pauses_ms.get(attempts.checked_sub(1)?)?;
    Some(now.plus(spread(*pause_ms, seed).max(spread(after_ms, seed))))
}

/// How long an endpoint is left alone after so many attempts in a row that ran into its trouble.
pub(crate) fn quiet_ms(pauses_ms: &[i64], troubles: u32, after_ms: i64, seed: u64) -> i64 {
    let first_ms = pauses_ms.first().copied().unwrap_or(0).min(MAX_QUIET_MS);
    let doubled = first_ms.saturating_mul(1 << troubles.saturating_sub(1).min(16));
    spread(doubled.min(MAX_QUIET_MS), seed).max(after_ms)
}

/// How long a `Retry-After` asks to wait: seconds, or a date of HTTP.
pub(crate) fn retry_after_ms(value: &str, now: UtcMillis) -> Option<i64> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(i64::from(seconds) * 1_000);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let since_1970 = date.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let at = UtcMillis::new(i64::try_from(since_1970.as_millis()).ok()?);
    Some(at.since(now).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMillis = UtcMillis::new(1_795_000_000_000);

    fn answer(status: u16, retry_after_ms: Option<i64>) -> Verdict {
        Outcome::Answer { status, retry_after_ms }.verdict()
    }

    #[test]
    fn only_2xx_is_done_410_is_the_end_and_all_else_is_tried_again() {
        for status in [200, 204, 299] {
            assert_eq!(answer(status, None), Verdict::Delivered);
        }
        assert_eq!(answer(410, None), Verdict::Gone);
        for status in [100, 301, 302, 307, 308, 400, 401, 404, 500, 501] {
            let own = Verdict::Again { after_ms: 0, trouble: Trouble::Delivery };
            assert_eq!(answer(status, Some(9_000)), own, "{status}");
        }
        for status in [429, 502, 503, 504] {
            let wait = |after_ms| Verdict::Again { after_ms, trouble: Trouble::Endpoint };
            assert_eq!(answer(status, Some(9_000)), wait(9_000), "{status}");
            assert_eq!(answer(status, Some(i64::MAX)), wait(UtcMillis::DAY), "{status}");
        }
        let nothing = Outcome::Nothing { cause: "timeout", detail: "no answer in time".into() };
        assert_eq!(nothing.verdict(), Verdict::Again { after_ms: 0, trouble: Trouble::Endpoint });
    }

    #[test]
    fn attempts_follow_the_schedule_to_its_end() {
        let pauses = [5_000, 300_000];
        let pause =
            |attempts, after, seed| next_at(NOW, &pauses, attempts, after, seed).map(|at| at.since(NOW));
        assert_eq!((pause(1, 0, 0), pause(2, 0, 0), pause(3, 0, 0)), (Some(5_000), Some(300_000), None));
        assert_eq!((pause(1, 60_000, 0), pause(2, 60_000, 0)), (Some(60_000), Some(300_000)));
        assert_eq!(pause(3, 60_000, 0), None);
        for seed in 0..2_000 {
            let spread = pause(2, 0, seed).unwrap();
            assert!((300_000..330_000).contains(&spread), "{spread}");
        }
        assert_ne!(pause(2, 0, 1), pause(2, 0, 500));
    }

    #[test]
    fn an_endpoint_in_trouble_is_left_alone_for_longer_and_longer() {
        let quiet = |troubles, after| quiet_ms(&[5_000], troubles, after, 0);
        assert_eq!((quiet(1, 0), quiet(2, 0), quiet(3, 0)), (5_000, 10_000, 20_000));
        assert_eq!((quiet(7, 0), quiet(u32::MAX, 0)), (300_000, 300_000));
        assert_eq!((quiet(1, 60_000), quiet(1, 3_600_000)), (60_000, 3_600_000));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after_ms(" 120 ", NOW), Some(120_000));
        let then = UtcMillis::parse("2026-11-18T11:07:40Z").unwrap();
        assert_eq!(retry_after_ms("Wed, 18 Nov 2026 11:07:40 GMT", then.plus(-90_000)), Some(90_000));
        assert_eq!(retry_after_ms("Sun, 06 Nov 1994 08:49:37 GMT", NOW), Some(0));
        for wrong in ["", "soon", "-5", "1.5"] {
            assert_eq!(retry_after_ms(wrong, NOW), None, "{wrong}");
        }
    }
}
