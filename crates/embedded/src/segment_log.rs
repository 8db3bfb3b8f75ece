//! The event log on local files: segments, and one thread that writes and syncs for everybody.
//!
//! Appends queue; the writer takes all that waits, writes it, calls fdatasync once, then answers them all
//! (group commit). What waits is bounded by [`LogOptions::max_queued_bytes`]. A sync that fails aborts the
//! process. Opening checks the last segment record by record and cuts a torn tail, which it tells.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;
use tradewind_ports::{AppendError, BoxFuture, EventLog, LogReader, Offset, ReadError};

use crate::segment::{self, FRAME_BYTES, HEADER_BYTES, INDEX_EVERY_BYTES, MAX_RECORD_BYTES};
use crate::segment_reader::SegmentReader;

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
    grown: Condvar,
    queued_bytes: AtomicUsize,
}

struct Job {
    frames: Vec<u8>,
    lengths: Vec<u32>,
    /// Whoever waits for durability; nobody where it may come later.
    reply: Option<oneshot::Sender<Range<Offset>>>,
}

/// How long records wait for company that nobody waits for.
const LINGER: Duration = Duration::from_millis(50);
/// What waits for company at most, in bytes.
const LINGER_BYTES: usize = 1 << 20;

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
    fn enqueue(
        &self,
        records: &[Vec<u8>],
        reply: Option<oneshot::Sender<Range<Offset>>>,
    ) -> Result<(), AppendError> {
        let size: usize = records.iter().map(|r| r.len() + FRAME_BYTES).sum();
        if let Some(large) = records.iter().find(|r| r.len() > MAX_RECORD_BYTES) {
            return Err(AppendError::TooLarge { size_bytes: large.len(), max_bytes: MAX_RECORD_BYTES });
        }
        let queued_bytes = self.shared.queued_bytes.fetch_add(size, Ordering::Relaxed);
        if queued_bytes > 0 && queued_bytes + size > self.options.max_queued_bytes {
            self.shared.queued_bytes.fetch_sub(size, Ordering::Relaxed);
            return Err(AppendError::Overloaded { queued_bytes });
        }
        let mut frames = Vec::with_capacity(size);
        let mut lengths = Vec::with_capacity(records.len());
        for record in records {
            segment::put_frame(&mut frames, record);
            lengths.push(u32::try_from(record.len() + FRAME_BYTES).unwrap_or(u32::MAX));
        }
        let queue = self.queue.as_ref().ok_or(AppendError::Closed)?;
        queue.send(Job { frames, lengths, reply }).map_err(|_| AppendError::Closed)
    }
}

