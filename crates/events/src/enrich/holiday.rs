//! Public holidays that a whole country has, by rule rather than by list, so that no year runs out.
//!
//! Holidays of a single state or canton are not here, nor days given for one that falls on a weekend. The
//! countries are those of which the rules are fixed by date, weekday or (western) Easter; another has none.

use jiff::civil::{Date, Weekday};

use jiff::tz::TimeZone;
use tradewind_kernel::UtcMillis;

use super::{Country, local_time, main_zone};

/// When a holiday is.
#[derive(Debug, Clone, Copy)]
enum When {
    /// On this day of this month.
    On(i8, i8),
    /// This many days after Easter Sunday.
    Easter(i32),
    /// On the first such weekday, this day included.
    From(i8, i8, Weekday),
}

type Holiday = (&'static str, When);

use When::{Easter, From, On};

const NEW_YEAR: Holiday = ("New Year's Day", On(1, 1));
const EPIPHANY: Holiday = ("Epiphany", On(1, 6));
const MAUNDY_THURSDAY: Holiday = ("Maundy Thursday", Easter(-3));
const GOOD_FRIDAY: Holiday = ("Good Friday", Easter(-2));
const EASTER_SUNDAY: Holiday = ("Easter Sunday", Easter(0));
const EASTER_MONDAY: Holiday = ("Easter Monday", Easter(1));
const ANZAC_DAY: Holiday = ("Anzac Day", On(4, 25));
const LABOUR_DAY: Holiday = ("Labour Day", On(5, 1));
const VICTORY_DAY: Holiday = ("Victory Day", On(5, 8));
const ASCENSION: Holiday = ("Ascension Day", Easter(39));
const WHIT_SUNDAY: Holiday = ("Whit Sunday", Easter(49));
const WHIT_MONDAY: Holiday = ("Whit Monday", Easter(50));
const CORPUS_CHRISTI: Holiday = ("Corpus Christi", Easter(60));
const MIDSUMMER: Holiday = ("Midsummer Day", From(6, 20, Weekday::Saturday));
const ASSUMPTION: Holiday = ("Assumption Day", On(8, 15));
const ALL_SAINTS: Holiday = ("All Saints' Day", On(11, 1));
const ALL_SAINTS_SATURDAY: Holiday = ("All Saints' Day", From(10, 31, Weekday::Saturday));
const ARMISTICE: Holiday = ("Armistice Day", On(11, 11));
const IMMACULATE_CONCEPTION: Holiday = ("Immaculate Conception", On(12, 8));
const CHRISTMAS_EVE: Holiday = ("Christmas Eve", On(12, 24));
const CHRISTMAS: Holiday = ("Christmas Day", On(12, 25));
const SECOND_CHRISTMAS: Holiday = ("Second Day of Christmas", On(12, 26));
const BOXING_DAY: Holiday = ("Boxing Day", On(12, 26));

const fn monday(name: &'static str, month: i8, from: i8) -> Holiday {
    (name, From(month, from, Weekday::Monday))
}

const fn on(name: &'static str, month: i8, day: i8) -> Holiday {
    (name, On(month, day))
}

#[rustfmt::skip]
fn calendar(country: &str) -> &'static [Holiday] {
    match country {
        "AT" => const { &[NEW_YEAR, EPIPHANY, EASTER_MONDAY, LABOUR_DAY, ASCENSION, WHIT_MONDAY, CORPUS_CHRISTI,
            ASSUMPTION, on("National Day", 10, 26), ALL_SAINTS, IMMACULATE_CONCEPTION, CHRISTMAS, SECOND_CHRISTMAS] },
        "AU" => const { &[NEW_YEAR, on("Australia Day", 1, 26), GOOD_FRIDAY, EASTER_MONDAY, ANZAC_DAY, CHRISTMAS, BOXING_DAY] },
        "BE" => const { &[NEW_YEAR, EASTER_MONDAY, LABOUR_DAY, ASCENSION, WHIT_MONDAY, on("National Day", 7, 21),
            ASSUMPTION, ALL_SAINTS, ARMISTICE, CHRISTMAS] },
        "CA" => const { &[NEW_YEAR, GOOD_FRIDAY, monday("Victoria Day", 5, 18), on("Canada Day", 7, 1),
            monday("Labour Day", 9, 1), monday("Thanksgiving", 10, 8), CHRISTMAS] },
        "CH" => const { &[NEW_YEAR, ASCENSION, on("National Day", 8, 1), CHRISTMAS] },
        "CZ" => const { &[NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY, LABOUR_DAY, VICTORY_DAY,
            on("Saints Cyril and Methodius Day", 7, 5), on("Jan Hus Day", 7, 6), on("Statehood Day", 9, 28),
            on("Independence Day", 10, 28), on("Freedom and Democracy Day", 11, 17), CHRISTMAS_EVE, CHRISTMAS, SECOND_CHRISTMAS] },
        "DE" => const { &[NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY, LABOUR_DAY, ASCENSION, WHIT_MONDAY,
            on("German Unity Day", 10, 3), CHRISTMAS, SECOND_CHRISTMAS] },
        "DK" => const { &[NEW_YEAR, MAUNDY_THURSDAY, GOOD_FRIDAY, EASTER_SUNDAY, EASTER_MONDAY, ASCENSION, WHIT_SUNDAY,
            WHIT_MONDAY, CHRISTMAS, SECOND_CHRISTMAS] },
        "ES" => const { &[NEW_YEAR, EPIPHANY, GOOD_FRIDAY, LABOUR_DAY, ASSUMPTION, on("National Day", 10, 12), ALL_SAINTS,
            on("Constitution Day", 12, 6), IMMACULATE_CONCEPTION, CHRISTMAS] },
        "FI" => const { &[NEW_YEAR, EPIPHANY, GOOD_FRIDAY, EASTER_SUNDAY, EASTER_MONDAY, LABOUR_DAY, ASCENSION, WHIT_SUNDAY,
            MIDSUMMER, ALL_SAINTS_SATURDAY, on("Independence Day", 12, 6), CHRISTMAS, SECOND_CHRISTMAS] },
        "FR" => const { &[NEW_YEAR, EASTER_MONDAY, LABOUR_DAY, VICTORY_DAY, ASCENSION, WHIT_MONDAY, on("Bastille Day", 7, 14),
            ASSUMPTION, ALL_SAINTS, ARMISTICE, CHRISTMAS] },
        "GB" => const { &[NEW_YEAR, GOOD_FRIDAY, monday("Early May Bank Holiday", 5, 1), monday("Spring Bank Holiday", 5, 25),
            CHRISTMAS, BOXING_DAY] },
        "IE" => const { &[NEW_YEAR, on("Saint Patrick's Day", 3, 17), EASTER_MONDAY, monday("May Day", 5, 1),
            monday("June Holiday", 6, 1), monday("August Holiday", 8, 1), monday("October Holiday", 10, 25), CHRISTMAS,
            on("Saint Stephen's Day", 12, 26)] },
        "IT" => const { &[NEW_YEAR, EPIPHANY, EASTER_SUNDAY, EASTER_MONDAY, on("Liberation Day", 4, 25), LABOUR_DAY,
            on("Republic Day", 6, 2), ASSUMPTION, ALL_SAINTS, IMMACULATE_CONCEPTION, CHRISTMAS, SECOND_CHRISTMAS] },
        "LU" => const { &[NEW_YEAR, EASTER_MONDAY, LABOUR_DAY, on("Europe Day", 5, 9), ASCENSION, WHIT_MONDAY,
            on("National Day", 6, 23), ASSUMPTION, ALL_SAINTS, CHRISTMAS, SECOND_CHRISTMAS] },
        "NL" => const { &[NEW_YEAR, EASTER_SUNDAY, EASTER_MONDAY, on("King's Day", 4, 27), on("Liberation Day", 5, 5), ASCENSION,
            WHIT_SUNDAY, WHIT_MONDAY, CHRISTMAS, SECOND_CHRISTMAS] },
        "NO" => const { &[NEW_YEAR, MAUNDY_THURSDAY, GOOD_FRIDAY, EASTER_SUNDAY, EASTER_MONDAY, LABOUR_DAY,
            on("Constitution Day", 5, 17), ASCENSION, WHIT_SUNDAY, WHIT_MONDAY, CHRISTMAS, SECOND_CHRISTMAS] },
        "NZ" => const { &[NEW_YEAR, on("Day after New Year's Day", 1, 2), on("Waitangi Day", 2, 6), GOOD_FRIDAY, EASTER_MONDAY,
            ANZAC_DAY, monday("King's Birthday", 6, 1), monday("Labour Day", 10, 22), CHRISTMAS, BOXING_DAY] },
        "PL" => const { &[NEW_YEAR, EPIPHANY, EASTER_SUNDAY, EASTER_MONDAY, LABOUR_DAY, on("Constitution Day", 5, 3), WHIT_SUNDAY,
            CORPUS_CHRISTI, ASSUMPTION, ALL_SAINTS, on("Independence Day", 11, 11), CHRISTMAS_EVE, CHRISTMAS, SECOND_CHRISTMAS] },
        "PT" => const { &[NEW_YEAR, GOOD_FRIDAY, EASTER_SUNDAY, on("Freedom Day", 4, 25), LABOUR_DAY, CORPUS_CHRISTI,
            on("Portugal Day", 6, 10), ASSUMPTION, on("Republic Day", 10, 5), ALL_SAINTS, on("Restoration of Independence", 12, 1),
            IMMACULATE_CONCEPTION, CHRISTMAS] },
        "SE" => const { &[NEW_YEAR, EPIPHANY, GOOD_FRIDAY, EASTER_SUNDAY, EASTER_MONDAY, LABOUR_DAY, ASCENSION, WHIT_SUNDAY,
            on("National Day", 6, 6), MIDSUMMER, ALL_SAINTS_SATURDAY, CHRISTMAS, SECOND_CHRISTMAS] },
        "US" => const { &[NEW_YEAR, monday("Martin Luther King Jr. Day", 1, 15), monday("Washington's Birthday", 2, 15),
            monday("Memorial Day", 5, 25), on("Juneteenth", 6, 19), on("Independence Day", 7, 4), monday("Labor Day", 9, 1),
            monday("Columbus Day", 10, 8), on("Veterans Day", 11, 11), ("Thanksgiving", From(11, 22, Weekday::Thursday)), CHRISTMAS] },
        _ => &[],
    }
}

