//! Opening a log whose segment holds any bytes.
//!
//! The first byte chooses what the file is: the bytes themselves; frames and heads of groups that they
//! describe, with the right checksums; a log that was really written, cut where the bytes say; the same with
//! up to three bits flipped. A checksum of 32 bits tells every such change, so whatever is read was written.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;
use tradewind_embedded::{LogOptions, OpenError, SegmentLog, TornTail, check_log};
use tradewind_ports::{EventLog, block_on};

use crate::choose;

/// The name of the only segment.
const SEGMENT: &str = "00000000000000000000.log";
const HEADER_BYTES: usize = 16;
const GROUP_BYTES: usize = 36;
const FRAME_BYTES: usize = 8;
const MARK: &[u8; 8] = b"\xff\xfe\xffTWGR\n";

/// Any bytes.
pub fn check(bytes: &[u8]) {
    let (kind, rest) = choose(bytes, 4);
    match kind {
        0 => drop(opened(rest)),
        1 => drop(opened(&crafted(rest))),
        2 => cut(rest),
        _ => flipped(rest),
    }
}

/// A folder with one file, in memory where the system has such a place.
///
/// # Panics
/// If it cannot be made.
#[must_use]
pub fn scratch(name: &str, bytes: &[u8]) -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    match made.and_then(|dir| fs::write(dir.path().join(name), bytes).map(|()| dir)) {
        Ok(dir) => dir,
        Err(error) => panic!("there is no place for a file: {error}"),
    }
}

/// A log that opened.
struct Opened {
    records: Vec<Vec<u8>>,
    /// Whether a torn write was told.
    was_torn: bool,
}

/// Opens a log of this segment; nothing if it was refused.
fn opened(segment: &[u8]) -> Option<Opened> {
    let dir = scratch(SEGMENT, segment);
    let file = dir.path().join(SEGMENT);
    let Ok(report) = check_log(dir.path()) else { panic!("the check fails") };
    let is_damaged = report.segments.iter().any(|s| !s.problems.is_empty());
    let log = match SegmentLog::open(dir.path(), options()) {
        Ok(log) => log,
        Err(OpenError::Io { source, .. }) => panic!("the log does not open: {source}"),
        Err(refused) => {
            assert!(is_damaged, "the check found nothing, and opening says: {refused}");
            assert_eq!(fs::read(&file).ok().as_deref(), Some(segment), "what is damaged was changed");
            return None;
        }
    };
    assert!(!is_damaged, "the check found what opening did not: {report:?}");
    assert_eq!(log.end(), report.end());
    if let Some(torn) = log.torn_tail() {
        keeps_what_it_cuts(torn, segment);
    }
    let (records, was_torn) = (read(&log), log.torn_tail().is_some());
    assert_eq!(records.len() as u64, log.end(), "records are missing");
    drop(log);
    let Ok(log) = SegmentLog::open(dir.path(), options()) else { panic!("it does not open again") };
    assert_eq!(log.torn_tail(), None, "it was torn again");
    assert_eq!(read(&log), records, "it reads something else the second time");
    Some(Opened { records, was_torn })
}

fn options() -> LogOptions {
    LogOptions { segment_bytes: 1 << 20, max_queued_bytes: 1 << 20, ..LogOptions::default() }
}

fn keeps_what_it_cuts(torn: &TornTail, segment: &[u8]) {
    let cut = usize::try_from(torn.cut_bytes).unwrap_or(usize::MAX);
    assert!(cut <= segment.len());
    let at = segment.len() - cut;
    let kept: PathBuf = torn.file.with_extension(format!("{at}.cut"));
    if cut > 0 {
        assert_eq!(fs::read(kept).ok().as_deref(), Some(&segment[at..]), "what was cut is lost");
    }
}

fn read(log: &SegmentLog) -> Vec<Vec<u8>> {
    let Ok(mut reader) = log.reader(0) else { panic!("offset 0 is not held") };
    let mut records = Vec::new();
    loop {
        match reader.read(4_096) {
            Ok(some) if some.is_empty() => return records,
            Ok(some) => {
                for record in some {
                    assert_eq!(record.offset, records.len() as u64);
                    records.push(record.bytes.to_vec());
                }
            }
            Err(error) => panic!("what was checked does not read: {error}"),
        }
    }
}

/// A log as it was written.
struct Written {
    records: Vec<Vec<u8>>,
    /// Where in the file each record ends.
    ends: Vec<usize>,
    /// Where groups end, and with them what one sync made durable.
    group_ends: Vec<usize>,
    /// The file as a killed process leaves it, and as it is closed.
    files: [Vec<u8>; 2],
}

