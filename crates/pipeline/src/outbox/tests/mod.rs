//! What comes out of the outbox, when, and under which ids.

use std::path::Path;

use tradewind_embedded::{FjallStore, LogOptions, SegmentLog};
use tradewind_events::{Event, Kind, Origin};
use tradewind_kernel::{Currency, FixedClock, Money, Subject, UtcMillis};
use tradewind_ports::TableId;

use super::*;
use crate::pipeline::tests::{LIMITS, NOW, settle, take};
use crate::{Pipeline, Settings, state_digest};

const ORDERS: &str = "Order Completed";

fn store(dir: &Path) -> FjallStore {
    FjallStore::open(&dir.join("state"), 8 << 20).unwrap()
}

fn open(dir: &Path, topics: &[&str], from: Offset) -> Pipeline {
    let log = SegmentLog::open(&dir.join("log"), LogOptions::default()).unwrap();
    let settings = Settings {
        currency: Currency::EUR,
        popularity_half_life_ms: UtcMillis::DAY,
        max_lag_records: 1_000_000,
        dead_letters: LIMITS,
        gate: crate::GateTargets::default(),
    };
    let (state, clock) = (Arc::new(store(dir)), Arc::new(FixedClock::new(NOW)));
    let outlet = Outlet::new(topics.iter().map(ToString::to_string), from);
    Pipeline::open_with(Arc::default(), Arc::new(log), state, clock, settings, outlet).unwrap()
}

fn event(id: &str, name: &str) -> Event {
    let mut event = Event::new(Kind::Track, id.into(), NOW, NOW);
    event.name = Some(name.into());
    event.anonymous_id = Some("ann".into());
    let properties =
        r#"{"order_id":"o-1","revenue":25.5,"products":[{"product_id":"p","price":12.75,"quantity":2}]}"#;
    event.properties = serde_json::from_str(properties).ok();
    event
}

/// The message ids of what waits, and the ids of the effects.
fn waiting(pipeline: &Pipeline) -> Vec<(String, EffectId)> {
    let page = pipeline.outbox(0, 100).unwrap();
    let read = |(_, id, effect): (Offset, EffectId, Effect)| match effect {
        Effect::EventHappened(event) => (event.message_id, id),
        Effect::AudienceMoved(moved) => panic!("nobody defined {moved:?}"),
    };
    page.effects.into_iter().map(read).collect()
}

fn messages(pipeline: &Pipeline) -> Vec<String> {
    waiting(pipeline).into_iter().map(|(message, _)| message).collect()
}

#[test]
fn what_is_watched_and_new_and_live_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), &[ORDERS], 0);
    let imported = Event { origin: Origin::Import, ..event("4", ORDERS) };
    let other_case = event("5", "order completed");
    take(
        &pipeline,
        &[event("1", ORDERS), event("1", ORDERS), event("3", "Product Viewed"), imported, other_case],
    );
    take(&pipeline, &[event("1", ORDERS)]);
    assert_eq!(messages(&pipeline), ["1", "5"]);
    let page = pipeline.outbox(0, 100).unwrap();
    assert_eq!(page.upto, pipeline.checkpointed());
    let Effect::EventHappened(told) = &page.effects[0].2 else { panic!("an event") };
    assert_eq!(told.subject, Some(Subject::Anonymous("ann".into())));
    assert_eq!(
        (told.order_id.as_deref(), told.revenue),
        (Some("o-1"), Some(Money::new(2_550, Currency::EUR)))
    );
    let line = ProductLine { id: "p".into(), quantity: 2, price: Some(Money::new(1_275, Currency::EUR)) };
    assert_eq!(told.products, [line]);
    pipeline.outbox_taken(&page).unwrap();
    assert_eq!(messages(&pipeline), Vec::<String>::new());
}

#[test]
fn a_replay_gives_the_same_ids_and_none_of_what_was_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), &[ORDERS], 0);
    take(&pipeline, &[event("1", ORDERS), event("2", ORDERS), event("3", ORDERS)]);
    let lived = waiting(&pipeline);
    drop(pipeline);
    let again = |from: Offset| {
        std::fs::remove_dir_all(dir.path().join("state")).unwrap();
        let pipeline = open(dir.path(), &[ORDERS], from);
        settle(&pipeline);
        waiting(&pipeline)
    };
    assert_eq!((lived.len(), again(0)), (3, lived.clone()));
    assert_eq!(again(2), lived[2..]);
    assert_eq!(again(3), []);
}

