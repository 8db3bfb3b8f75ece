//! The feature store on the embedded engines: seen at once, kept, made anew to the byte.

use tradewind_embedded::FjallStore;
use tradewind_features::{Naming, NewRow, Registry, Row, ServiceSpec, Value, View, ViewSpec, built_in};
use tradewind_kernel::{Purpose, Purposes, UtcMillis};
use tradewind_ports::block_on;

use crate::pipeline::tests::{NOW, open, settle, take, viewed};
use crate::{Pipeline, RowState, ViewRows, state_digest};

/// `habits(visits, spend)` of subjects, rows good for a minute.
fn habits() -> ViewSpec {
    serde_json::from_str(
        r#"{"name":"habits","entity":"subject","features":[{"name":"visits","type":"int64"},
            {"name":"spend","type":"double"}],"source":{"push":"habits"},"ttlSeconds":60,
            "purpose":"personalization"}"#,
    )
    .unwrap()
}

fn declare(pipeline: &Pipeline, spec: ViewSpec) -> std::sync::Arc<View> {
    let name = spec.name.clone();
    within_runtime(async { pipeline.declare_view(spec).await.unwrap() });
    settle(pipeline);
    std::sync::Arc::clone(pipeline.feature_registry().view(&name, None).unwrap())
}

fn within_runtime<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(task)
}

/// A row of `visits` alone, of so many milliseconds before now.
fn row(view: &View, entity: &str, before_ms: i64, visits: i64) -> NewRow {
    let values = vec![Some(Value::Int(visits)), None];
    let row = Row { event_at: NOW.plus(-before_ms), created_at: NOW, values };
    NewRow { entity: view.entity_of(entity).into_owned(), row }
}

fn put(pipeline: &Pipeline, view: &View, rows: Vec<NewRow>) {
    let rows = vec![(std::sync::Arc::new(view.clone()), rows)];
    within_runtime(async { pipeline.put_feature_rows(rows).await.unwrap() });
}

fn ask(pipeline: &Pipeline, name: &str, entities: &[&str]) -> ViewRows {
    ask_for(pipeline, name, entities, Purposes::ALL)
}

fn ask_for(pipeline: &Pipeline, name: &str, entities: &[&str], purposes: Purposes) -> ViewRows {
    let plan = pipeline.feature_registry().plan(&[name], Naming::Short).unwrap();
    pipeline.read_features(&plan.views[0], entities, purposes).unwrap()
}

/// State and first value of each entity.
fn firsts(rows: &ViewRows) -> Vec<(RowState, Option<Value>)> {
    rows.states.iter().enumerate().map(|(n, (state, _))| (*state, rows.value(n, 0).cloned())).collect()
}

fn present(value: i64) -> (RowState, Option<Value>) {
    (RowState::Present, Some(Value::Int(value)))
}

const NONE: (RowState, Option<Value>) = (RowState::NotFound, None);

#[test]
fn a_row_is_seen_as_soon_as_it_is_taken_and_of_two_the_later_stays() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let view = declare(&pipeline, habits());
    put(&pipeline, &view, vec![row(&view, "ada", 10, 1), row(&view, "user_id:bob", 10, 2)]);
    // Before any checkpoint, after it, and under either name.
    for _ in 0..2 {
        let found = ask(&pipeline, "habits:visits", &["user_id:ada", "bob", "cleo"]);
        assert_eq!(firsts(&found), [present(1), present(2), NONE]);
        settle(&pipeline);
    }
    put(&pipeline, &view, vec![row(&view, "ada", 20, 7), row(&view, "bob", 5, 8)]);
    settle(&pipeline);
    put(&pipeline, &view, vec![row(&view, "ada", 30, 9)]);
    assert_eq!(firsts(&ask(&pipeline, "habits:visits", &["ada", "bob"])), [present(1), present(8)]);
    assert_eq!(ask(&pipeline, "habits:visits", &["bob"]).states[0].1, NOW.plus(-5));
}

#[test]
fn what_is_too_old_is_told_and_has_no_value() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let view = declare(&pipeline, habits());
    put(&pipeline, &view, vec![row(&view, "ada", 60_000, 1), row(&view, "bob", 60_001, 2)]);
    let found = ask(&pipeline, "habits:visits", &["ada", "bob"]);
    assert_eq!(firsts(&found), [present(1), (RowState::TooOld, None)]);
}

