//! The rights of people over what the books hold: deliveries that wait, are under way or have failed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tradewind_kernel::UtcMillis;
use tradewind_pipeline::Whose;

use crate::body::body_of;
use crate::outbox::{Outbox, OutboxError};
use crate::row::text_of;

/// How often to look whether anything is delivered at all, while waiting for attempts under way.
const GLANCE: Duration = Duration::from_millis(200);

impl Outbox {
    /// Removes every delivery that is theirs, for good, and gives how many that were. Blocks until their attempts
    /// under way have ended, which takes an endpoint's `timeout_ms` at most: when it returns, nothing of them
    /// leaves any more. What an endpoint has taken is the endpoint's.
    ///
    /// # Errors
    /// [`OutboxError`]; the same call made again does the rest.
    pub fn erase(&self, whose: &Whose) -> Result<u64, OutboxError> {
        let theirs = whose.finder()?;
        let mut books = self.books.lock();
        let removed = books.remove(&theirs)?;
        while !books.is_settled() && self.is_running.load(Ordering::Acquire) {
            self.settled.wait_for(&mut books, GLANCE);
        }
        let store = books.store();
        drop(books);
        // Also where nothing was removed: of what was delivered the store still has the bytes.
        store.purge()?;
        Ok(removed)
    }

    /// What is theirs, as it would be posted; null for nothing.
    ///
    /// # Errors
    /// [`OutboxError`] when the books do not read.
    pub fn export(&self, whose: &Whose) -> Result<Value, OutboxError> {
        let theirs = whose.finder()?;
        let mut all = Vec::new();
        self.books.lock().each_of(&theirs, |id, delivery| {
            let body = serde_json::from_slice(&body_of(&delivery.effect)).unwrap_or(Value::Null);
            all.push(
                json!({"id": text_of(id), "endpoint": delivery.endpoint, "has_failed": delivery.has_failed,
                "taken_at": delivery.taken_at.to_rfc3339(), "body": body}),
            );
        })?;
        Ok(if all.is_empty() { Value::Null } else { all.into() })
    }

    /// When the delivery failed that has failed longest ago.
    #[must_use]
    pub fn oldest_failed(&self) -> Option<UtcMillis> {
        let books = self.books.lock();
        books.desks.iter().filter_map(|desk| desk.failed.first()).map(|(at, _)| *at).min()
    }

    /// What an erasure cannot reach: how much these endpoints have taken, of everybody. Nothing if it is nothing.
    #[must_use]
    pub fn beyond_recall(&self) -> Option<String> {
        let books = self.books.lock();
        let delivered: u64 = books.desks.iter().map(|desk| desk.account.delivered).sum();
        let names: Vec<&str> = books.desks.iter().map(|desk| desk.endpoint.name.as_str()).collect();
        (delivered > 0).then(|| {
            format!(
                "what endpoints had taken before cannot be recalled, and is not known by person: {delivered} \
                 deliveries of everybody to {}; ask there",
                names.join(", ")
            )
        })
    }
}
