//! The one thread that writes and syncs for everybody.
//!
//! It takes all that waits, writes it in one go, syncs once, then tells the readers and those who wait: a
//! group commit. A write or sync that fails ends the process.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tradewind_ports::Offset;

use crate::disk::{Disk, DiskFile};
use crate::segment::{self, FRAME_BYTES, GROUP_BYTES, Group, HEADER_BYTES, Version};
use crate::segment_log::{LogOptions, SegmentInfo, Shared};
use crate::segment_scan::INDEX_EVERY_BYTES;

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
    file: Box<dyn DiskFile>,
    base: Offset,
    /// Durable bytes and records.
    at_bytes: u64,
    end: Offset,
    indexed_at: u64,
    /// No group or seal proves yet that the last group was synced.
    is_unsealed: bool,
    buffer: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(dir: PathBuf, shared: Arc<Shared>, options: LogOptions) -> io::Result<Self> {
        let (last, end) = {
            let view = shared.view.lock();
            (view.segments.last().map(|s| (s.base, s.path.clone(), s.bytes, s.version)), view.end)
        };
        let (base, at_bytes, file) = match last {
            Some((base, path, bytes, Version::Two)) => (base, bytes, shared.disk.open_append(&path)?),
            older => {
                if let Some((_, path, ..)) = older.filter(|(base, ..)| *base == end) {
                    // A segment of an older form without a record makes room for its successor.
                    shared.disk.remove(&path)?;
                    shared.view.lock().segments.pop();
                }
                let (info, file) = create(&*shared.disk, &dir, end)?;
                shared.view.lock().segments.push(info);
                (end, HEADER_BYTES, file)
            }
        };
        let (indexed_at, is_unsealed, buffer) = (0, false, Vec::new());
        Ok(Self { dir, shared, options, file, base, at_bytes, end, indexed_at, is_unsealed, buffer })
    }

    /// Takes jobs until the queue is closed, then seals the log.
    pub(crate) fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        let mut taken = Vec::new();
        while let Ok(first) = jobs.recv() {
            gather(jobs, first, &mut taken);
            self.step(&mut taken).unwrap_or_else(|e| die(&self.dir, &e));
        }
        if let Err(error) = self.seal() {
            // All that was acknowledged is durable; only the proof of it is missing.
            tracing::warn!(dir = %self.dir.display(), %error, "the log could not be sealed");
        }
    }

    /// Writes, syncs and acknowledges what was taken and what waits for company.
    ///
    /// # Errors
    /// Of the disk. What was taken is then not acknowledged unless it is durable, and nobody knows what the
    /// disk holds: the caller ends the process, and never steps again.
    pub(crate) fn step(&mut self, taken: &mut Vec<Append>) -> io::Result<()> {
        let later = std::mem::take(&mut *self.shared.later.lock());
        self.write(taken, &later)?;
        self.acknowledge(taken, &later);
        if self.at_bytes >= self.options.segment_bytes {
            self.roll()?;
        }
        Ok(())
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

    fn write(&mut self, taken: &[Append], later: &Framed) -> io::Result<()> {
        let frames = || taken.iter().map(|(framed, _)| framed).chain([later]).map(|f| &f.frames);
        let body_bytes = frames().map(|f| f.len() as u64).sum();
        if body_bytes == 0 {
            return Ok(());
        }
        let group = Group { position: self.at_bytes, first: self.end, body_bytes };
        self.buffer.clear();
        self.buffer.extend_from_slice(&group.bytes());
        frames().for_each(|f| self.buffer.extend_from_slice(f));
        self.file.append(&self.buffer)?;
        self.file.sync()?;
        (self.at_bytes, self.is_unsealed) = (self.at_bytes + GROUP_BYTES as u64, true);
        Ok(())
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
        let (info, file) = create(&*self.shared.disk, &self.dir, self.end)?;
        self.shared.view.lock().segments.push(info);
        (self.file, self.base, self.at_bytes, self.indexed_at) = (file, self.end, HEADER_BYTES, 0);
        // That there is a next segment proves the last one.
        self.is_unsealed = false;
        Ok(())
    }
}

/// Records and whoever waits for them.
pub(crate) type Append = (Framed, oneshot::Sender<Range<Offset>>);

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
fn create(disk: &dyn Disk, dir: &Path, base: Offset) -> io::Result<(SegmentInfo, Box<dyn DiskFile>)> {
    let (path, version) = (segment::path(dir, base), Version::Two);
    let mut file = disk.create(&path)?;
    file.append(&segment::header(version, base))?;
    file.sync()?;
    disk.sync_dir(dir)?;
    Ok((SegmentInfo { base, path, version, bytes: HEADER_BYTES, index: Vec::new() }, file))
}

/// Ends the process: after a failed write or sync nobody knows what the disk holds, and to acknowledge
/// anything more could be a lie.
fn die(dir: &Path, error: &io::Error) -> ! {
    tracing::error!(dir = %dir.display(), %error, "the log could not be synced; stopping at once");
    std::process::abort()
}
