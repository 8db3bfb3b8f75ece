//! The event log on local files: segments, and one thread that writes and syncs for everybody.
//!
//! Appends queue; the writer takes all that waits, writes it, calls fdatasync once, then answers them all
//! (group commit). What waits is bounded by [`LogOptions::max_queued_bytes`]. A sync that fails aborts the
//! process. Opening checks the last segment record by record and cuts a torn tail, which it tells.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;
use tradewind_ports::{AppendError, BoxFuture, EventLog, LogReader, Offset, ReadError};

use crate::segment::{self, FRAME_BYTES, HEADER_BYTES, MAX_RECORD_BYTES};
use crate::segment_reader::SegmentReader;
use crate::segment_writer::{Framed, Job, LINGER_BYTES, Writer};

/// The log's limits.
#[derive(Debug, Clone, Copy)]
pub struct LogOptions {
    /// A segment that reaches this size is closed and the next one begun.
    pub segment_bytes: u64,
    /// What may wait for the disk before appends are refused.
    pub max_queued_bytes: usize,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { segment_bytes: 128 << 20, max_queued_bytes: 64 << 20 }
    }
}

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
    /// A record is damaged and good ones follow it. Nothing was changed.
    #[error(
        "the log is damaged in {file} at byte {position}: {what}, and good records follow it; \
         restore the file from a copy"
    )]
    Damaged {
        /// The damaged segment.
        file: PathBuf,
        /// Where the damaged record starts.
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

pub(crate) struct SegmentInfo {
    pub(crate) base: Offset,
    pub(crate) path: PathBuf,
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

    pub(crate) fn segment_bytes(&self, base: Offset) -> u64 {
        self.segments.iter().rev().find(|s| s.base == base).map_or(0, |s| s.bytes)
    }
}

pub(crate) struct Shared {
    pub(crate) view: Mutex<View>,
    pub(crate) grown: Condvar,
    pub(crate) queued_bytes: AtomicUsize,
    /// Records that nobody waits for; they go with the next write. Kept here rather than in the queue, so
    /// that they do not wake the writer one by one.
    pub(crate) later: Mutex<Framed>,
}

/// The embedded [`EventLog`].
pub struct SegmentLog {
    shared: Arc<Shared>,
    queue: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    options: LogOptions,
    torn: Option<TornTail>,
}

impl SegmentLog {
    /// Opens the log in `dir`, which is made if it is new.
    ///
    /// # Errors
    /// [`OpenError`] of the operating system, or when a whole segment is missing.
    pub fn open(dir: &Path, options: LogOptions) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Io { dir: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(failed)?;
        let mut bases: Vec<Offset> = std::fs::read_dir(dir)
            .map_err(failed)?
            .filter_map(|entry| segment::base_of(&entry.ok()?.path()))
            .collect();
        bases.sort_unstable();
        let (mut view, mut torn) = (View { segments: Vec::new(), end: 0 }, None);
        let last = bases.last().copied();
        for base in bases {
            let path = segment::path(dir, base);
            if let Some(before) = view.segments.last().filter(|_| view.end != base) {
                return Err(OpenError::Gap { file: before.path.clone(), ends: view.end, next: base });
            }
            let (info, end, cut) = open_segment(dir, base, path, Some(base) == last)?;
            torn = cut.or(torn);
            view.end = end;
            view.segments.push(info);
        }
        let shared = Arc::new(Shared {
            view: Mutex::new(view),
            grown: Condvar::new(),
            queued_bytes: AtomicUsize::new(0),
            later: Mutex::default(),
        });
        let (queue, jobs) = mpsc::channel();
        let writer = Writer::new(dir.to_owned(), Arc::clone(&shared), options).map_err(failed)?;
        let writer = std::thread::Builder::new()
            .name("log-writer".into())
            .spawn(move || writer.run(&jobs))
            .map_err(failed)?;
        Ok(Self { shared, queue: Some(queue), writer: Some(writer), options, torn })
    }

    /// What opening cut from the end, if anything.
    #[must_use]
    pub fn torn_tail(&self) -> Option<&TornTail> {
        self.torn.as_ref()
    }

    /// Size of all segments, in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.shared.view.lock().segments.iter().map(|s| s.bytes).sum()
    }
}

/// Scans a segment; the last one loses what stands behind its last whole record. What is cut is kept beside
/// it, in a file that ends in `.cut`.
fn open_segment(
    dir: &Path,
    base: Offset,
    path: PathBuf,
    last: bool,
) -> Result<(SegmentInfo, Offset, Option<TornTail>), OpenError> {
    let failed = |source| OpenError::Io { dir: dir.to_owned(), source };
    let (found, torn) = scan_and_cut(base, &path, last).map_err(failed)?;
    if let Some(what) = found.problem.filter(|_| found.is_damage) {
        return Err(OpenError::Damaged { file: path, position: found.good_bytes, what });
    }
    let bytes = found.good_bytes.max(HEADER_BYTES);
    Ok((SegmentInfo { base, path, bytes, index: found.index }, base + found.records, torn))
}

fn scan_and_cut(base: Offset, path: &Path, last: bool) -> io::Result<(segment::Scanned, Option<TornTail>)> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let found = segment::scan(&mut file, base)?;
    let Some(problem) = found.problem.filter(|_| last && !found.is_damage) else { return Ok((found, None)) };
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(found.good_bytes))?;
    file.read_to_end(&mut tail)?;
    std::fs::write(path.with_extension(format!("{}.cut", found.good_bytes)), &tail)?;
    file.set_len(found.good_bytes)?;
    if found.good_bytes < HEADER_BYTES {
        file.rewind()?;
        file.write_all(&segment::header(base))?;
    }
    file.sync_all()?;
    let torn = TornTail { file: path.to_owned(), cut_bytes: tail.len() as u64, problem };
    Ok((found, Some(torn)))
}

impl SegmentLog {
    /// Checks that records fit, and takes room for them.
    fn admit(&self, records: &[Vec<u8>]) -> Result<usize, AppendError> {
        let size: usize = records.iter().map(|r| r.len() + FRAME_BYTES).sum();
        if let Some(large) = records.iter().find(|r| r.len() > MAX_RECORD_BYTES) {
            return Err(AppendError::TooLarge { size_bytes: large.len(), max_bytes: MAX_RECORD_BYTES });
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
        Ok(Box::pin(async move { durable.await.map_err(|_| AppendError::Closed) }))
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
