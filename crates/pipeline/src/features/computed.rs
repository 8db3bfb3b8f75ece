//! The features that have no rows: each by the name that [`tradewind_features::built_in`] declares, with the
//! function that computes it.

use tradewind_catalog::{Availability, Product};
use tradewind_features::Value;
use tradewind_kernel::{Currency, UtcMillis};
use tradewind_people::{Action, Profile};

use crate::items::Items;

/// What the features of a profile are computed with.
pub(super) struct Seen<'a> {
    pub(super) now: UtcMillis,
    pub(super) currency: Currency,
    pub(super) items: &'a Items,
}

pub(super) type OfProfile = fn(&Seen<'_>, &Profile) -> Option<Value>;
pub(super) type OfProduct = fn(&Product, f64) -> Option<Value>;
pub(super) type OfMoment = fn(&Moment) -> Option<Value>;

pub(super) const PROFILE: [(&str, OfProfile); 18] = [
    ("orders", |_, p| int(p.orders)),
    ("refunds", |_, p| int(p.refunds)),
    ("revenue_minor", |s, p| int(p.revenue_in(s.currency))),
    ("sessions", |_, p| int(p.sessions)),
    ("events", |_, p| count(p.events)),
    ("product_views", |_, p| count(done(p, Action::View) + done(p, Action::Click))),
    ("cart_adds", |_, p| count(done(p, Action::Add))),
    ("first_seen", |_, p| seconds(p.first_seen)),
    ("last_seen", |_, p| seconds(p.last_seen)),
    ("days_since_last_seen", |s, p| days(s.now.since(p.last_seen))),
    ("days_since_last_order", |s, p| {
        let bought = p.recent.iter().rev().find(|t| t.action == Action::Buy)?;
        days(s.now.since(bought.at))
    }),
    ("is_first_time_shopper", |_, p| Some(Value::Bool(p.orders == 0))),
    ("cart_products", |_, p| count(p.cart.len() as u64)),
    ("cart_quantity", |_, p| count(p.cart.iter().map(|l| u64::from(l.quantity)).sum())),
    ("in_session", |s, p| Some(Value::Bool(p.session.as_ref().is_some_and(|o| o.holds(s.now))))),
    ("session_events", |s, p| int(p.session.as_ref().filter(|o| o.holds(s.now)).map_or(0, |o| o.events))),
    ("session_product_ids", |s, p| {
        let ids = p.session_items(s.now).iter().filter_map(|&item| s.items.id(item));
        Some(Value::List(ids.map(|id| Value::Text(id.to_string())).collect()))
    }),
    ("bought_products", |_, p| count(p.bought.len() as u64)),
];

pub(super) const PRODUCT: [(&str, OfProduct); 9] = [
    ("price_minor", |p, _| int(p.price?.minor)),
    ("currency", |p, _| Some(Value::Text(p.price?.currency.to_string()))),
    ("discount_share", |p, _| {
        let (price, list) = (p.price?, p.list_price?);
        let comparable = price.currency == list.currency && list.minor > 0;
        comparable.then(|| Value::Double(1.0 - price.minor as f64 / list.minor as f64))
    }),
    ("in_stock", |p, _| Some(Value::Bool(p.availability == Availability::InStock))),
    ("stock_quantity", |p, _| {
        let mut told = p.variants.iter().flat_map(|v| &v.stock).peekable();
        told.peek()?;
        count(told.map(|s| u64::from(s.quantity)).sum())
    }),
    ("category", |p, _| (!p.category_path.is_empty()).then(|| Value::Text(p.category()))),
    ("brand", |p, _| p.brand.clone().map(Value::Text)),
    ("popularity", |_, score| Some(Value::Double(score))),
    ("variants", |p, _| count(p.variants.len() as u64)),
];

pub(super) const MOMENT: [(&str, OfMoment); 7] = [
    ("hour_of_day", |m| Some(Value::Int(m.hour))),
    ("day_of_week", |m| Some(Value::Int(m.weekday))),
    ("is_weekend", |m| Some(Value::Bool(m.weekday > 5))),
    ("month", |m| Some(Value::Int(m.month))),
    ("day_of_year", |m| Some(Value::Int(m.day_of_year))),
    ("season_sin", |m| Some(Value::Double(m.phase().sin()))),
    ("season_cos", |m| Some(Value::Double(m.phase().cos()))),
];

fn named<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|(_, get)| *get)
}

