//! What ADR 1 measured: the same durable appends into the segment log and into a fjall keyspace.
//!
//! `cargo run --release -p tradewind-embedded --example log_engines` prints, for each engine in turn and
//! three times over: CPU and wall seconds for 3,000 synced appends of 100 records of 500 bytes, bytes on
//! disk, and CPU seconds to read it all back.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement to be read, which may just stop"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use fjall::{Database, KeyspaceCreateOptions, PersistMode};
use tradewind_embedded::{LogOptions, SegmentLog};
use tradewind_ports::{EventLog, block_on};

const APPENDS: u64 = 3_000;
const RECORDS: u64 = 100;

/// Records that do not compress to nothing.
fn record(n: u64) -> Vec<u8> {
    let mut state = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b' ' + u8::try_from(state % 90).unwrap()
    };
    (0..500).map(|_| next()).collect()
}

fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn disk_bytes(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap());
    entries.map(|e| if e.path().is_dir() { disk_bytes(&e.path()) } else { e.metadata().unwrap().len() }).sum()
}

fn batch(n: u64) -> Vec<Vec<u8>> {
    (0..RECORDS).map(|r| record(n * RECORDS + r)).collect()
}

fn report(name: &str, write: impl FnOnce(), dir: &Path, read: impl FnOnce() -> u64) {
    let (began, used) = (Instant::now(), cpu());
    write();
    let (wall, write_cpu) = (began.elapsed(), cpu().checked_sub(used).unwrap());
    let bytes = disk_bytes(dir);
    let used = cpu();
    assert_eq!(read(), APPENDS * RECORDS);
    let read_cpu = cpu().checked_sub(used).unwrap();
    println!(
        "{name:8} write {write_cpu:?} CPU {wall:.2?} wall, {} MB on disk, read {read_cpu:?} CPU",
        bytes >> 20
    );
}

fn main() {
    for _ in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        let log = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
        let write = || {
            for n in 0..APPENDS {
                block_on(log.append(batch(n)).unwrap()).unwrap();
            }
        };
        report("segments", write, dir.path(), || {
            let (mut reader, mut seen) = (log.reader(0).unwrap(), 0);
            loop {
                match reader.read(1 << 20).unwrap().len() as u64 {
                    0 => return seen,
                    records => seen += records,
                }
            }
        });
        let dir = tempfile::tempdir().unwrap();
        let database = Database::builder(dir.path()).open().unwrap();
        let table = database.keyspace("log", KeyspaceCreateOptions::default).unwrap();
        let write = || {
            for n in 0..APPENDS {
                let mut write = database.batch().durability(Some(PersistMode::SyncData));
                for (r, record) in (0..).zip(batch(n)) {
                    write.insert(&table, (n * RECORDS + r).to_be_bytes(), record);
                }
                write.commit().unwrap();
            }
        };
        report("fjall", write, dir.path(), || {
            table.iter().map(|g| u64::from(!g.value().unwrap().is_empty())).sum()
        });
    }
}
