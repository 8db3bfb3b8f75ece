//! The history's invariants and rates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use tradewind_events::{Commerce, Event, Kind, Origin};
use tradewind_simulator::{History, HistoryParams, Shop, ShopParams};

const SHORT: u32 = 30;

fn params(seed: u64) -> HistoryParams {
    HistoryParams { seed, days: SHORT, sessions_per_day: 160, shoppers: 1_500, ..HistoryParams::default() }
}

fn play(seed: u64) -> Vec<Event> {
    History::new(&PLAYED.0, &params(seed)).collect()
}

/// The shop, and its history of seed 1.
static PLAYED: LazyLock<(Shop, Vec<Event>)> = LazyLock::new(|| {
    let shop = Shop::generate(&ShopParams::default());
    let events = History::new(&shop, &params(1)).collect();
    (shop, events)
});

fn bytes(events: &[Event]) -> Vec<u8> {
    events.iter().flat_map(|event| event.encode().unwrap()).collect()
}

fn named<'a>(events: &'a [Event], name: &'a str) -> impl Iterator<Item = &'a Event> {
    events.iter().filter(move |event| event.name.as_deref() == Some(name))
}

fn read(shop: &Shop, event: &Event) -> Commerce {
    Commerce::read(event.properties.as_deref(), shop.currency())
}

#[test]
fn one_seed_plays_one_history() {
    let first = bytes(&PLAYED.1);
    assert!(first == bytes(&play(1)) && first != bytes(&play(2)));
}

#[test]
fn events_are_ordered_and_complete() {
    let events = &PLAYED.1;
    assert!(events.is_sorted_by_key(|event| event.occurred_at));
    let start = params(1).start;
    let end = start.plus((i64::from(SHORT) * 24 + 4) * 3_600_000);
    for (n, event) in events.iter().enumerate() {
        assert_eq!(event.message_id, format!("sim-1-{}", n + 1));
        assert!(event.occurred_at >= start && event.occurred_at < end && event.origin == Origin::Import);
        assert_eq!(event.received_at, event.occurred_at);
        let context: serde_json::Value = serde_json::from_str(event.context.as_ref().unwrap().get()).unwrap();
        assert!(context["consent"]["categoryPreferences"]["personalization"].is_boolean());
        assert!(event.anonymous_id.as_ref().is_some_and(|id| id.len() == 36));
        match event.kind {
            Kind::Identify => assert!(event.user_id.is_some() && event.traits.is_some()),
            _ => assert!(event.properties.is_some() && event.name.is_some(), "{event:?}"),
        }
    }
}

#[test]
fn what_events_name_exists() {
    let (shop, events) = &*PLAYED;
    let mut orders: BTreeMap<String, i64> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind == Kind::Track) {
        let commerce = read(shop, event);
        for product in &commerce.products {
            let known = shop.product(product.id().unwrap()).unwrap();
            assert!(product.sku.as_ref().is_none_or(|sku| known.variants.iter().any(|v| v.sku == *sku)));
        }
        let lines =
            || -> f64 { commerce.products.iter().map(|p| p.price.unwrap() * p.quantity.unwrap()).sum() };
        match event.name.as_deref() {
            Some("Order Completed") => {
                let revenue = commerce.revenue.unwrap();
                assert_eq!(revenue.minor, (lines() * 100.0).round() as i64);
                assert!(
                    orders.insert(commerce.order_id.unwrap(), revenue.minor).is_none(),
                    "one order, one id"
                );
            }
            Some("Order Refunded") => {
                let paid = orders[&commerce.order_id.unwrap()];
                let back = commerce.revenue.unwrap().minor;
                assert!(0 < back && back <= paid && back == (lines() * 100.0).round() as i64);
            }
            _ => {}
        }
    }
    assert!(orders.len() > 100);
    assert!(named(events, "Order Refunded").count() > 0);
    let unanswered = named(events, "Products Searched").filter(|e| read(shop, e).products.is_empty()).count();
    assert!(unanswered > 20, "{unanswered} searches found nothing");
}

