//! The fold's promises.

use super::*;
use std::sync::Arc;

use proptest::prelude::*;
use tradewind_kernel::Money;

use crate::facts::{Arrival, Channel, Country, Device, Fact, ItemFacts, price_level};
use crate::taste::{MAX_AFFINITIES, Taste};

const MINUTE: i64 = UtcMillis::MINUTE;

fn act(minute: i64, action: Option<Action>, items: &[(u32, u32)]) -> Act<'_> {
    Act { at: UtcMillis::new(minute * MINUTE), action, items, ..Act::default() }
}

#[test]
fn thirty_minutes_of_rest_end_a_session() {
    let mut profile = Profile::default();
    let first = profile.apply(&act(0, None, &[]), 7);
    assert!(first.session_started && first.touched.is_none());
    let second = profile.apply(&act(30, Some(Action::View), &[(1, 1)]), 7);
    let view = Click { item: 1, action: Action::View, news: true };
    assert_eq!((second.session_started, second.touched), (false, Some((7, vec![view]))));
    assert!(profile.apply(&act(61, Some(Action::View), &[(2, 1)]), 8).session_started);
    assert_eq!((profile.sessions, profile.session_items(UtcMillis::new(62 * MINUTE))), (2, &[2][..]));
    assert!(profile.session_items(UtcMillis::new(92 * MINUTE)).is_empty());
}

