//! Priors and seasons on the embedded engines: who counts, and the same bytes from a rebuild.

use std::path::Path;

use tradewind_embedded::FjallStore;
use tradewind_events::{ConsentStamp, Enrichment, Event, EventName, Kind};
use tradewind_features::{Naming, Value, built_in};
use tradewind_kernel::Purposes;
use tradewind_people::facts::{Channel, Country};

use super::*;
use crate::pipeline::tests::{NOW, open, settle, take};
use crate::state_digest;

/// An event of somebody who came by search from a country.
fn event(who: &str, n: u32, country: &str, name: &str, product: &str, at: UtcMillis) -> Event {
    let mut event = Event::new(Kind::Track, format!("{who}-{n}"), at, at);
    event.name = Some(name.into());
    event.anonymous_id = Some(who.into());
    let category = if product.starts_with('t') { "Camping > Tents" } else { "Kitchen" };
    let properties = format!(r#"{{"product_id":"{product}","category":"{category}","price":10}}"#);
    event.properties = serde_json::from_str(&properties).ok();
    event.enriched = Some(Box::new(Enrichment {
        channel: Some("search".into()),
        country: Some(country.into()),
        ..Enrichment::default()
    }));
    event
}

/// A first visit: a tent or a pan is looked at, and perhaps bought.
fn visit(who: &str, country: &str, product: &str, buys: bool) -> Vec<Event> {
    let mut events = vec![event(who, 1, country, "Product Viewed", product, NOW)];
    if buys {
        events.push(event(who, 2, country, "Order Completed", product, NOW.plus(60_000)));
    }
    events
}

fn stamped(mut event: Event, granted: Purposes, in_force: Purposes) -> Event {
    event.consent = Some(Box::new(ConsentStamp { granted, in_force, ..ConsentStamp::default() }));
    event
}

fn way(country: &str) -> Way {
    (Some(Channel::Search), Country::parse(country))
}

/// Visits of people from Britain, every fifth of whom orders.
fn britons(people: u32) -> Vec<Event> {
    let of = |n: u32| {
        let product = if n.is_multiple_of(4) { "pan" } else { "tent" };
        visit(&format!("gb{n}"), "GB", product, n.is_multiple_of(5))
    };
    (0..people).flat_map(of).collect()
}

#[test]
fn a_cold_visitor_gets_what_others_of_the_same_way_did() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    take(&pipeline, &britons(49));
    assert_eq!(pipeline.priors(way("GB")).group, None, "too few to be told");
    take(&pipeline, &visit("one more", "GB", "tent", false));
    let told = pipeline.priors(way("GB"));
    assert_eq!((told.group, told.people), (Some(Group::Place(way("GB").0, way("GB").1)), 50));
    assert!((0.15..0.21).contains(&told.order_probability), "{}", told.order_probability);
    let likeliest = told.told_categories().next().unwrap();
    assert_eq!(crate::facts::text_of(&pipeline.live().words.read(), likeliest.0).unwrap(), "Camping");
    // Somebody of whom nothing is known but the way: their features say so.
    let cold = event("cold", 1, "GB", "Products Searched", "-", NOW);
    take(&pipeline, &[cold]);
    let read = |feature: &str| {
        let name = format!("{}:{feature}", built_in::SUBJECT_PROFILE);
        let plan = pipeline.feature_registry().plan(&[name], Naming::Short).unwrap();
        let rows = pipeline.read_features(&plan.views[0], &["anonymous_id:cold"], Purposes::ALL).unwrap();
        rows.value(0, 0).cloned()
    };
    assert_eq!(read("likely_category"), Some(Value::Text("Camping".into())));
    assert_eq!(read("prior_group"), Some(Value::Text("channel_and_country".into())));
    assert_eq!((read("prior_people"), read("top_category")), (Some(Value::Int(51)), None));
    // What they do goes over it.
    take(&pipeline, &[event("cold", 2, "GB", "Product Viewed", "pan", NOW.plus(1_000))]);
    assert_eq!(read("likely_category"), Some(Value::Text("Kitchen".into())));
}

