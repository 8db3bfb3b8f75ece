//! How traits are read off a profile.

use tradewind_kernel::UtcMillis;

use super::{Context, TraitValue};
use crate::facts::{PRICE_STEPS, price_minor};
use crate::intent::{Intent, intents, likeliest};
use crate::priors::{BANDS, ENOUGH_PRICES};
use crate::taste::{Affinities, HALF_STRENGTH_WEIGHT};
use crate::{OpenSession, Profile};

/// Entries of an affinity that are told, the strongest.
const TOLD: usize = 8;
/// Affinities below this are not told: less than one view of a month ago.
const LEAST_STRENGTH: f64 = 0.05;
/// Prices this far above or below their category's mean are of another band: by a factor of 1.32.
const BAND: i32 = 2 * PRICE_STEPS / 5;

/// Where a shopper stands with the shop. The first that fits counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Last seen more than 90 days ago.
    Lapsed,
    /// Last seen more than 30 days ago.
    AtRisk,
    /// At least 5 orders, the last one within 180 days.
    Vip,
    /// No order yet, and first seen within 30 days.
    New,
    /// Anybody else.
    Active,
}

impl Stage {
    /// Days without an event after which a shopper is at risk.
    pub const AT_RISK_DAYS: i64 = 30;
    /// Days without an event after which one has lapsed.
    pub const LAPSED_DAYS: i64 = 90;
    /// Orders that make a VIP.
    pub const VIP_ORDERS: u32 = 5;
    /// Days within which a VIP's last order was.
    pub const VIP_DAYS: i64 = 180;
    /// Days for which somebody without an order is new.
    pub const NEW_DAYS: i64 = 30;

    /// The stage of a profile.
    #[must_use]
    pub fn of(profile: &Profile, now: UtcMillis) -> Self {
        let days = |at: UtcMillis| now.since(at) / UtcMillis::DAY;
        let rest = now.since(profile.last_seen);
        if rest > Self::LAPSED_DAYS * UtcMillis::DAY {
            Self::Lapsed
        } else if rest > Self::AT_RISK_DAYS * UtcMillis::DAY {
            Self::AtRisk
        } else if profile.orders >= Self::VIP_ORDERS
            && profile.last_order_at.is_some_and(|at| days(at) <= Self::VIP_DAYS)
        {
            Self::Vip
        } else if profile.orders == 0 && days(profile.first_seen) <= Self::NEW_DAYS {
            Self::New
        } else {
            Self::Active
        }
    }

    /// Its name, as answers write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lapsed => "lapsed",
            Self::AtRisk => "at_risk",
            Self::Vip => "vip",
            Self::New => "new",
            Self::Active => "active",
        }
    }
}

pub(super) fn text(text: &str) -> TraitValue {
    TraitValue::Text(text.to_owned())
}

pub(super) fn word(context: &Context<'_>, word: Option<u32>) -> TraitValue {
    TraitValue::maybe(word.and_then(context.word), TraitValue::Text)
}

pub(super) fn affinity(words: &Affinities, context: &Context<'_>) -> TraitValue {
    let strong = words.strongest().into_iter().map(|(word, weight)| (word, weight.strength(context.now)));
    let strong = strong.take_while(|(_, strength)| *strength >= LEAST_STRENGTH).take(TOLD);
    let shares: Vec<(String, f64)> =
        strong.filter_map(|(word, strength)| Some(((context.word)(word)?, strength))).collect();
    if shares.is_empty() { TraitValue::Missing } else { TraitValue::shares(shares) }
}

pub(super) fn strongest(words: &Affinities, context: &Context<'_>) -> TraitValue {
    word(context, words.strongest().first().map(|(word, _)| *word))
}

/// The strongest of the innermost categories of late; a path's outer levels gain with each of its inner ones.
pub(super) fn top_category(profile: &Profile, context: &Context<'_>) -> TraitValue {
    let taste = &profile.taste;
    let leafs = taste.recent_categories.iter().rev();
    let strongest = leafs.max_by_key(|leaf| taste.categories.get(**leaf));
    word(context, strongest.copied())
}

pub(super) fn recent_categories(profile: &Profile, context: &Context<'_>) -> TraitValue {
    let words = profile.taste.recent_categories.iter().rev();
    let texts: Vec<String> = words.filter_map(|word| (context.word)(*word)).collect();
    if texts.is_empty() { TraitValue::Missing } else { TraitValue::Texts(texts) }
}

