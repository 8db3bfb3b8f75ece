//! Who waits for whom where every core is busy: threads that take in and answer come first, those that do long
//! work, and those that nobody waits for, give way to them.
//!
//! On Linux a thread has a niceness of its own, and threads that it starts inherit it. A thread that is five
//! steps nicer gets about a third of what the others get: it falls behind and catches up later, but does not
//! stop. Elsewhere this does nothing.

/// What a thread does, if it is not to take in or to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// What a request or a shopper's next answer waits for, and takes long: reading batches, applying them.
    Work,
    /// What nobody waits for.
    Background,
}

impl Rank {
    /// So much nicer than the rest of the program: more than 0, so that it waits for the others; few enough that
    /// it still follows them.
    #[cfg(target_os = "linux")]
    const fn steps(self) -> i32 {
        match self {
            Self::Work | Self::Background => 5,
        }
    }

    /// Gives the thread that calls it this rank.
    #[cfg(target_os = "linux")]
    pub fn take(self) {
        use rustix::process::{getpid, getpriority_process, setpriority_process};
        // The main thread has the program's own niceness; on Linux "no process" is the calling thread alone.
        let lowered = getpriority_process(Some(getpid()))
            .and_then(|common| setpriority_process(None, (common + self.steps()).min(19)));
        if let Err(error) = lowered {
            tracing::warn!(%error, rank = ?self, "a thread keeps the common priority");
        }
    }

    /// Does nothing here.
    #[cfg(not(target_os = "linux"))]
    pub fn take(self) {}
}
