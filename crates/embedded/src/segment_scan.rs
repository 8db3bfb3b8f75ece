//! Reads a segment from its start, checks every record, and says what does not read and what that means.

use std::io;

use crate::disk::DiskFile;
use crate::segment::{
    self, FRAME_BYTES, Frame, GROUP_BYTES, GROUP_MARK, Group, HEADER_BYTES, MAX_RECORD_BYTES, Version,
};

/// The scan reads this much at a time.
const CHUNK_BYTES: u64 = 1 << 20;
/// Index entries lie about this many bytes apart.
pub(crate) const INDEX_EVERY_BYTES: u64 = 64 << 10;

/// Why a scan ended before the file did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) what: &'static str,
    /// It cannot be what a crash left of a write that was never acknowledged.
    pub(crate) is_damage: bool,
}

/// What a scan found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scanned {
    pub(crate) version: Version,
    /// Whole records, counted from the start.
    pub(crate) records: u64,
    /// Where the last whole record or head of a group ends.
    pub(crate) good_bytes: u64,
    /// The file's size.
    pub(crate) file_bytes: u64,
    pub(crate) problem: Option<Problem>,
    /// Every so many bytes, a record's number within the segment and its position.
    pub(crate) index: Vec<(u64, u64)>,
}

/// Reads a segment from its start and checks every record.
///
/// # Errors
/// Only those of the operating system; damage is part of the answer.
pub(crate) fn scan(file: &dyn DiskFile, base: u64) -> io::Result<Scanned> {
    let file_bytes = file.size_bytes()?;
    let mut found = Scanned {
        version: Version::Two,
        records: 0,
        good_bytes: 0,
        file_bytes,
        problem: None,
        index: Vec::new(),
    };
    let mut head = Vec::new();
    file.read_at(0, HEADER_BYTES, &mut head)?;
    match segment::version_of(&head, base) {
        Ok(version) => found.version = version,
        Err((what, is_newer)) => {
            // The header is synced before anything is written behind it.
            let is_damage = is_newer || file_bytes > HEADER_BYTES;
            found.problem = Some(Problem { what, is_damage });
            return Ok(found);
        }
    }
    found.good_bytes = HEADER_BYTES;
    if let Some(what) = found.walk(file, base)? {
        let is_damage = match found.version {
            Version::One => is_followed(file, found.good_bytes)?,
            Version::Two => has_group_after(file, found.good_bytes, base + found.records)?,
        };
        found.problem = Some(Problem { what, is_damage });
    }
    Ok(found)
}

impl Scanned {
    /// Walks over all that reads; gives why it ended before the file did.
    fn walk(&mut self, file: &dyn DiskFile, base: u64) -> io::Result<Option<&'static str>> {
        let (mut held, mut start) = (Vec::new(), 0);
        let mut group_end = if self.version == Version::One { u64::MAX } else { HEADER_BYTES };
        loop {
            match segment::look(&held[start..]) {
                Frame::Whole(size) => {
                    let size = FRAME_BYTES + size;
                    if self.good_bytes + size as u64 > group_end {
                        return Ok(Some("a record outside of its group"));
                    }
                    self.count(size);
                    start += size;
                }
                Frame::Group(group) => {
                    let next = (self.good_bytes, base + self.records);
                    if self.version == Version::One || (group.position, group.first) != next {
                        return Ok(Some("a group that belongs elsewhere"));
                    }
                    self.good_bytes += GROUP_BYTES as u64;
                    group_end = self.good_bytes.saturating_add(group.body_bytes);
                    start += GROUP_BYTES;
                }
                Frame::Damaged(what) => return Ok(Some(what)),
                Frame::Partial(needed) => {
                    held.drain(..start);
                    start = 0;
                    let (before, more) = (held.len(), (needed - held.len()) as u64);
                    file.read_at(self.good_bytes + before as u64, more.max(CHUNK_BYTES), &mut held)?;
                    if held.len() > before {
                        continue;
                    }
                    let is_short = self.version == Version::Two && self.good_bytes < group_end;
                    let cut = is_short.then_some("a group that is cut");
                    return Ok(if held.is_empty() { cut } else { Some("a record that is cut") });
                }
            }
        }
    }

    fn count(&mut self, size: usize) {
        if self.index.last().is_none_or(|&(_, at)| self.good_bytes - at >= INDEX_EVERY_BYTES) {
            self.index.push((self.records, self.good_bytes));
        }
        self.good_bytes += size as u64;
        self.records += 1;
    }
}

/// Version 1: whether a bad frame is followed by a good one. Then its length is right and its payload is
/// not, which hardly any interrupted write leaves behind.
fn is_followed(file: &dyn DiskFile, from: u64) -> io::Result<bool> {
    let mut bytes = Vec::new();
    file.read_at(from, 2 * MAX_RECORD_BYTES as u64, &mut bytes)?;
    let Some(length) = bytes.first_chunk::<4>() else { return Ok(false) };
    let end = FRAME_BYTES.saturating_add(u32::from_le_bytes(*length) as usize);
    Ok(bytes.get(end..).is_some_and(|rest| matches!(segment::look(rest), Frame::Whole(size) if size > 0)))
}

/// Whether the head of a group of this file, none before offset `first`, stands at `from` or behind it.
fn has_group_after(file: &dyn DiskFile, mut from: u64, first: u64) -> io::Result<bool> {
    let mut chunk = Vec::new();
    loop {
        chunk.clear();
        file.read_at(from, CHUNK_BYTES, &mut chunk)?;
        let here = |at: usize, group: Group| group.position == from + at as u64 && group.first >= first;
        let is_head = |at: usize| match segment::look(&chunk[at..]) {
            Frame::Group(group) => here(at, group),
            _ => false,
        };
        let marks = chunk.windows(GROUP_MARK.len()).enumerate().filter(|(_, bytes)| *bytes == GROUP_MARK);
        if marks.map(|(at, _)| at).any(is_head) {
            return Ok(true);
        }
        if (chunk.len() as u64) < CHUNK_BYTES {
            return Ok(false);
        }
        from += CHUNK_BYTES - GROUP_BYTES as u64;
    }
}