#[test]
fn the_outbox_is_no_part_of_what_a_rebuild_is_compared_by() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), &[ORDERS], 0);
    take(&pipeline, &[event("1", ORDERS), event("2", "Product Viewed")]);
    assert_eq!(messages(&pipeline).len(), 1);
    drop(pipeline);
    let lived = state_digest(&store(dir.path()), NOW).unwrap();
    std::fs::remove_dir_all(dir.path().join("state")).unwrap();
    let pipeline = open(dir.path(), &[], 0);
    settle(&pipeline);
    assert_eq!(messages(&pipeline).len(), 0);
    drop(pipeline);
    assert_eq!(state_digest(&store(dir.path()), NOW).unwrap(), lived);
}

#[test]
fn what_nobody_has_taken_is_carried_into_a_new_state() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), &[ORDERS], 0);
    take(&pipeline, &[event("1", ORDERS), event("2", ORDERS)]);
    let lived = waiting(&pipeline);
    drop(pipeline);
    let old = dir.path().join("old");
    std::fs::rename(dir.path().join("state"), &old).unwrap();
    let reached = carry_outbox(&FjallStore::open(&old, 8 << 20).unwrap(), &store(dir.path())).unwrap();
    assert_eq!(reached, 2);
    let pipeline = open(dir.path(), &[ORDERS], reached);
    settle(&pipeline);
    assert_eq!(waiting(&pipeline), lived);
    take(&pipeline, &[event("3", ORDERS)]);
    assert_eq!(messages(&pipeline), ["1", "2", "3"]);
}

#[test]
fn a_page_ends_between_records() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), &[ORDERS], 0);
    take(&pipeline, &[event("1", "x"), event("2", "x"), event("3", "x")]);
    let table: TableId = pipeline.inner.tables.outbox;
    let mut batch = Batch::default();
    for (offset, id) in [(0, 1), (0, 2), (0, 3), (1, 4), (2, 5)] {
        let Some(told) = EventHappened::of(&(&event("1", "x")).into(), "x", None, None, Currency::EUR) else {
            panic!("a live event")
        };
        let value = Effect::EventHappened(Box::new(told)).encode().unwrap();
        batch.put(table, desk::key_of(offset, EffectId([id; 16])), value);
    }
    pipeline.inner.store.commit(&batch).unwrap();
    let sizes = |limit| {
        let page = pipeline.outbox(0, limit).unwrap();
        (page.effects.len(), page.upto)
    };
    assert_eq!((sizes(1), sizes(2), sizes(3), sizes(4), sizes(9)), ((3, 1), (3, 1), (3, 1), (4, 2), (5, 3)));
}

#[test]
fn version_1_of_a_row_still_reads_and_writes_the_same() {
    let fixture = b"\x01{\"event_happened\":{\"name\":\"Order Completed\",\"message_id\":\"m\",\
        \"subject\":{\"User\":\"ada\"},\"occurred_at\":1000,\"received_at\":2000,\"order_id\":\"o\",\
        \"products\":[{\"id\":\"p\",\"quantity\":2,\"price\":{\"minor\":1275,\"currency\":\"EUR\"}}],\
        \"products_left_out\":0,\"revenue\":null}}";
    let effect = Effect::decode(fixture).unwrap();
    assert_eq!(String::from_utf8(effect.encode().unwrap()), String::from_utf8(fixture.to_vec()));
    assert_eq!(effect.id(7).to_string(), "1fbbdf6c1b692561cd5516c146dc43bc");
    assert_ne!(effect.id(7), effect.id(8));
    assert!(Effect::decode(b"\x02{}").is_err() && Effect::decode(b"").is_err());
}

#[test]
fn version_1_of_a_crossing_still_reads_and_writes_the_same() {
    let fixture = b"\x01{\"audience_moved\":{\"audience\":\"vip\",\"id\":3,\"revision\":2,\
        \"subject\":{\"User\":\"ada\"},\"crossing\":\"entered\",\"at\":1000}}";
    let effect = Effect::decode(fixture).unwrap();
    assert_eq!(String::from_utf8(effect.encode().unwrap()), String::from_utf8(fixture.to_vec()));
    assert_eq!(effect.topic(), "Audience Entered");
    let Effect::AudienceMoved(entered) = effect.clone() else { panic!("a crossing") };
    let exited = Effect::AudienceMoved(Box::new(AudienceMoved { crossing: Crossing::Exited, ..*entered }));
    assert_ne!(effect.id(7), exited.id(7));
}
