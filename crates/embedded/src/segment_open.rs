//! Opening a log: every segment is read, what a crash left half-written is cut, damage is told.
//!
//! Before anything is shown to a reader, it is synced: a process that was killed between its write and its
//! sync leaves records that read well and that a power cut would still take.

use std::io;
use std::path::{Path, PathBuf};

use tradewind_ports::Offset;

use crate::disk::{Disk, DiskFile};
use crate::segment::{self, Group, HEADER_BYTES, Version};
use crate::segment_erasing;
use crate::segment_log::{SegmentInfo, View};
use crate::segment_scan::{Scanned, scan};

/// What opening cut from the end: bytes of a write that a crash interrupted, never acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The file that was cut.
    pub file: PathBuf,
    /// How much was cut.
    pub cut_bytes: u64,
    /// What was wrong with it.
    pub problem: &'static str,
}

/// Why the log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The operating system's error.
    #[error("the log in {dir} could not be opened: {source}")]
    Io {
        /// The log's folder.
        dir: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// What had been acknowledged does not read. Nothing was changed.
    #[error(
        "the log is damaged in {file} at byte {position}: {what}, and this is no interrupted write; \
         restore the file from a copy"
    )]
    Damaged {
        /// The damaged segment.
        file: PathBuf,
        /// Where the damage starts.
        position: u64,
        /// What does not match.
        what: &'static str,
    },
    /// A segment is missing or holds another number of records than its successor's name says.
    #[error("the log is damaged: {file} ends at offset {ends} and the next segment starts at {next}")]
    Gap {
        /// The segment before the gap.
        file: PathBuf,
        /// One past its last record.
        ends: Offset,
        /// The next segment's first offset.
        next: Offset,
    },
}

/// The first offsets of a folder's segments, in order.
pub(crate) fn bases(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<Offset>> {
    let mut bases: Vec<Offset> = disk.list(dir)?.iter().filter_map(|path| segment::base_of(path)).collect();
    bases.sort_unstable();
    Ok(bases)
}

/// Opens all segments of `dir`, which is made if it is new, and repairs the end of the last.
pub(crate) fn open_all(disk: &dyn Disk, dir: &Path) -> Result<(View, Option<TornTail>), OpenError> {
    let failed = |source| OpenError::Io { dir: dir.to_owned(), source };
    disk.make_dir(dir).map_err(failed)?;
    segment_erasing::clear(disk, dir).map_err(failed)?;
    let bases = bases(disk, dir).map_err(failed)?;
    // A file that a killed process made may not be durable with its name yet.
    disk.sync_dir(dir).map_err(failed)?;
    let (mut view, mut torn) = (View { segments: Vec::new(), end: 0 }, None);
    let last = bases.last().copied();
    for base in bases {
        let path = segment::path(dir, base);
        if let Some(before) = view.segments.last().filter(|_| view.end != base) {
            return Err(OpenError::Gap { file: before.path.clone(), ends: view.end, next: base });
        }
        let mut file = disk.open_append(&path).map_err(failed)?;
        let mut found = scan(&*file, base).map_err(failed)?;
        if let Some(problem) = found.problem.filter(|p| p.is_damage || Some(base) != last) {
            return Err(OpenError::Damaged { file: path, position: found.good_bytes, what: problem.what });
        }
        if Some(base) == last {
            torn = repair(disk, dir, &path, &mut *file, base, &mut found).map_err(failed)?;
        }
        view.end = base + found.records;
        view.segments.push(SegmentInfo {
            base,
            path,
            version: found.version,
            bytes: found.good_bytes,
            index: found.index,
        });
    }
    Ok((view, torn))
}

/// Makes what reads of the last segment durable, and cuts what does not. What is cut is kept beside it, in
/// a file that ends in `.cut`.
fn repair(
    disk: &dyn Disk,
    dir: &Path,
    path: &Path,
    file: &mut dyn DiskFile,
    base: Offset,
    found: &mut Scanned,
) -> io::Result<Option<TornTail>> {
    file.sync()?;
    let Some(problem) = found.problem else { return Ok(None) };
    let cut_bytes = found.file_bytes - found.good_bytes;
    if cut_bytes > 0 {
        let mut tail = Vec::new();
        file.read_at(found.good_bytes, cut_bytes, &mut tail)?;
        disk.write_whole(&path.with_extension(format!("{}.cut", found.good_bytes)), &tail)?;
        disk.sync_dir(dir)?;
        file.truncate(found.good_bytes)?;
    }
    if found.good_bytes < HEADER_BYTES {
        file.append(&segment::header(Version::Two, base))?;
        (found.good_bytes, found.version) = (HEADER_BYTES, Version::Two);
    } else if found.version == Version::Two {
        let seal = Group { position: found.good_bytes, first: base + found.records, body_bytes: 0 };
        file.append(&seal.bytes())?;
        found.good_bytes += segment::GROUP_BYTES as u64;
    }
    file.sync()?;
    Ok(Some(TornTail { file: path.to_owned(), cut_bytes, problem: problem.what }))
}
