//! CPU time of the calling thread, which other programs on the machine do not lengthen.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// A running measurement.
pub(crate) struct CpuTimer(Duration);

impl CpuTimer {
    pub(crate) fn start() -> Self {
        Self(thread_cpu())
    }

    /// CPU time that this thread has used since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        thread_cpu().saturating_sub(self.0)
    }
}

fn thread_cpu() -> Duration {
    // Neither part is ever negative, and nanoseconds are below a second.
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}
