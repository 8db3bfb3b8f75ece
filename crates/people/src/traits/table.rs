//! The table of traits: each is declared here and nowhere else.

use tradewind_kernel::{Purpose, UtcMillis};

use super::reading::{self as read, Stage};
use super::{DataClass, Trait, TraitType, TraitValue};
use crate::facts::{Channel, Device};
use crate::session::SESSION_GAP_MS;

/// What is concluded, and what is technical, is told for a year after the latest event.
const YEAR_MS: i64 = 365 * UtcMillis::DAY;
/// Orders are told for three years.
const THREE_YEARS_MS: i64 = 3 * YEAR_MS;

macro_rules! traits {
    ($($name:literal $kind:ident in $unit:literal, $purpose:ident, $class:ident, ttl $ttl:expr;
        $description:literal; $folded:literal; $read:expr;)*) => {
        /// Every trait, in the order in which they are shown.
        pub static ALL: &[Trait] = &[$(Trait {
            name: $name,
            kind: TraitType::$kind,
            unit: $unit,
            purpose: Purpose::$purpose,
            class: DataClass::$class,
            ttl_ms: $ttl,
            description: $description,
            folded: $folded,
            read: $read,
        }),*];
    };
}

traits! {
    // The visit that goes on.
    "session_intent" Text in "", Personalization, Inferred, ttl Some(SESSION_GAP_MS);
        "What this visit is for: `browse`, `compare`, `ready_to_buy` or `return_visit`.";
        "The likeliest of `session_intents`.";
        read::intent;
    "session_intent_probability" Number in "probability", Personalization, Inferred, ttl Some(SESSION_GAP_MS);
        "How likely that is.";
        "The greatest of `session_intents`.";
        read::intent_probability;
    "session_intents" Shares in "probability", Personalization, Inferred, ttl Some(SESSION_GAP_MS);
        "The probability of each intent; they add up to one.";
        "A model over what happened in the session: views, repeated and of one category, adds, searches, steps of the checkout, minutes.";
        read::intent_probabilities;
    "session_events" Integer in "events", Analytics, Behaviour, ttl Some(SESSION_GAP_MS);
        "Events of this visit.";
        "Counts every event since the last pause of 30 minutes.";
        |p, c| read::in_session(p, c, |s| s.events.into());
    "session_views" Integer in "views", Personalization, Behaviour, ttl Some(SESSION_GAP_MS);
        "Products looked at in this visit, since its last order.";
        "Counts clicks on products and views of their pages.";
        |p, c| read::in_session(p, c, |s| s.counts.views.into());
    "session_adds" Integer in "products", Personalization, Behaviour, ttl Some(SESSION_GAP_MS);
        "Products put into the cart in this visit, since its last order.";
        "Counts the products of events that add to the cart.";
        |p, c| read::in_session(p, c, |s| s.counts.adds.into());
    "cart_products" Integer in "products", Personalization, Behaviour, ttl Some(YEAR_MS);
        "Different products in the cart.";
        "Adds and removes change it, an order takes out what it bought.";
        |p, _| TraitValue::Integer(i64::try_from(p.cart.len()).unwrap_or(i64::MAX));
    // Where they stand.
    "lifecycle_stage" Text in "", Analytics, Inferred, ttl None;
        "`lapsed` (last seen over 90 days ago), `at_risk` (over 30), `vip` (5 orders, the last within 180 days), `new` (no order, first seen within 30 days) or `active`; the first that fits.";
        "Computed when it is read.";
        |p, c| read::text(Stage::of(p, c.now).as_str());
    "is_first_time_shopper" Flag in "", Personalization, Orders, ttl Some(THREE_YEARS_MS);
        "Whether no order was completed yet.";
        "False from the first order on.";
        |p, _| TraitValue::Flag(p.orders == 0);
    "first_seen" Time in "", Analytics, Behaviour, ttl None;
        "When the first event happened.";
        "The earliest time of any event.";
        |p, _| TraitValue::Time(p.first_seen);
    "last_seen" Time in "", Analytics, Behaviour, ttl None;
        "When the latest event happened.";
        "The latest time of any event.";
        |p, _| TraitValue::Time(p.last_seen);
    "sessions" Integer in "sessions", Analytics, Behaviour, ttl None;
        "Visits so far.";
        "Counts the events that follow a pause of more than 30 minutes.";
        |p, _| TraitValue::Integer(p.sessions.into());
    // Orders.
    "orders" Integer in "orders", Analytics, Orders, ttl Some(THREE_YEARS_MS);
        "Orders completed.";
        "Counts them; refunds are not taken off.";
        |p, _| TraitValue::Integer(p.orders.into());
    "refunds" Integer in "orders", Analytics, Orders, ttl Some(THREE_YEARS_MS);
        "Orders given back, in whole or in part.";
        "Counts refunds.";
        |p, _| TraitValue::Integer(p.refunds.into());
    "order_value_minor" Integer in "minor units", Analytics, Orders, ttl Some(THREE_YEARS_MS);
        "What the orders earned, in the shop's currency; those in others are left out.";
        "Sums the orders' revenue; refunds are not taken off.";
        |p, c| TraitValue::maybe(read::order_value(p, c), TraitValue::Integer);
    "average_order_minor" Integer in "minor units", Analytics, Orders, ttl Some(THREE_YEARS_MS);
        "What an order earned on average, in the shop's currency.";
        "`order_value_minor` by `orders`, when it is read.";
        |p, c| TraitValue::maybe(read::order_value(p, c).map(|sum| sum / i64::from(p.orders.max(1))), TraitValue::Integer);
    "days_since_last_order" Integer in "days", Personalization, Orders, ttl Some(THREE_YEARS_MS);
        "Whole days since the latest order.";
        "The order's time is kept, the days are counted when it is read.";
        |p, c| read::days_since(p.last_order_at, c);
    // Taste.
    "last_category" Text in "", Personalization, Behaviour, ttl Some(YEAR_MS);
        "The category touched last, as a path.";
        "The innermost category of the latest product.";
        |p, c| read::word(c, p.taste.recent_categories.last().copied());
    "recent_categories" Texts in "", Personalization, Behaviour, ttl Some(YEAR_MS);
        "The latest five categories, the newest first.";
        "Innermost categories of products touched, each once.";
        read::recent_categories;
    "top_category" Text in "", Personalization, Inferred, ttl Some(YEAR_MS);
        "The one of them with the greatest affinity.";
        "By `category_affinity`, when it is read.";
        read::top_category;
    "category_affinity" Shares in "strength", Personalization, Inferred, ttl Some(YEAR_MS);
        "Liking for categories of every level, 0 to 1; a half is as four views just now.";
        "A view weighs 1, a wish 2, an add 3, an order 5, an answer of a quiz 8; a weight halves in 30 days. The 16 greatest are kept, 8 told.";
        |p, c| read::affinity(&p.taste.categories, c);
    "brand_affinity" Shares in "strength", Personalization, Inferred, ttl Some(YEAR_MS);
        "Liking for brands, 0 to 1.";
        "As `category_affinity`.";
        |p, c| read::affinity(&p.taste.brands, c);
    "attribute_affinity" Shares in "strength", Personalization, Inferred, ttl Some(YEAR_MS);
        "Liking for attributes, as `name=value`, 0 to 1.";
        "As `category_affinity`, of a product's first four attributes.";
        |p, c| read::affinity(&p.taste.attributes, c);
    "top_brand" Text in "", Personalization, Inferred, ttl Some(YEAR_MS);
        "The brand with the greatest affinity.";
        "By `brand_affinity`, when it is read.";
        |p, c| read::strongest(&p.taste.brands, c);
    "brand_loyalty" Number in "share", Personalization, Inferred, ttl Some(YEAR_MS);
        "How much of the liking for brands goes to one, 0 to 1.";
        "The greatest weight of a brand by the sum of all, four views of no brand beside them.";
        read::brand_loyalty;
    // Prices.
    "usual_price_minor" Integer in "minor units", Personalization, Inferred, ttl Some(YEAR_MS);
        "The price of what is touched, in the shop's currency; from the third product on.";
        "The geometric mean of the latest 16 or so.";
        |p, _| read::usual_price(p);
    "price_band" Text in "", Personalization, Inferred, ttl Some(YEAR_MS);
        "`budget`, `middle` or `premium`: a quarter below, about at, or a third above their categories' mean; from the third product on.";
        "The mean ratio of price and category mean over the latest 16 or so products looked at.";
        |p, _| read::price_band(p);
    "price_sensitivity" Number in "strength", Personalization, Inferred, ttl Some(YEAR_MS);
        "Whether cheaper things are chosen than looked at, 0 to 1; a half is neither.";
        "Prices of what is put into the cart or bought against those looked at, each by its category's mean; reduced ones and coupons add to it.";
        |p, _| read::price_sensitivity(p);
    "discount_affinity" Number in "share", Personalization, Inferred, ttl Some(YEAR_MS);
        "How much is chosen at a reduced price or with a coupon, 0 to 1.";
        "Reduced products and coupons by products put into the cart or bought, 1 of 4 taken for granted.";
        |p, _| read::discount_affinity(p);
    "stated_price_max_minor" Integer in "minor units", Personalization, Stated, ttl Some(YEAR_MS);
        "The most they said they want to pay for one product.";
        "The latest answer of a quiz.";
        |p, _| TraitValue::maybe(p.taste.price_max_minor, TraitValue::Integer);
    // Through what they come.
    "device_class" Text in "", Analytics, Technical, ttl Some(YEAR_MS);
        "`phone`, `tablet`, `desktop`, …: what most events came from.";
        "Counts events by device.";
        |p, _| TraitValue::maybe(p.reach.usual_device().map(Device::as_str), read::text);
    "first_channel" Text in "", Analytics, Technical, ttl Some(YEAR_MS);
        "How the first visit began: `search`, `social`, `email`, `paid`, `direct` or `referral`.";
        "The channel of the earliest event that tells one.";
        |p, _| TraitValue::maybe(p.reach.first_channel.map(Channel::as_str), read::text);
    "last_channel" Text in "", Analytics, Technical, ttl Some(YEAR_MS);
        "How the latest visit began.";
        "The channel of the latest event that tells one.";
        |p, _| TraitValue::maybe(p.reach.last_channel.map(Channel::as_str), read::text);
    "country" Text in "", Analytics, Technical, ttl Some(YEAR_MS);
        "The country of the latest event that tells one, two letters of ISO 3166-1.";
        "From the network's address, which is not kept.";
        |p, _| p.reach.country.map_or(TraitValue::Missing, |country| read::text(country.as_str()));
}
