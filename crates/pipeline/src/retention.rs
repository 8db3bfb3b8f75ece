//! How long the log is kept, and for whom.
//!
//! A thread of its own looks every 10 s, and sooner when the log refuses for want of room. It removes the oldest
//! parts that are older than [`Retention::keep_ms`], and those that take the log beyond seven eighths of
//! [`Retention::max_bytes`], so that there is room left to write into while it looks. A part is removed only once
//! every reader is past it: what a reader that stopped still needs is kept, and when the log is full for that,
//! appends are refused with its name.
//!
//! The projection is a reader too. Where it is counts only as far as a power cut cannot take it back, so the
//! state is synced before anything is removed: a state older than the log's beginning could never go on.
//!
//! A part's age is what the disk says of its last write, against the pipeline's clock. Copying a data directory
//! without its times makes its parts young; a clock that runs ahead makes them old.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tradewind_ports::{LogPart, NoRoom, Offset};

use crate::measures;
use crate::pipeline::{Inner, PipelineError};

/// How often the thread looks.
const EVERY: Duration = Duration::from_secs(10);
/// How often at most, however often appends are refused.
const LEAST: Duration = Duration::from_millis(100);
/// The projection's name among the readers.
const PROJECTION: &str = "projection";

/// How much of the log is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Parts that were last written to longer ago than this are removed, in milliseconds; 0 keeps them for ever.
    pub keep_ms: i64,
    /// The log's own bound in bytes, 0 for none: the oldest parts are removed before it is reached.
    pub max_bytes: u64,
}

/// Tells the offset that a reader has made durable use of everything before.
pub type Position = Arc<dyn Fn() -> Offset + Send + Sync>;

/// Who reads the log, and what the last look found.
#[derive(Default)]
pub(crate) struct Keeping {
    readers: Mutex<Vec<(String, Position)>>,
    /// Who needs a part that would be removed otherwise, and from which offset on.
    held_by: Mutex<Option<(String, Offset)>>,
    signal: Mutex<Signal>,
    signalled: Condvar,
}

#[derive(Default)]
struct Signal {
    is_wanted: bool,
    is_over: bool,
}

impl Keeping {
    pub(crate) fn register(&self, name: &str, position: Position) {
        let mut readers = self.readers.lock();
        readers.retain(|(known, _)| known != name);
        readers.push((name.to_owned(), position));
    }

    /// The log has refused: look soon. Gives why it did, in words.
    pub(crate) fn refused(&self, why: NoRoom) -> String {
        self.signal.lock().is_wanted = true;
        self.signalled.notify_all();
        match (why, self.held_by.lock().as_ref()) {
            (NoRoom::Bound { .. }, Some((reader, offset))) => {
                format!("{why}; the reader '{reader}' needs what it holds from record {offset} on")
            }
            _ => why.to_string(),
        }
    }

    pub(crate) fn stop(&self) {
        self.signal.lock().is_over = true;
        self.signalled.notify_all();
    }

    /// Waits for the next look; false when there is none.
    fn wait(&self) -> bool {
        let began = Instant::now();
        let mut signal = self.signal.lock();
        loop {
            let patience = if signal.is_wanted { LEAST } else { EVERY };
            let left = patience.saturating_sub(began.elapsed());
            if signal.is_over || left.is_zero() {
                signal.is_wanted = false;
                return !signal.is_over;
            }
            self.signalled.wait_for(&mut signal, left);
        }
    }
}

/// Starts the thread that keeps the log to `retention`.
pub(crate) fn start(inner: Arc<Inner>, retention: Retention) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("log-retention".into()).spawn(move || {
        loop {
            if let Err(error) = look(&inner, retention) {
                tracing::error!(%error, "the log could not be looked at, so none of it is removed");
            }
            if !inner.keeping.wait() {
                return;
            }
        }
    })
}

/// Removes what may go, and tells the metrics how things are.
pub(crate) fn look(inner: &Inner, retention: Retention) -> Result<(), PipelineError> {
    let parts = inner.log.parts()?;
    let wanted = expendable(&parts, retention, inner.clock.now().get());
    let mut readers = vec![(PROJECTION.to_owned(), *inner.live.checkpointed.borrow())];
    readers.extend(inner.keeping.readers.lock().iter().map(|(name, position)| (name.clone(), position())));
    let slowest = readers.iter().min_by_key(|(_, position)| *position).cloned();
    let held_at = slowest.as_ref().map_or(wanted, |(_, position)| wanted.min(*position));
    if parts.first().is_some_and(|oldest| oldest.end <= held_at) {
        inner.store.sync()?;
        inner.log.remove_before(held_at)?;
    }
    *inner.keeping.held_by.lock() = slowest.filter(|(_, position)| *position < wanted);
    let oldest_at_ms = inner.log.parts()?.first().map_or(0, |oldest| oldest.written_at_ms);
    measures::log_kept(inner.log.size_bytes(), inner.clock.now().get() - oldest_at_ms);
    for (name, position) in readers {
        measures::reader_lag(name, inner.log.end().saturating_sub(position));
    }
    Ok(())
}

/// Up to which offset the policy keeps nothing: the end of the last part, from the beginning on, that is too
/// old or one too many. The part that is being written to stays.
fn expendable(parts: &[LogPart], retention: Retention, now_ms: i64) -> Offset {
    let mut size_bytes: u64 = parts.iter().map(|part| part.size_bytes).sum();
    let kept_bytes = retention.max_bytes - retention.max_bytes / 8;
    let mut up_to = parts.first().map_or(0, |oldest| oldest.first);
    for part in parts.iter().take(parts.len().saturating_sub(1)) {
        let is_old = retention.keep_ms > 0 && now_ms.saturating_sub(part.written_at_ms) > retention.keep_ms;
        let is_over = retention.max_bytes > 0 && size_bytes > kept_bytes;
        if !is_old && !is_over {
            break;
        }
        size_bytes -= part.size_bytes;
        up_to = part.end;
    }
    up_to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_old_or_too_much_may_go() {
        let part =
            |(first, written_at_ms)| LogPart { first, end: first + 10, size_bytes: 100, written_at_ms };
        let parts = [(0, 0), (10, 1), (20, 2), (30, 3)].map(part);
        let check = |keep_ms, max_bytes, now_ms, expected| {
            let retention = Retention { keep_ms, max_bytes };
            assert_eq!(expendable(&parts, retention, now_ms), expected, "{retention:?} at {now_ms}");
        };
        check(0, 0, i64::MAX, 0);
        check(5, 0, 5, 0);
        check(5, 0, 6, 10);
        check(5, 0, 7, 20);
        check(5, 0, i64::MAX, 30);
        check(5, 0, i64::MIN, 0);
        check(0, 458, 0, 0);
        check(0, 456, 0, 10);
        check(0, 8, 0, 30);
        check(5, 300, 7, 20);
        assert_eq!(expendable(&parts[2..], Retention::default(), 0), 20);
        assert_eq!(expendable(&[], Retention::default(), 0), 0);
    }
}
