//! Where the time comes from. Passed in everywhere, so that a replay sees the time it replays.

use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::UtcMillis;

/// A source of the current time.
pub trait Clock: Debug + Send + Sync {
    /// The current time, UTC, in milliseconds.
    fn now(&self) -> UtcMillis;
}

/// The machine's own clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> UtcMillis {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        UtcMillis::new(since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// A clock that stands where it is put: for tests, replays and simulation.
#[derive(Debug, Default)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that stands at `at`.
    #[must_use]
    pub fn new(at: UtcMillis) -> Self {
        Self(AtomicI64::new(at.get()))
    }

    /// Moves the clock to `at`.
    pub fn set(&self, at: UtcMillis) {
        self.0.store(at.get(), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> UtcMillis {
        UtcMillis::new(self.0.load(Ordering::SeqCst))
    }
}
