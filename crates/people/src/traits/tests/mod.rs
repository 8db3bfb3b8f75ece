//! What traits say of a small life, and that the table is whole.

use std::sync::Arc;

use tradewind_kernel::Money;

use super::*;
use crate::facts::{Arrival, Channel, Country, Device, Fact, ItemFacts, Signal, StatedTaste, price_level};
use crate::{Act, Action};

const DAY: i64 = UtcMillis::DAY;
const NAMES: [&str; 5] = ["Camping", "Camping > Tents", "Hearth", "colour=green", "Kitchen"];

fn fact(categories: &[u32], brand: u32, price: i64, relative_price: i32) -> Fact {
    let (price_level, is_reduced) = (price_level(price), price < 5_000);
    let item = ItemFacts {
        categories: categories.to_vec(),
        brand: Some(brand),
        attributes: vec![3],
        price_level,
        is_reduced,
    };
    Fact { item: Arc::new(item), relative_price: Some(relative_price) }
}

fn act(at: i64, action: Action, facts: &[Fact]) -> Act<'_> {
    let items = &[(7, 1)];
    Act { at: UtcMillis::new(at), action: Some(action), items, facts, ..Act::default() }
}

fn values(profile: &Profile, now: i64, purposes: Purposes) -> serde_json::Value {
    let word = |word: u32| NAMES.get(word as usize).map(ToString::to_string);
    let context = Context { now: UtcMillis::new(now), word: &word, currency: Currency::EUR };
    let pairs = read(profile, &context, purposes).map(|(one, value)| {
        assert!(value.is_of(one.kind), "{}: {value:?}", one.name);
        (one.name.to_owned(), serde_json::to_value(value).unwrap())
    });
    serde_json::Value::Object(pairs.collect())
}

fn a_life() -> Profile {
    let mut profile = Profile::default();
    let tent = [fact(&[0, 1], 2, 20_000, 600)];
    let cheap = [fact(&[0, 1], 2, 4_000, -900)];
    let phone =
        Arrival { device: Some(Device::Phone), channel: Some(Channel::Email), country: Country::parse("GB") };
    for minute in 0..4 {
        let at = minute * UtcMillis::MINUTE;
        profile.apply(&Act { arrival: phone, ..act(at, Action::View, &tent) }, 0);
    }
    profile.apply(&act(5 * UtcMillis::MINUTE, Action::Add, &cheap), 0);
    let revenue = Some(Money::new(4_000, Currency::EUR));
    let order = Act { revenue, signal: Signal::Coupon, ..act(6 * UtcMillis::MINUTE, Action::Buy, &cheap) };
    profile.apply(&order, 0);
    profile
}

#[test]
fn a_life_in_traits() {
    let seen = values(&a_life(), 10 * UtcMillis::MINUTE, Purposes::ALL);
    for (name, expected) in [
        ("lifecycle_stage", serde_json::json!("active")),
        ("is_first_time_shopper", serde_json::json!(false)),
        ("average_order_minor", serde_json::json!(4_000)),
        ("days_since_last_order", serde_json::json!(0)),
        ("last_category", serde_json::json!("Camping > Tents")),
        ("top_brand", serde_json::json!("Hearth")),
        ("price_band", serde_json::json!("premium")),
        ("device_class", serde_json::json!("phone")),
        ("first_channel", serde_json::json!("email")),
        ("country", serde_json::json!("GB")),
        // 4 views, an add and an order: 12 of 16.
        ("brand_affinity", serde_json::json!({"Hearth": 0.75})),
        // 2 of 2 reduced, a coupon, and 1 of 4 beside them.
        ("discount_affinity", serde_json::json!(0.571)),
        ("session_adds", serde_json::json!(0)),
    ] {
        assert_eq!(seen[name], expected, "{name}");
    }
    assert!(seen["price_sensitivity"].as_f64().unwrap() > 0.9, "{seen}");
}

#[test]
fn a_trait_is_told_for_its_purpose_and_its_time() {
    let profile = a_life();
    let analytics = values(&profile, 0, Purposes::NONE.with(Purpose::Analytics));
    assert!(analytics.get("orders").is_some() && analytics.get("brand_affinity").is_none(), "{analytics}");
    assert_eq!(values(&profile, 0, Purposes::NONE), serde_json::json!({}));
    let later = values(&profile, 2 * UtcMillis::HOUR, Purposes::ALL);
    assert!(later.get("session_intent").is_none() && later.get("brand_affinity").is_some());
    let much_later = values(&profile, 400 * DAY, Purposes::ALL);
    assert!(much_later.get("brand_affinity").is_none(), "{much_later}");
    assert_eq!(much_later["lifecycle_stage"], "lapsed");
}

#[test]
fn an_answer_moves_taste_at_once() {
    let stated = StatedTaste { categories: vec![4], price_max_minor: Some(3_000), ..StatedTaste::default() };
    let mut profile = Profile::default();
    profile.apply(&Act { stated: Some(&stated), ..Act::default() }, 0);
    let seen = values(&profile, 0, Purposes::ALL);
    assert_eq!(seen["category_affinity"], serde_json::json!({"Kitchen": 0.667}));
    assert_eq!(seen["stated_price_max_minor"], 3_000);
}

#[test]
fn both_of_a_person_become_one() {
    let (mut one, mut other) = (a_life(), Profile::default());
    other.apply(&act(3 * DAY, Action::View, &[fact(&[4], 0, 9_000, 0)]), 0);
    one.absorb(&other);
    let seen = values(&one, 3 * DAY, Purposes::ALL);
    assert_eq!(seen["recent_categories"], serde_json::json!(["Camping > Tents", "Kitchen"]));
    assert_eq!(seen["orders"], 1);
    assert_eq!(seen["category_affinity"].as_object().unwrap().len(), 3);
}

#[test]
fn each_trait_is_declared_once_and_whole() {
    for (place, one) in ALL.iter().enumerate() {
        assert!(ALL[..place].iter().all(|other| other.name != one.name), "{}", one.name);
        assert!(one.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", one.name);
        assert!(one.description.ends_with('.') && one.folded.ends_with('.'), "{}", one.name);
        assert_eq!(find(one.name).map(|found| found.name), Some(one.name));
    }
}

#[test]
fn the_page_of_reference_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/traits.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(path, reference()).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == reference(),
        "set UPDATE_REFERENCE and test again"
    );
}
