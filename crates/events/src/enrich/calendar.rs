//! The hour, the day of the week and the season where the shopper is.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tradewind_kernel::UtcMillis;

use super::Country;

/// A time as clocks and calendars show it at some place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// The day.
    pub date: Date,
    /// 0 to 23.
    pub hour: u8,
    /// 1 for Monday to 7 for Sunday.
    pub weekday: u8,
}

/// A moment at a place; none outside the years that a calendar has.
#[must_use]
pub fn local_time(at: UtcMillis, zone: &TimeZone) -> Option<LocalTime> {
    let local = zone.to_datetime(Timestamp::from_millisecond(at.get()).ok()?);
    let weekday = local.weekday().to_monday_one_offset();
    Some(LocalTime {
        date: local.date(),
        hour: u8::try_from(local.hour()).ok()?,
        weekday: u8::try_from(weekday).ok()?,
    })
}

impl LocalTime {
    /// The season by whole months: spring begins with March, south of the equator with September.
    #[must_use]
    pub fn season(&self, country: Country) -> &'static str {
        const SEASONS: [&str; 4] = ["winter", "spring", "summer", "autumn"];
        let quarter = usize::from(self.date.month().unsigned_abs() % 12 / 3);
        SEASONS[(quarter + if country.is_southern() { 2 } else { 0 }) % 4]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(at: &str, zone: &str, expected: (u8, u8)) {
        let zone = TimeZone::get(zone).unwrap();
        let local = local_time(UtcMillis::parse(at).unwrap(), &zone).unwrap();
        assert_eq!((local.hour, local.weekday), expected, "{at}");
    }

    #[test]
    fn hours_and_weekdays_across_daylight_saving_and_midnight() {
        check("2026-11-21T12:30:00Z", "Europe/Berlin", (13, 6));
        check("2026-07-21T12:30:00Z", "Europe/Berlin", (14, 2));
        check("2026-11-22T23:30:00Z", "Europe/Berlin", (0, 1));
        check("2026-11-21T12:30:00Z", "Asia/Kolkata", (18, 6));
        check("2026-11-21T02:00:00Z", "America/Los_Angeles", (18, 5));
        check("2040-07-01T12:00:00Z", "Europe/Berlin", (14, 7));
    }

    #[test]
    fn seasons_turn_around_at_the_equator() {
        let at = |date: &str| LocalTime { date: date.parse().unwrap(), hour: 0, weekday: 1 };
        let check = |date: &str, country: &str, expected: &str| {
            assert_eq!(at(date).season(Country::parse(country).unwrap()), expected, "{date} {country}");
        };
        check("2026-12-01", "DE", "winter");
        check("2026-02-28", "DE", "winter");
        check("2026-03-01", "US", "spring");
        check("2026-08-31", "GB", "summer");
        check("2026-11-30", "FR", "autumn");
        check("2026-12-25", "AU", "summer");
        check("2026-06-01", "NZ", "winter");
    }
}
