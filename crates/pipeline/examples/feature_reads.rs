//! What reading features costs in process: `cargo run --release -p tradewind-pipeline --example feature_reads -- [PEOPLE]`.
//!
//! Fills a house on disk with so many profiles (1,000,000), three events each, and a pushed row for every tenth.
//! Then one thread reads: one person's five features, one at a time, all people equally likely, so that nearly
//! every read goes past the cache of profiles; a pushed row; and a thousand people at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tradewind_embedded::{FjallStore, LogOptions, SegmentLog};
use tradewind_events::{Event, Kind};
use tradewind_features::{Naming, NewRow, ReadPlan, Row, Value, View};
use tradewind_kernel::{Clock, Currency, Purposes, SystemClock};
use tradewind_pipeline::{LetterLimits, Pipeline, Settings};
use tradewind_ports::EventLog;

type Failure = Box<dyn std::error::Error>;

const BATCH: usize = 5_000;
const READS: usize = 100_000;
const PROFILE: [&str; 5] = [
    "subject_profile:orders",
    "subject_profile:events",
    "subject_profile:last_seen",
    "subject_profile:is_first_time_shopper",
    "subject_profile:session_product_ids",
];
const HABITS: &str = r#"{"name":"habits","entity":"subject","features":[{"name":"visits","type":"int64"},
    {"name":"taste","type":"float_list"}],"source":{"push":"habits"},"purpose":"personalization"}"#;

#[expect(clippy::print_stdout, reason = "an example's results")]
fn main() -> Result<(), Failure> {
    let people: usize = std::env::args().nth(1).map_or(Ok(1_000_000), |n| n.parse())?;
    let dir = tempfile::tempdir()?;
    let log = Arc::new(SegmentLog::open(&dir.path().join("log"), LogOptions::default())?);
    let store = Arc::new(FjallStore::open(&dir.path().join("state"), 64 << 20)?);
    let settings = Settings {
        currency: Currency::EUR,
        popularity_half_life_ms: 86_400_000,
        max_lag_records: 1_000_000,
        dead_letters: LetterLimits::default(),
        gate: tradewind_pipeline::GateTargets::default(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build()?;
    let pipeline =
        Pipeline::open(Arc::clone(&log) as Arc<dyn EventLog>, store, Arc::new(SystemClock), settings)?;
    let began = Instant::now();
    runtime.block_on(fill(&pipeline, people))?;
    println!("{people} profiles, filled in {:.0} s", began.elapsed().as_secs_f64());
    println!(
        "state on disk: {:.0} bytes a profile, all tables",
        size(&dir.path().join("state"))? as f64 / people as f64
    );
    let registry = pipeline.feature_registry();
    let mut random = 88_172_645_463_325_252u64;
    let mut one = |count: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % count as u64).unwrap_or(0)
    };
    let plan = registry.plan(&PROFILE, Naming::Short)?;
    let took = measured(READS, || read(&pipeline, &plan, &[format!("user_id:u{}", one(people))]))?;
    told("5 features of one profile", &took);
    let plan = registry.plan(&["habits"], Naming::Short)?;
    let took = measured(READS, || read(&pipeline, &plan, &[format!("u{}", one(people.div_ceil(10)) * 10)]))?;
    told("2 features of one pushed row", &took);
    let plan = registry.plan(&PROFILE, Naming::Short)?;
    let took = measured(200, || {
        let names: Vec<String> = (0..1_000).map(|_| format!("user_id:u{}", one(people))).collect();
        read(&pipeline, &plan, &names)
    })?;
    told("5 features of 1,000 profiles", &took);
    Ok(())
}

async fn fill(pipeline: &Pipeline, people: usize) -> Result<(), Failure> {
    pipeline.declare_view(serde_json::from_str(HABITS)?).await?;
    let view = pipeline.feature_registry().view("habits", None).cloned().ok_or("no view")?;
    for from in (0..people).step_by(BATCH) {
        let batch = from..(from + BATCH).min(people);
        for visit in 0..3 {
            let events: Vec<Event> = batch.clone().map(|n| viewed(n, visit)).collect();
            patiently(pipeline, async || pipeline.collect(&events).await.is_ok()).await;
        }
        let rows: Vec<NewRow> = batch.filter(|n| n % 10 == 0).map(|n| row(&view, n)).collect();
        patiently(pipeline, async || {
            pipeline.put_feature_rows(vec![(Arc::clone(&view), rows.clone())]).await.is_ok()
        })
        .await;
    }
    while !pipeline.settled(Duration::from_secs(5)).await {}
    Ok(())
}

/// Tries again once what waits is applied.
async fn patiently(pipeline: &Pipeline, attempt: impl AsyncFn() -> bool) {
    while !attempt().await {
        pipeline.drained(Duration::from_secs(5)).await;
    }
}

fn viewed(person: usize, visit: usize) -> Event {
    let now = SystemClock.now();
    let mut event = Event::new(Kind::Track, format!("m{person}-{visit}"), now, now);
    event.name = Some("Product Viewed".into());
    event.user_id = Some(format!("u{person}"));
    let properties = format!(r#"{{"product_id":"p{}"}}"#, (person * 31 + visit * 7) % 5_000);
    event.properties = serde_json::from_str(&properties).ok();
    event
}

fn row(view: &View, person: usize) -> NewRow {
    let now = SystemClock.now();
    let taste = Value::List((0..16u8).map(|n| Value::Float(f32::from(n))).collect());
    let values = vec![Some(Value::Int(3)), Some(taste)];
    NewRow {
        entity: view.entity_of(&format!("u{person}")).into_owned(),
        row: Row { event_at: now, created_at: now, values },
    }
}

fn read(pipeline: &Pipeline, plan: &ReadPlan, entities: &[String]) -> Result<(), Failure> {
    for view in &plan.views {
        let rows = pipeline.read_features(view, entities, Purposes::ALL)?;
        if rows.states.iter().any(|(state, _)| *state != tradewind_pipeline::RowState::Present) {
            return Err("somebody was not found".into());
        }
    }
    Ok(())
}

fn measured(count: usize, mut work: impl FnMut() -> Result<(), Failure>) -> Result<Vec<Duration>, Failure> {
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let began = Instant::now();
        work()?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    Ok(took)
}

#[expect(clippy::print_stdout, reason = "an example's results")]
fn told(what: &str, took: &[Duration]) {
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    let mean = took.iter().sum::<Duration>().as_secs_f64() * 1e6 / took.len() as f64;
    println!("{what}: mean {mean:.1} µs, p50 {:.1}, p99 {:.1}, p99.9 {:.1}", at(0.5), at(0.99), at(0.999));
}

fn size(dir: &std::path::Path) -> std::io::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        sum += if entry.file_type()?.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(sum)
}
