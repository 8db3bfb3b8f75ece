//! The log kept to an age and a size, readers that stop, and a full log that takes events again.

use std::sync::atomic::{AtomicU64, AtomicUsize};

use tradewind_ports::{Batch, LogPart, Scan, StateError, TableId};

use crate::retention::look;

use super::*;

/// A state that counts its syncs, and panics at a commit when told to.
struct Synced(FjallStore, AtomicUsize, AtomicBool);

impl StateStore for Synced {
    fn table(&self, name: &str) -> Result<TableId, StateError> {
        self.0.table(name)
    }
    fn drop_table(&self, name: &str) -> Result<(), StateError> {
        self.0.drop_table(name)
    }
    fn table_names(&self) -> Vec<String> {
        self.0.table_names()
    }
    fn get(&self, table: TableId, key: &[u8]) -> Result<Option<bytes::Bytes>, StateError> {
        self.0.get(table, key)
    }
    fn scan(&self, table: TableId, from: &[u8]) -> Scan<'_> {
        self.0.scan(table, from)
    }
    fn commit(&self, batch: &Batch) -> Result<(), StateError> {
        assert!(!self.2.load(Ordering::SeqCst), "a test's commit that nobody survives");
        self.0.commit(batch)
    }
    fn sync(&self) -> Result<(), StateError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.sync()
    }
    fn purge(&self) -> Result<(), StateError> {
        self.0.purge()
    }
}

struct Shop {
    pipeline: Pipeline,
    log: Arc<SegmentLog>,
    store: Arc<Synced>,
    clock: Arc<FixedClock>,
}

const BOUND_BYTES: u64 = 40_000;

/// Segments of 2,000 bytes; `max_bytes` bounds them.
fn shop(dir: &Path, max_bytes: u64) -> Result<Shop, PipelineError> {
    let options = LogOptions { segment_bytes: 2_000, max_bytes, ..LogOptions::default() };
    let log = Arc::new(SegmentLog::open(&dir.join("log"), options).unwrap());
    let store = Arc::new(Synced(
        FjallStore::open(&dir.join("state"), 8 << 20)?,
        AtomicUsize::new(0),
        AtomicBool::new(false),
    ));
    let clock = Arc::new(FixedClock::new(NOW));
    let settings = Settings {
        currency: Currency::EUR,
        popularity_half_life_ms: UtcMillis::DAY,
        max_lag_records: 1_000,
        gate: crate::GateTargets::default(),
        dead_letters: LIMITS,
    };
    let (log_, store_, clock_) = (Arc::clone(&log), Arc::clone(&store), Arc::clone(&clock));
    let pipeline = Pipeline::open(log_, store_, clock_, settings)?;
    Ok(Shop { pipeline, log, store, clock })
}

fn send(pipeline: &Pipeline, numbers: std::ops::Range<u64>) {
    for n in numbers {
        block_on(pipeline.collect(&[viewed(&format!("m{n}"), "a", "p")])).unwrap();
    }
    settle(pipeline);
}

fn parts(log: &SegmentLog) -> Vec<LogPart> {
    log.parts().unwrap()
}

#[test]
fn old_parts_leave_once_the_state_is_durable_and_the_state_goes_on_without_them() {
    let dir = tempfile::tempdir().unwrap();
    let Shop { pipeline, log, store, clock } = shop(dir.path(), 0).unwrap();
    send(&pipeline, 0..100);
    let newest = parts(&log).last().unwrap().written_at_ms;
    let retention = Retention { keep_ms: UtcMillis::DAY, max_bytes: 0 };
    clock.set(UtcMillis::new(newest));
    look(&pipeline.inner, retention).unwrap();
    assert_eq!((log.start(), store.1.load(Ordering::SeqCst)), (0, 0));
    clock.set(UtcMillis::new(newest + UtcMillis::DAY + 1));
    look(&pipeline.inner, retention).unwrap();
    assert_eq!((parts(&log).len(), store.1.load(Ordering::SeqCst)), (1, 1));
    let start = log.start();
    assert!(start > 50 && log.end() == 100);
    drop((pipeline, log, store));

    let again = shop(dir.path(), 0).unwrap();
    send(&again.pipeline, 100..110);
    assert_eq!((profile(&again.pipeline, &anonymous("a")).events, again.log.start()), (110, start));
    drop(again);
    std::fs::rename(dir.path().join("state"), dir.path().join("old")).unwrap();
    let refused = shop(dir.path(), 0).err().unwrap();
    assert!(
        matches!(refused, PipelineError::LogBeginsLater { offset: 0, start: s } if s == start),
        "{refused}"
    );
}

