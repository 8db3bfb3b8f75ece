//! The features that have no rows: each by the name that [`tradewind_features::built_in`] or the table of traits
//! declares, with what computes it.

use tradewind_catalog::{Availability, Product};
use tradewind_events::enrich::holiday_at;
use tradewind_features::Value;
use tradewind_kernel::{Currency, Purposes, UtcMillis};
use tradewind_people::facts::MAX_CATEGORY_LEVELS;
use tradewind_people::traits::{self, Context, Trait, TraitValue};
use tradewind_people::{Action, Profile, intent, priors};

use super::declared::{STRENGTHS, VALUES};
use super::moment::{MOMENT, Moment, OfMoment};
use crate::facts::{category_word, text_of};
use crate::items::Items;
use crate::live::Live;

/// What features are computed with.
pub(super) struct Seen<'a> {
    pub(super) now: UtcMillis,
    pub(super) currency: Currency,
    pub(super) items: &'a Items,
    pub(super) words: &'a Items,
    pub(super) live: &'a Live,
}

type Own = fn(&Seen<'_>, &Profile) -> Option<Value>;
pub(super) type OfProduct = fn(&Seen<'_>, &Product, f64) -> Option<Value>;
/// Of a category, by its word.
pub(super) type OfCategory = fn(&Seen<'_>, u32) -> Option<Value>;

/// How a feature of the profile is computed.
#[derive(Clone, Copy)]
pub(super) enum OfProfile {
    /// It is no trait.
    Own(Own),
    /// It is a trait.
    Trait(&'static Trait),
    /// It is how strong each of a trait's words is.
    Strengths(&'static Trait),
}

impl OfProfile {
    /// The value; none where the trait's own purpose is not among `allowed`.
    pub(super) fn get(self, seen: &Seen<'_>, profile: &Profile, allowed: Purposes) -> Option<Value> {
        match self {
            Self::Own(get) => get(seen, profile),
            Self::Trait(one) | Self::Strengths(one) if !allowed.contains(one.purpose) => None,
            Self::Trait(one) => value_of(seen.read(one, profile)),
            Self::Strengths(one) => match seen.read(one, profile) {
                TraitValue::Shares(shares) => {
                    Some(Value::List(shares.into_iter().map(|(_, share)| Value::Double(share)).collect()))
                }
                _ => None,
            },
        }
    }
}

impl Seen<'_> {
    fn read(&self, one: &Trait, profile: &Profile) -> TraitValue {
        let word = |word: u32| text_of(self.words, word);
        one.value(profile, &Context { now: self.now, word: &word, currency: self.currency })
    }

    /// What is expected of somebody who came as this one did.
    fn priors(&self, profile: &Profile) -> priors::Priors {
        self.live.priors(priors::way_of(profile))
    }

    /// A trait that is a text, else what stands in for it.
    fn likely(&self, name: &str, profile: &Profile, other: impl FnOnce() -> Option<String>) -> Option<Value> {
        match traits::find(name).map(|one| self.read(one, profile)) {
            Some(TraitValue::Text(text)) => Some(Value::Text(text)),
            _ => other().map(Value::Text),
        }
    }

    fn month(&self) -> u32 {
        Moment::of(self.now).month()
    }

    fn season(&self, word: u32, month: u32) -> Option<Value> {
        self.live.season(word, month).map(|found| Value::Double(found.index))
    }
}

/// A trait's value as a feature's: of shares the words, the greatest first.
fn value_of(value: TraitValue) -> Option<Value> {
    let texts = |texts: &mut dyn Iterator<Item = String>| Value::List(texts.map(Value::Text).collect());
    Some(match value {
        TraitValue::Missing => return None,
        TraitValue::Flag(flag) => Value::Bool(flag),
        TraitValue::Integer(number) => Value::Int(number),
        TraitValue::Number(number) => Value::Double(number),
        TraitValue::Text(text) => Value::Text(text),
        TraitValue::Time(at) => Value::Int(at.get().div_euclid(UtcMillis::SECOND)),
        TraitValue::Texts(all) => texts(&mut all.into_iter()),
        TraitValue::Shares(shares) => texts(&mut shares.into_iter().map(|(text, _)| text)),
    })
}

const PROFILE: [(&str, Own); 16] = [
    ("revenue_minor", |s, p| int(p.revenue_in(s.currency))),
    ("events", |_, p| count(p.events)),
    ("product_views", |_, p| count(done(p, Action::View) + done(p, Action::Click))),
    ("cart_adds", |_, p| count(done(p, Action::Add))),
    ("days_since_last_seen", |s, p| days(s.now.since(p.last_seen))),
    ("cart_quantity", |_, p| count(p.cart.iter().map(|l| u64::from(l.quantity)).sum())),
    ("in_session", |s, p| Some(Value::Bool(p.session.as_ref().is_some_and(|o| o.holds(s.now))))),
    ("session_product_ids", |s, p| {
        let ids = p.session_items(s.now).iter().filter_map(|&item| s.items.id(item));
        Some(Value::List(ids.map(|id| Value::Text(id.to_string())).collect()))
    }),
    ("bought_products", |_, p| count(p.bought.len() as u64)),
    ("order_probability", |s, p| {
        let expected = s.priors(p).order_probability;
        let session = p.session.as_ref().filter(|session| session.holds(s.now));
        Some(Value::Double(session.map_or(expected, |session| {
            let said =
                intent::purchase_probability(&session.counts, session.last_at.since(session.started_at));
            priors::blend(expected, said, session.events)
        })))
    }),
    ("likely_price_band", |s, p| s.likely("price_band", p, || s.priors(p).band().map(str::to_owned))),
    ("likely_category", |s, p| {
        let first = || s.priors(p).told_categories().next().and_then(|(word, _)| text_of(s.words, word));
        s.likely("top_category", p, first)
    }),
    ("is_holiday", |s, p| Some(Value::Bool(holiday_at(p.reach.country?.as_str(), s.now).is_some()))),
    ("holiday", |s, p| Some(Value::Text(holiday_at(p.reach.country?.as_str(), s.now)?.to_owned()))),
    ("prior_group", |s, p| Some(Value::Text(s.priors(p).group?.as_str().to_owned()))),
    ("prior_people", |s, p| count(s.priors(p).people)),
];

pub(super) const PRODUCT: [(&str, OfProduct); 10] = [
    ("price_minor", |_, p, _| int(p.price?.minor)),
    ("currency", |_, p, _| Some(Value::Text(p.price?.currency.to_string()))),
    ("discount_share", |_, p, _| {
        let (price, list) = (p.price?, p.list_price?);
        let comparable = price.currency == list.currency && list.minor > 0;
        comparable.then(|| Value::Double(1.0 - price.minor as f64 / list.minor as f64))
    }),
    ("in_stock", |_, p, _| Some(Value::Bool(p.availability == Availability::InStock))),
    ("stock_quantity", |_, p, _| {
        let mut told = p.variants.iter().flat_map(|v| &v.stock).peekable();
        told.peek()?;
        count(told.map(|s| u64::from(s.quantity)).sum())
    }),
    ("category", |_, p, _| (!p.category_path.is_empty()).then(|| Value::Text(p.category()))),
    ("brand", |_, p, _| p.brand.clone().map(Value::Text)),
    ("popularity", |_, _, score| Some(Value::Double(score))),
    ("variants", |_, p, _| count(p.variants.len() as u64)),
    ("season_index", |s, p, _| {
        let levels = p.category_path.len().min(MAX_CATEGORY_LEVELS);
        s.season(category_word(s.words, &p.category_path[..levels].join(" > "))?, s.month())
    }),
];

pub(super) const CATEGORY: [(&str, OfCategory); 4] = [
    ("season_index", |s, word| s.season(word, s.month())),
    ("season_index_next_month", |s, word| s.season(word, s.month() % 12 + 1)),
    ("season_peak_month", |s, word| Some(Value::Int(s.live.season_peak(word)?.into()))),
    ("season_events", |s, word| Some(Value::Int(s.live.season(word, s.month())?.events.into()))),
];

fn named<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|(_, get)| *get)
}

/// How a feature of the profile is computed.
pub(super) fn of_profile(name: &str) -> Option<OfProfile> {
    if let Some(own) = named(&PROFILE, name) {
        return Some(OfProfile::Own(own));
    }
    let of = |suffix: &str| name.strip_suffix(suffix).and_then(traits::find);
    of(STRENGTHS).map(OfProfile::Strengths).or_else(|| of(VALUES).map(OfProfile::Trait))
}

/// How a feature of a product is computed.
pub(super) fn of_product(name: &str) -> Option<OfProduct> {
    named(&PRODUCT, name)
}

/// How a feature of a category is computed.
pub(super) fn of_category(name: &str) -> Option<OfCategory> {
    named(&CATEGORY, name)
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

fn days(ms: i64) -> Option<Value> {
    Some(Value::Double(ms as f64 / UtcMillis::DAY as f64))
}

fn done(profile: &Profile, action: Action) -> u64 {
    profile.actions.get(&action.into()).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::declared;
    use tradewind_features::{View, built_in};

    #[test]
    fn every_feature_that_is_declared_is_computed() {
        let registry = declared::registry();
        let names = |view: &str| -> Vec<String> {
            let view: &View = registry.view(view, None).unwrap();
            view.spec.features.iter().map(|f| f.name.clone()).collect()
        };
        let profile = names(built_in::SUBJECT_PROFILE);
        assert!(profile.iter().all(|name| of_profile(name).is_some()), "{profile:?}");
        for (name, _) in PROFILE {
            assert!(traits::find(name).is_none() && profile.iter().any(|p| p == name), "{name}");
        }
        assert_eq!(names(built_in::PRODUCT_STATS), PRODUCT.map(|(name, _)| name));
        assert_eq!(names(built_in::CATEGORY_STATS), CATEGORY.map(|(name, _)| name));
        assert_eq!(names(built_in::CALENDAR), MOMENT.map(|(name, _)| name));
    }
}
