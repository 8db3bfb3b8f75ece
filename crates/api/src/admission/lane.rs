//! Threads of their own for long requests.
//!
//! Reading a batch takes milliseconds, and the threads that answer are few. So a long request is handled on
//! threads that give way to those: whoever wants an answer at once, or is refused one, does not wait behind
//! what others sent. They are started by the first that needs them.

use std::future::{Future, pending};
use std::sync::OnceLock;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, SemaphorePermit};
use tradewind_ports::Rank;

/// The threads, as many as there are cores, and the turns on them.
pub(super) struct Lane {
    runtime: OnceLock<Option<Runtime>>,
    turns: Semaphore,
}

impl Lane {
    pub(super) fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self { runtime: OnceLock::new(), turns: Semaphore::new(cores) }
    }

    /// Handles a request here, to its end even if its client leaves.
    pub(super) async fn run<F>(&self, request: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let Some(runtime) = self.runtime.get_or_init(start) else { return request.await };
        match runtime.spawn(request).await.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(response) => response,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // Only the end of the runtime does that, and whoever waits here has it.
            Err(Err(_cancelled)) => pending().await,
        }
    }

    /// Waits, first come first served, until one of as many as there are cores may read; the turn ends when it
    /// is dropped.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed, and without a turn nothing is lost but promptness.
        self.turns.acquire().await.ok()
    }
}

/// None where no thread can be had; then requests are handled where they came.
fn start() -> Option<Runtime> {
    let cores = available_parallelism().map_or(1, usize::from);
    let runtime = Builder::new_multi_thread()
        .worker_threads(cores)
        .thread_name("long-requests")
        .on_thread_start(|| Rank::Work.take())
        .enable_all()
        .build();
    runtime.inspect_err(|error| tracing::warn!(%error, "there are no threads for long requests")).ok()
}

impl Drop for Lane {
    fn drop(&mut self) {
        // The last who holds it may be a thread of its own, which cannot wait for itself.
        if let Some(runtime) = self.runtime.take().flatten() {
            runtime.shutdown_background();
        }
    }
}
