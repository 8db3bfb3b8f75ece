//! Reading a segment log forward, durable records only.

use std::sync::Arc;

use bytes::Bytes;
use tradewind_ports::{LogReader, Offset, ReadError, Record};

use crate::disk::DiskFile;
use crate::segment::{self, FRAME_BYTES, Frame, GROUP_BYTES, GROUP_MARK, Group};
use crate::segment_log::Shared;
use crate::segment_scan::INDEX_EVERY_BYTES;

/// The largest piece that is read at once.
const CHUNK_BYTES: u64 = 64 << 20;

/// A position in the log: a record's number, and where it stands in which file.
pub(crate) struct SegmentReader {
    shared: Arc<Shared>,
    next: Offset,
    file: Option<OpenSegment>,
}

struct OpenSegment {
    base: Offset,
    file: Box<dyn DiskFile>,
    name: String,
    at_bytes: u64,
}

impl SegmentReader {
    pub(crate) fn new(shared: Arc<Shared>, from: Offset) -> Result<Self, ReadError> {
        let view = shared.view.lock();
        if from < view.start() || from > view.end {
            return Err(view.out_of_range(from));
        }
        drop(view);
        Ok(Self { shared, next: from, file: None })
    }

    /// Opens the file that holds the next record and walks to it from the index entry before it, checking
    /// each record on the way: a length that is wrong must not lead to another record.
    fn open(&mut self) -> Result<(), ReadError> {
        let view = self.shared.view.lock();
        let Some(found) = view.segments.iter().rev().find(|s| s.base <= self.next) else {
            return Err(view.out_of_range(self.next));
        };
        let wanted = self.next - found.base;
        let (base, path, limit) = (found.base, found.path.clone(), found.bytes);
        let entry = found.index.partition_point(|&(record, _)| record <= wanted).checked_sub(1);
        let (mut record, at_bytes) = entry.map_or((0, segment::HEADER_BYTES), |i| found.index[i]);
        drop(view);
        let file = self.shared.disk.open(&path).map_err(|error| {
            // It may have been removed since.
            let view = self.shared.view.lock();
            if self.next < view.start() { view.out_of_range(self.next) } else { error.into() }
        })?;
        let mut opened = OpenSegment { base, file, name: path.display().to_string(), at_bytes };
        while record < wanted {
            let passed = opened.read(base + record, limit, INDEX_EVERY_BYTES, wanted - record)?;
            if passed.is_empty() {
                return Err(opened.damaged("fewer records than there were"));
            }
            record += passed.len() as u64;
        }
        self.file = Some(opened);
        Ok(())
    }
}

impl OpenSegment {
    fn damaged(&self, what: &'static str) -> ReadError {
        ReadError::Corrupt { file: self.name.clone(), position: self.at_bytes, what }
    }

    /// How much to read so that one frame at least is whole, the head of a group before it included.
    fn needed(&self, limit: u64) -> Result<u64, ReadError> {
        let (heads, mut bytes) = (2 * GROUP_BYTES as u64, Vec::new());
        self.file.read_at(self.at_bytes, heads.min(limit - self.at_bytes), &mut bytes)?;
        let heads = bytes.chunks(GROUP_BYTES).take_while(|head| head.starts_with(&GROUP_MARK)).count();
        let at = heads * GROUP_BYTES;
        let length = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
        let size = length.map_or(0, |length| FRAME_BYTES as u64 + u64::from(u32::from_le_bytes(*length)));
        if self.at_bytes + at as u64 + size > limit {
            return Err(self.damaged("a length that reaches past the end"));
        }
        Ok(at as u64 + size)
    }

    fn check(&self, group: Group, at_bytes: u64, next: Offset) -> Result<(), ReadError> {
        if (group.position, group.first) == (at_bytes, next) {
            return Ok(());
        }
        Err(self.damaged("a group that belongs elsewhere"))
    }

    /// Reads whole frames from the current position up to `limit`, about `max_bytes` and at most
    /// `max_records` of them. None means that the limit is reached.
    fn read(
        &mut self,
        first: Offset,
        limit: u64,
        max_bytes: u64,
        max_records: u64,
    ) -> Result<Vec<Record>, ReadError> {
        let mut records = Vec::new();
        while records.is_empty() && self.at_bytes < limit {
            let left = limit - self.at_bytes;
            let wanted = max_bytes.max(self.needed(limit)?).min(left).min(CHUNK_BYTES);
            let mut chunk = Vec::with_capacity(usize::try_from(wanted).unwrap_or(0));
            self.file.read_at(self.at_bytes, wanted, &mut chunk)?;
            let chunk = Bytes::from(chunk);
            let mut at = 0;
            while (records.len() as u64) < max_records && at < chunk.len() {
                match segment::look(&chunk[at..]) {
                    Frame::Whole(size) => {
                        let bytes = chunk.slice(at + FRAME_BYTES..at + FRAME_BYTES + size);
                        records.push(Record { offset: first + records.len() as u64, bytes });
                        at += FRAME_BYTES + size;
                    }
                    Frame::Group(group) => {
                        let next = first + records.len() as u64;
                        self.check(group, self.at_bytes + at as u64, next)?;
                        at += GROUP_BYTES;
                    }
                    Frame::Damaged(what) if at == 0 => return Err(self.damaged(what)),
                    Frame::Partial(_) | Frame::Damaged(_) => break,
                }
            }
            if at == 0 {
                return Err(self.damaged("a record that is cut"));
            }
            self.at_bytes += at as u64;
        }
        Ok(records)
    }
}

impl LogReader for SegmentReader {
    fn read(&mut self, max_bytes: usize) -> Result<Vec<Record>, ReadError> {
        loop {
            if self.next >= self.shared.view.lock().end {
                return Ok(Vec::new());
            }
            let is_fresh = self.file.is_none();
            if is_fresh {
                self.open()?;
            }
            let Some(file) = &mut self.file else { return Ok(Vec::new()) };
            let limit = self.shared.view.lock().segment_bytes(file.base);
            let is_removed = limit.is_none();
            // Of a removed segment nothing more is written, so the file's own end is its limit.
            let limit = limit.map_or_else(|| file.file.size_bytes(), Ok)?;
            let records = file.read(self.next, limit, max_bytes as u64, u64::MAX)?;
            if records.is_empty() {
                if is_fresh && !is_removed {
                    return Err(file.damaged("fewer records than there were"));
                }
                self.file = None;
                continue;
            }
            self.next += records.len() as u64;
            return Ok(records);
        }
    }

    fn position(&self) -> Offset {
        self.next
    }
}
