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

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tradewind_ports::{AppendError, NoRoom, Offset};

use crate::disk::{Disk, DiskFile};
use crate::segment::{self, FRAME_BYTES, GROUP_BYTES, Group, HEADER_BYTES, Version};
use crate::segment_log::{LogOptions, SegmentInfo, Shared};
use crate::segment_room::{is_full, missing};
use crate::segment_scan::INDEX_EVERY_BYTES;

/// Records with their frames made.
#[derive(Default)]
pub(crate) struct Framed {
    pub(crate) frames: Vec<u8>,
    pub(crate) lengths: Vec<u32>,
}

/// Where the answer to an append goes.
pub(crate) type Reply = oneshot::Sender<Result<Range<Offset>, AppendError>>;

/// What the writer is told.
pub(crate) enum Job {
    /// To write records that somebody waits for.
    Append(Framed, Reply),
    /// That records wait in [`Shared::later`], where none did before.
    LaterWaits,
    /// That many do.
    LaterIsFull,
    /// To close the segment that is written to, so that it can be changed, unless nothing is in it.
    Roll(oneshot::Sender<Result<(), NoRoom>>),
}

/// How often the writer looks how much room there is.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// It looks sooner when it has written this much.
const LOOK_EVERY_BYTES: u64 = 8 << 20;
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

    /// Puts others behind these.
    fn join(&mut self, others: &Self) {
        self.frames.extend_from_slice(&others.frames);
        self.lengths.extend_from_slice(&others.lengths);
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

    /// After a write that failed: cuts the file back to its durable end, if the room was all that was missing.
    fn take_back(&mut self, error: Failed) -> io::Result<NoRoom> {
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

    fn write(&mut self, taken: &[Append], later: &Framed) -> Result<(), Failed> {
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
            let _ = reply.send(Ok(range));
        }
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

    fn roll(&mut self) -> io::Result<()> {
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

/// Records and whoever waits for them.
pub(crate) type Append = (Framed, Reply);

/// What failed. After a write that failed it is known what the disk holds, once that is cut off; after a sync
/// it is not.
enum Failed {
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

/// Takes all that waits; as long as nobody waits for any of it, a little longer.
fn gather(
    jobs: &mpsc::Receiver<Job>,
    first: Job,
    taken: &mut Vec<Append>,
    rolls: &mut Vec<oneshot::Sender<Result<(), NoRoom>>>,
) {
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
            Job::Roll(reply) => {
                is_due = true;
                rolls.push(reply);
            }
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
fn create(disk: &dyn Disk, dir: &Path, base: Offset) -> Result<(SegmentInfo, Box<dyn DiskFile>), Failed> {
    let (path, version) = (segment::path(dir, base), Version::Two);
    let mut file = disk.create(&path).map_err(Failed::Write)?;
    file.append(&segment::header(version, base)).map_err(Failed::Write)?;
    file.sync().map_err(Failed::Sync)?;
    disk.sync_dir(dir).map_err(Failed::Sync)?;
    Ok((SegmentInfo { base, path, version, bytes: HEADER_BYTES, index: Vec::new() }, file))
}

/// Ends the process: after a failed write or sync nobody knows what the disk holds, and to acknowledge
/// anything more could be a lie.
pub(crate) fn die(dir: &Path, error: &io::Error) -> ! {
    tracing::error!(dir = %dir.display(), %error, "the log could not be synced; stopping at once");
    std::process::abort()
}