/// The holiday that a whole country has on this day, by its English name.
#[must_use]
pub fn holiday(country: Country, date: Date) -> Option<&'static str> {
    let holidays = calendar(country.as_str());
    if holidays.is_empty() {
        return None;
    }
    let (day, easter) = (day_number(date), easter_day_number(date.year()));
    let is_now = |when: When| match when {
        On(month, day) => (date.month(), date.day()) == (month, day),
        Easter(after) => easter.is_some_and(|easter| day - easter == after),
        From(month, first, weekday) => {
            let first = Date::new(date.year(), month, first).map(day_number);
            date.weekday() == weekday && first.is_ok_and(|first| (0..7).contains(&(day - first)))
        }
    };
    holidays.iter().find(|(_, when)| is_now(*when)).map(|(name, _)| *name)
}

/// The holiday that a whole country has at this moment, by the clocks that most of its people live by.
#[must_use]
pub fn holiday_at(country: &str, at: UtcMillis) -> Option<&'static str> {
    let country = Country::parse(country)?;
    let zone = main_zone(country).and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    holiday(country, local_time(at, &zone)?.date)
}

/// Days since some day, the same for all dates.
fn day_number(date: Date) -> i32 {
    i32::from(date.year()) * 366 + i32::from(date.day_of_year())
}

