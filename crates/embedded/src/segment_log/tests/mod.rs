use std::fs::OpenOptions;
use std::io::Write;

mod damage;
mod sim_disk;
mod simulation;

use super::*;
use crate::segment;
use tradewind_ports::{block_on, contract};

fn small() -> LogOptions {
    LogOptions { segment_bytes: 4_096, max_queued_bytes: 1 << 20, ..LogOptions::default() }
}

fn fill(log: &SegmentLog, records: u64) {
    for n in 0..records {
        let record = vec![u8::try_from(n % 251).unwrap(); usize::try_from(n % 700).unwrap()];
        block_on(log.append(vec![record]).unwrap()).unwrap();
    }
}

fn count(log: &SegmentLog, from: Offset) -> u64 {
    let mut reader = log.reader(from).unwrap();
    let mut seen = 0;
    loop {
        let records = reader.read(1_000).unwrap();
        if records.is_empty() {
            return seen;
        }
        for record in records {
            assert_eq!(record.bytes.len() as u64, record.offset % 700);
            seen += 1;
        }
    }
}

#[test]
fn keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    contract::event_log(|| SegmentLog::open(dir.path(), LogOptions::default()).unwrap());
    let dir = tempfile::tempdir().unwrap();
    contract::event_log(|| {
        SegmentLog::open(dir.path(), LogOptions { segment_bytes: 300, ..LogOptions::default() }).unwrap()
    });
}

#[test]
fn reads_from_every_offset_across_segments() {
    let dir = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(dir.path(), small()).unwrap();
    fill(&log, 300);
    assert!(std::fs::read_dir(dir.path()).unwrap().count() > 10);
    for from in 0..=300 {
        assert_eq!(count(&log, from), 300 - from);
    }
}

#[test]
fn a_torn_tail_is_cut_and_told_wherever_it_tears() {
    let dir = tempfile::tempdir().unwrap();
    let path = segment::path(dir.path(), 0);
    let log = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
    fill(&log, 20);
    drop(log);
    let whole = std::fs::read(&path).unwrap();
    for cut in (0..whole.len()).step_by(7) {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let log = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
        let kept = log.end();
        assert_eq!(count(&log, 0), kept);
        assert!(kept < 20 || cut + segment::GROUP_BYTES >= whole.len());
        block_on(log.append(vec![vec![1; usize::try_from(kept % 700).unwrap()]]).unwrap()).unwrap();
        assert_eq!(count(&log, 0), kept + 1);
    }
}

#[test]
fn damage_is_never_served() {
    let dir = tempfile::tempdir().unwrap();
    let path = segment::path(dir.path(), 0);
    let log = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
    fill(&log, 50);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let mut reader = log.reader(0).unwrap();
    let mut good = 0;
    let error = loop {
        match reader.read(usize::MAX >> 8) {
            Ok(records) => good += records.len(),
            Err(error) => break error,
        }
    };
    assert!(good < 50);
    assert!(matches!(error, ReadError::Corrupt { .. }), "{error}");
}

