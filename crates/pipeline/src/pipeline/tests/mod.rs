//! The pipeline on the embedded engines: exactly once, whatever is sent twice or stopped in between.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use tradewind_catalog::{Change, Inventory, Level, Product, Stock, Variant};
use tradewind_embedded::{FjallStore, LogOptions, SegmentLog};
use tradewind_events::{Event, Kind, Origin};
use tradewind_kernel::{FixedClock, Subject, UtcMillis};
use tradewind_people::Profile;
use tradewind_people::consent::Personalization;
use tradewind_ports::block_on;

use crate::state_digest;

mod keeping;

use super::*;

pub(crate) const NOW: UtcMillis = UtcMillis::new(1_795_000_000_000);
/// Few, so that tests push some out.
pub(crate) const LIMITS: LetterLimits = LetterLimits { max_letters: 12, max_bytes: 1 << 20 };

pub(crate) fn open(dir: &Path, at: UtcMillis) -> Pipeline {
    open_with(dir, at, UtcMillis::DAY)
}

fn open_with(dir: &Path, at: UtcMillis, popularity_half_life_ms: i64) -> Pipeline {
    let log = SegmentLog::open(&dir.join("log"), LogOptions::default()).unwrap();
    open_with_log(Arc::new(log), dir, at, popularity_half_life_ms)
}

pub(crate) fn open_on(log: Arc<SegmentLog>, dir: &Path, at: UtcMillis) -> Pipeline {
    open_with_log(log, dir, at, UtcMillis::DAY)
}

fn open_with_log(log: Arc<SegmentLog>, dir: &Path, at: UtcMillis, popularity_half_life_ms: i64) -> Pipeline {
    let store = FjallStore::open(&dir.join("state"), 8 << 20).unwrap();
    let settings = Settings {
        currency: Currency::EUR,
        popularity_half_life_ms,
        max_lag_records: 1_000_000,
        gate: crate::GateTargets::default(),
        dead_letters: LIMITS,
    };
    Pipeline::open(log, Arc::new(store), Arc::new(FixedClock::new(at)), settings).unwrap()
}

fn track(id: &str, subject: &str, name: &str, properties: &str, at: UtcMillis) -> Event {
    let mut event = Event::new(Kind::Track, id.into(), at, at);
    event.name = Some(name.into());
    event.anonymous_id = Some(subject.into());
    event.properties = serde_json::from_str(properties).ok();
    event
}

pub(crate) fn viewed(id: &str, subject: &str, product: &str) -> Event {
    track(id, subject, "Product Viewed", &format!(r#"{{"product_id":"{product}"}}"#), NOW)
}

pub(crate) fn settle(pipeline: &Pipeline) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    while !runtime.block_on(pipeline.drained(Duration::from_secs(5))) {
        assert!(pipeline.is_healthy());
    }
    block_on(pipeline.flushed()).unwrap();
}

pub(crate) fn take(pipeline: &Pipeline, events: &[Event]) {
    block_on(pipeline.collect(events)).unwrap();
    settle(pipeline);
}

pub(crate) fn profile(pipeline: &Pipeline, subject: &Subject) -> Profile {
    let found = pipeline.profile::<Personalization>(subject).unwrap().found();
    found.map_or_else(Profile::default, |(_, p)| Profile::clone(&p))
}

pub(crate) fn anonymous(id: &str) -> Subject {
    Subject::Anonymous(id.into())
}

#[test]
fn an_event_is_in_every_view_once_it_is_applied() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    take(&pipeline, &[viewed("1", "a", "p"), viewed("2", "a", "q"), viewed("3", "b", "p")]);
    let live = pipeline.live();
    let p = live.items.read().number("p").unwrap();
    assert_eq!(profile(&pipeline, &anonymous("a")).events, 2);
    assert_eq!((live.sessions.read().sessions(), live.sessions.read().clicks()), (2, 3));
    assert_eq!(live.catalog.load().get(p).unwrap().title, "p");
    assert!(live.popularity.read().score(p, NOW.get()) > 1.9);
    assert_eq!(pipeline.counts(), [("Product Viewed".to_owned(), 3)]);
    let pulse = pipeline.pulse(NOW);
    assert_eq!((pulse.events_total, pulse.lag_events, pulse.latest_events.len()), (3, 0, 3));
}