/// How a feature of the profile is computed.
pub(super) fn of_profile(name: &str) -> Option<OfProfile> {
    named(&PROFILE, name)
}

/// How a feature of a product is computed.
pub(super) fn of_product(name: &str) -> Option<OfProduct> {
    named(&PRODUCT, name)
}

/// How a feature of the moment is computed.
pub(super) fn of_moment(name: &str) -> Option<OfMoment> {
    named(&MOMENT, name)
}

#[expect(clippy::unnecessary_wraps, reason = "the tables' functions may have no value")]
fn int(number: impl Into<i64>) -> Option<Value> {
    Some(Value::Int(number.into()))
}

fn count(number: u64) -> Option<Value> {
    Some(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)))
}

fn seconds(at: UtcMillis) -> Option<Value> {
    Some(Value::Int(at.get().div_euclid(UtcMillis::SECOND)))
}

fn days(ms: i64) -> Option<Value> {
    Some(Value::Double(ms as f64 / UtcMillis::DAY as f64))
}

fn done(profile: &Profile, action: Action) -> u64 {
    profile.actions.get(&action.into()).copied().unwrap_or(0)
}

/// A time in words of the calendar, UTC.
#[derive(Debug, PartialEq)]
pub(super) struct Moment {
    hour: i64,
    /// 1 Monday to 7 Sunday.
    weekday: i64,
    month: i64,
    /// From 1.
    day_of_year: i64,
    days_of_year: i64,
}

impl Moment {
    pub(super) fn of(at: UtcMillis) -> Self {
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
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        // January and February are the last 59 or 60 days of a year that began in March.
        let day_of_year = if month <= 2 { march_day - 305 } else { march_day + 60 + i64::from(is_leap) };
        Self {
            hour: at.get().rem_euclid(UtcMillis::DAY) / UtcMillis::HOUR,
            weekday: (days + 3).rem_euclid(7) + 1,
            month,
            day_of_year,
            days_of_year: 365 + i64::from(is_leap),
        }
    }

    /// The year's phase, 0 at its beginning.
    fn phase(&self) -> f64 {
        std::f64::consts::TAU * (self.day_of_year - 1) as f64 / self.days_of_year as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradewind_features::{Registry, built_in};

    #[test]
    fn every_feature_that_is_declared_is_computed_and_of_its_type() {
        let registry = Registry::default();
        let check = |view: &str, computed: Vec<(&str, Option<Value>)>| {
            let view = registry.view(view, None).unwrap();
            assert_eq!(view.spec.features.len(), computed.len());
            for (feature, (name, value)) in view.spec.features.iter().zip(computed) {
                assert_eq!(feature.name, name);
                assert!(value.is_none_or(|v| v.is_of(feature.kind)), "{name}");
            }
        };
        let items = Items::default();
        let seen = Seen { now: UtcMillis::new(0), currency: Currency::EUR, items: &items };
        let profile = Profile::default();
        check(built_in::SUBJECT_PROFILE, PROFILE.iter().map(|(n, get)| (*n, get(&seen, &profile))).collect());
        let product = Product::default();
        check(built_in::PRODUCT_STATS, PRODUCT.iter().map(|(n, get)| (*n, get(&product, 1.0))).collect());
        let moment = Moment::of(UtcMillis::new(0));
        check(built_in::CALENDAR, MOMENT.iter().map(|(n, get)| (*n, get(&moment))).collect());
    }

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
}
