//! The format of a segment file.
//!
//! Version 2: a header of 16 bytes (`TWLOG`, three bytes of version, the first offset as u64), then groups.
//! A group is what one write put down and one sync made durable: a head of 36 bytes (8 bytes of mark, then
//! as u64 its position in the file, the offset of its first record and the bytes of its frames, then a
//! CRC-32C of all that as u32), then frames: length of the payload as u32, CRC-32C of length and payload as
//! u32, the payload. Little-endian. The name is the first offset in 20 decimal digits and `.log`, so that
//! names sort as offsets do.
//!
//! **What a head proves.** A group is written only after everything before it was synced. So wherever a
//! head stands whole at the position that it names, all before it had been acknowledged: what does not read
//! there is damage. Where none follows, what does not read belongs to the last group, as a power cut leaves
//! it. A group of no frames is a *seal*: it is written when the log is closed, and behind what opening cut.
//! The mark holds bytes that no UTF-8 has, so text in a record cannot pass for a head.
//!
//! Version 1 has the same header and frames and no groups. It is read, and no longer written.

use std::path::{Path, PathBuf};

/// What every segment file starts with, before the last byte of the version.
const MAGIC: [u8; 7] = *b"TWLOG\0\0";
/// Bytes of the header.
pub(crate) const HEADER_BYTES: u64 = 16;
/// Bytes before each payload.
pub(crate) const FRAME_BYTES: usize = 8;
/// Bytes before the frames of each group.
pub(crate) const GROUP_BYTES: usize = 36;
/// The largest payload.
pub(crate) const MAX_RECORD_BYTES: usize = 16 << 20;
/// What a group's head starts with; as a length it would be beyond the largest record.
pub(crate) const GROUP_MARK: [u8; 8] = *b"\xff\xfe\xffTWGR\n";

/// Which form a segment has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) enum Version {
    /// Frames only.
    One = 1,
    /// Frames in groups; what this program writes.
    Two = 2,
}

/// The header of a segment that starts at `base`.
pub(crate) fn header(version: Version, base: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..7].copy_from_slice(&MAGIC);
    bytes[7] = version as u8;
    bytes[8..].copy_from_slice(&base.to_le_bytes());
    bytes
}

/// The version that a header names.
///
/// # Errors
/// What is wrong with it, and whether a newer program wrote it.
pub(crate) fn version_of(head: &[u8], base: u64) -> Result<Version, (&'static str, bool)> {
    if head.len() < HEADER_BYTES as usize {
        return Err(("a header that is cut", false));
    }
    if let Some(version) = [Version::One, Version::Two].into_iter().find(|&v| head == header(v, base)) {
        return Ok(version);
    }
    if head[..7] == MAGIC && head[7] > Version::Two as u8 && head[8..] == base.to_le_bytes() {
        return Err(("a version that this program does not know", true));
    }
    Err(("a header that is not this program's", false))
}

/// The file of the segment that starts at `base`.
pub(crate) fn path(dir: &Path, base: u64) -> PathBuf {
    dir.join(format!("{base:020}.log"))
}

/// The first offset that a file name tells, if it is a segment's.
pub(crate) fn base_of(path: &Path) -> Option<u64> {
    let digits = path.file_name()?.to_str()?.strip_suffix(".log")?;
    let is_name = digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit());
    if is_name { digits.parse().ok() } else { None }
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

/// The head of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Group {
    /// Where in the file it stands.
    pub(crate) position: u64,
    /// The offset of its first record.
    pub(crate) first: u64,
    /// Bytes of its frames.
    pub(crate) body_bytes: u64,
}

impl Group {
    pub(crate) fn bytes(self) -> [u8; GROUP_BYTES] {
        let mut out = [0; GROUP_BYTES];
        out[..8].copy_from_slice(&GROUP_MARK);
        out[8..16].copy_from_slice(&self.position.to_le_bytes());
        out[16..24].copy_from_slice(&self.first.to_le_bytes());
        out[24..32].copy_from_slice(&self.body_bytes.to_le_bytes());
        let sum = crc32c::crc32c(&out[..32]);
        out[32..].copy_from_slice(&sum.to_le_bytes());
        out
    }

    /// The head that `bytes` start with, if its checksum matches.
    fn read(bytes: &[u8; GROUP_BYTES]) -> Option<Self> {
        let number = |at: usize| bytes[at..].first_chunk::<8>().map_or(0, |eight| u64::from_le_bytes(*eight));
        let group = Self { position: number(8), first: number(16), body_bytes: number(24) };
        (group.bytes() == *bytes).then_some(group)
    }
}

/// What stands at the head of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A whole frame with a payload of this many bytes.
    Whole(usize),
    /// The head of a group.
    Group(Group),
    /// The bytes end inside the frame; it needs this many in all.
    Partial(usize),
    /// A length that no frame has, or a checksum that does not match.
    Damaged(&'static str),
}

/// Looks at the frame that `bytes` start with.
pub(crate) fn look(bytes: &[u8]) -> Frame {
    let Some((head, rest)) = bytes.split_at_checked(FRAME_BYTES) else { return Frame::Partial(FRAME_BYTES) };
    if head == GROUP_MARK {
        let Some(head) = bytes.first_chunk::<GROUP_BYTES>() else { return Frame::Partial(GROUP_BYTES) };
        return Group::read(head)
            .map_or(Frame::Damaged("a group whose checksum does not match"), Frame::Group);
    }
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