fn written() -> &'static Written {
    static WRITTEN: OnceLock<Written> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let dir = scratch("nothing", b"");
        let Ok(log) = SegmentLog::open(dir.path(), options()) else { panic!("a new log does not open") };
        let (mut records, mut ends, mut at) = (Vec::new(), Vec::new(), HEADER_BYTES);
        let mut group_ends = vec![at];
        for group in 1..9_u8 {
            let group: Vec<Vec<u8>> = (0..group % 4 + 1).map(|n| record(group, n)).collect();
            let Ok(Ok(_)) = log.append(group.clone()).map(block_on) else { panic!("it takes nothing") };
            at += GROUP_BYTES;
            for record in group {
                at += FRAME_BYTES + record.len();
                ends.push(at);
                records.push(record);
            }
            group_ends.push(at);
        }
        group_ends.push(at + GROUP_BYTES);
        let file = || fs::read(dir.path().join(SEGMENT)).unwrap_or_default();
        let killed = file();
        drop(log);
        Written { records, ends, group_ends, files: [killed, file()] }
    })
}

/// A record of its own length and content; some look like parts of the format.
fn record(group: u8, n: u8) -> Vec<u8> {
    match n {
        3 => [&MARK[..], &[0; 40]].concat(),
        2 => Vec::new(),
        _ => (0..group.wrapping_mul(23)).map(|at| at ^ group ^ n).collect(),
    }
}

/// Which of the two files, and a place in it.
fn place(bytes: &[u8]) -> (&'static Written, &'static [u8], usize) {
    let (which, rest) = choose(bytes, 2);
    let written = written();
    let file = &written.files[which];
    let at = rest.first_chunk::<2>().map_or(0, |two| usize::from(u16::from_le_bytes(*two)));
    (written, file, at % (file.len() + 1))
}

fn cut(bytes: &[u8]) {
    let (written, file, at) = place(bytes);
    let Some(opened) = opened(&file[..at]) else { panic!("a log cut at byte {at} is refused") };
    let whole = written.ends.iter().filter(|&&end| end <= at).count();
    assert_eq!(opened.records, written.records[..whole], "cut at byte {at}");
    assert_eq!(opened.was_torn, !written.group_ends.contains(&at), "cut at byte {at}");
}

fn flipped(bytes: &[u8]) {
    let (written, file, at) = place(bytes);
    let mut file = file[..at].to_vec();
    for flip in bytes.get(3..).unwrap_or_default().chunks_exact(3).take(3) {
        let place = usize::from(u16::from_le_bytes([flip[0], flip[1]]));
        if let Some(byte) = file.get_mut(place) {
            *byte ^= 1 << (flip[2] % 8);
        }
    }
    if let Some(opened) = opened(&file) {
        assert!(written.records.starts_with(&opened.records), "it serves what was not written");
    }
}

/// Frames and heads of groups, mostly right.
fn crafted(bytes: &[u8]) -> Vec<u8> {
    let (version, mut rest) = choose(bytes, 2);
    let mut file = b"TWLOG\0\0".to_vec();
    file.push(if version == 0 { 2 } else { 1 });
    file.extend_from_slice(&[0; 8]);
    let mut records = 0_u64;
    while let [what, size, after @ ..] = rest {
        rest = after;
        let size_bytes = usize::from(*size);
        match what % 8 {
            0..=2 => {
                frame(&mut file, &vec![*size; size_bytes], 0);
                records += 1;
            }
            3 | 4 => {
                let position = file.len() as u64;
                group(&mut file, position, records, u64::from(*size));
            }
            5 => {
                let position = (file.len() as u64).wrapping_add_signed(i64::from(size & 3) - 1);
                group(&mut file, position, records.wrapping_add_signed(i64::from(size >> 6) - 1), u64::MAX);
            }
            6 => frame(&mut file, b"damaged", 1),
            _ => {
                let raw = size_bytes.min(rest.len());
                file.extend_from_slice(&rest[..raw]);
                rest = &rest[raw..];
            }
        }
    }
    file
}

fn frame(file: &mut Vec<u8>, payload: &[u8], off_by: u32) {
    let length = u32::try_from(payload.len()).unwrap_or(0).to_le_bytes();
    let sum = crc32c::crc32c_append(crc32c::crc32c(&length), payload).wrapping_add(off_by);
    file.extend_from_slice(&length);
    file.extend_from_slice(&sum.to_le_bytes());
    file.extend_from_slice(payload);
}

fn group(file: &mut Vec<u8>, position: u64, first: u64, body_bytes: u64) {
    let mut head = MARK.to_vec();
    for number in [position, first, body_bytes] {
        head.extend_from_slice(&number.to_le_bytes());
    }
    head.extend_from_slice(&crc32c::crc32c(&head).to_le_bytes());
    file.extend_from_slice(&head);
}