pub(super) fn order_value(profile: &Profile, context: &Context<'_>) -> Option<i64> {
    (profile.orders > 0).then(|| profile.revenue_in(context.currency))
}

pub(super) fn days_since(at: Option<UtcMillis>, context: &Context<'_>) -> TraitValue {
    TraitValue::maybe(at.map(|at| context.now.since(at).max(0) / UtcMillis::DAY), TraitValue::Integer)
}

pub(super) fn usual_price(profile: &Profile) -> TraitValue {
    TraitValue::maybe(profile.taste.price.of(ENOUGH_PRICES).map(price_minor), TraitValue::Integer)
}

pub(super) fn price_band(profile: &Profile) -> TraitValue {
    let level = profile.taste.relative_price.of(ENOUGH_PRICES);
    level.map_or(TraitValue::Missing, |level| text(BANDS[usize::from(band_of(level))]))
}

/// Which of [`BANDS`] a mean price level against the categories' is.
pub(crate) fn band_of(level: i32) -> u8 {
    match level {
        level if level < -BAND => 0,
        level if level > BAND => 2,
        _ => 1,
    }
}

/// A half where what was chosen costs what was looked at, in its category; more where it costs less. A
/// difference of one doubling is all or nothing. Reduced choices and coupons add to it.
pub(super) fn price_sensitivity(profile: &Profile) -> TraitValue {
    let taste = &profile.taste;
    let Some(chosen) = taste.chosen_relative_price.of(2) else { return TraitValue::Missing };
    let Some(looked) = taste.relative_price.of(ENOUGH_PRICES) else { return TraitValue::Missing };
    let cheaper = f64::from(looked.saturating_sub(chosen)) / f64::from(PRICE_STEPS);
    let deals = discount_share(profile) - NO_DISCOUNT_SHARE;
    TraitValue::number((0.25f64.mul_add(deals, cheaper.clamp(-1.0, 1.0).mul_add(0.5, 0.5))).clamp(0.0, 1.0))
}

/// What is taken for the share of reduced choices before there is any: 1 of 4.
const NO_DISCOUNT_SHARE: f64 = 0.25;

fn discount_share(profile: &Profile) -> f64 {
    let taste = &profile.taste;
    let coupons = f64::from(taste.coupons);
    (f64::from(taste.chosen_reduced) + coupons + 1.0) / (f64::from(taste.chosen) + coupons + 4.0)
}

pub(super) fn discount_affinity(profile: &Profile) -> TraitValue {
    let is_known = profile.taste.chosen > 0 || profile.taste.coupons > 0;
    if is_known { TraitValue::number(discount_share(profile)) } else { TraitValue::Missing }
}

/// The strongest brand's share of all brands' weight, as if four views of no brand stood beside them.
pub(super) fn brand_loyalty(profile: &Profile, context: &Context<'_>) -> TraitValue {
    let brands = profile.taste.brands.strongest();
    let Some((_, strongest)) = brands.first() else { return TraitValue::Missing };
    let all: f64 = brands.iter().map(|(_, weight)| weight.weight(context.now)).sum();
    TraitValue::number(strongest.weight(context.now) / (all + HALF_STRENGTH_WEIGHT))
}

fn session<'a>(profile: &'a Profile, context: &Context<'_>) -> Option<&'a OpenSession> {
    profile.session.as_ref().filter(|session| session.holds(context.now))
}

pub(super) fn intent(profile: &Profile, context: &Context<'_>) -> TraitValue {
    session(profile, context).map_or(TraitValue::Missing, |session| text(likeliest(session).0.as_str()))
}

pub(super) fn intent_probability(profile: &Profile, context: &Context<'_>) -> TraitValue {
    session(profile, context).map_or(TraitValue::Missing, |session| TraitValue::number(likeliest(session).1))
}

pub(super) fn intent_probabilities(profile: &Profile, context: &Context<'_>) -> TraitValue {
    let Some(session) = session(profile, context) else { return TraitValue::Missing };
    let mut pairs: Vec<(Intent, f64)> = Intent::ALL.into_iter().zip(intents(session)).collect();
    pairs.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    TraitValue::shares(pairs.into_iter().map(|(intent, p)| (intent.as_str().to_owned(), p)))
}

pub(super) fn in_session(
    profile: &Profile,
    context: &Context<'_>,
    count: fn(&OpenSession) -> i64,
) -> TraitValue {
    TraitValue::maybe(session(profile, context).map(count), TraitValue::Integer)
}
