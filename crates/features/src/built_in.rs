//! The views that the program brings: over the live profile, the catalog with its counters, and the moment.
//!
//! Each feature is named once here, with its type and unit, and computed under the same name by whoever has
//! the profiles and products.

use tradewind_kernel::Purpose;

use crate::value::{Scalar, ValueType};
use crate::view::{EntityKind, Feature, Source, ViewSpec};

/// The shopper's profile, as of the read.
pub const SUBJECT_PROFILE: &str = "subject_profile";
/// What is known of a product, as of the read.
pub const PRODUCT_STATS: &str = "product_stats";
/// The moment of the read.
pub const CALENDAR: &str = "calendar";

type Line = (&'static str, ValueType, &'static str, &'static str);

const INT: ValueType = ValueType::one(Scalar::Int64);
const DOUBLE: ValueType = ValueType::one(Scalar::Double);
const BOOL: ValueType = ValueType::one(Scalar::Bool);
const TEXT: ValueType = ValueType::one(Scalar::String);
const TIME: ValueType = ValueType::one(Scalar::UnixTimestamp);
const TEXTS: ValueType = ValueType::list(Scalar::String);

/// Name, type, unit, words.
const PROFILE: [Line; 18] = [
    ("orders", INT, "orders", "orders completed"),
    ("refunds", INT, "orders", "orders given back, in whole or in part"),
    ("revenue_minor", INT, "minor units", "what the orders earned in the shop's currency"),
    ("sessions", INT, "sessions", "sessions begun"),
    ("events", INT, "events", "events, each counted once"),
    ("product_views", INT, "products", "products looked at or clicked"),
    ("cart_adds", INT, "products", "products put into the cart"),
    ("first_seen", TIME, "seconds since 1970", "when the first event happened"),
    ("last_seen", TIME, "seconds since 1970", "when the latest event happened"),
    ("days_since_last_seen", DOUBLE, "days", "since the latest event"),
    ("days_since_last_order", DOUBLE, "days", "since the latest order among the last 64 products touched"),
    ("is_first_time_shopper", BOOL, "", "whether nothing was ever ordered"),
    ("cart_products", INT, "products", "different products in the cart"),
    ("cart_quantity", INT, "pieces", "pieces in the cart"),
    ("in_session", BOOL, "", "whether a session goes on"),
    ("session_events", INT, "events", "events of the session that goes on"),
    ("session_product_ids", TEXTS, "", "products of the session that goes on, oldest first, at most 50"),
    ("bought_products", INT, "products", "different products bought, at most 128"),
];

const PRODUCT: [Line; 9] = [
    ("price_minor", INT, "minor units", "what it is sold for"),
    ("currency", TEXT, "", "the price's currency, ISO 4217"),
    ("discount_share", DOUBLE, "share of the list price", "how much it is reduced by"),
    ("in_stock", BOOL, "", "whether it can be bought now"),
    ("stock_quantity", INT, "pieces", "pieces on hand in all places, where stock is told"),
    ("category", TEXT, "", "its category path, ' > ' between the levels"),
    ("brand", TEXT, "", "who makes it"),
    ("popularity", DOUBLE, "weighted events", "events of interest, decayed by the shop's half-life"),
    ("variants", INT, "variants", "sizes, colours and so on"),
];

const MOMENT: [Line; 7] = [
    ("hour_of_day", INT, "hours", "0 to 23, UTC"),
    ("day_of_week", INT, "days", "1 Monday to 7 Sunday, UTC"),
    ("is_weekend", BOOL, "", "Saturday or Sunday, UTC"),
    ("month", INT, "months", "1 to 12, UTC"),
    ("day_of_year", INT, "days", "1 to 366, UTC"),
    ("season_sin", DOUBLE, "", "sine of the year's phase: 0 at its beginning, 1 in spring"),
    ("season_cos", DOUBLE, "", "cosine of the year's phase: 1 at its beginning, -1 at midsummer"),
];

fn features(lines: &[Line], prefix: &str) -> Vec<Feature> {
    let feature = |&(name, kind, unit, words): &Line| Feature {
        name: name.to_owned(),
        kind,
        unit: unit.to_owned(),
        from: Some(format!("{prefix}.{name}")),
        description: words.to_owned(),
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

/// Every view that is built in.
#[must_use]
pub fn views() -> Vec<ViewSpec> {
    vec![
        view(
            SUBJECT_PROFILE,
            EntityKind::Subject,
            Source::Traits,
            features(&PROFILE, "profile"),
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
            CALENDAR,
            EntityKind::Session,
            Source::Context,
            features(&MOMENT, "moment"),
            "flags and a seasonality index of the moment of the read, the same for all sessions",
        ),
    ]
}
