//! The file that is written to: groups, the seal, and the change to the next segment.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tradewind_ports::{NoRoom, Offset};

use super::Writer;
use super::queue::{Append, Framed};
use crate::disk::{Disk, DiskFile};
use crate::segment::{self, GROUP_BYTES, Group, HEADER_BYTES, Version};
use crate::segment_log::SegmentInfo;
use crate::segment_room::is_full;
use crate::segment_scan::INDEX_EVERY_BYTES;

/// What failed. After a write that failed it is known what the disk holds, once that is cut off; after a sync
/// it is not.
pub(super) enum Failed {
    Write(io::Error),
    Sync(io::Error),
}

impl From<Failed> for io::Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Write(error) | Failed::Sync(error) => error,
        }
    }
}

impl Writer {
    /// After a write that failed: cuts the file back to its durable end, if the room was all that was missing.
    pub(super) fn take_back(&mut self, error: Failed) -> io::Result<NoRoom> {
        match error {
            Failed::Write(error) if is_full(&error) => {
                self.file.truncate(self.at_bytes)?;
                self.file.sync()?;
                Ok(self.note_full())
            }
            failed => Err(failed.into()),
        }
    }

    fn note_full(&mut self) -> NoRoom {
        let free_bytes = self.shared.disk.free_bytes(&self.dir).unwrap_or(0);
        let why = NoRoom::Disk { free_bytes, reserve_bytes: self.options.disk_reserve_bytes };
        tracing::warn!(%why, "a write to the log found the disk full; the log takes nothing for now");
        *self.shared.no_room.lock() = Some(why);
        self.looked_at = Some(Instant::now());
        why
    }

    /// Writes a group without records: the proof that all before it was acknowledged.
    ///
    /// # Errors
    /// Of the disk.
    pub(crate) fn seal(&mut self) -> io::Result<()> {
        if !self.is_unsealed {
            return Ok(());
        }
        let seal = Group { position: self.at_bytes, first: self.end, body_bytes: 0 };
        self.file.append(&seal.bytes())?;
        self.file.sync()?;
        (self.at_bytes, self.is_unsealed) = (self.at_bytes + GROUP_BYTES as u64, false);
        Ok(())
    }

    pub(super) fn write(&mut self, taken: &[Append], later: &Framed) -> Result<(), Failed> {
        let frames = || taken.iter().map(|(framed, _)| framed).chain([later]).map(|f| &f.frames);
        let body_bytes = frames().map(|f| f.len() as u64).sum();
        if body_bytes == 0 {
            return Ok(());
        }
        let group = Group { position: self.at_bytes, first: self.end, body_bytes };
        self.buffer.clear();
        self.buffer.extend_from_slice(&group.bytes());
        frames().for_each(|f| self.buffer.extend_from_slice(f));
        self.file.append(&self.buffer).map_err(Failed::Write)?;
        self.file.sync().map_err(Failed::Sync)?;
        self.unlooked_bytes += self.buffer.len() as u64;
        (self.at_bytes, self.is_unsealed) = (self.at_bytes + GROUP_BYTES as u64, true);
        Ok(())
    }

    /// Notes the place of records that are durable now.
    pub(super) fn place(&mut self, framed: &Framed, index: &mut Vec<(u64, u64)>) -> Range<Offset> {
        let first = self.end;
        for length in &framed.lengths {
            if self.at_bytes - self.indexed_at >= INDEX_EVERY_BYTES {
                index.push((self.end - self.base, self.at_bytes));
                self.indexed_at = self.at_bytes;
            }
            self.at_bytes += u64::from(*length);
            self.end += 1;
        }
        self.shared.queued_bytes.fetch_sub(framed.frames.len(), Ordering::Relaxed);
        first..self.end
    }

    /// Begins the next segment, unless this one has no records.
    ///
    /// # Errors
    /// Of the disk; the caller ends the process. For want of room the old segment stays the one that is written
    /// to, and that is told.
    pub(crate) fn close_segment(&mut self) -> io::Result<Result<(), NoRoom>> {
        if self.end == self.base {
            return Ok(Ok(()));
        }
        let base = self.base;
        self.roll()?;
        let no_room = *self.shared.no_room.lock();
        Ok(if self.base == base { Err(no_room.unwrap_or_else(|| self.note_full())) } else { Ok(()) })
    }

    pub(super) fn roll(&mut self) -> io::Result<()> {
        let disk = Arc::clone(&self.shared.disk);
        let (info, file) = match create(&*disk, &self.dir, self.end) {
            Ok(made) => made,
            Err(Failed::Write(error)) if is_full(&error) => {
                // The old segment grows until there is room for its successor. What is left of that one must
                // be gone by then: it would start in the middle of the old one.
                match disk.remove(&segment::path(&self.dir, self.end)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => disk.sync_dir(&self.dir)?,
                }
                self.note_full();
                return Ok(());
            }
            Err(failed) => return Err(failed.into()),
        };
        self.shared.view.lock().segments.push(info);
        (self.file, self.base, self.at_bytes, self.indexed_at) = (file, self.end, HEADER_BYTES, 0);
        // That there is a next segment proves the last one.
        self.is_unsealed = false;
        Ok(())
    }
}

/// Makes the segment that starts at `base`, durable with its name.
pub(super) fn create(
    disk: &dyn Disk,
    dir: &Path,
    base: Offset,
) -> Result<(SegmentInfo, Box<dyn DiskFile>), Failed> {
    let (path, version) = (segment::path(dir, base), Version::Two);
    let mut file = disk.create(&path).map_err(Failed::Write)?;
    file.append(&segment::header(version, base)).map_err(Failed::Write)?;
    file.sync().map_err(Failed::Sync)?;
    disk.sync_dir(dir).map_err(Failed::Sync)?;
    Ok((SegmentInfo { base, path, version, bytes: HEADER_BYTES, index: Vec::new() }, file))
}