#[test]
fn versions_stand_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let first = declare(&pipeline, habits());
    put(&pipeline, &first, vec![row(&first, "ada", 10, 1)]);
    let mut changed = habits();
    changed.features[1].kind = tradewind_features::ValueType::parse("float").unwrap();
    let second = declare(&pipeline, changed);
    assert_eq!((first.version, second.version), (1, 2));
    assert_eq!(firsts(&ask(&pipeline, "habits:visits", &["ada"])), [NONE]);
    put(&pipeline, &second, vec![row(&second, "ada", 10, 2)]);
    assert_eq!(firsts(&ask(&pipeline, "habits:visits", &["ada"])), [present(2)]);
    assert_eq!(firsts(&ask(&pipeline, "habits@v1:visits", &["ada"])), [present(1)]);
}

#[test]
fn a_view_whose_purpose_is_not_allowed_says_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let view = declare(&pipeline, habits());
    put(&pipeline, &view, vec![row(&view, "ada", 10, 1)]);
    take(&pipeline, &[viewed("1", "device", "p")]);
    let others = Purposes::ALL.without(Purpose::Personalization);
    assert_eq!(firsts(&ask_for(&pipeline, "habits:visits", &["ada"], others)), [NONE]);
    assert_eq!(
        firsts(&ask_for(&pipeline, "subject_profile:events", &["anonymous_id:device"], others)),
        [NONE]
    );
    let popular = ask_for(&pipeline, "product_stats:popularity", &["p"], Purposes::NONE);
    assert_eq!(popular.states[0].0, RowState::Present, "a product is nobody's personal data");
}

#[test]
fn an_anonymous_id_finds_its_users_row_and_else_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let view = declare(&pipeline, habits());
    put(&pipeline, &view, vec![row(&view, "anonymous_id:device", 10, 1)]);
    let mut identify = tradewind_events::Event::new(tradewind_events::Kind::Identify, "1".into(), NOW, NOW);
    (identify.user_id, identify.anonymous_id) = (Some("ada".into()), Some("device".into()));
    take(&pipeline, &[identify]);
    assert_eq!(firsts(&ask(&pipeline, "habits:visits", &["anonymous_id:device", "ada"])), [present(1), NONE]);
    put(&pipeline, &view, vec![row(&view, "ada", 10, 5)]);
    assert_eq!(firsts(&ask(&pipeline, "habits:visits", &["anonymous_id:device"])), [present(5)]);
}

#[test]
fn what_is_built_in_is_computed_from_what_happened() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    take(&pipeline, &[viewed("1", "device", "p"), viewed("2", "device", "q")]);
    let of = |name: &str, entity: &str| ask(&pipeline, name, &[entity]).value(0, 0).cloned();
    let device = "anonymous_id:device";
    assert_eq!(of("subject_profile:product_views", device), Some(Value::Int(2)));
    assert_eq!(of("subject_profile:is_first_time_shopper", device), Some(Value::Bool(true)));
    assert_eq!(of("subject_profile:days_since_last_order", device), None);
    let ids = Value::List(vec![Value::Text("p".into()), Value::Text("q".into())]);
    assert_eq!(of("subject_profile:session_product_ids", device), Some(ids));
    let Some(Value::Double(score)) = of("product_stats:popularity", "p") else { panic!("no popularity") };
    assert!((score - 1.0).abs() < 1e-6);
    assert_eq!(of("calendar:month", "any"), Some(Value::Int(11)));
    assert_eq!(firsts(&ask(&pipeline, built_in::PRODUCT_STATS, &["nothing"])), [NONE]);
}

