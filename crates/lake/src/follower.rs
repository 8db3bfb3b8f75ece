//! The thread that carries the log into the lake, behind the projection.
//!
//! It reads what is applied, because only the projection knows which events are duplicates. It commits once
//! enough rows wait or the oldest has waited long enough, and keeps the tables tidy in between. What goes
//! wrong is told and begun again from what is on disk; a stop commits what was taken. Between two commits it
//! does what it is ordered to: remove people ([`Eraser`]).

mod orders;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tradewind_kernel::{Clock, Currency};
use tradewind_pipeline::Repetitions;
use tradewind_ports::{EventLog, LogReader, Offset, Rank, Record};

use crate::error::LakeError;
use crate::upkeep::Upkeep;
use crate::writer::LakeWriter;
use crate::{measures, place};

pub use orders::Eraser;
use orders::{Order, Orders};

/// Bytes of records that are read at a time.
const READ_BYTES: usize = 4 << 20;
/// Bytes of records after which a commit is due, however few rows they make.
const COMMIT_BYTES: usize = 64 << 20;
/// How long to wait for records before looking again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long to wait after a failure.
const BEGIN_AGAIN: Duration = Duration::from_secs(5);
/// How often old days and files are looked for.
const TIDY_EVERY: Duration = Duration::from_secs(3_600);

/// Tells which messages of a range of offsets count for nothing.
pub type Duplicates = Box<dyn Fn(Range<Offset>) -> Result<Repetitions, String> + Send + Sync>;

/// Where rows come from.
pub struct Source {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// One past the last offset that the projection has applied. Nothing beyond it is read.
    pub applied: Box<dyn Fn() -> Offset + Send + Sync>,
    /// Which of the applied messages count for nothing.
    pub duplicates: Duplicates,
    /// The time, for what is too old.
    pub clock: Arc<dyn Clock>,
}

/// How the lake is written.
#[derive(Debug, Clone)]
pub struct FollowerOptions {
    /// The lake's folder.
    pub root: PathBuf,
    /// The currency of amounts that come without one.
    pub currency: Currency,
    /// Rows that are committed together.
    pub commit_rows: u64,
    /// How long a row waits for a commit at most.
    pub commit_every: Duration,
    /// What is kept, and when files are merged.
    pub upkeep: Upkeep,
}

/// The lake's thread. Dropping it commits what was taken and waits for that.
pub struct Follower {
    position: Arc<AtomicU64>,
    healthy: Arc<AtomicBool>,
    eraser: Eraser,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Starts following.
    ///
    /// # Errors
    /// [`LakeError`] when the position does not read, or no thread can be had.
    pub fn start(source: Source, options: FollowerOptions) -> Result<Self, LakeError> {
        place::make_root(&options.root)?;
        let position = Arc::new(AtomicU64::new(place::read_position(&options.root)?));
        let healthy = Arc::new(AtomicBool::new(true));
        let runtime = runtime()?;
        let (stop, stopped) = mpsc::channel();
        let (orders, eraser) = Orders::new();
        let shared = (Arc::clone(&position), Arc::clone(&healthy));
        let run = Run { source, options, stopped, orders, position: shared.0, healthy: shared.1 };
        let thread = std::thread::Builder::new()
            .name("lake".into())
            .spawn(move || {
                Rank::Background.take();
                runtime.block_on(run.run());
            })
            .map_err(|e| LakeError::Source(format!("the lake's thread could not be started: {e}")))?;
        Ok(Self { position, healthy, eraser, stop: Some(stop), thread: Some(thread) })
    }

    /// One past the last offset that is in the lake, durably. The log must keep what comes after.
    #[must_use]
    pub fn position(&self) -> Offset {
        self.position.load(Ordering::Acquire)
    }

    /// Tells the [`position`](Self::position) as it is whenever it is asked, also once this is gone.
    pub fn watch(&self) -> impl Fn() -> Offset + Send + Sync + 'static {
        let position = Arc::clone(&self.position);
        move || position.load(Ordering::Acquire)
    }

    /// Takes people out of the lake.
    #[must_use]
    pub fn eraser(&self) -> Eraser {
        self.eraser.clone()
    }

    /// Whether the last attempt to write went well.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Acquire)
    }
}

/// Threads for the lake's reading and writing.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, LakeError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("lake-io")
        .on_thread_start(|| Rank::Background.take())
        .enable_all()
        .build()
        .map_err(|e| LakeError::Source(format!("the lake's runtime could not be made: {e}")))
}

impl Drop for Follower {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the lake's thread panicked");
        }
    }
}

struct Run {
    source: Source,
    options: FollowerOptions,
    stopped: mpsc::Receiver<()>,
    orders: Orders,
    position: Arc<AtomicU64>,
    healthy: Arc<AtomicBool>,
}

