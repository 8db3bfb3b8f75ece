//! The one thread that writes and syncs for everybody.
//!
//! It takes all that waits, writes it in one go, syncs once, then tells the readers and those who wait: a
//! group commit. A write or sync that fails ends the process.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tradewind_ports::Offset;

use crate::segment::{self, FRAME_BYTES, HEADER_BYTES, INDEX_EVERY_BYTES};
use crate::segment_log::{LogOptions, SegmentInfo, Shared};

/// Records with their frames made.
#[derive(Default)]
pub(crate) struct Framed {
    pub(crate) frames: Vec<u8>,
    pub(crate) lengths: Vec<u32>,
}

/// What the writer is told.
pub(crate) enum Job {
    /// To write records that somebody waits for.
    Append(Framed, oneshot::Sender<Range<Offset>>),
    /// That records wait in [`Shared::later`], where none did before.
    LaterWaits,
    /// That many do.
    LaterIsFull,
}

/// How long records wait for company that nobody waits for.
const LINGER: Duration = Duration::from_millis(50);
/// What waits for company at most, in bytes.
pub(crate) const LINGER_BYTES: usize = 1 << 20;

impl Framed {
    pub(crate) fn push(&mut self, records: &[Vec<u8>]) {
        for record in records {
            segment::put_frame(&mut self.frames, record);
            self.lengths.push(u32::try_from(record.len() + FRAME_BYTES).unwrap_or(u32::MAX));
        }
    }
}

pub(crate) struct Writer {
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
    pub(crate) fn new(dir: PathBuf, shared: Arc<Shared>, options: LogOptions) -> io::Result<Self> {
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
    pub(crate) fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        let (mut taken, mut buffer) = (Vec::new(), Vec::new());
        while let Ok(first) = jobs.recv() {
            gather(jobs, first, &mut taken);
            let later = std::mem::take(&mut *self.shared.later.lock());
            self.write(&taken, &later, &mut buffer).unwrap_or_else(|e| die(&self.dir, &e));
            self.acknowledge(&mut taken, &later);
            if self.at_bytes >= self.options.segment_bytes {
                self.roll().unwrap_or_else(|e| die(&self.dir, &e));
            }
        }
    }

    fn write(&mut self, taken: &[Append], later: &Framed, buffer: &mut Vec<u8>) -> io::Result<()> {
        buffer.clear();
        for (framed, _) in taken {
            buffer.extend_from_slice(&framed.frames);
        }
        buffer.extend_from_slice(&later.frames);
        if buffer.is_empty() {
            return Ok(());
        }
        self.file.write_all(buffer)?;
        self.file.sync_data()
    }

    /// Notes the place of records that are durable now.
    fn place(&mut self, framed: &Framed, index: &mut Vec<(u64, u64)>) -> Range<Offset> {
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

    /// Shows what is durable now to the readers and to those who wait.
    fn acknowledge(&mut self, taken: &mut Vec<Append>, later: &Framed) {
        let mut index = Vec::new();
        let mut replies = Vec::with_capacity(taken.len());
        for (framed, reply) in taken.drain(..) {
            replies.push((reply, self.place(&framed, &mut index)));
        }
        self.place(later, &mut index);
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

/// Records and whoever waits for them.
type Append = (Framed, oneshot::Sender<Range<Offset>>);

/// Takes all that waits; as long as nobody waits for any of it, a little longer.
fn gather(jobs: &mpsc::Receiver<Job>, first: Job, taken: &mut Vec<Append>) {
    let began = Instant::now();
    let mut next = Some(first);
    let mut is_due = false;
    while let Some(job) = next {
        match job {
            Job::Append(framed, reply) => {
                is_due = true;
                taken.push((framed, reply));
            }
            Job::LaterIsFull => is_due = true,
            Job::LaterWaits => {}
        }
        next = if is_due {
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