/// The projection goes on and the log fills for the reader that stopped; it is named. Once it goes on, it finds
/// every record, and there is room again.
#[test]
fn a_log_that_is_full_for_a_reader_names_it_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let Shop { pipeline, log, .. } = shop(dir.path(), BOUND_BYTES).unwrap();
    let position = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&position);
    pipeline.register_reader("lake", Arc::new(move || told.load(Ordering::SeqCst)));
    pipeline.keep_log(Retention { keep_ms: 0, max_bytes: BOUND_BYTES }).unwrap();
    let (mut sent, mut seen) = (0, Vec::new());
    let full = loop {
        match block_on(pipeline.collect(&[viewed(&format!("m{sent}"), "a", "p")])) {
            Ok(()) => sent += 1,
            // The first look may not have been made yet.
            Err(CollectError::Full(why)) if why.contains("'lake'") => break why,
            Err(CollectError::Full(_)) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    };
    assert!(full.contains("from record 0 on"), "{full}");
    settle(&pipeline);
    pipeline.log_decision(b"dropped");
    assert_eq!((log.start(), log.end(), profile(&pipeline, &anonymous("a")).events), (0, sent, sent));

    let mut reader = log.reader(0).unwrap();
    let target = sent + 500;
    while sent < target || reader.position() < target {
        for record in reader.read(5_000).unwrap() {
            seen.push(record.offset);
        }
        position.store(reader.position(), Ordering::SeqCst);
        if sent < target && block_on(pipeline.collect(&[viewed(&format!("m{sent}"), "a", "p")])).is_ok() {
            sent += 1;
        }
    }
    settle(&pipeline);
    assert_eq!(seen, (0..target).collect::<Vec<_>>());
    assert_eq!(profile(&pipeline, &anonymous("a")).events, sent);
    assert!(log.start() > 0 && log.size_bytes() < BOUND_BYTES + 2_000, "{}", log.size_bytes());
}

/// Nothing is lost and nothing counts twice while the clock jumps by hours and days, to and fro, as long as a
/// message comes again within seven days of the clock of its first receipt.
#[test]
fn a_clock_that_jumps_loses_nothing_and_counts_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let week_starts = UtcMillis::new(NOW.get().div_euclid(7 * UtcMillis::DAY) * 7 * UtcMillis::DAY);
    let mut opened = shop(dir.path(), 0).unwrap();
    let hours: [i64; 12] = [0, 1, -1, 26, -20, 70, -72, 3, -3, 49, -49, 0];
    let mut messages = Vec::new();
    for (step, jump) in hours.into_iter().enumerate() {
        let at = week_starts.plus(jump * UtcMillis::HOUR);
        opened.clock.set(at);
        let received = |id: &String| Event { received_at: at, ..viewed(id, "a", "p") };
        messages.extend((0..5).map(|n| format!("m{step}-{n}")));
        // All that ever came comes again, in one batch with what is new, and once more.
        take(&opened.pipeline, &messages.iter().map(received).collect::<Vec<_>>());
        take(&opened.pipeline, &messages.iter().rev().map(received).collect::<Vec<_>>());
        if step % 4 == 3 {
            drop(opened);
            opened = shop(dir.path(), 0).unwrap();
            opened.clock.set(at);
        }
        assert_eq!(profile(&opened.pipeline, &anonymous("a")).events, messages.len() as u64, "at {jump} h");
    }
}

#[test]
fn a_thread_that_panics_stops_the_pipeline_rather_than_leaving_it_to_wait() {
    let dir = tempfile::tempdir().unwrap();
    let shop = shop(dir.path(), 0).unwrap();
    shop.store.2.store(true, Ordering::SeqCst);
    block_on(shop.pipeline.collect(&[viewed("1", "a", "p")])).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert!(!runtime.block_on(shop.pipeline.settled(Duration::from_secs(60))));
    assert!(!shop.pipeline.is_healthy());
    assert_eq!(block_on(shop.pipeline.collect(&[viewed("2", "a", "p")])), Err(CollectError::Stopped));
}