/// The log's records in order, as far as they are applied.
struct Applied {
    reader: Box<dyn LogReader>,
    /// Read, but not applied when last looked at.
    ahead: Vec<Record>,
}

impl Applied {
    fn next(&mut self, applied: Offset) -> Result<Vec<Record>, LakeError> {
        if self.ahead.is_empty() && self.reader.position() < applied {
            self.ahead = self.reader.read(READ_BYTES)?;
        }
        let late = self.ahead.split_off(self.ahead.partition_point(|r| r.offset < applied));
        Ok(std::mem::replace(&mut self.ahead, late))
    }
}

impl Run {
    async fn run(self) {
        loop {
            match self.follow().await {
                Ok(()) => return,
                Err(error) => {
                    self.healthy.store(false, Ordering::Release);
                    measures::failed();
                    tracing::error!(%error, "the lake could not be written; it goes on from what it has");
                    self.orders.refuse(&error);
                }
            }
            if self.is_told_to_stop(BEGIN_AGAIN) {
                return;
            }
        }
    }

    /// Waits for at most so long, and gives whether to stop. Blocks this thread, which has nothing else to do.
    fn is_told_to_stop(&self, patience: Duration) -> bool {
        !matches!(self.stopped.recv_timeout(patience), Err(RecvTimeoutError::Timeout))
    }

    async fn follow(&self) -> Result<(), LakeError> {
        let mut writer = LakeWriter::open(&self.options.root, self.options.currency).await?;
        let start = self.source.log.start();
        if writer.position() < start {
            let (position, missing) = (writer.position(), start - writer.position());
            tracing::error!(position, missing, "the log no longer has records that the lake lacks");
            writer.skip_to(start);
        }
        let mut applied = self.from(writer.taken())?;
        let (mut waiting_since, mut bytes, mut tidied) = (None::<Instant>, 0, None::<Instant>);
        self.tell(&writer);
        loop {
            if let Some(order) = self.orders.next() {
                self.obey(&mut writer, order).await?;
                // What was read ahead is of before the erasure.
                applied = self.from(writer.taken())?;
                (waiting_since, bytes) = (None, 0);
            }
            let records = applied.next((self.source.applied)())?;
            let is_idle = records.is_empty();
            if let (Some(first), Some(last)) = (records.first(), records.last()) {
                let range = first.offset..last.offset + 1;
                let duplicates = (self.source.duplicates)(range).map_err(LakeError::Source)?;
                writer.take(&records, &duplicates)?;
                bytes += records.iter().map(|r| r.bytes.len()).sum::<usize>();
                waiting_since.get_or_insert_with(Instant::now);
            }
            let stopping = self.is_told_to_stop(if is_idle { LOOK_AGAIN } else { Duration::ZERO });
            let is_old = waiting_since.is_some_and(|since| since.elapsed() >= self.options.commit_every);
            let is_much = writer.waiting_rows() >= self.options.commit_rows || bytes >= COMMIT_BYTES;
            if waiting_since.is_some() && (stopping || is_old || is_much) {
                writer.commit().await?;
                (waiting_since, bytes) = (None, 0);
            }
            self.tell(&writer);
            if stopping {
                return Ok(());
            }
            self.keep_up(&mut writer, is_idle, &mut tidied).await?;
        }
    }

    /// The log from an offset on.
    fn from(&self, offset: Offset) -> Result<Applied, LakeError> {
        Ok(Applied { reader: self.source.log.reader(offset)?, ahead: Vec::new() })
    }

    /// Removes somebody and tells who asked. After a failure the tables are opened anew.
    async fn obey(&self, writer: &mut LakeWriter, order: Order) -> Result<(), LakeError> {
        let erased = writer.erase(&order.whose).await;
        let failure = erased.as_ref().err().map(|why| format!("somebody could not be removed: {why}"));
        // Whoever asked may have gone.
        let _ = order.reply.send(erased);
        failure.map_or(Ok(()), |why| Err(LakeError::Source(why)))
    }

    /// Merges after commits; tidies every hour, once there is nothing else to do.
    async fn keep_up(
        &self,
        writer: &mut LakeWriter,
        is_idle: bool,
        tidied: &mut Option<Instant>,
    ) -> Result<(), LakeError> {
        if writer.has_changed() {
            writer.merge(self.options.upkeep).await?;
        }
        if is_idle && tidied.is_none_or(|at| at.elapsed() >= TIDY_EVERY) {
            *tidied = Some(Instant::now());
            writer.tidy(self.options.upkeep, self.source.clock.now()).await?;
        }
        Ok(())
    }

    fn tell(&self, writer: &LakeWriter) {
        self.healthy.store(true, Ordering::Release);
        self.position.store(writer.position(), Ordering::Release);
        measures::position(writer.position(), (self.source.applied)().saturating_sub(writer.position()));
    }
}

#[cfg(test)]
mod tests;
