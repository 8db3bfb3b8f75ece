//! Which country a locale or a time zone speaks of, and which zone a country mostly lives by.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Zones and countries; the file says where it comes from.
const ZONES: &str = include_str!("zones.txt");

/// A country, as two letters of ISO 3166-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// A country from its two letters, in upper or lower case; `UK` is `GB`.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let &[first, second] = code.as_bytes() else { return None };
        if !first.is_ascii_alphabetic() || !second.is_ascii_alphabetic() {
            return None;
        }
        let letters = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
        Some(Self(if &letters == b"UK" { *b"GB" } else { letters }))
    }

    /// Its two letters, in upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether most of it lies south of the equator.
    #[must_use]
    pub fn is_southern(self) -> bool {
        const SOUTH: [&str; 45] = [
            "AO", "AR", "AS", "AU", "BI", "BO", "BR", "BW", "CD", "CK", "CL", "EC", "FJ", "FK", "ID", "KM",
            "LS", "MG", "MU", "MW", "MZ", "NA", "NC", "NR", "NU", "NZ", "PE", "PF", "PG", "PY", "RE", "RW",
            "SB", "SC", "SZ", "TL", "TO", "TV", "TZ", "UY", "VU", "WS", "ZA", "ZM", "ZW",
        ];
        SOUTH.binary_search(&self.as_str()).is_ok()
    }
}

struct Tables {
    country_of: HashMap<String, Country>,
    main_zone_of: HashMap<Country, &'static str>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let (mut country_of, mut main_zone_of) = (HashMap::new(), HashMap::new());
    for line in ZONES.lines().filter(|line| !line.starts_with('#')) {
        let Some((zone, code)) = line.split_once(' ') else { continue };
        let Some(country) = Country::parse(code.trim_end_matches('*')) else { continue };
        country_of.insert(zone.to_ascii_lowercase(), country);
        if code.ends_with('*') {
            main_zone_of.insert(country, zone);
        }
    }
    Tables { country_of, main_zone_of }
});

/// The country that an IANA time zone belongs to, whatever the case of its letters.
#[must_use]
pub fn country_of_zone(zone: &str) -> Option<Country> {
    TABLES.country_of.get(&zone.to_ascii_lowercase()).copied()
}

/// The zone that most people of a country live by.
#[must_use]
pub fn main_zone(country: Country) -> Option<&'static str> {
    TABLES.main_zone_of.get(&country).copied()
}

/// The country that a locale names: `GB` of `en-GB`, `TW` of `zh-Hant_TW`, none of `en` and `es-419`.
#[must_use]
pub fn country_of_locale(locale: &str) -> Option<Country> {
    let mut parts = locale.split(['-', '_', '.']).skip(1);
    let first = parts.next()?;
    Country::parse(first).or_else(|| (first.len() == 4).then(|| parts.next().and_then(Country::parse))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales() {
        let check = |locale: &str, expected: &str| {
            let found = country_of_locale(locale);
            assert_eq!(found.as_ref().map_or("", Country::as_str), expected, "{locale}");
        };
        check("en-GB", "GB");
        check("de_AT.UTF-8", "AT");
        check("zh-Hant-TW", "TW");
        check("pt-br", "BR");
        check("en-UK", "GB");
        for none in ["en", "", "es-419", "C.UTF-8", "-", "zh-Hant", "en-ÄÖ"] {
            check(none, "");
        }
    }

    #[test]
    fn zones() {
        let check = |zone: &str, expected: &str| {
            let found = country_of_zone(zone);
            assert_eq!(found.as_ref().map_or("", Country::as_str), expected, "{zone}");
        };
        check("Europe/Berlin", "DE");
        check("europe/kiev", "UA");
        check("America/Argentina/Buenos_Aires", "AR");
        check("Asia/Calcutta", "IN");
        check("US/Pacific", "US");
        check("Etc/UTC", "");
        check("Mars/Olympus", "");
    }

    /// Each main zone is one that the time zone database knows, and lies in its country.
    #[test]
    fn every_main_zone_is_known() {
        for (country, zone) in &TABLES.main_zone_of {
            assert_eq!(country_of_zone(zone), Some(*country));
        }
        for zone in TABLES.country_of.keys() {
            assert!(jiff::tz::TimeZone::get(zone).is_ok(), "{zone}");
        }
        for country in ["DE", "US", "RU", "AU", "BR", "CA", "NZ", "CN"] {
            assert!(main_zone(Country::parse(country).unwrap()).is_some(), "{country}");
        }
        assert_eq!(main_zone(Country::parse("RU").unwrap()), Some("Europe/Moscow"));
    }

    #[test]
    fn the_list_of_southern_countries_can_be_searched() {
        for (code, southern) in [("AO", true), ("ZW", true), ("AU", true), ("DE", false), ("US", false)] {
            assert_eq!(Country::parse(code).unwrap().is_southern(), southern, "{code}");
        }
    }
}
