//! The event log on local files: segments, and one thread that writes and syncs for everybody.
//!
//! Appends queue; the writer takes all that waits, writes it, calls fdatasync once, then answers them all
//! (group commit). What waits is bounded by [`LogOptions::max_queued_bytes`]. A sync that fails aborts the
//! process; a disk that is full does not ([`crate::segment_writer`]). Opening checks every record. It cuts what
//! a crash left of a write that was never acknowledged, and tells so; where acknowledged data is damaged it
//! refuses and changes nothing. [`crate::segment`] has the format and says how the two are told apart.
//!
//! **What the disk is taken to do.** A sync that returned made everything before it durable, and a sector of
//! 512 bytes is written whole or not at all. Of what was not synced any sectors may be missing. One thing
//! cannot be told from a torn write: damage in the very last group of a log that was not closed.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;
use tradewind_ports::{
    AppendError, BoxFuture, EventLog, LogPart, LogReader, NoRoom, Offset, ReadError, block_on,
};

use crate::disk::{Disk, RealDisk};
use crate::segment::{FRAME_BYTES, MAX_RECORD_BYTES, Version};
use crate::segment_erasing::{self, NotErased};
use crate::segment_open::{self, OpenError, TornTail};
use crate::segment_reader::SegmentReader;
use crate::segment_retention::{self, NotRemoved};
use crate::segment_writer::{Framed, Job, LINGER_BYTES, Writer, die};

/// The log's limits.
#[derive(Debug, Clone, Copy)]
pub struct LogOptions {
    /// A segment that reaches this size is closed and the next one begun.
    pub segment_bytes: u64,
    /// What may wait for the disk before appends are refused.
    pub max_queued_bytes: usize,
    /// Appends are refused while the disk has less free space than this, in bytes.
    pub disk_reserve_bytes: u64,
    /// Appends are refused while the log takes this much of the disk or more, in bytes; 0 is no bound. One
    /// write may pass it.
    pub max_bytes: u64,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { segment_bytes: 128 << 20, max_queued_bytes: 64 << 20, disk_reserve_bytes: 0, max_bytes: 0 }
    }
}

pub(crate) struct SegmentInfo {
    pub(crate) base: Offset,
    pub(crate) path: PathBuf,
    pub(crate) version: Version,
    /// Durable bytes, the header included.
    pub(crate) bytes: u64,
    pub(crate) index: Vec<(u64, u64)>,
}

pub(crate) struct View {
    pub(crate) segments: Vec<SegmentInfo>,
    pub(crate) end: Offset,
}

impl View {
    pub(crate) fn start(&self) -> Offset {
        self.segments.first().map_or(self.end, |s| s.base)
    }

    /// The durable bytes of a segment; none if it was removed.
    pub(crate) fn segment_bytes(&self, base: Offset) -> Option<u64> {
        self.segments.iter().rev().find(|s| s.base == base).map(|s| s.bytes)
    }

    /// The durable bytes of all segments.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.segments.iter().map(|s| s.bytes).sum()
    }

    pub(crate) fn out_of_range(&self, asked: Offset) -> ReadError {
        ReadError::OutOfRange { asked, start: self.start(), end: self.end }
    }
}

pub(crate) struct Shared {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) view: Mutex<View>,
    pub(crate) grown: Condvar,
    pub(crate) queued_bytes: AtomicUsize,
    /// Records that nobody waits for; they go with the next write. Kept here rather than in the queue, so
    /// that they do not wake the writer one by one.
    pub(crate) later: Mutex<Framed>,
    /// Why nothing is taken for now, if so. The writer sets it.
    pub(crate) no_room: Mutex<Option<NoRoom>>,
    /// Held while parts are removed or written anew.
    pub(crate) removing: Mutex<()>,
}

/// The embedded [`EventLog`].
pub struct SegmentLog {
    pub(crate) shared: Arc<Shared>,
    dir: PathBuf,
    queue: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    options: LogOptions,
    torn: Option<TornTail>,
}

impl SegmentLog {
    /// Opens the log in `dir`, which is made if it is new.
    ///
    /// # Errors
    /// [`OpenError`] of the operating system, or when acknowledged data is damaged or missing.
    pub fn open(dir: &Path, options: LogOptions) -> Result<Self, OpenError> {
        let (mut log, writer, jobs) = Self::open_without_thread(Arc::new(RealDisk), dir, options)?;
        let writer = std::thread::Builder::new()
            .name("log-writer".into())
            .spawn(move || writer.run(&jobs))
            .map_err(|source| OpenError::Io { dir: dir.to_owned(), source })?;
        log.writer = Some(writer);
        Ok(log)
    }

    /// Opens the log; its writer works when and as far as the caller steps it.
    pub(crate) fn open_without_thread(
        disk: Arc<dyn Disk>,
        dir: &Path,
        options: LogOptions,
    ) -> Result<(Self, Writer, mpsc::Receiver<Job>), OpenError> {
        let failed = |source| OpenError::Io { dir: dir.to_owned(), source };
        let (view, torn) = segment_open::open_all(&*disk, dir)?;
        let shared = Arc::new(Shared {
            disk,
            view: Mutex::new(view),
            grown: Condvar::new(),
            queued_bytes: AtomicUsize::new(0),
            later: Mutex::default(),
            no_room: Mutex::default(),
            removing: Mutex::default(),
        });
        let (queue, jobs) = mpsc::channel();
        let writer = Writer::new(dir.to_owned(), Arc::clone(&shared), options).map_err(failed)?;
        let (dir, queue) = (dir.to_owned(), Some(queue));
        Ok((Self { shared, dir, queue, writer: None, options, torn }, writer, jobs))
    }

