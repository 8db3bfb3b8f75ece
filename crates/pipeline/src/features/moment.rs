//! A time as features see it: parts of the calendar.

use tradewind_features::Value;
use tradewind_kernel::UtcMillis;

/// How a feature of the moment is computed.
pub(super) type OfMoment = fn(&Moment) -> Option<Value>;

pub(super) const MOMENT: [(&str, OfMoment); 9] = [
    ("hour_of_day", |m| Some(Value::Int(m.hour))),
    ("day_of_week", |m| Some(Value::Int(m.weekday))),
    ("is_weekend", |m| Some(Value::Bool(m.weekday > 5))),
    ("week_of_year", |m| Some(Value::Int(m.week()))),
    ("month", |m| Some(Value::Int(m.month))),
    ("day_of_year", |m| Some(Value::Int(m.day_of_year))),
    ("shopping_day", |m| m.shopping_day().map(|name| Value::Text(name.to_owned()))),
    ("season_sin", |m| Some(Value::Double(m.phase().sin()))),
    ("season_cos", |m| Some(Value::Double(m.phase().cos()))),
];

/// A time in words of the calendar, UTC.
#[derive(Debug, PartialEq)]
pub(crate) struct Moment {
    year: i64,
    /// From 1.
    day_of_month: i64,
    hour: i64,
    /// 1 Monday to 7 Sunday.
    weekday: i64,
    month: i64,
    /// From 1.
    day_of_year: i64,
    days_of_year: i64,
}

impl Moment {
    pub(crate) fn of(at: UtcMillis) -> Self {
        let days = at.get().div_euclid(UtcMillis::DAY);
        // The days of a civil date: Howard Hinnant, *chrono-Compatible Low-Level Date Algorithms*. Years begin
        // in March there, so that the leap day is the last.
        let shifted = days + 719_468;
        let era_day = shifted.rem_euclid(146_097);
        let era_year = (era_day - era_day / 1_460 + era_day / 36_524 - era_day / 146_096) / 365;
        let march_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
        let march_month = (5 * march_day + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = era_year + 400 * shifted.div_euclid(146_097) + i64::from(month <= 2);
        let is_leap = is_leap(year);
        // January and February are the last 59 or 60 days of a year that began in March.
        let day_of_year = if month <= 2 { march_day - 305 } else { march_day + 60 + i64::from(is_leap) };
        let day_of_month = march_day - (153 * march_month + 2) / 5 + 1;
        Self {
            year,
            day_of_month,
            hour: at.get().rem_euclid(UtcMillis::DAY) / UtcMillis::HOUR,
            weekday: (days + 3).rem_euclid(7) + 1,
            month,
            day_of_year,
            days_of_year: 365 + i64::from(is_leap),
        }
    }

    /// The month, 1 to 12.
    pub(crate) fn month(&self) -> u32 {
        u32::try_from(self.month).unwrap_or(1)
    }

    /// The week by ISO 8601: the first one has the year's first Thursday.
    fn week(&self) -> i64 {
        let thursday = self.day_of_year + 4 - self.weekday;
        let (day, days) = if thursday < 1 {
            // Of the year before.
            let before = 365 + i64::from(is_leap(self.year - 1));
            (thursday + before, before)
        } else {
            (thursday, self.days_of_year)
        };
        // The last days of a year may be of the next one's first week.
        if day > days { 1 } else { (day - 1) / 7 + 1 }
    }

    /// The day on which shops do more than usual, if it is one. Public holidays depend on the country, see
    /// [`tradewind_events::enrich::holiday_at`].
    fn shopping_day(&self) -> Option<&'static str> {
        // Black Friday follows the fourth Thursday of November; so many days after it:
        let is_after_friday = |days: i64| {
            let friday = self.day_of_month - days + if self.month == 12 { 30 } else { 0 };
            self.month >= 11 && self.weekday == (4 + days) % 7 + 1 && (23..=29).contains(&friday)
        };
        match (self.month, self.day_of_month) {
            (2, 14) => Some("valentines_day"),
            (11, 11) => Some("singles_day"),
            (12, 18..=24) => Some("before_christmas"),
            _ if (0..=2).any(is_after_friday) => Some("black_friday"),
            _ if is_after_friday(3) => Some("cyber_monday"),
            _ => None,
        }
    }

    /// The year's phase, 0 at its beginning.
    fn phase(&self) -> f64 {
        std::f64::consts::TAU * (self.day_of_year - 1) as f64 / self.days_of_year as f64
    }
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(at: &str, expected: (i64, i64, i64, i64, i64)) {
        let m = Moment::of(UtcMillis::parse(at).unwrap());
        assert_eq!((m.hour, m.weekday, m.month, m.day_of_year, m.days_of_year), expected, "{at}");
    }

    #[test]
    fn moments_are_read_from_the_calendar() {
        check("1970-01-01T00:00:00Z", (0, 4, 1, 1, 365));
        check("2024-02-29T23:59:59Z", (23, 4, 2, 60, 366));
        check("2024-03-01T00:00:00Z", (0, 5, 3, 61, 366));
        check("2024-12-31T12:00:00Z", (12, 2, 12, 366, 366));
        check("2026-11-21T17:00:00Z", (17, 6, 11, 325, 365));
        check("2100-03-01T00:00:00Z", (0, 1, 3, 60, 365));
        check("1969-12-31T23:00:00Z", (23, 3, 12, 365, 365));
    }

    #[track_caller]
    fn day(at: &str) -> (i64, Option<&'static str>) {
        let moment = Moment::of(UtcMillis::parse(&format!("{at}T12:00:00Z")).unwrap());
        (moment.week(), moment.shopping_day())
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        for (at, week) in [
            ("2024-12-29", 52),
            ("2024-12-30", 1),
            ("2025-01-05", 1),
            ("2020-12-31", 53),
            ("2021-01-03", 53),
            ("2021-01-04", 1),
            ("2023-01-01", 52),
            ("2026-11-21", 47),
        ] {
            assert_eq!(day(at).0, week, "{at}");
        }
    }

    #[test]
    fn shopping_days_fall_where_calendars_have_them() {
        for (at, name) in [
            ("2026-02-14", Some("valentines_day")),
            ("2026-11-11", Some("singles_day")),
            ("2026-11-20", None),
            ("2026-11-27", Some("black_friday")),
            ("2026-11-29", Some("black_friday")),
            ("2026-11-30", Some("cyber_monday")),
            ("2026-12-01", None),
            ("2024-11-22", None),
            ("2024-11-29", Some("black_friday")),
            ("2024-12-01", Some("black_friday")),
            ("2024-12-02", Some("cyber_monday")),
            ("2024-12-09", None),
            ("2026-12-24", Some("before_christmas")),
            ("2026-12-25", None),
        ] {
            assert_eq!(day(at).1, name, "{at}");
        }
    }
}