#[test]
fn a_live_id_is_remembered_for_seven_days_and_an_imported_one_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let at = |days_ms: i64| Event { received_at: NOW.plus(days_ms), ..track("same", "a", "x", "{}", NOW) };
    take(&pipeline, &[at(0), at(1), at(7 * UtcMillis::DAY - 1)]);
    assert_eq!(profile(&pipeline, &anonymous("a")).events, 1);
    take(&pipeline, &[at(7 * UtcMillis::DAY)]);
    assert_eq!(profile(&pipeline, &anonymous("a")).events, 2);
    let old =
        |days: i64| Event { message_id: "old".into(), origin: Origin::Import, ..at(days * UtcMillis::DAY) };
    take(&pipeline, &[old(0), old(400)]);
    assert_eq!(profile(&pipeline, &anonymous("a")).events, 3);
    assert!(pipeline.is_imported("old").unwrap() && !pipeline.is_imported("same").unwrap());
}

#[test]
fn what_was_anonymous_follows_the_user_and_two_users_are_never_merged() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let identify = |id: &str, user: &str| {
        let mut event = Event::new(Kind::Identify, id.into(), NOW, NOW);
        (event.user_id, event.anonymous_id) = (Some(user.into()), Some("device".into()));
        event
    };
    take(&pipeline, &[viewed("1", "device", "p"), identify("2", "ada"), viewed("3", "device", "q")]);
    let (found, ada) = pipeline.profile::<Personalization>(&anonymous("device")).unwrap().found().unwrap();
    assert_eq!((found, ada.events), (Subject::User("ada".into()), 3));
    take(&pipeline, &[identify("4", "bob"), viewed("5", "device", "r")]);
    assert_eq!(profile(&pipeline, &Subject::User("ada".into())).events, 3);
    assert_eq!(profile(&pipeline, &Subject::User("bob".into())).events, 2);
}

#[test]
fn a_feed_is_authoritative_over_what_events_name() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let named = r#"{"product_id":"p","name":"Guess","price":3}"#;
    take(&pipeline, &[track("1", "a", "Product Viewed", named, NOW)]);
    let product = Product { id: "p".into(), title: "Truth".into(), ..Product::default() };
    block_on(pipeline.put_products(&[product])).unwrap();
    take(&pipeline, &[track("2", "a", "Product Viewed", named, NOW)]);
    assert_eq!(pipeline.live().catalog.load().get(0).unwrap().title, "Truth");
}

#[test]
fn a_restart_finds_everything_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let order =
        r#"{"order_id":"o","revenue":12.5,"products":[{"product_id":"p","quantity":2},{"product_id":"q"}]}"#;
    let events =
        [viewed("1", "a", "p"), track("2", "a", "Order Completed", order, NOW), viewed("3", "b", "q")];
    take(&pipeline, &events);
    let picture = |pipeline: &Pipeline| {
        let live = pipeline.live();
        let sessions = live.sessions.read();
        let clicks: Vec<Vec<u32>> = (0..u32::try_from(sessions.sessions()).unwrap())
            .map(|s| sessions.session(tradewind_models::SessionNo(s)).to_vec())
            .collect();
        let popular = live.popularity.read().rank(10);
        let profiles = [profile(pipeline, &anonymous("a")), profile(pipeline, &anonymous("b"))];
        (profiles, clicks, popular, pipeline.counts(), live.applied(), live.catalog.load().len())
    };
    let before = picture(&pipeline);
    assert_eq!(before.0[0].revenue_in(Currency::EUR), 1_250);
    drop(pipeline);
    let pipeline = open(dir.path(), NOW);
    assert_eq!(picture(&pipeline), before);
    take(&pipeline, &events);
    assert_eq!(profile(&pipeline, &anonymous("a")), before.0[0]);
}

