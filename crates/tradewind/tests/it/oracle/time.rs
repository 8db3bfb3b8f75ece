//! Times as text, without the crates' help.

pub(super) const HOUR_MS: i64 = 3_600_000;
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;

/// RFC 3339 with milliseconds, in the zone that is `offset_ms` ahead of UTC.
pub(super) fn written(at_ms: i64, offset_ms: i64) -> String {
    let local = at_ms + offset_ms;
    let (days, in_day) = (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS));
    let (year, month, day) = date(days);
    let (hour, minute) = (in_day / HOUR_MS, in_day / 60_000 % 60);
    let (second, millis) = (in_day / 1_000 % 60, in_day % 1_000);
    let zone = match offset_ms {
        0 => "Z".to_owned(),
        _ => {
            let (sign, minutes) = (if offset_ms < 0 { '-' } else { '+' }, offset_ms.abs() / 60_000);
            format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        }
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}{zone}")
}

/// The date of a day after 1970-01-01: years and months are counted off one by one.
fn date(mut days: i64) -> (i64, i64, i64) {
    let mut year = 1970;
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while days >= 365 + i64::from(is_leap(year)) {
        days -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + i64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    (year, i64::try_from(month).unwrap() + 1, days + 1)
}

#[test]
fn dates_are_those_of_the_calendar() {
    assert_eq!(written(951_782_400_000, 0), "2000-02-29T00:00:00.000Z");
    assert_eq!(written(1_795_000_000_001, -11 * HOUR_MS / 2), "2026-11-18T05:36:40.001-05:30");
    assert_eq!(written(1_798_761_599_999, HOUR_MS), "2027-01-01T00:59:59.999+01:00");
}
