//! The one thread that writes and syncs for everybody.
//!
//! It takes all that waits, writes it in one go, syncs once, then tells the readers and those who wait: a
//! group commit. A sync that fails ends the process, and so does a write.
//!
//! **A full disk** does not. Every 200 ms, or 8 MiB, the writer looks how much room there is; without enough,
//! appends are refused before they are queued. If a write finds the disk full all the same, the file is cut
//! back to its durable end and that is synced *before* those who wait are told: so nothing of what was refused
//! can come back, and the file is what it was. The new segment that a full disk left half made is removed,
//! durably, before the old one grows. Where any of this fails, or the sync itself finds no room, nobody knows
//! what the disk holds, and the process ends.

mod file;
mod queue;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tradewind_ports::{NoRoom, Offset};

use self::file::create;
use self::queue::{Append, gather};
pub(crate) use self::queue::{Framed, Job, LINGER_BYTES};
use crate::disk::DiskFile;
use crate::segment::{HEADER_BYTES, Version};
use crate::segment_log::{LogOptions, Shared};
use crate::segment_room::missing;

/// How often the writer looks how much room there is.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// It looks sooner when it has written this much.
const LOOK_EVERY_BYTES: u64 = 8 << 20;

/// The thread's own memory.
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
    looked_at: Option<Instant>,
    unlooked_bytes: u64,
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
        Ok(Self {
            dir,
            shared,
            options,
            file,
            base,
            at_bytes,
            end,
            indexed_at: 0,
            is_unsealed: false,
            buffer: Vec::new(),
            looked_at: None,
            unlooked_bytes: 0,
        })
    }

    /// Takes jobs until the queue is closed, then seals the log.
    pub(crate) fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        let (mut taken, mut rolls) = (Vec::new(), Vec::new());
        while let Ok(first) = self.next(jobs) {
            if let Some(first) = first {
                gather(jobs, first, &mut taken, &mut rolls);
            }
            if self.unlooked_bytes >= LOOK_EVERY_BYTES
                || self.looked_at.is_none_or(|at| at.elapsed() >= LOOK_EVERY)
            {
                self.look();
            }
            self.step(&mut taken).unwrap_or_else(|e| die(&self.dir, &e));
            for reply in rolls.drain(..) {
                let done = self.close_segment().unwrap_or_else(|e| die(&self.dir, &e));
                // Whoever no longer waits does not need the answer.
                let _ = reply.send(done);
            }
        }
        if let Err(error) = self.seal() {
            // All that was acknowledged is durable; only the proof of it is missing.
            tracing::warn!(dir = %self.dir.display(), %error, "the log could not be sealed");
        }
    }

    /// The next job. While there is no room it comes back without one, to look again.
    fn next(&self, jobs: &mpsc::Receiver<Job>) -> Result<Option<Job>, mpsc::RecvError> {
        if self.shared.no_room.lock().is_none() {
            return jobs.recv().map(Some);
        }
        match jobs.recv_timeout(LOOK_EVERY) {
            Ok(job) => Ok(Some(job)),
            Err(mpsc::RecvTimeoutError::Timeout) => Ok(None),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(mpsc::RecvError),
        }
    }

    /// Looks whether there is room.
    pub(crate) fn look(&mut self) {
        (self.looked_at, self.unlooked_bytes) = (Some(Instant::now()), 0);
        let size_bytes = self.shared.view.lock().size_bytes();
        let free_bytes = self.shared.disk.free_bytes(&self.dir).ok();
        let mut no_room = self.shared.no_room.lock();
        let before = *no_room;
        *no_room = missing(&self.options, size_bytes, free_bytes, before);
        match (before, *no_room) {
            (None, Some(why)) => tracing::warn!(%why, "the log takes nothing for now"),
            (Some(_), None) => tracing::info!("the log takes appends again"),
            _ => {}
        }
    }

    /// Writes, syncs and acknowledges what was taken and what waits for company; without room, refuses the
    /// one and leaves the other.
    ///
    /// # Errors
    /// Of the disk. What was taken is then not acknowledged unless it is durable, and nobody knows what the
    /// disk holds: the caller ends the process, and never steps again.
    pub(crate) fn step(&mut self, taken: &mut Vec<Append>) -> io::Result<()> {
        let no_room = *self.shared.no_room.lock();
        if let Some(why) = no_room {
            self.refuse(taken, why);
            return Ok(());
        }
        let mut later = std::mem::take(&mut *self.shared.later.lock());
        if let Err(error) = self.write(taken, &later) {
            let why = self.take_back(error)?;
            let mut since = self.shared.later.lock();
            later.join(&since);
            *since = later;
            drop(since);
            self.refuse(taken, why);
            return Ok(());
        }
        self.acknowledge(taken, &later);
        if self.at_bytes >= self.options.segment_bytes {
            self.roll()?;
        }
        if self.options.max_bytes > 0 && self.shared.view.lock().size_bytes() >= self.options.max_bytes {
            self.look();
        }
        Ok(())
    }

    fn refuse(&self, taken: &mut Vec<Append>, why: NoRoom) {
        for (framed, reply) in taken.drain(..) {
            self.shared.queued_bytes.fetch_sub(framed.frames.len(), Ordering::Relaxed);
            // Whoever no longer waits does not need the answer.
            let _ = reply.send(Err(why.into()));
        }
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
            let _ = reply.send(Ok(range));
        }
    }
}

/// Ends the process: after a failed write or sync nobody knows what the disk holds, and to acknowledge
/// anything more could be a lie.
pub(crate) fn die(dir: &Path, error: &io::Error) -> ! {
    tracing::error!(dir = %dir.display(), %error, "the log could not be synced; stopping at once");
    std::process::abort()
}