/// Of somebody who did a lot, so that most features have a value.
#[test]
fn each_value_is_of_the_type_that_is_declared() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let product =
        r#"{"product_id":"p","category":"Tents > Domes","brand":"Fell","price":12.5,"currency":"EUR"}"#;
    let order = format!(r#"{{"order_id":"o","revenue":12.5,"currency":"EUR","products":[{product}]}}"#);
    let told = [("Product Viewed", product), ("Product Added", product), ("Order Completed", &order)];
    let events = (0..).zip(told).map(|(n, (name, properties))| {
        let mut event = viewed(&format!("m{n}"), "device", "p");
        event.name = Some(name.to_owned());
        event.properties = Some(serde_json::value::RawValue::from_string(properties.to_owned()).unwrap());
        event
    });
    take(&pipeline, &events.collect::<Vec<_>>());
    let (registry, mut valued) = (pipeline.feature_registry(), 0);
    for (name, entity) in [
        (built_in::SUBJECT_PROFILE, "anonymous_id:device"),
        (built_in::PRODUCT_STATS, "p"),
        (built_in::CATEGORY_STATS, "Tents"),
        (built_in::CALENDAR, "any"),
    ] {
        let rows = ask(&pipeline, name, &[entity]);
        for (place, feature) in registry.view(name, None).unwrap().spec.features.iter().enumerate() {
            let value = rows.value(0, place);
            valued += usize::from(value.is_some());
            assert!(value.is_none_or(|v| v.is_of(feature.kind)), "{name}:{}: {value:?}", feature.name);
        }
    }
    assert!(valued > 40, "only {valued} features had a value");
}

/// Fills a house: declarations twice, rows in any order, events between them.
fn fill(pipeline: &Pipeline, stops: impl Fn()) {
    let view = declare(pipeline, habits());
    for round in 0..6i64 {
        let rows = (0..40).map(|n| row(&view, &format!("u{n}"), (n * 7 + round * 11) % 50, round)).collect();
        put(pipeline, &view, rows);
        take(pipeline, &[viewed(&round.to_string(), "device", "p")]);
        stops();
    }
    let words = ViewSpec { description: "how often".into(), ..habits() };
    declare(pipeline, words);
    let service = ServiceSpec {
        name: "ranker".into(),
        features: vec!["habits".into()],
        models: Vec::new(),
        owner: String::new(),
        description: String::new(),
    };
    within_runtime(async { pipeline.declare_feature_service(service).await.unwrap() });
    settle(pipeline);
}

#[test]
fn a_restart_finds_it_and_a_rebuild_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    fill(&pipeline, || {});
    let picture = |pipeline: &Pipeline| {
        let names: Vec<String> = (0..40).map(|n| format!("u{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        (ask(pipeline, "habits", &names), Registry::clone(&pipeline.feature_registry()))
    };
    let lived = picture(&pipeline);
    assert!(lived.0.states.iter().all(|(state, _)| *state == RowState::Present));
    drop(pipeline);
    let pipeline = open(dir.path(), NOW);
    assert_eq!(picture(&pipeline), lived);
    drop(pipeline);
    let digest = |dir: &std::path::Path| {
        state_digest(&FjallStore::open(&dir.join("state"), 8 << 20).unwrap(), NOW).unwrap()
    };
    let before = digest(dir.path());
    std::fs::remove_dir_all(dir.path().join("state")).unwrap();
    let pipeline = open(dir.path(), NOW);
    settle(&pipeline);
    assert_eq!(picture(&pipeline), lived);
    block_on(pipeline.flushed()).unwrap();
    drop(pipeline);
    assert_eq!(digest(dir.path()), before);
}

#[test]
fn rows_that_fit_nothing_are_dropped_and_block_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let view = declare(&pipeline, habits());
    let mut wrong = row(&view, "ada", 10, 1);
    wrong.row.values.pop();
    let long = row(&view, &"x".repeat(2_000), 10, 1);
    let unknown = View { version: 9, ..View::clone(&view) };
    put(&pipeline, &view, vec![wrong, long, row(&view, "bob", 10, 2)]);
    put(&pipeline, &unknown, vec![row(&view, "cleo", 10, 3)]);
    settle(&pipeline);
    assert!(pipeline.is_healthy());
    assert_eq!(firsts(&ask(&pipeline, "habits:visits", &["ada", "bob", "cleo"])), [NONE, present(2), NONE]);
    assert_eq!(ask(&pipeline, "habits", &["bob"]).states, [(RowState::Present, NOW.plus(-10))]);
    assert_eq!(UtcMillis::default(), ask(&pipeline, "habits", &["ada"]).states[0].1);
}