#[test]
fn a_flipped_bit_before_good_records_is_told_and_nothing_cut() {
    let dir = tempfile::tempdir().unwrap();
    let path = segment::path(dir.path(), 0);
    let log = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
    fill(&log, 50);
    drop(log);
    let whole = std::fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    bytes[whole.len() / 2] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(SegmentLog::open(dir.path(), LogOptions::default()), Err(OpenError::Damaged { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[test]
fn what_is_cut_is_kept_beside_the_segment() {
    let dir = tempfile::tempdir().unwrap();
    let path = segment::path(dir.path(), 0);
    let log = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
    fill(&log, 5);
    drop(log);
    let size = std::fs::metadata(&path).unwrap().len();
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"\x09\0\0\0torn").unwrap();
    let log = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
    assert_eq!(log.torn_tail().unwrap().cut_bytes, 8);
    assert_eq!(std::fs::read(path.with_extension(format!("{size}.cut"))).unwrap(), b"\x09\0\0\0torn");
}

#[test]
fn a_missing_segment_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(dir.path(), small()).unwrap();
    fill(&log, 300);
    let second = log.shared.view.lock().segments[1].path.clone();
    drop(log);
    std::fs::remove_file(second).unwrap();
    assert!(matches!(SegmentLog::open(dir.path(), small()), Err(OpenError::Gap { .. })));
}

#[test]
fn a_flood_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let options = LogOptions { max_queued_bytes: 100, ..LogOptions::default() };
    let log = SegmentLog::open(dir.path(), options).unwrap();
    log.shared.queued_bytes.store(90, Ordering::Relaxed);
    assert!(matches!(log.append(vec![vec![0; 50]]), Err(AppendError::Overloaded { queued_bytes: 90 })));
}

fn first_of(log: &SegmentLog, offset: Offset) -> Vec<u8> {
    log.reader(offset).unwrap().read(1).unwrap()[0].bytes.to_vec()
}

/// Bytes of version 1 as the first program wrote them; every later one must read them. What is new goes to a
/// segment of its own.
#[test]
fn version_1_still_reads() {
    let bytes = b"TWLOG\0\0\x01\0\0\0\0\0\0\0\0\x02\0\0\0\x59\x72\x5a\x88hi";
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(segment::path(dir.path(), 0), bytes).unwrap();
    for end in 1..4 {
        let log = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
        assert_eq!((log.torn_tail(), log.end()), (None, end));
        block_on(log.append(vec![b"new".to_vec()]).unwrap()).unwrap();
        assert_eq!((first_of(&log, 0), first_of(&log, 1)), (b"hi".to_vec(), b"new".to_vec()));
    }
    assert_eq!(std::fs::read(segment::path(dir.path(), 0)).unwrap(), bytes);
}

#[test]
fn an_empty_segment_of_version_1_makes_room() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(segment::path(dir.path(), 0), segment::header(Version::One, 0)).unwrap();
    let log = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
    fill(&log, 3);
    drop(log);
    let log = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
    assert_eq!(count(&log, 0), 3);
}

/// Bytes of version 2 as the first program that wrote it did: two groups of one record, and the seal.
#[test]
fn version_2_still_reads_and_writes_the_same() {
    let bytes = [
        &b"TWLOG\0\0\x02\0\0\0\0\0\0\0\0"[..],
        b"\xff\xfe\xffTWGR\n\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0a\0\0\0\0\0\0\0GD\xeeb",
        b"\x02\0\0\0\x59\x72\x5a\x88hi",
        b"\xff\xfe\xffTWGR\n\x3e\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0Xd\xac\x1d",
    ]
    .concat();
    let dir = tempfile::tempdir().unwrap();
    let path = segment::path(dir.path(), 0);
    let log = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
    block_on(log.append(vec![b"hi".to_vec()]).unwrap()).unwrap();
    drop(log);
    assert_eq!(std::fs::read(&path).unwrap().escape_ascii().to_string(), bytes.escape_ascii().to_string());
    std::fs::write(&path, &bytes).unwrap();
    let log = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
    assert_eq!((log.torn_tail(), first_of(&log, 0)), (None, b"hi".to_vec()));
}

#[test]
fn a_newer_version_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = segment::path(dir.path(), 0);
    std::fs::write(&path, b"TWLOG\0\0\x03\0\0\0\0\0\0\0\0").unwrap();
    assert!(matches!(SegmentLog::open(dir.path(), small()), Err(OpenError::Damaged { .. })));
    assert_eq!(std::fs::read(&path).unwrap()[7], 3);
}

#[test]
fn a_file_that_shrinks_under_a_reader_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(dir.path(), LogOptions::default()).unwrap();
    fill(&log, 50);
    let file = OpenOptions::new().write(true).open(segment::path(dir.path(), 0)).unwrap();
    let whole = file.metadata().unwrap().len();
    for size in (0..whole).rev() {
        file.set_len(size).unwrap();
        let mut reader = log.reader(0).unwrap();
        let error = loop {
            match reader.read(500) {
                Ok(records) => assert!(!records.is_empty()),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, ReadError::Corrupt { .. }), "{error}");
        assert!(log.reader(49).unwrap().read(1).is_err());
    }
}