/// Events by visit: a pause of half an hour begins another.
fn visits(events: &[Event]) -> Vec<Vec<&Event>> {
    let mut visits: Vec<Vec<&Event>> = Vec::new();
    let mut latest: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events {
        let id = event.anonymous_id.as_deref().unwrap_or_default();
        let going_on = latest.get(id).copied().filter(|&visit| {
            visits[visit].last().is_some_and(|e| event.occurred_at.since(e.occurred_at) < 1_800_000)
        });
        let visit = going_on.unwrap_or(visits.len());
        if going_on.is_none() {
            visits.push(Vec::new());
        }
        latest.insert(id, visit);
        visits[visit].push(event);
    }
    visits
}

#[test]
fn the_funnel_is_plausible() {
    let events = &PLAYED.1;
    let count = |name: &str| named(events, name).count() as f64;
    let visits = visits(events);
    let (views, adds, orders) = (count("Product Viewed"), count("Product Added"), count("Order Completed"));
    let conversion = orders / visits.len() as f64;
    assert!(views > 5.0 * adds && adds > 1.5 * orders, "{views} views, {adds} adds, {orders} orders");
    assert!((0.01..=0.06).contains(&conversion), "{conversion}");
    assert!(events.len() as f64 / visits.len() as f64 > 5.0);
    let people: BTreeSet<_> = events.iter().filter_map(|e| e.user_id.as_deref()).collect();
    assert!(people.len() > 50);
}

#[test]
fn what_is_seen_together_belongs_together() {
    let (shop, events) = &*PLAYED;
    let (mut pairs, mut alike) = (0.0, 0.0);
    let mut by_leaf: BTreeMap<u16, f64> = BTreeMap::new();
    for visit in visits(events) {
        let viewed: Vec<u16> = visit
            .iter()
            .filter(|e| e.name.as_deref() == Some("Product Viewed"))
            .map(|e| {
                shop.truths()[shop.index_of(read(shop, e).products[0].id().unwrap()).unwrap() as usize].leaf
            })
            .collect();
        for leaf in &viewed {
            *by_leaf.entry(*leaf).or_default() += 1.0;
        }
        for pair in viewed.windows(2) {
            pairs += 1.0;
            alike += f64::from(pair[0] == pair[1]);
        }
    }
    let all: f64 = by_leaf.values().sum();
    let by_chance: f64 = by_leaf.values().map(|count| (count / all).powi(2)).sum();
    assert!(alike / pairs > 5.0 * by_chance && alike / pairs > 0.4, "{} against {by_chance}", alike / pairs);
}

#[test]
fn parts_follow_what_they_fit() {
    let (shop, events) = &*PLAYED;
    let (mut follow, mut fitting) = (0.0, 0.0);
    for visit in visits(events) {
        let added: Vec<u32> = visit
            .iter()
            .filter(|e| e.name.as_deref() == Some("Product Added"))
            .filter_map(|e| shop.index_of(read(shop, e).products[0].id()?))
            .collect();
        for pair in added.windows(2) {
            let (main, next) = (&shop.truths()[pair[0] as usize], &shop.truths()[pair[1] as usize]);
            if !main.complements.is_empty() {
                follow += 1.0;
                fitting += f64::from(
                    main.complements.contains(&pair[1]) || {
                        shop.leaves()[usize::from(main.leaf)].goes_with.contains(&next.leaf)
                    },
                );
            }
        }
    }
    assert!(fitting / follow > 0.3, "{fitting} of {follow}");
}

#[test]
fn days_and_hours_have_their_rhythm() {
    let events = &PLAYED.1;
    let mut hours = [0.0; 24];
    for event in events {
        hours[usize::try_from(event.occurred_at.get() / 3_600_000 % 24).unwrap()] += 1.0;
    }
    assert!(hours[20] > 4.0 * hours[3], "{hours:?}");
}

#[test]
fn no_shoppers_and_no_days_are_fine() {
    let shop = Shop::generate(&ShopParams::default());
    assert_eq!(History::new(&shop, &HistoryParams { days: 0, ..params(1) }).count(), 0);
    assert!(History::new(&shop, &HistoryParams { days: 1, shoppers: 0, ..params(1) }).count() > 100);
}
