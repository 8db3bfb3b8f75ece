//! Checks a log that no process has open, and changes nothing.

use std::io;
use std::path::{Path, PathBuf};

use tradewind_ports::Offset;

use crate::disk::{Disk, RealDisk};
use crate::segment;
use crate::segment_open::bases;
use crate::segment_scan::scan;

/// What a check of one segment found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentReport {
    /// Its file.
    pub file: PathBuf,
    /// The version of its format.
    pub version: u8,
    /// The offset of its first record.
    pub first: Offset,
    /// Records that read and whose checksums match, up to the first that does not.
    pub records: u64,
    /// The file's size.
    pub size_bytes: u64,
    /// What is wrong, in words that name the place.
    pub problems: Vec<String>,
    /// What the next start does to it, if anything.
    pub note: Option<String>,
}

/// What a check of a log found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogReport {
    /// All segments, in order.
    pub segments: Vec<SegmentReport>,
}

impl LogReport {
    /// The first offset that is held.
    #[must_use]
    pub fn start(&self) -> Offset {
        self.segments.first().map_or(0, |s| s.first)
    }

    /// One past the last offset that reads.
    #[must_use]
    pub fn end(&self) -> Offset {
        self.segments.last().map_or(0, |s| s.first + s.records)
    }
}

/// Reads every segment in `dir` and checks every record. Nothing is changed: a torn tail, which the next
/// start would cut, is noted. A folder that is not there is an empty log.
///
/// # Errors
/// Of the operating system; damage is part of the answer.
pub fn check_log(dir: &Path) -> io::Result<LogReport> {
    check(&RealDisk, dir)
}

fn check(disk: &dyn Disk, dir: &Path) -> io::Result<LogReport> {
    let bases = match bases(disk, dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(LogReport::default()),
        bases => bases?,
    };
    let mut report = LogReport::default();
    for (at, &first) in bases.iter().enumerate() {
        let file = segment::path(dir, first);
        let found = scan(&*disk.open(&file)?, first)?;
        let next = bases.get(at + 1).copied();
        let (mut problems, mut note) = (Vec::new(), None);
        if let Some(problem) = found.problem {
            let (what, position) = (problem.what, found.good_bytes);
            if problem.is_damage || next.is_some() {
                problems.push(format!("damaged at byte {position}: {what}"));
            } else {
                let cut = found.file_bytes - position;
                note = Some(format!(
                    "torn tail, {cut} bytes at byte {position} ({what}), would be cut at the next start"
                ));
            }
        }
        let ends = first + found.records;
        if let Some(next) = next.filter(|&next| next != ends) {
            problems.push(format!("ends at offset {ends}, and the next segment starts at {next}"));
        }
        let (version, records, size_bytes) = (found.version as u8, found.records, found.file_bytes);
        report.segments.push(SegmentReport { file, version, first, records, size_bytes, problems, note });
    }
    Ok(report)
}