/// Easter Sunday by the rules of the Gregorian calendar (Meeus, Jones and Butcher).
fn easter_day_number(year: i16) -> Option<i32> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    let (month, day) = (i8::try_from(n / 31).ok()?, i8::try_from(n % 31 + 1).ok()?);
    Date::new(year, month, day).ok().map(day_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_day_there_that_counts() {
        let at = |text: &str| UtcMillis::parse(text).unwrap();
        assert_eq!(holiday_at("nz", at("2026-12-31T12:00:00Z")), Some("New Year's Day"), "already there");
        assert_eq!(holiday_at("US", at("2026-01-01T03:00:00Z")), None, "not yet there");
        assert_eq!(holiday_at("DE", at("2026-12-25T12:00:00Z")), Some("Christmas Day"));
        assert_eq!(
            (holiday_at("??", at("2026-12-25T12:00:00Z")), holiday_at("", at("2026-01-01T12:00:00Z"))),
            (None, None)
        );
    }

    #[track_caller]
    fn check(country: &str, date: &str, expected: &str) {
        let found = holiday(Country::parse(country).unwrap(), date.parse().unwrap());
        assert_eq!(found.unwrap_or(""), expected, "{country} {date}");
    }

    #[test]
    fn easter_over_the_years() {
        for date in ["2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2030-04-21", "2038-04-25"] {
            check("IT", date, "Easter Sunday");
        }
        check("DE", "2026-04-03", "Good Friday");
        check("DE", "2026-05-14", "Ascension Day");
        check("DE", "2026-05-25", "Whit Monday");
        check("PT", "2026-06-04", "Corpus Christi");
    }

    #[test]
    fn weekdays_of_a_month() {
        check("US", "2026-11-26", "Thanksgiving");
        check("US", "2026-11-19", "");
        check("US", "2027-01-18", "Martin Luther King Jr. Day");
        check("US", "2026-05-25", "Memorial Day");
        check("GB", "2026-05-25", "Spring Bank Holiday");
        check("GB", "2026-05-04", "Early May Bank Holiday");
        check("CA", "2026-05-18", "Victoria Day");
        check("CA", "2026-10-12", "Thanksgiving");
        check("SE", "2026-06-20", "Midsummer Day");
        check("FI", "2026-10-31", "All Saints' Day");
        check("FI", "2027-11-06", "All Saints' Day");
        check("IE", "2026-10-26", "October Holiday");
        check("NZ", "2026-10-26", "Labour Day");
    }

    #[test]
    fn fixed_days_and_days_that_are_none() {
        check("DE", "2026-10-03", "German Unity Day");
        check("FR", "2026-07-14", "Bastille Day");
        check("NL", "2026-04-27", "King's Day");
        check("GB", "2026-12-26", "Boxing Day");
        check("DE", "2026-07-14", "");
        check("JP", "2026-01-01", "");
    }
}
