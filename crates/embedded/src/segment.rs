//! The format of a segment file, and the scan that finds where it ends.
//!
//! Version 1: a header of 16 bytes (`TWLOG`, three bytes of version, the first offset as u64), then frames:
//! length of the payload as u32, CRC-32C of length and payload as u32, the payload. Little-endian. The name
//! is the first offset in 20 decimal digits and `.log`, so that names sort as offsets do.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// What every segment file starts with.
const MAGIC: [u8; 8] = *b"TWLOG\0\0\x01";
/// Bytes of the header.
pub(crate) const HEADER_BYTES: u64 = 16;
/// Bytes before each payload.
pub(crate) const FRAME_BYTES: usize = 8;
/// The largest payload.
pub(crate) const MAX_RECORD_BYTES: usize = 16 << 20;
/// The scan reads this much at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// The header of a segment that starts at `base`.
pub(crate) fn header(base: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..].copy_from_slice(&base.to_le_bytes());
    bytes
}

/// The file of the segment that starts at `base`.
pub(crate) fn path(dir: &Path, base: u64) -> PathBuf {
    dir.join(format!("{base:020}.log"))
}

/// The first offset that a file name tells, if it is a segment's.
pub(crate) fn base_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix(".log").filter(|digits| digits.len() == 20)?.parse().ok()
}

fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length), payload)
}

/// Writes one frame to the end of `out`.
///
/// # Panics
/// Never: the caller has checked the size against [`MAX_RECORD_BYTES`].
pub(crate) fn put_frame(out: &mut Vec<u8>, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&checksum(length, payload).to_le_bytes());
    out.extend_from_slice(payload);
}

/// What stands at the head of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A whole frame with a payload of this many bytes.
    Whole(usize),
    /// The bytes end inside the frame; it needs this many in all.
    Partial(usize),
    /// A length that no frame has, or a checksum that does not match.
    Damaged(&'static str),
}

/// Looks at the frame that `bytes` start with.
pub(crate) fn look(bytes: &[u8]) -> Frame {
    let Some((head, rest)) = bytes.split_at_checked(FRAME_BYTES) else { return Frame::Partial(FRAME_BYTES) };
    let length = [head[0], head[1], head[2], head[3]];
    let size = u32::from_le_bytes(length) as usize;
    if size > MAX_RECORD_BYTES {
        return Frame::Damaged("a length beyond the largest record");
    }
    let Some(payload) = rest.get(..size) else { return Frame::Partial(FRAME_BYTES + size) };
    let stored = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    if stored == checksum(length, payload) {
        Frame::Whole(size)
    } else {
        Frame::Damaged("a checksum that does not match")
    }
}

/// Whether a damaged frame is followed by a good one: then its length is right and its payload is not, which
/// no interrupted write leaves behind.
fn is_followed(bytes: &[u8]) -> bool {
    let Some(length) = bytes.first_chunk::<4>() else { return false };
    let end = FRAME_BYTES.saturating_add(u32::from_le_bytes(*length) as usize);
    bytes.get(end..).is_some_and(|rest| matches!(look(rest), Frame::Whole(size) if size > 0))
}

/// What a scan found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scanned {
    /// Whole records, counted from the start.
    pub(crate) records: u64,
    /// Where the last whole record ends.
    pub(crate) good_bytes: u64,
    /// Why the scan ended before the file did.
    pub(crate) problem: Option<&'static str>,
    /// Good records follow the bad one.
    pub(crate) is_damage: bool,
    /// Every so many bytes, a record's number within the segment and its position.
    pub(crate) index: Vec<(u64, u64)>,
}

/// Index entries lie about this many bytes apart.
pub(crate) const INDEX_EVERY_BYTES: u64 = 64 << 10;

/// Reads a segment from its start and checks every record.
///
/// # Errors
/// Only those of the operating system; damage is part of the answer.
pub(crate) fn scan(file: &mut File, base: u64) -> io::Result<Scanned> {
    let mut found = Scanned { records: 0, good_bytes: 0, problem: None, is_damage: false, index: Vec::new() };
    let mut head = [0; HEADER_BYTES as usize];
    file.seek(SeekFrom::Start(0))?;
    match file.read_exact(&mut head) {
        Ok(()) if head == header(base) => found.good_bytes = HEADER_BYTES,
        Ok(()) => {
            found.problem = Some("a header that is not this program's");
            return Ok(found);
        }
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            found.problem = Some("a header that is cut");
            return Ok(found);
        }
        Err(e) => return Err(e),
    }
    let (mut held, mut start) = (Vec::new(), 0);
    loop {
        match look(&held[start..]) {
            Frame::Whole(size) => {
                if found.index.last().is_none_or(|&(_, at)| found.good_bytes - at >= INDEX_EVERY_BYTES) {
                    found.index.push((found.records, found.good_bytes));
                }
                start += FRAME_BYTES + size;
                found.good_bytes += (FRAME_BYTES + size) as u64;
                found.records += 1;
            }
            Frame::Damaged(what) => {
                found.problem = Some(what);
                file.by_ref().take(2 * MAX_RECORD_BYTES as u64).read_to_end(&mut held)?;
                found.is_damage = is_followed(&held[start..]);
                return Ok(found);
            }
            Frame::Partial(needed) => {
                held.drain(..start);
                start = 0;
                let more = needed.saturating_sub(held.len()).max(CHUNK_BYTES) as u64;
                if file.by_ref().take(more).read_to_end(&mut held)? == 0 {
                    found.problem = (!held.is_empty()).then_some("a record that is cut");
                    return Ok(found);
                }
            }
        }
    }
}
