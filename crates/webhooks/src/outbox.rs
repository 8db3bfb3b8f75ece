//! The outbox as the program and the API see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;
use tradewind_kernel::{Clock, UtcMillis};
use tradewind_pipeline::{EffectId, Outlet, PipelineError};
use tradewind_ports::{Offset, StateError, StateStore};

use crate::body::type_of;
use crate::books::{Asked, Books, Desk, open};
use crate::client::{Client, ClientError};
use crate::endpoint::Endpoint;
use crate::row::{Delivery, read_id, text_of};

/// What went wrong with the outbox.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// Its books.
    #[error(transparent)]
    Books(#[from] StateError),
    /// The state that it takes effects over from.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// What posts.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The thread.
    #[error("there is no thread to deliver webhooks: {0}")]
    Thread(#[from] std::io::Error),
}

/// What the pipeline is to let out for these endpoints, given the books, and the log's end before the pipeline is
/// opened. Changes nothing.
///
/// # Errors
/// [`StateError`] when the books do not read.
pub fn outlet(store: &dyn StateStore, endpoints: &[Endpoint], end: Offset) -> Result<Outlet, StateError> {
    let from = open::stored_cursor(store)?.unwrap_or(end);
    Ok(Outlet::new(endpoints.iter().flat_map(|endpoint| endpoint.topics.iter().cloned()), from))
}

/// What is on its way, what has failed, and how to ask for it again.
pub struct Outbox {
    pub(crate) books: Mutex<Books>,
    pub(crate) client: Client,
    pub(crate) clock: Arc<dyn Clock>,
    /// Something is due that was not.
    pub(crate) asked: Notify,
    /// What came of an attempt was written down.
    pub(crate) settled: Condvar,
    pub(crate) is_running: AtomicBool,
}

/// An endpoint and how it is doing.
#[derive(Debug, Clone)]
pub struct EndpointView {
    /// Its name.
    pub name: String,
    /// Scheme, host and port of its address; the rest may be a secret.
    pub origin: String,
    /// What it wants.
    pub topics: Vec<String>,
    /// `active`, `in_trouble`, `stopped` (it answered 410) or `halted` (nothing is delivered to anybody).
    pub state: &'static str,
    /// Deliveries that wait for it, those under way included.
    pub waiting: usize,
    /// Deliveries that are not tried again by themselves.
    pub failed: usize,
    /// Deliveries that arrived, since the endpoint is known.
    pub delivered: u64,
    /// Failed ones that were lost to the limits.
    pub lost: u64,
    /// When the last one arrived.
    pub delivered_at: Option<UtcMillis>,
    /// When it is asked next, where it is left alone for now.
    pub quiet_until: Option<UtcMillis>,
}

/// A delivery that has failed.
#[derive(Debug, Clone)]
pub struct FailedView {
    /// Its `webhook-id`.
    pub id: String,
    /// Whose it is.
    pub endpoint: String,
    /// The type in its body.
    pub kind: String,
    /// When it was taken over.
    pub taken_at: UtcMillis,
    /// When it failed.
    pub failed_at: UtcMillis,
    /// How often it was tried.
    pub attempts: usize,
    /// The last answer's status.
    pub status: Option<u16>,
    /// Why it failed, in snake case.
    pub cause: String,
    /// The same in words.
    pub detail: String,
}

/// What came of asking for a delivery again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retried {
    /// It is due now.
    Now,
    /// It waits already, so nothing was done.
    Already,
    /// There is no delivery of this id: it has arrived, was lost to the limits, or never was.
    Unknown,
    /// Its endpoint, named here, answered 410 and gets nothing.
    Stopped(String),
    /// Its endpoint, named here, is not configured.
    NotConfigured(String),
}

impl Outbox {
    /// Opens the books for these endpoints. `end` is the log's end before the pipeline was opened, as given to
    /// [`outlet`].
    ///
    /// # Errors
    /// [`OutboxError`] when the books do not read, or nothing could be posted.
    pub fn open(
        store: Arc<dyn StateStore>,
        endpoints: Vec<Endpoint>,
        end: Offset,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OutboxError> {
        let client = Client::new(endpoints.iter())?;
        let books = Mutex::new(Books::open(store, endpoints, end, clock.now())?);
        let (asked, settled, is_running) = (Notify::new(), Condvar::new(), AtomicBool::new(false));
        Ok(Self { books, client, clock, asked, settled, is_running })
    }

    /// Every endpoint, in the order of the configuration.
    #[must_use]
    pub fn endpoints(&self) -> Vec<EndpointView> {
        let (books, now) = (self.books.lock(), self.clock.now());
        let is_running = self.is_running.load(Ordering::Acquire);
        books.desks.iter().map(|desk| view(desk, is_running, now)).collect()
    }

    /// Failed deliveries, newest first, at most `limit`; of one endpoint if it is named.
    ///
    /// # Errors
    /// [`OutboxError`] when the books do not read.
    pub fn failed(&self, endpoint: Option<&str>, limit: usize) -> Result<Vec<FailedView>, OutboxError> {
        let books = self.books.lock();
        let is_wanted = |desk: &&Desk| endpoint.is_none_or(|name| name == desk.endpoint.name);
        let newest = |desk: &Desk| desk.failed.iter().rev().take(limit).copied().collect::<Vec<_>>();
        let mut all: Vec<(UtcMillis, EffectId)> =
            books.desks.iter().filter(is_wanted).flat_map(newest).collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        let mut found = Vec::new();
        for (_, id) in all.into_iter().take(limit) {
            found.extend(books.delivery(id)?.map(|delivery| failed_view(id, delivery)));
        }
        Ok(found)
    }

    /// Asks for a failed delivery again, by its `webhook-id`.
    ///
    /// # Errors
    /// [`OutboxError`] when the books cannot be read or written.
    pub fn retry(&self, id: &str) -> Result<Retried, OutboxError> {
        let Some(id) = read_id(id) else { return Ok(Retried::Unknown) };
        let asked = self.books.lock().ask_again(id, self.clock.now())?;
        self.asked.notify_one();
        Ok(match asked {
            Asked::Now => Retried::Now,
            Asked::Already => Retried::Already,
            Asked::Unknown => Retried::Unknown,
            Asked::Stopped(endpoint) => Retried::Stopped(endpoint),
            Asked::NotConfigured(endpoint) => Retried::NotConfigured(endpoint),
        })
    }
}

fn view(desk: &Desk, is_running: bool, now: UtcMillis) -> EndpointView {
    let state = match () {
        () if !is_running => "halted",
        () if desk.account.stopped.is_some() => "stopped",
        () if desk.troubles > 0 => "in_trouble",
        () => "active",
    };
    EndpointView {
        name: desk.endpoint.name.clone(),
        origin: desk.endpoint.origin(),
        topics: desk.endpoint.topics.iter().cloned().collect(),
        state,
        waiting: desk.waiting.len() + desk.in_flight,
        failed: desk.failed.len(),
        delivered: desk.account.delivered,
        lost: desk.account.lost,
        delivered_at: desk.account.delivered_at,
        quiet_until: Some(desk.quiet_until).filter(|until| *until > now),
    }
}

fn failed_view(id: EffectId, delivery: Delivery) -> FailedView {
    let (status, cause, detail) =
        delivery.last.map_or_else(Default::default, |last| (last.status, last.cause, last.detail));
    FailedView {
        id: text_of(id),
        kind: type_of(&delivery.effect),
        endpoint: delivery.endpoint,
        taken_at: delivery.taken_at,
        failed_at: delivery.due_at,
        attempts: delivery.attempts,
        status,
        cause,
        detail,
    }
}
