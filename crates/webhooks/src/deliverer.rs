//! The thread `webhooks`: takes effects over, posts what is due, writes down what came of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tradewind_kernel::UtcMillis;
use tradewind_pipeline::Pipeline;
use tradewind_ports::Offset;

use crate::body::body_of;
use crate::books::Job;
use crate::measures;
use crate::outbox::{Outbox, OutboxError};
use crate::row::text_of;
use crate::schedule::Outcome;

/// Effects that are taken over at once.
const PAGE: usize = 1_000;
/// How long the thread sleeps at most: a clock that was set is noticed by then.
const LONGEST_SLEEP_MS: i64 = UtcMillis::MINUTE;
/// How long attempts under way may take to end once the program is told to stop. One that is cut short is made
/// again by the next start, with the same id.
const GRACE: Duration = Duration::from_secs(2);

/// How often it looks whether it may begin.
const GLANCE: Duration = Duration::from_millis(50);

/// Delivers until it is dropped.
pub struct Deliverer {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Deliverer {
    /// Starts to carry the pipeline's outbox to the endpoints, once `may_begin` says so: before that there may be
    /// people in it who are to be forgotten.
    ///
    /// # Errors
    /// [`OutboxError`] when there is no thread for it.
    pub fn start(
        outbox: Arc<Outbox>,
        pipeline: Arc<Pipeline>,
        may_begin: impl Fn() -> bool + Send + 'static,
    ) -> Result<Self, OutboxError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = watch::channel(false);
        outbox.is_running.store(true, Ordering::Release);
        let run = move || {
            let running = Running(&outbox);
            if let Err(error) = runtime.block_on(deliver(&outbox, &pipeline, &may_begin, stopped)) {
                tracing::error!(%error, "webhooks are not delivered any more; what waits stays until a restart");
            }
            drop(running);
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("webhooks".into()).spawn(run)?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Deliverer {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // One that panicked has told so already.
            let _ = thread.join();
        }
    }
}

/// Says that nothing is delivered any more, also after a panic.
struct Running<'a>(&'a Outbox);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.is_running.store(false, Ordering::Release);
    }
}

/// An attempt with what came of it.
type Done = (Job, Outcome);

async fn deliver(
    outbox: &Arc<Outbox>,
    pipeline: &Pipeline,
    may_begin: &dyn Fn() -> bool,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), OutboxError> {
    while !may_begin() {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return Ok(()),
            () = tokio::time::sleep(GLANCE) => {}
        }
    }
    let mut under_way: JoinSet<Done> = JoinSet::new();
    loop {
        let upto = take_over(outbox, pipeline)?;
        while let Some(job) = next(outbox)? {
            under_way.spawn(attempt(Arc::clone(outbox), job));
        }
        let pause = {
            let books = outbox.books.lock();
            books.measure();
            pause(books.wakes_at(), outbox.clock.now())
        };
        tokio::select! {
            // Its sender is gone with the deliverer: that is a wish to stop, too.
            _ = stopped.wait_for(|stop| *stop) => break,
            Some(done) = under_way.join_next() => settle(outbox, done)?,
            () = checkpoint(pipeline, upto) => {}
            () = outbox.asked.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    let drained = async {
        while let Some(done) = under_way.join_next().await {
            settle(outbox, done)?;
        }
        Ok::<(), OutboxError>(())
    };
    if let Ok(drained) = tokio::time::timeout(GRACE, drained).await {
        drained?;
    }
    Ok(outbox.books.lock().close()?)
}

/// Takes over all that the store has. Gives the offset up to which that is done.
fn take_over(outbox: &Outbox, pipeline: &Pipeline) -> Result<Offset, OutboxError> {
    loop {
        // Held from the reading on: an erasure comes before both or after both.
        let mut books = outbox.books.lock();
        let page = pipeline.outbox(books.cursor(), PAGE)?;
        books.take_over(&page, outbox.clock.now())?;
        drop(books);
        if page.effects.is_empty() {
            return Ok(page.upto);
        }
        pipeline.outbox_taken(&page)?;
    }
}

fn next(outbox: &Outbox) -> Result<Option<Job>, OutboxError> {
    Ok(outbox.books.lock().next(outbox.clock.now())?)
}

async fn attempt(outbox: Arc<Outbox>, job: Job) -> Done {
    let began = Instant::now();
    let (id, body) = (text_of(job.id), body_of(&job.delivery.effect));
    let outcome = outbox.client.post(&job.endpoint, &id, outbox.clock.now(), body).await;
    measures::took(began.elapsed());
    (job, outcome)
}

fn settle(outbox: &Outbox, done: Result<Done, tokio::task::JoinError>) -> Result<(), OutboxError> {
    match done {
        Ok((job, outcome)) => {
            tracing::debug!(endpoint = job.delivery.endpoint, id = text_of(job.id), ?outcome, "a webhook");
            outbox.books.lock().settle(job, &outcome, outbox.clock.now())?;
            outbox.settled.notify_all();
            Ok(())
        }
        Err(panic) => Err(OutboxError::Thread(std::io::Error::other(panic))),
    }
}

/// Waits for the next checkpoint; for ever once the pipeline has stopped.
async fn checkpoint(pipeline: &Pipeline, upto: Offset) {
    if !pipeline.checkpointed_past(upto).await {
        std::future::pending::<()>().await;
    }
}

/// How long to sleep until `at`.
fn pause(at: Option<UtcMillis>, now: UtcMillis) -> Duration {
    let ms = at.map_or(LONGEST_SLEEP_MS, |at| at.since(now)).clamp(0, LONGEST_SLEEP_MS);
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