impl EventLog for SegmentLog {
    fn append(
        &self,
        records: Vec<Vec<u8>>,
    ) -> Result<BoxFuture<'static, Result<Range<Offset>, AppendError>>, AppendError> {
        let (reply, durable) = oneshot::channel();
        self.enqueue(&records, Some(reply))?;
        Ok(Box::pin(async move { durable.await.map_err(|_| AppendError::Closed) }))
    }

    fn append_later(&self, records: Vec<Vec<u8>>) -> Result<(), AppendError> {
        self.enqueue(&records, None)
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

struct Writer {
    dir: PathBuf,
    shared: Arc<Shared>,
    options: LogOptions,
    file: File,
    base: Offset,
    /// Written bytes and records, whether synced or not.
    at_bytes: u64,
    end: Offset,
    indexed_at: u64,
}

impl Writer {
    fn new(dir: PathBuf, shared: Arc<Shared>, options: LogOptions) -> io::Result<Self> {
        let (last, end) = {
            let view = shared.view.lock();
            (view.segments.last().map(|s| (s.base, s.path.clone(), s.bytes)), view.end)
        };
        let (base, at_bytes, file) = if let Some((base, path, bytes)) = last {
            (base, bytes, OpenOptions::new().append(true).open(path)?)
        } else {
            let (info, file) = create(&dir, end)?;
            shared.view.lock().segments.push(info);
            (end, HEADER_BYTES, file)
        };
        Ok(Self { dir, shared, options, file, base, at_bytes, end, indexed_at: 0 })
    }

    /// Takes jobs until the queue is closed.
    fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        let (mut taken, mut buffer) = (Vec::new(), Vec::new());
        while let Ok(first) = jobs.recv() {
            gather(jobs, first, &mut taken);
            self.write(&taken, &mut buffer).unwrap_or_else(|e| die(&self.dir, &e));
            self.acknowledge(&mut taken);
            if self.at_bytes >= self.options.segment_bytes {
                self.roll().unwrap_or_else(|e| die(&self.dir, &e));
            }
        }
    }

    fn write(&mut self, jobs: &[Job], buffer: &mut Vec<u8>) -> io::Result<()> {
        buffer.clear();
        for job in jobs {
            buffer.extend_from_slice(&job.frames);
        }
        self.file.write_all(buffer)?;
        self.file.sync_data()
    }

    /// Shows what is durable now to the readers and to those who wait.
    fn acknowledge(&mut self, jobs: &mut Vec<Job>) {
        let mut index = Vec::new();
        let mut replies = Vec::with_capacity(jobs.len());
        for job in jobs.drain(..) {
            let first = self.end;
            for length in &job.lengths {
                if self.at_bytes - self.indexed_at >= INDEX_EVERY_BYTES {
                    index.push((self.end - self.base, self.at_bytes));
                    self.indexed_at = self.at_bytes;
                }
                self.at_bytes += u64::from(*length);
                self.end += 1;
            }
            self.shared.queued_bytes.fetch_sub(job.frames.len(), Ordering::Relaxed);
            replies.extend(job.reply.map(|reply| (reply, first..self.end)));
        }
        let mut view = self.shared.view.lock();
        view.end = self.end;
        if let Some(segment) = view.segments.last_mut() {
            segment.bytes = self.at_bytes;
            segment.index.extend(index);
        }
        drop(view);
        self.shared.grown.notify_all();
        for (reply, range) in replies {
            // Whoever no longer waits does not need the answer.
            let _ = reply.send(range);
        }
    }

    fn roll(&mut self) -> io::Result<()> {
        let (info, file) = create(&self.dir, self.end)?;
        self.shared.view.lock().segments.push(info);
        (self.file, self.base, self.at_bytes, self.indexed_at) = (file, self.end, HEADER_BYTES, 0);
        Ok(())
    }
}

/// Takes all that waits; as long as nobody waits for any of it, a little longer.
fn gather(jobs: &mpsc::Receiver<Job>, first: Job, taken: &mut Vec<Job>) {
    let began = Instant::now();
    let mut next = Some(first);
    let (mut awaited, mut bytes) = (false, 0);
    while let Some(job) = next {
        awaited |= job.reply.is_some();
        bytes += job.frames.len();
        taken.push(job);
        next = if awaited || bytes > LINGER_BYTES {
            jobs.try_recv().ok()
        } else {
            jobs.recv_timeout(LINGER.saturating_sub(began.elapsed())).ok()
        };
    }
}

/// Makes the segment that starts at `base`, durable with its name.
fn create(dir: &Path, base: Offset) -> io::Result<(SegmentInfo, File)> {
    let path = segment::path(dir, base);
    let mut file = OpenOptions::new().append(true).create_new(true).open(&path)?;
    file.write_all(&segment::header(base))?;
    file.sync_all()?;
    File::open(dir)?.sync_all()?;
    Ok((SegmentInfo { base, path, bytes: HEADER_BYTES, index: Vec::new() }, file))
}

/// Ends the process: after a failed write or sync nobody knows what the disk holds, and to acknowledge
/// anything more could be a lie.
fn die(dir: &Path, error: &io::Error) -> ! {
    tracing::error!(dir = %dir.display(), %error, "the log could not be synced; stopping at once");
    std::process::abort()
}

#[cfg(test)]
mod tests;