#[test]
fn who_did_not_agree_to_analytics_is_not_counted() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let (analytics, none) = (Purposes::NONE.with(Purpose::Analytics), Purposes::NONE);
    let first = |who: &str, granted, in_force| {
        stamped(event(who, 1, "DE", "Product Viewed", "tent", NOW), granted, in_force)
    };
    take(&pipeline, &[first("asked and silent", none, none), first("agreed", analytics, analytics)]);
    let people = || {
        let live = pipeline.live().aggregates.read();
        live.groups.of(Group::Shop).map_or(0, |shop| shop.people)
    };
    assert_eq!(people(), 1);
    // Who agreed earlier, with an event that says nothing itself.
    let mut choice = first("earlier", analytics, none);
    choice.name = Some(EventName::ConsentPreferenceUpdated.as_str().into());
    take(&pipeline, &[choice]);
    let before = people();
    let mut later = first("earlier", none, none);
    later.message_id = "later".into();
    take(&pipeline, &[later]);
    let live = pipeline.live().aggregates.read();
    let camping = category_word(&pipeline.live().words.read(), "Camping").unwrap();
    assert_eq!((before, live.groups.of(Group::Shop).unwrap().of_word(camping)), (2, 2));
    assert_eq!(live.seasons.of(camping).unwrap().iter().sum::<u32>(), 2);
}

#[test]
fn a_rebuild_counts_the_same_to_the_byte() {
    let dir = tempfile::tempdir().unwrap();
    let mut pipeline = open(dir.path(), NOW);
    let summer = event("early", 1, "DE", "Product Viewed", "tent", NOW.plus(-150 * UtcMillis::DAY));
    let events: Vec<Event> =
        britons(60).into_iter().chain(visit("de", "DE", "pan", true)).chain([summer]).collect();
    for (n, some) in events.chunks(7).enumerate() {
        take(&pipeline, some);
        if n == 4 {
            drop(pipeline);
            pipeline = open(dir.path(), NOW);
        }
    }
    let (priors, season) = (pipeline.priors(way("GB")), pipeline.season("Kitchen", 11));
    assert_eq!((priors.people, season.unwrap().events), (60, 15 + 3 + 2));
    drop(pipeline);
    let again = open(dir.path(), NOW);
    assert_eq!(
        (again.priors(way("GB")), again.season("Kitchen", 11)),
        (priors.clone(), season),
        "after a restart"
    );
    drop(again);
    let digest =
        |dir: &Path| state_digest(&FjallStore::open(&dir.join("state"), 8 << 20).unwrap(), NOW).unwrap();
    let lived = digest(dir.path());
    std::fs::rename(dir.path().join("state"), dir.path().join("old")).unwrap();
    let pipeline = open(dir.path(), NOW);
    settle(&pipeline);
    assert_eq!(pipeline.priors(way("GB")), priors);
    drop(pipeline);
    assert_eq!(digest(dir.path()), lived);
}

#[test]
fn a_category_has_its_season() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let mut events = Vec::new();
    // NOW is in November; back to May. Tents are looked at in summer, pans all year.
    for month in 0..7 {
        let at = NOW.plus(-i64::from(month) * 30 * UtcMillis::DAY);
        let tents = if month >= 3 { 120 } else { 20 };
        for n in 0..tents {
            events.push(event(&format!("t{month}-{n}"), 1, "GB", "Product Viewed", "tent", at));
        }
        for n in 0..60 {
            events.push(event(&format!("p{month}-{n}"), 1, "GB", "Product Viewed", "pan", at));
        }
    }
    take(&pipeline, &events);
    let read = |category: &str, feature: &str| {
        let name = format!("{}:{feature}", built_in::CATEGORY_STATS);
        let plan = pipeline.feature_registry().plan(&[name], Naming::Short).unwrap();
        let rows = pipeline.read_features(&plan.views[0], &[category], Purposes::NONE).unwrap();
        rows.value(0, 0).cloned()
    };
    let number = |value: Option<Value>| match value {
        Some(Value::Double(number)) => number,
        other => panic!("{other:?}"),
    };
    let (tents, pans) =
        (number(read("Camping > Tents", "season_index")), number(read("Kitchen", "season_index")));
    assert!(tents < 0.8 && pans > 1.1, "{tents} {pans}");
    let Some(Value::Int(peak)) = read("Camping", "season_peak_month") else { panic!("no peak") };
    assert!((5..=8).contains(&peak), "{peak}");
    assert_eq!(read("Kitchen", "season_events"), Some(Value::Int(60)));
    assert_eq!(read("Nothing", "season_index"), None);
}

/// A row of a season as version 1 wrote it.
const MONTHS_V1: &[u8] = &[1, 0x9c, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xcd, 1, 44, 7];

#[test]
fn version_1_of_a_season_still_reads_and_writes_the_same() {
    let months: Months = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 300, 7];
    assert_eq!(tradewind_people::encode(&months).unwrap(), MONTHS_V1);
    assert_eq!(tradewind_people::decode::<Months>(MONTHS_V1).unwrap(), months);
}
