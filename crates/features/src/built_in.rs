//! The views that the program brings: over the live profile, the catalog with its counters, and the moment.
//!
//! Each feature is named once here, with its type and unit, and computed under the same name by whoever has
//! the profiles and products. Traits of profiles are declared where they are folded and handed in, so that
//! [`SUBJECT_PROFILE`] has them beside what is no trait.

use tradewind_kernel::Purpose;

use crate::value::{Scalar, ValueType};
use crate::view::{EntityKind, Feature, Source, ViewSpec};

/// The shopper's profile, as of the read.
pub const SUBJECT_PROFILE: &str = "subject_profile";
/// What is known of a product, as of the read.
pub const PRODUCT_STATS: &str = "product_stats";
/// What is known of a category, as of the read.
pub const CATEGORY_STATS: &str = "category_stats";
/// The moment of the read.
pub const CALENDAR: &str = "calendar";

type Line = (&'static str, ValueType, &'static str, &'static str);

const INT: ValueType = ValueType::one(Scalar::Int64);
const DOUBLE: ValueType = ValueType::one(Scalar::Double);
const BOOL: ValueType = ValueType::one(Scalar::Bool);
const TEXT: ValueType = ValueType::one(Scalar::String);
const TEXTS: ValueType = ValueType::list(Scalar::String);

/// Name, type, unit, words. What else a profile says are traits.
const PROFILE: [Line; 16] = [
    ("revenue_minor", INT, "minor units", "what the orders earned in the shop's currency"),
    ("events", INT, "events", "events, each counted once"),
    ("product_views", INT, "products", "products looked at or clicked"),
    ("cart_adds", INT, "products", "products put into the cart"),
    ("days_since_last_seen", DOUBLE, "days", "since the latest event"),
    ("cart_quantity", INT, "pieces", "pieces in the cart"),
    ("in_session", BOOL, "", "whether a session goes on"),
    ("session_product_ids", TEXTS, "", "products of the session that goes on, oldest first, at most 50"),
    ("bought_products", INT, "products", "different products bought, at most 128"),
    (
        "order_probability",
        DOUBLE,
        "probability",
        "that this visit ends with an order: what is expected of first visits that came the same way, moved \
         towards the session's own intent with each event",
    ),
    (
        "likely_price_band",
        TEXT,
        "",
        "budget, middle or premium: the trait price_band, else the likeliest of those who came the same way",
    ),
    (
        "likely_category",
        TEXT,
        "",
        "the trait top_category, else the category that most of those who came the same way look at first",
    ),
    (
        "is_holiday",
        BOOL,
        "",
        "whether this day, UTC, is a public holiday of all the country that they were in last",
    ),
    ("holiday", TEXT, "", "the public holiday by its English name"),
    (
        "prior_group",
        TEXT,
        "",
        "whose first visits stand in for what is not known: channel_and_country, channel or shop",
    ),
    ("prior_people", INT, "people", "how many they are"),
];

const PRODUCT: [Line; 10] = [
    ("price_minor", INT, "minor units", "what it is sold for"),
    ("currency", TEXT, "", "the price's currency, ISO 4217"),
    ("discount_share", DOUBLE, "share of the list price", "how much it is reduced by"),
    ("in_stock", BOOL, "", "whether it can be bought now"),
    ("stock_quantity", INT, "pieces", "pieces on hand in all places, where stock is told"),
    ("category", TEXT, "", "its category path, ' > ' between the levels"),
    ("brand", TEXT, "", "who makes it"),
    ("popularity", DOUBLE, "weighted events", "events of interest, decayed by the shop's half-life"),
    ("variants", INT, "variants", "sizes, colours and so on"),
    ("season_index", DOUBLE, "", "of its category in this month: 1 as usual, 2 wanted twice as much"),
];

const CATEGORY: [Line; 4] = [
    ("season_index", DOUBLE, "", "how much it is wanted in this month: 1 as usual, 2 twice as much"),
    ("season_index_next_month", DOUBLE, "", "the same of the next month"),
    ("season_peak_month", INT, "months", "the month in which it is wanted most, 1 to 12"),
    ("season_events", INT, "events", "events of this month, of all years, that the index goes by"),
];

const MOMENT: [Line; 9] = [
    ("hour_of_day", INT, "hours", "0 to 23, UTC"),
    ("day_of_week", INT, "days", "1 Monday to 7 Sunday, UTC"),
    ("is_weekend", BOOL, "", "Saturday or Sunday, UTC"),
    ("week_of_year", INT, "weeks", "1 to 53, ISO 8601"),
    ("month", INT, "months", "1 to 12, UTC"),
    ("day_of_year", INT, "days", "1 to 366, UTC"),
    (
        "shopping_day",
        TEXT,
        "",
        "valentines_day, singles_day, black_friday (with the weekend), cyber_monday or before_christmas (the week)",
    ),
    ("season_sin", DOUBLE, "", "sine of the year's phase: 0 at its beginning, 1 in spring"),
    ("season_cos", DOUBLE, "", "cosine of the year's phase: 1 at its beginning, -1 at midsummer"),
];

fn features(lines: &[Line], prefix: &str) -> Vec<Feature> {
    let feature = |&(name, kind, unit, words): &Line| Feature {
        unit: unit.to_owned(),
        from: Some(format!("{prefix}.{name}")),
        description: words.to_owned(),
        ..Feature::new(name, kind)
    };
    lines.iter().map(feature).collect()
}

fn view(name: &str, entity: EntityKind, source: Source, features: Vec<Feature>, words: &str) -> ViewSpec {
    ViewSpec {
        name: name.to_owned(),
        entity,
        join_keys: Vec::new(),
        features,
        source,
        ttl_seconds: 0,
        owner: "tradewind".to_owned(),
        purpose: Purpose::Personalization,
        description: words.to_owned(),
    }
}

/// Every view that is built in; `traits` are those of profiles.
#[must_use]
pub fn views(traits: &[Feature]) -> Vec<ViewSpec> {
    let profile = traits.iter().cloned().chain(features(&PROFILE, "profile")).collect();
    vec![
        view(
            SUBJECT_PROFILE,
            EntityKind::Subject,
            Source::Traits,
            profile,
            "the shopper's profile as of the read; the row's time is that of the latest event",
        ),
        view(
            PRODUCT_STATS,
            EntityKind::Product,
            Source::Catalog,
            features(&PRODUCT, "product"),
            "what is known of a product as of the read; the row's time is that of its latest change",
        ),
        view(
            CATEGORY_STATS,
            EntityKind::Category,
            Source::Catalog,
            features(&CATEGORY, "category"),
            "when in the year a category is wanted, named by its path with ' > ' between the levels",
        ),
        view(
            CALENDAR,
            EntityKind::Session,
            Source::Context,
            features(&MOMENT, "moment"),
            "flags and a seasonality index of the moment of the read, the same for all sessions",
        ),
    ]
}
