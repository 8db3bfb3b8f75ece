//! Up to where a subject's acknowledged events reach, so that a reader can wait for its own and no others.

use std::sync::atomic::{AtomicU64, Ordering};

use tradewind_ports::Offset;
use xxhash_rust::xxh3::xxh3_64;

/// Subjects share this many slots; two in one slot wait for each other, which is harmless.
const SLOTS: usize = 4_096;

/// For each slot, one past the latest acknowledged offset.
pub(crate) struct Watermarks(Vec<AtomicU64>);

impl Watermarks {
    /// Marks that all stand at `end`: of what a log holds already nobody knows whose it is.
    pub(crate) fn new(end: Offset) -> Self {
        Self(std::iter::repeat_with(|| AtomicU64::new(end)).take(SLOTS).collect())
    }

    fn slot(&self, id: &str) -> &AtomicU64 {
        let hash = usize::try_from(xxh3_64(id.as_bytes()) % SLOTS as u64).unwrap_or(0);
        &self.0[hash]
    }

    /// Notes that events of this id are in the log up to before `end`.
    pub(crate) fn raise(&self, id: &str, end: Offset) {
        self.slot(id).fetch_max(end, Ordering::AcqRel);
    }

    /// Up to where the projection must be to hold all acknowledged events of this id.
    pub(crate) fn of(&self, id: &str) -> Offset {
        self.slot(id).load(Ordering::Acquire)
    }
}