#[test]
fn another_half_life_makes_popularity_anew() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let old = |n: u32| Event {
        occurred_at: NOW.plus(-10 * UtcMillis::DAY),
        ..viewed(&format!("o{n}"), "a", "old")
    };
    let events: Vec<Event> = (0..8).map(old).chain([viewed("n", "b", "new")]).collect();
    take(&pipeline, &events);
    let ranked = |pipeline: &Pipeline| pipeline.live().popularity.read().rank(2)[0].0;
    assert_eq!(ranked(&pipeline), 1, "8 views ten half-lives ago weigh less than one now");
    drop(pipeline);
    let pipeline = open_with(dir.path(), NOW, 100 * UtcMillis::DAY);
    assert_eq!(ranked(&pipeline), 0, "and more than one where a tenth of a half-life has passed");
    drop(pipeline);
    let pipeline = open_with(dir.path(), NOW, 100 * UtcMillis::DAY);
    assert_eq!(ranked(&pipeline), 0);
}

#[test]
fn a_record_of_a_newer_program_is_passed_over_and_the_rest_applied() {
    let dir = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(&dir.path().join("log"), LogOptions::default()).unwrap();
    block_on(log.append(vec![vec![99, 1, 2], Vec::new(), vec![1, 1, b'{']]).unwrap()).unwrap();
    drop(log);
    let pipeline = open(dir.path(), NOW);
    take(&pipeline, &[viewed("1", "a", "p")]);
    assert_eq!(profile(&pipeline, &anonymous("a")).events, 1);
}

/// One of all sorts of events: live and imported, late and early, of people who sign in on shared devices.
fn any_event(&(message, subject, product, sort): &(u32, u32, u32, u8)) -> Event {
    let minutes = i64::from(message * 7 % 90) - 45;
    let at = NOW.plus(minutes * UtcMillis::MINUTE);
    let properties = format!(
        r#"{{"product_id":"p{product}","name":"Product {}","price":{subject}.5,"quantity":{sort}}}"#,
        message % 3
    );
    let names = [
        "Product Viewed",
        "Product Clicked",
        "Product Added",
        "Product Removed",
        "Order Completed",
        "Order Refunded",
        "Products Searched",
        "Size Guide Opened",
    ];
    let name = names.get(usize::from(sort)).copied().unwrap_or("Product Viewed");
    let mut event = track(&format!("m{message}"), &format!("s{subject}"), name, &properties, at);
    if sort == 8 {
        event.kind = Kind::Identify;
    }
    if message % 4 == 0 {
        event.user_id = Some(format!("u{}", product % 2));
    }
    if message % 5 == 0 {
        event.origin = Origin::Import;
    }
    event
}

/// One of all sorts of changes of the catalog, in no order of time.
fn any_change(&(message, _, product, sort): &(u32, u32, u32, u8)) -> Change {
    let at = NOW.plus(i64::from(message * 7 % 90) * UtcMillis::MINUTE);
    let (id, item) = (format!("p{product}"), format!("i{product}"));
    match sort % 4 {
        0 => Change::Withdrawn { id, at },
        1 => {
            let inventory =
                Inventory { item, total: Some(message % 3), total_at: at, ..Inventory::default() };
            let variants = vec![Variant { inventory: Some(inventory), ..Variant::default() }];
            Change::Product(Box::new(Product { id, variants, updated_at: at, ..Product::default() }))
        }
        _ => {
            let location = format!("l{}", message % 2);
            Change::Stock { item, level: Level { location, quantity: message % 3, at } }
        }
    }
}