#[test]
fn a_late_event_does_not_disturb_the_current_session() {
    let mut profile = Profile::default();
    profile.apply(&act(1_000, Some(Action::View), &[(1, 1)]), 0);
    let late = profile.apply(&act(10, Some(Action::View), &[(2, 1)]), 1);
    assert!(late.session_started && late.touched.is_none());
    assert_eq!(profile.session.as_ref().unwrap().items, [1]);
    assert_eq!(profile.recent.iter().map(|t| t.item).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn a_purchase_empties_the_cart_and_counts() {
    let mut profile = Profile::default();
    profile.apply(&act(0, Some(Action::Click), &[(1, 1)]), 0);
    profile.apply(&act(0, Some(Action::View), &[(1, 1)]), 0);
    profile.apply(&act(1, Some(Action::Add), &[(1, 2)]), 0);
    profile.apply(&act(1, Some(Action::Add), &[(9, 1)]), 0);
    let money = Money::new(500, Currency::EUR);
    let buy = profile.apply(&Act { revenue: Some(money), ..act(2, Some(Action::Buy), &[(1, 2)]) }, 0);
    assert_eq!(buy.touched, Some((0, vec![Click { item: 1, action: Action::Buy, news: false }])));
    assert_eq!(profile.cart, [CartLine { item: 9, quantity: 1 }]);
    assert_eq!((profile.orders, profile.revenue_in(Currency::EUR)), (1, 500));
    assert_eq!(profile.session.unwrap().items, [1, 9]);
}

proptest! {
    #[test]
    fn sizes_stay_bounded_and_every_event_counts(
        acts in prop::collection::vec((0..3_000i64, 0..7u8, 0..300u32), 0..400)
    ) {
        let mut profile = Profile::default();
        for (minute, action, item) in &acts {
            profile.apply(&act(*minute, Action::try_from(*action).ok(), &[(*item, 1)]), 0);
        }
        prop_assert_eq!(profile.events, acts.len() as u64);
        prop_assert!(profile.recent.len() <= MAX_RECENT && profile.bought.len() <= MAX_BOUGHT);
        let touch = |&(minute, action, item): &(i64, u8, u32)| {
            let action = Action::try_from(action).ok().filter(|a| a.shows_interest())?;
            Some(Touch { item, action, at: UtcMillis::new(minute * MINUTE) })
        };
        let mut latest: Vec<Touch> = acts.iter().filter_map(touch).collect();
        latest.sort_by_key(|touch| touch.at);
        keep_latest(&mut latest, MAX_RECENT);
        prop_assert_eq!(&profile.recent, &latest);
        prop_assert!(crate::encode(&profile).unwrap().len() < 4_096);
    }
}

/// Products of words and prices that a seed says.
fn facts_of(seed: u32) -> [Fact; 1] {
    let item = ItemFacts {
        categories: (0..4).map(|level| 500_000 + seed / (level + 1)).collect(),
        brand: Some(600_000 + seed),
        attributes: (0..4).map(|n| 700_000 + seed * 4 + n).collect(),
        price_level: price_level(i64::from(seed) * 100),
        is_reduced: seed.is_multiple_of(3),
    };
    [Fact { item: Arc::new(item), relative_price: Some(-400) }]
}

proptest! {
    #[test]
    fn with_taste_it_stays_within_4_kib_and_joins_within(
        acts in prop::collection::vec((0..300_000i64, 0..7u8, 0..300u32, 0..8u8), 0..300)
    ) {
        let mut profiles = [Profile::default(), Profile::default()];
        for (n, (minute, action, item, kind)) in acts.iter().enumerate() {
            let facts = facts_of(*item);
            let act = Act {
                at: UtcMillis::new(1_700_000_000_000 + minute * MINUTE),
                facts: &facts,
                arrival: Arrival {
                    device: Device::try_from(*kind).ok(),
                    channel: Channel::try_from(*kind).ok(),
                    country: Country::parse("GB"),
                },
                ..act(0, Action::try_from(*action).ok(), &[])
            };
            profiles[n % 2].apply(&Act { items: &[(100_000 + item, 1)], ..act }, 70_000);
        }
        let [mut one, other] = profiles;
        one.absorb(&other);
        for profile in [&one, &other] {
            let bytes = crate::encode(profile).unwrap();
            prop_assert!(bytes.len() < 4_096, "{} bytes", bytes.len());
            prop_assert_eq!(&crate::decode::<Profile>(&bytes).unwrap(), profile);
            prop_assert!(profile.taste.categories.len() <= MAX_AFFINITIES);
        }
    }
}

#[test]
#[ignore = "a measurement: cargo test --release -p tradewind-people folding_costs -- --ignored --nocapture"]
fn folding_costs() {
    let facts: Vec<[Fact; 1]> = (0..300).map(facts_of).collect();
    let cost = |what: &str, acts: &dyn Fn(&mut Profile, i64)| {
        let mut best = f64::INFINITY;
        for _ in 0..200 {
            let mut profile = Profile::default();
            (0..400).for_each(|n| acts(&mut profile, n));
            let began = std::time::Instant::now();
            (400..1_400).for_each(|n| acts(&mut profile, n));
            best = best.min(began.elapsed().as_secs_f64() * 1e6);
        }
        println!("{what}: {best:.0} ns");
    };
    let at = |n: i64| UtcMillis::new(1_700_000_000_000 + n * 20_000);
    let item = |n: i64| u32::try_from(n * 7 % 300).unwrap();
    cost("an event without a product", &|profile, n| {
        profile.apply(&Act { at: at(n), ..Act::default() }, 0);
    });
    cost("a view, nothing known of the product", &|profile, n| {
        let items = [(item(n), 1)];
        profile.apply(&Act { at: at(n), action: Some(Action::View), items: &items, ..Act::default() }, 0);
    });
    cost("a view of a product of 4 categories, a brand and 4 attributes", &|profile, n| {
        let (items, facts) = ([(item(n), 1)], &facts[item(n) as usize]);
        let act = Act { at: at(n), action: Some(Action::View), items: &items, facts, ..Act::default() };
        profile.apply(&act, 0);
    });
    let mut profile = Profile::default();
    for n in 0..400 {
        let (items, facts) = ([(item(n), 1)], &facts[item(n) as usize]);
        let act = Act { at: at(n), action: Some(Action::View), items: &items, facts, ..Act::default() };
        profile.apply(&act, 0);
    }
    let bytes = crate::encode(&profile).unwrap().len();
    let bare = Profile { taste: Taste::default(), ..profile.clone() };
    let each = |what: &str, once: &dyn Fn()| {
        let mut best = f64::INFINITY;
        for _ in 0..300 {
            let began = std::time::Instant::now();
            (0..50).for_each(|_| once());
            best = best.min(began.elapsed().as_secs_f64() * 1e9 / 50.0);
        }
        println!("{what}: {best:.0} ns");
    };
    each(&format!("encoding its {bytes} bytes"), &|| drop(crate::encode(std::hint::black_box(&profile))));
    each("encoding it without taste", &|| drop(crate::encode(std::hint::black_box(&bare))));
    each("copying", &|| drop(std::hint::black_box(&profile).clone()));
    each("copying without taste", &|| drop(std::hint::black_box(&bare).clone()));
}
