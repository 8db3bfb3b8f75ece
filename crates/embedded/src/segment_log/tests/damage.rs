//! Flipped bits and cut files: nothing wrong is served, and what is lost is told.

use std::fs;
use std::path::{Path, PathBuf};

use super::sim_disk::Dice;
use super::*;
use crate::{LogReport, check_log, segment};
use tradewind_ports::{Record, block_on};

fn options() -> LogOptions {
    LogOptions { segment_bytes: 6_000, max_queued_bytes: 1 << 20, ..LogOptions::default() }
}

/// A log of several segments and what is in it, closed or as a killed process leaves it.
fn make(dir: &Path, is_closed: bool) -> Vec<Vec<u8>> {
    let mut dice = Dice::new(5);
    let log = SegmentLog::open(dir, options()).unwrap();
    let mut all = Vec::new();
    for _ in 0..60 {
        let group: Vec<Vec<u8>> = (0..1 + dice.roll(6))
            .map(|_| (0..dice.roll(300)).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect())
            .collect();
        block_on(log.append(group.clone()).unwrap()).unwrap();
        all.extend(group);
    }
    let last = log.shared.view.lock().segments.last().map(|s| s.path.clone()).unwrap();
    let unsealed = fs::read(&last).unwrap();
    drop(log);
    if !is_closed {
        fs::write(last, unsealed).unwrap();
    }
    all
}

fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort_unstable();
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn restore(dir: &Path, files: &[(PathBuf, Vec<u8>)]) {
    for entry in fs::read_dir(dir).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for (path, bytes) in files {
        fs::write(path, bytes).unwrap();
    }
}

/// All that can be read from `from`, and whether an error ended it.
fn read(log: &SegmentLog, from: Offset) -> (Vec<Record>, bool) {
    let mut reader = log.reader(from).unwrap();
    let mut all = Vec::new();
    loop {
        match reader.read(900) {
            Ok(some) if some.is_empty() => return (all, false),
            Ok(some) => all.extend(some),
            Err(_) => return (all, true),
        }
    }
}

fn assert_right(records: &[Record], original: &[Vec<u8>]) {
    for record in records {
        assert_eq!(record.bytes, original[usize::try_from(record.offset).unwrap()]);
    }
}

fn is_told(report: &LogReport) -> bool {
    report.segments.iter().any(|s| s.note.is_some() || !s.problems.is_empty())
}

/// Damages one file; gives what was done, and whether the log as it is now could have been written so.
fn harm(dice: &mut Dice, files: &[(PathBuf, Vec<u8>)]) -> (String, bool) {
    let which = dice.roll(files.len());
    let (path, bytes) = &files[which];
    let mut bytes = bytes.clone();
    let at = dice.roll(bytes.len());
    let mut is_legitimate = false;
    if dice.once_in(3) {
        bytes.truncate(at);
        // Where the last file ends with a whole group, nothing can say that there was another.
        let rest = files[which].1[at..].starts_with(&segment::GROUP_MARK);
        is_legitimate = which + 1 == files.len() && (rest || at == 16);
    } else {
        for _ in 0..1 + dice.roll(3) {
            let at = dice.roll(bytes.len());
            bytes[at] ^= 1 << dice.roll(8);
        }
    }
    fs::write(path, &bytes).unwrap();
    (format!("{} at {at}", path.display()), is_legitimate || bytes == files[which].1)
}

fn damage_at_rest(is_closed: bool, seed: u64) {
    let dir = tempfile::tempdir().unwrap();
    let original = make(dir.path(), is_closed);
    let files = files(dir.path());
    assert!(files.len() > 4);
    let mut dice = Dice::new(seed);
    let mut refused = 0;
    for _ in 0..1_500 {
        restore(dir.path(), &files);
        let (what, is_legitimate) = harm(&mut dice, &files);
        assert!(is_legitimate || is_told(&check_log(dir.path()).unwrap()), "{what}: not told by the check");
        match SegmentLog::open(dir.path(), options()) {
            Err(OpenError::Io { source, .. }) => panic!("{what}: {source}"),
            Err(_) => refused += 1,
            Ok(log) => {
                let (records, is_error) = read(&log, 0);
                assert_right(&records, &original);
                let is_whole = records.len() == original.len();
                assert!(is_whole || is_error || log.torn_tail().is_some() || is_legitimate, "{what}");
            }
        }
    }
    assert!(refused > 500);
}

#[test]
fn flipped_bits_and_cut_files_are_told_at_the_next_start() {
    damage_at_rest(true, 1);
    damage_at_rest(false, 2);
}

#[test]
fn flipped_bits_under_an_open_log_are_never_served() {
    let dir = tempfile::tempdir().unwrap();
    let original = make(dir.path(), true);
    let log = SegmentLog::open(dir.path(), options()).unwrap();
    let files = files(dir.path());
    let mut dice = Dice::new(3);
    let mut told = 0;
    for _ in 0..1_000 {
        for (path, bytes) in &files {
            fs::write(path, bytes).unwrap();
        }
        harm(&mut dice, &files);
        for from in [0, dice.roll(original.len())] {
            let (records, is_error) = read(&log, from as Offset);
            assert_right(&records, &original);
            assert!(is_error || from + records.len() == original.len());
            told += usize::from(is_error);
        }
    }
    assert!(told > 500);
}

#[test]
fn a_closed_log_tells_any_flipped_bit() {
    let dir = tempfile::tempdir().unwrap();
    let path = segment::path(dir.path(), 0);
    let log = SegmentLog::open(dir.path(), options()).unwrap();
    block_on(log.append(vec![b"one".to_vec(), b"two".to_vec()]).unwrap()).unwrap();
    drop(log);
    let whole = fs::read(&path).unwrap();
    for bit in 0..(whole.len() - segment::GROUP_BYTES) * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &bytes).unwrap();
        let opened = SegmentLog::open(dir.path(), options());
        assert!(matches!(opened, Err(OpenError::Damaged { .. })), "bit {bit}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

/// The proof may lie far behind the damage, and anywhere in what is read at once.
#[test]
fn damage_is_told_however_far_the_next_group_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = segment::path(dir.path(), 0);
    for size in (0..16).map(|n| (1 << 20) - 52 + n * 4).chain([3_000_000]) {
        let mut bytes = segment::header(Version::Two, 0).to_vec();
        for (first, payload) in [(0, vec![1; size]), (1, Vec::new())] {
            let body_bytes = (FRAME_BYTES + payload.len()) as u64;
            let head = segment::Group { position: bytes.len() as u64, first, body_bytes };
            bytes.extend_from_slice(&head.bytes());
            segment::put_frame(&mut bytes, &payload);
        }
        bytes[100] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let opened = SegmentLog::open(dir.path(), LogOptions::default());
        assert!(matches!(opened, Err(OpenError::Damaged { position: 52, .. })), "{size}");
    }
}
