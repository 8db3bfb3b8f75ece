//! What the lake's thread is told to do between two commits, and whom it answers.

use std::sync::Arc;
use std::sync::mpsc;

use parking_lot::Mutex;
use tradewind_pipeline::Whose;

use crate::error::LakeError;

/// Somebody to be removed, and who waits for it.
pub(crate) struct Order {
    pub(crate) whose: Whose,
    pub(crate) reply: mpsc::SyncSender<Result<u64, LakeError>>,
}

/// Orders that wait; `None` once nobody takes them any more.
type Waiting = Arc<Mutex<Option<Vec<Order>>>>;

/// The thread's end of it. Whoever waits when it goes is told.
pub(crate) struct Orders(Waiting);

impl Orders {
    pub(crate) fn new() -> (Self, Eraser) {
        let waiting = Waiting::new(Mutex::new(Some(Vec::new())));
        (Self(Arc::clone(&waiting)), Eraser(waiting))
    }

    /// The order that has waited longest.
    pub(crate) fn next(&self) -> Option<Order> {
        let mut waiting = self.0.lock();
        let waiting = waiting.as_mut().filter(|orders| !orders.is_empty())?;
        Some(waiting.remove(0))
    }

    /// Answers everybody who waits.
    pub(crate) fn refuse(&self, why: &LakeError) {
        while let Some(order) = self.next() {
            let told = LakeError::Source(format!("nobody was removed from the lake: {why}"));
            // Whoever asked may have gone.
            let _ = order.reply.send(Err(told));
        }
    }
}

impl Drop for Orders {
    fn drop(&mut self) {
        // Their replies go with them.
        *self.0.lock() = None;
    }
}

/// Takes people out of the lake that a [`Follower`](crate::Follower) writes. It may outlive the follower.
#[derive(Clone)]
pub struct Eraser(Waiting);

impl Eraser {
    /// Removes every row of these people and every file that held one, and gives the number of rows. Blocks
    /// until the lake's thread has done it, between two of its commits. Afterwards no file of the lake has
    /// anything of a row that was theirs: no older version of a table either, nor Delta's own log. So a query
    /// that is under way may fail because a file is gone; made again, it succeeds.
    ///
    /// To be called once they are erased from the log up to where they are to be forgotten: what of it the
    /// lake did not take yet is read again, and passed over.
    ///
    /// # Errors
    /// [`LakeError`], also when the follower has stopped; the same call made again does the rest.
    pub fn erase(&self, whose: &Whose) -> Result<u64, LakeError> {
        let stopped = || LakeError::Source("nobody was removed from the lake: its thread has stopped".into());
        let (reply, answer) = mpsc::sync_channel(1);
        self.0.lock().as_mut().ok_or_else(stopped)?.push(Order { whose: whose.clone(), reply });
        answer.recv().map_err(|_| stopped())?
    }
}
