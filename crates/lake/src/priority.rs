//! The lake's threads give way to those that take in and answer.
//!
//! On Linux a thread has a niceness of its own, and threads that it starts inherit it. Where every core is
//! busy, a thread that is [`STEPS`] nicer gets about a third of what the others get: it falls behind and
//! catches up later, but does not stop, since the log has to be kept for it. Elsewhere this does nothing.

/// So much nicer than the rest of the program: more than 0, so that the lake waits for the others; few enough
/// that it still follows them.
#[cfg(target_os = "linux")]
const STEPS: i32 = 5;

/// Lowers the priority of the thread that calls it, which must not have it lowered already.
#[cfg(target_os = "linux")]
pub(crate) fn give_way() {
    use rustix::process::{getpid, getpriority_process, setpriority_process};
    // The main thread has the program's own niceness; on Linux "no process" is the calling thread alone.
    let lowered = getpriority_process(Some(getpid()))
        .and_then(|common| setpriority_process(None, (common + STEPS).min(19)));
    if let Err(error) = lowered {
        tracing::warn!(%error, "a thread of the lake keeps the common priority");
    }
}

/// Does nothing here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn give_way() {}
