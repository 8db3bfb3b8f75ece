//! The log of everything that happened.

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

/// A future that owns itself, as a trait object can return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A record's place in the log: 0 for the first ever appended, then one more for each.
pub type Offset = u64;

/// One record as it was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place.
    pub offset: Offset,
    /// What was appended.
    pub bytes: Bytes,
}

/// Why an append was refused. Nothing of a refused append is in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// More waits to be written than the log's bound; the caller tries again later.
    #[error("the log is {queued_bytes} bytes behind its disk and takes no more for now")]
    Overloaded {
        /// What waits, in bytes.
        queued_bytes: usize,
    },
    /// A record is larger than the log can hold.
    #[error("a record of {size_bytes} bytes is larger than the {max_bytes} that the log takes")]
    TooLarge {
        /// The record's size.
        size_bytes: usize,
        /// The log's limit.
        max_bytes: usize,
    },
    /// There is no room. Nothing is wrong with the append: once there is room, the same is taken.
    #[error(transparent)]
    Full(#[from] NoRoom),
    /// The log is shutting down.
    #[error("the log is closed")]
    Closed,
}

/// What keeps the log from growing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// The disk has less left than the log leaves free.
    #[error("the disk has {free_bytes} bytes free, and {reserve_bytes} are kept in reserve")]
    Disk {
        /// What is free, in bytes.
        free_bytes: u64,
        /// What the log leaves free, in bytes.
        reserve_bytes: u64,
    },
    /// The log has reached its own bound.
    #[error("the log holds {size_bytes} bytes, and {max_bytes} are its bound")]
    Bound {
        /// What it holds, in bytes.
        size_bytes: u64,
        /// What it may hold, in bytes.
        max_bytes: u64,
    },
}

/// A part of the log that is removed whole or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPart {
    /// Its first offset.
    pub first: Offset,
    /// One past its last durable offset.
    pub end: Offset,
    /// What it takes on the disk, in bytes.
    pub size_bytes: u64,
    /// When it was last written to, as the disk tells: UTC, milliseconds since 1970.
    pub written_at_ms: i64,
}

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The offset was removed by retention, or lies past the end.
    #[error("offset {asked} is not in the log, which holds {start} to {end}")]
    OutOfRange {
        /// What was asked for.
        asked: Offset,
        /// The first offset that is held.
        start: Offset,
        /// One past the last durable offset.
        end: Offset,
    },
    /// A record's checksum does not match; it is not served.
    #[error("the log is damaged in {file} at byte {position}: {what}")]
    Corrupt {
        /// The damaged file.
        file: String,
        /// Where in it.
        position: u64,
        /// What does not match.
        what: &'static str,
    },
    /// The operating system's error.
    #[error("the log could not be read: {0}")]
    Io(#[from] std::io::Error),
}

/// An append-only log of records.
///
/// **Durability.** The future of [`append`](EventLog::append) resolves once its records survive power loss
/// (fsync or its equivalent has returned). A failed sync ends the process: after one, nobody can say what
/// is on the disk.
/// **Order.** Records of one append stay together and in order; appends are ordered by their calls.
/// **Atomicity.** After a crash the log ends at a record's boundary. Of an append that was never
/// acknowledged any prefix may be there.
/// **Reading.** A reader sees only durable records, each exactly as appended; any number may read at once,
/// from any held offset.
/// **Positions.** The log keeps none. A reader that must go on after a restart keeps its position beside what
/// it made of the records, in one commit with it: only so is each record used once, whatever stops when. It
/// tells whoever removes parts how far it is, and never tells an offset that a power cut could take back.
/// **Retention.** [`remove_before`](EventLog::remove_before) takes parts from the beginning, and nothing else
/// does. **Erasing.** [`erase`](EventLog::erase) overwrites records where they are. Offsets never change: what is left keeps its own, and the next append goes on from the end.
/// **Limits.** A record holds at most 16 MiB; an implementation bounds what waits and refuses the rest. It may
/// bound its size and leave a part of the disk free: it then refuses with [`AppendError::Full`], goes on being
/// read, and takes appends again by itself, within a second, once there is room. What
/// [`append_later`](EventLog::append_later) took before that waits for room too, or for the process to end.
pub trait EventLog: Send + Sync {
    /// Appends records, none for an empty vector. They are queued by the call itself, not by polling, so
    /// that a caller who does not need to know may drop the future.
    ///
    /// # Errors
    /// [`AppendError`]; then nothing was queued.
    fn append(
        &self,
        records: Vec<Vec<u8>>,
    ) -> Result<BoxFuture<'static, Result<Range<Offset>, AppendError>>, AppendError>;

    /// Appends records that need not be durable at once: they become so with the next
    /// [`append`](EventLog::append), or by themselves within 100 ms. A crash before that loses them. They
    /// keep their order among themselves, not towards other appends.
    ///
    /// # Errors
    /// [`AppendError`]; then nothing was queued.
    fn append_later(&self, records: Vec<Vec<u8>>) -> Result<(), AppendError>;

    /// The first offset that is held.
    fn start(&self) -> Offset;

    /// One past the last durable offset.
    fn end(&self) -> Offset;

    /// Blocks until [`end`](EventLog::end) is past `offset` or `timeout` is over; gives the end.
    fn wait_past(&self, offset: Offset, timeout: Duration) -> Offset;

    /// What all parts take on the disk, in bytes.
    fn size_bytes(&self) -> u64;

    /// The parts, oldest first; the last one is being written to. One ends where the next begins.
    ///
    /// # Errors
    /// [`ReadError::Io`] when the disk does not tell their age.
    fn parts(&self) -> Result<Vec<LogPart>, ReadError>;

    /// Removes the parts that end at `offset` or before it, oldest first and never the last one, and gives the
    /// first offset that is held then. Readers of what was removed get [`ReadError::OutOfRange`], unless they
    /// have it open. Once it returns, a power cut brings nothing back; one in the middle leaves a log that
    /// begins at some part and has no hole.
    ///
    /// # Errors
    /// [`ReadError::Io`] when a part cannot be removed; it is then held as before.
    fn remove_before(&self, offset: Offset) -> Result<Offset, ReadError>;

    /// Overwrites records for good: from then on a read finds zeros there, as many bytes as there were. Gives how
    /// many of them the log still holds. Once it returns, no file of the log holds what was erased, after a power
    /// cut neither; one in the middle leaves some erased and the others as they were. A reader that is under way
    /// may still serve what it has open. Blocks while the log is written anew, as far as it has to be.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`] for an offset past the end, before anything is changed; [`ReadError::Io`] when
    /// there is no room to write a part anew, which then holds what it held: the same call made again goes on.
    fn erase(&self, offsets: &[Offset]) -> Result<u64, ReadError>;

    /// A reader that starts at `from`, which may be the end itself.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`] when `from` is not held and is not the end.
    fn reader(&self, from: Offset) -> Result<Box<dyn LogReader>, ReadError>;
}

/// A position in a log that moves forward.
pub trait LogReader: Send {
    /// The next durable records, at most about `max_bytes` of them but always one if there is one.
    /// Empty at the end.
    ///
    /// # Errors
    /// [`ReadError`]; the position then stays where it is.
    fn read(&mut self, max_bytes: usize) -> Result<Vec<Record>, ReadError>;

    /// The offset that the next read starts at.
    fn position(&self) -> Offset;
}