#[test]
fn a_stock_level_finds_its_product_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let level = |item: &str, quantity| {
        let level = Level { location: "l".into(), quantity, at: NOW.plus(i64::from(quantity)) };
        Change::Stock { item: item.into(), level }
    };
    let inventory = Inventory { item: "i".into(), ..Inventory::default() };
    let variants = vec![Variant { inventory: Some(inventory), ..Variant::default() }];
    let product = Product { id: "p".into(), variants, ..Product::default() };
    let stock = |pipeline: &Pipeline| {
        settle(pipeline);
        pipeline.live().catalog.load().get(0).map(|p| p.variants[0].stock.clone())
    };
    let pipeline = open(dir.path(), NOW);
    block_on(pipeline.change_catalog(&[level("i", 9), Change::Product(Box::new(product)), level("i", 2)]))
        .unwrap();
    let expected = |quantity| Some(vec![Stock { location: "l".into(), quantity }]);
    assert_eq!(stock(&pipeline), expected(2), "the level before the product is lost, the one after is not");
    drop(pipeline);
    let pipeline = open(dir.path(), NOW);
    block_on(pipeline.change_catalog(&[level("other", 8), level("i", 3), level("i", 1)])).unwrap();
    assert_eq!(stock(&pipeline), expected(3));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Messages sent once or more, in batches, with restarts in between: each counts once.
    #[test]
    fn exactly_once(
        sends in prop::collection::vec((0..60u32, 0..5u32), 1..150),
        restarts in prop::collection::vec(0..150usize, 0..3),
        batch in 1..20usize,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut pipeline = open(dir.path(), NOW);
        let mut expected: HashMap<u32, u64> = HashMap::new();
        let mut seen = std::collections::HashSet::new();
        for (n, chunk) in sends.chunks(batch).enumerate() {
            let events: Vec<Event> = chunk.iter().map(|&(message, product)| {
                viewed(&format!("m{message}"), &format!("s{}", message % 7), &format!("p{product}"))
            }).collect();
            block_on(pipeline.collect(&events)).unwrap();
            for &(message, _) in chunk {
                if seen.insert(message) {
                    *expected.entry(message % 7).or_default() += 1;
                }
            }
            if restarts.iter().any(|r| r / batch == n) {
                drop(pipeline);
                pipeline = open(dir.path(), NOW);
            }
        }
        settle(&pipeline);
        for subject in 0..7 {
            let events = profile(&pipeline, &anonymous(&format!("s{subject}"))).events;
            prop_assert_eq!(events, expected.get(&subject).copied().unwrap_or(0));
        }
        prop_assert_eq!(pipeline.counts().iter().map(|c| c.1).sum::<u64>(), seen.len() as u64);
    }

    /// The state made anew from the log is the one that lived, byte for byte: however the log was cut into
    /// batches, and wherever the program was stopped.
    #[test]
    fn a_rebuild_gives_the_same_bytes(
        sends in prop::collection::vec((0..300u32, 0..8u32, 0..5u32, 0..9u8), 1..600),
        restarts in prop::collection::vec(0..600usize, 0..3),
        batch in 1..250usize,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut pipeline = open(dir.path(), NOW);
        for (n, chunk) in sends.chunks(batch).enumerate() {
            block_on(pipeline.collect(&chunk.iter().map(any_event).collect::<Vec<_>>())).unwrap();
            block_on(pipeline.change_catalog(&chunk.iter().map(any_change).collect::<Vec<_>>())).unwrap();
            if restarts.iter().any(|r| r / batch == n) {
                drop(pipeline);
                pipeline = open(dir.path(), NOW);
            }
        }
        settle(&pipeline);
        drop(pipeline);
        let digest = |dir: &Path| {
            state_digest(&FjallStore::open(&dir.join("state"), 8 << 20).unwrap(), NOW).unwrap()
        };
        let lived = digest(dir.path());
        std::fs::rename(dir.path().join("state"), dir.path().join("old")).unwrap();
        let pipeline = open(dir.path(), NOW);
        settle(&pipeline);
        drop(pipeline);
        prop_assert_eq!(digest(dir.path()), lived);
    }
}
