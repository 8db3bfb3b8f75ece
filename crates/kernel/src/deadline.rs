//! A request's time budget, handed down with it.

use std::time::{Duration, Instant};

/// The moment by which an answer must be on its way. Cheap to copy; measured on the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline `budget_ms` from now.
    #[must_use]
    pub fn in_ms(budget_ms: u64) -> Self {
        Self(Instant::now() + Duration::from_millis(budget_ms))
    }

    /// What is left; zero once it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.remaining().is_zero()
    }
}
