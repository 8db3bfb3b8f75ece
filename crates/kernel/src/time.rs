//! UTC time in whole milliseconds, the only time that is stored.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UtcMillis(i64);

/// Text that is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an RFC 3339 time such as 2026-01-31T09:30:00Z")]
pub struct TimeError(String);

impl UtcMillis {
    /// One second, in milliseconds.
    pub const SECOND: i64 = 1_000;
    /// One minute, in milliseconds.
    pub const MINUTE: i64 = 60 * Self::SECOND;
    /// One hour, in milliseconds.
    pub const HOUR: i64 = 60 * Self::MINUTE;
    /// One day, in milliseconds.
    pub const DAY: i64 = 24 * Self::HOUR;

    /// The beginning of the year 0.
    const YEAR_0: i64 = -62_167_219_200_000;

    /// A time from milliseconds since the epoch.
    #[must_use]
    pub const fn new(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Parses RFC 3339 with any offset, or the same without one (then UTC), up to nanoseconds.
    ///
    /// # Errors
    /// [`TimeError`] when `text` is neither, or lies outside the years 0 to 9999.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let trimmed = text.trim();
        let stamp = trimmed.parse::<jiff::Timestamp>().or_else(|_| {
            trimmed
                .trim_end_matches(" UTC")
                .parse::<jiff::civil::DateTime>()
                .and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC))
                .map(|zoned| zoned.timestamp())
        });
        let stamp = stamp.ok().map(|s| Self(s.as_millisecond())).filter(|at| at.0 >= Self::YEAR_0);
        stamp.ok_or_else(|| TimeError(trimmed.chars().take(64).collect()))
    }

    /// RFC 3339 in UTC with milliseconds, such as `2026-01-31T09:30:00.000Z`.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0)
            .map_or_else(|_| format!("{}ms", self.0), |s| format!("{s:.3}"))
    }

    /// This time moved by `millis`, at the ends of the range instead of past them.
    #[must_use]
    pub const fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this time; negative if it lies after.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(UtcMillis::parse(text).map(UtcMillis::to_rfc3339), Ok(expected.to_owned()));
    }

    #[test]
    fn times_of_real_clients() {
        check("2026-11-20T20:42:42.264Z", "2026-11-20T20:42:42.264Z");
        check("2026-11-20T20:42:42.264+00:00", "2026-11-20T20:42:42.264Z");
        check("2026-11-20T20:42:43.526450+00:00", "2026-11-20T20:42:43.526Z");
        check("2026-11-20T21:42:43+01:00", "2026-11-20T20:42:43.000Z");
        check("2010-12-01 08:26:00", "2010-12-01T08:26:00.000Z");
        check("2019-10-01 00:00:00 UTC", "2019-10-01T00:00:00.000Z");
        check("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn not_a_time() {
        for text in [
            "",
            "yesterday",
            "2026-13-01T00:00:00Z",
            "99999999-01-01",
            "2026-11-20T25:00:00Z",
            "-000001-12-31T23:59:59Z",
        ] {
            assert!(UtcMillis::parse(text).is_err(), "{text}");
        }
    }
}
