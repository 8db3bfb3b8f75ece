//! What the storefront needs from the engine: one trait, and the figures that the console shows.
//!
//! The storefront never names the decision engine. The binary implements [`Engine`] over it; tests and the
//! `preview` example implement it over a few products in memory.

use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use tradewind_catalog::{CatalogSnapshot, Product};
use tradewind_events::Event;
use tradewind_kernel::{Subject, UtcMillis};

/// A boxed future that may be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The engine as the storefront sees it.
///
/// No method may block. A page waits at most one second for [`collect`](Engine::collect), for
/// [`decide`](Engine::decide), for [`profile`](Engine::profile) and for [`consent`](Engine::consent) each, and is
/// served without what is late.
pub trait Engine: Send + Sync + 'static {
    /// The catalog as it is now. Called several times a page, so it has to be cheap: a clone of an `Arc`.
    fn catalog(&self) -> Arc<CatalogSnapshot>;

    /// Takes events in. Durable, and known to the next decision about the same subject, when it resolves.
    fn collect(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), String>>;

    /// Answers the body of `POST /v1/decide` with that call's answer.
    ///
    /// An answer without a `placements` list counts as no answer: the page shows plain catalog content.
    fn decide(&self, ask: serde_json::Value) -> BoxFuture<'_, serde_json::Value>;

    /// What is known of one shopper, as JSON of any shape, for the console. `None` when nothing is.
    fn profile(&self, subject: &Subject) -> BoxFuture<'_, Option<serde_json::Value>>;

    /// Follows one shopper's profile. `None` when that is not possible, or too many are followed already.
    fn follow(&self, _: &Subject) -> Option<Box<dyn Follow>> {
        None
    }

    /// What one shopper agrees to, as `GET /v1/consent/{subject}` answers it. `None` when it cannot be told.
    fn consent(&self, subject: &Subject) -> BoxFuture<'_, Option<serde_json::Value>>;

    /// Keeps a choice, the body of `PUT /v1/consent/{subject}`. It is durable and holds when this resolves.
    fn choose(&self, subject: &Subject, choice: serde_json::Value) -> BoxFuture<'_, Result<(), String>>;

    /// Hands out everything that is held of one shopper, as JSON of any shape. It may take many seconds.
    fn export(&self, subject: &Subject) -> BoxFuture<'_, Result<serde_json::Value, String>>;

    /// Erases one shopper: durably asked for when this resolves, and mostly done. Gives the request's id.
    fn erase(&self, subject: &Subject) -> BoxFuture<'_, Result<String, String>>;

    /// The picture of a product: a square SVG document.
    fn picture(&self, product: &Product) -> String;

    /// The picture on top of the home page: an SVG document of 1600 × 500.
    fn hero(&self) -> String;

    /// The figures of the console, as of now.
    fn pulse(&self) -> Pulse;

    /// The current time.
    fn now(&self) -> UtcMillis;
}

/// A profile that is followed.
pub trait Follow: Send {
    /// The profile at once, `Null` if nothing is known of the shopper; then as it is after its next change.
    /// `None` when nothing more will come.
    fn next(&mut self) -> BoxFuture<'_, Option<serde_json::Value>>;
}

/// What the engine has been doing of late.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Pulse {
    /// Events taken in since the log began.
    pub events_total: u64,
    /// Events per second, over the last 10 seconds.
    pub events_per_second: f64,
    /// Events in each of the last 60 seconds, the oldest first.
    pub history: Vec<u32>,
    /// The latest events, the newest first; at most 50 are shown.
    pub latest_events: Vec<LatestEvent>,
    /// The latest decisions, the newest first, each as
    /// `{"decisionId", "at", "subject", "placements": [{"name", "degraded", "degradedReasons",
    /// "slots": [{"position", "productId", "score", "source", "reasons"}]}], "elapsedMicros"}`.
    /// `subject` is written as [`Subject`] displays it, as its key, or as the bare id.
    pub decisions: Vec<serde_json::Value>,
    /// Messages that were refused since the start.
    pub rejected_total: u64,
    /// Events in the log that the profiles and models have not yet seen.
    pub lag_events: u64,
}

/// One line of the console's list of events.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LatestEvent {
    /// When it happened.
    pub at: UtcMillis,
    /// Whom it is about, written as in [`Pulse::decisions`].
    pub subject: String,
    /// Its name, such as `Product Viewed`.
    pub name: String,
    /// What it was about: a product's title, a query, a page.
    pub detail: String,
}
