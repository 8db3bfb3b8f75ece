//! Reading a segment log forward, durable records only.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use tradewind_ports::{LogReader, Offset, ReadError, Record};

use crate::segment::{self, FRAME_BYTES, Frame};
use crate::segment_log::Shared;

/// A position in the log: a record's number, and where it stands in which file.
pub(crate) struct SegmentReader {
    shared: Arc<Shared>,
    next: Offset,
    file: Option<OpenSegment>,
}

struct OpenSegment {
    base: Offset,
    file: File,
    name: String,
    at_bytes: u64,
}

impl SegmentReader {
    pub(crate) fn new(shared: Arc<Shared>, from: Offset) -> Result<Self, ReadError> {
        let view = shared.view.lock();
        let (start, end) = (view.start(), view.end);
        drop(view);
        if from < start || from > end {
            return Err(ReadError::OutOfRange { asked: from, start, end });
        }
        Ok(Self { shared, next: from, file: None })
    }

    /// Opens the file that holds the next record and walks to it from the index entry before it.
    fn open(&mut self) -> Result<(), ReadError> {
        let view = self.shared.view.lock();
        let (start, end) = (view.start(), view.end);
        let Some(found) = view.segments.iter().rev().find(|s| s.base <= self.next) else {
            return Err(ReadError::OutOfRange { asked: self.next, start, end });
        };
        let wanted = self.next - found.base;
        let (base, path, good_bytes) = (found.base, found.path.clone(), found.bytes);
        let entry = found.index.partition_point(|&(record, _)| record <= wanted).checked_sub(1);
        let (mut record, mut at_bytes) = entry.map_or((0, segment::HEADER_BYTES), |i| found.index[i]);
        drop(view);
        let file = File::open(&path)?;
        let mut opened = OpenSegment { base, file, name: path.display().to_string(), at_bytes };
        while record < wanted {
            let size = opened.frame_size(good_bytes)?;
            at_bytes += size;
            opened.at_bytes = at_bytes;
            record += 1;
        }
        self.file = Some(opened);
        Ok(())
    }
}

impl OpenSegment {
    fn damaged(&self, what: &'static str) -> ReadError {
        ReadError::Corrupt { file: self.name.clone(), position: self.at_bytes, what }
    }

    /// The size of the frame at the current position, its length read and not its payload.
    fn frame_size(&self, good_bytes: u64) -> Result<u64, ReadError> {
        let mut length = [0; 4];
        self.file.read_exact_at(&mut length, self.at_bytes)?;
        let size = FRAME_BYTES as u64 + u64::from(u32::from_le_bytes(length));
        if self.at_bytes + size > good_bytes {
            return Err(self.damaged("a length that reaches past the end"));
        }
        Ok(size)
    }

    /// Reads whole frames from the current position up to `limit`, about `max_bytes` of them.
    fn read(&mut self, first: Offset, limit: u64, max_bytes: usize) -> Result<Vec<Record>, ReadError> {
        let left = limit.saturating_sub(self.at_bytes);
        if left == 0 {
            return Ok(Vec::new());
        }
        let mut wanted = u64::max(max_bytes as u64, self.frame_size(limit)?).min(left);
        wanted = wanted.min(64 << 20);
        let mut chunk = Vec::with_capacity(usize::try_from(wanted).unwrap_or(0));
        self.file.seek(SeekFrom::Start(self.at_bytes))?;
        (&self.file).take(wanted).read_to_end(&mut chunk)?;
        let chunk = Bytes::from(chunk);
        let (mut records, mut at) = (Vec::new(), 0);
        loop {
            match segment::look(&chunk[at..]) {
                Frame::Whole(size) => {
                    let bytes = chunk.slice(at + FRAME_BYTES..at + FRAME_BYTES + size);
                    records.push(Record { offset: first + records.len() as u64, bytes });
                    at += FRAME_BYTES + size;
                }
                Frame::Partial(_) => break,
                Frame::Damaged(_) if !records.is_empty() => break,
                Frame::Damaged(what) => return Err(self.damaged(what)),
            }
        }
        self.at_bytes += at as u64;
        Ok(records)
    }
}

impl LogReader for SegmentReader {
    fn read(&mut self, max_bytes: usize) -> Result<Vec<Record>, ReadError> {
        loop {
            if self.next >= self.shared.view.lock().end {
                return Ok(Vec::new());
            }
            if self.file.is_none() {
                self.open()?;
            }
            let Some(file) = &mut self.file else { return Ok(Vec::new()) };
            let limit = self.shared.view.lock().segment_bytes(file.base);
            let records = file.read(self.next, limit, max_bytes)?;
            if records.is_empty() {
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