    /// What opening cut from the end, if anything.
    #[must_use]
    pub fn torn_tail(&self) -> Option<&TornTail> {
        self.torn.as_ref()
    }
}

impl SegmentLog {
    /// Checks that records fit, and takes room for them.
    fn admit(&self, records: &[Vec<u8>]) -> Result<usize, AppendError> {
        let size: usize = records.iter().map(|r| r.len() + FRAME_BYTES).sum();
        if let Some(large) = records.iter().find(|r| r.len() > MAX_RECORD_BYTES) {
            return Err(AppendError::TooLarge { size_bytes: large.len(), max_bytes: MAX_RECORD_BYTES });
        }
        if let Some(why) = *self.shared.no_room.lock() {
            return Err(AppendError::Full(why));
        }
        let queued_bytes = self.shared.queued_bytes.fetch_add(size, Ordering::Relaxed);
        if queued_bytes > 0 && queued_bytes + size > self.options.max_queued_bytes {
            self.shared.queued_bytes.fetch_sub(size, Ordering::Relaxed);
            return Err(AppendError::Overloaded { queued_bytes });
        }
        Ok(size)
    }

    fn tell(&self, job: Job) -> Result<(), AppendError> {
        let queue = self.queue.as_ref().ok_or(AppendError::Closed)?;
        queue.send(job).map_err(|_| AppendError::Closed)
    }
}

impl EventLog for SegmentLog {
    fn append(
        &self,
        records: Vec<Vec<u8>>,
    ) -> Result<BoxFuture<'static, Result<Range<Offset>, AppendError>>, AppendError> {
        let size = self.admit(&records)?;
        let mut framed =
            Framed { frames: Vec::with_capacity(size), lengths: Vec::with_capacity(records.len()) };
        framed.push(&records);
        let (reply, durable) = oneshot::channel();
        self.tell(Job::Append(framed, reply))?;
        Ok(Box::pin(async move { durable.await.unwrap_or(Err(AppendError::Closed)) }))
    }

    fn append_later(&self, records: Vec<Vec<u8>>) -> Result<(), AppendError> {
        self.admit(&records)?;
        let mut later = self.shared.later.lock();
        let before = later.frames.len();
        later.push(&records);
        let after = later.frames.len();
        drop(later);
        if before == 0 && after > 0 {
            self.tell(Job::LaterWaits)?;
        }
        if before < LINGER_BYTES && after >= LINGER_BYTES {
            self.tell(Job::LaterIsFull)?;
        }
        Ok(())
    }

    fn start(&self) -> Offset {
        self.shared.view.lock().start()
    }

    fn end(&self) -> Offset {
        self.shared.view.lock().end
    }

    fn wait_past(&self, offset: Offset, timeout: Duration) -> Offset {
        let mut view = self.shared.view.lock();
        if view.end <= offset {
            self.shared.grown.wait_for(&mut view, timeout);
        }
        view.end
    }

    fn size_bytes(&self) -> u64 {
        self.shared.view.lock().size_bytes()
    }

    fn parts(&self) -> Result<Vec<LogPart>, ReadError> {
        Ok(segment_retention::parts(&self.shared)?)
    }

    fn remove_before(&self, offset: Offset) -> Result<Offset, ReadError> {
        match segment_retention::remove_before(&self.shared, &self.dir, offset) {
            Ok(start) => Ok(start),
            Err(NotRemoved::Held(error)) => Err(error.into()),
            Err(NotRemoved::Unknown(error)) => die(&self.dir, &error),
        }
    }

    fn erase(&self, offsets: &[Offset]) -> Result<u64, ReadError> {
        let mut offsets = offsets.to_vec();
        offsets.sort_unstable();
        offsets.dedup();
        let view = self.shared.view.lock();
        if let Some(&last) = offsets.last().filter(|&&last| last >= view.end) {
            return Err(view.out_of_range(last));
        }
        let written_to = view.segments.last().map_or(0, |s| s.base);
        drop(view);
        if offsets.last().is_some_and(|&last| last >= written_to) {
            let (reply, rolled) = oneshot::channel();
            self.tell(Job::Roll(reply)).map_err(io::Error::other)?;
            block_on(rolled).map_err(io::Error::other)?.map_err(io::Error::other)?;
        }
        match segment_erasing::erase(&self.shared, &self.dir, &offsets) {
            Ok(erased) => Ok(erased),
            Err(NotErased::Held(error)) => Err(error.into()),
            Err(NotErased::Damaged { file, position, what }) => {
                Err(ReadError::Corrupt { file: file.display().to_string(), position, what })
            }
            Err(NotErased::Unknown(error)) => die(&self.dir, &error),
        }
    }

    fn reader(&self, from: Offset) -> Result<Box<dyn LogReader>, ReadError> {
        Ok(Box::new(SegmentReader::new(Arc::clone(&self.shared), from)?))
    }
}

impl Drop for SegmentLog {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has told so already; there is nobody here to tell again.
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests;
