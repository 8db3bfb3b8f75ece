//! What the handlers share.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics_exporter_prometheus::PrometheusHandle;
use parking_lot::Mutex;
use serde::Serialize;
use tradewind_decide::Decider;
use tradewind_kernel::UtcMillis;
use tradewind_pipeline::Pipeline;
use tradewind_ports::SqlEngine;
use utoipa::ToSchema;

/// Rejected events that are kept for the view of them.
const KEPT_REJECTS: usize = 1_000;

/// What the configuration says of the API.
#[derive(Debug, Clone, Default)]
pub struct ApiSettings {
    /// Write keys that may send events; any if empty.
    pub write_keys: Vec<String>,
    /// API keys that may ask; nobody needs one if empty.
    pub api_keys: Vec<String>,
    /// Origins of browsers that may send events; any if empty.
    pub allowed_origins: Vec<String>,
}

/// An event that was not taken, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rejected {
    /// When it was received, milliseconds since 1970.
    pub received_at: i64,
    /// Where it stood in its batch, from 0.
    pub index: usize,
    /// Why, in snake case.
    pub code: String,
    /// Why, in words.
    pub message: String,
    /// Its first 500 characters.
    pub sample: String,
}

/// The API's state.
pub struct Api {
    /// The event's way.
    pub pipeline: Arc<Pipeline>,
    /// The decision's way.
    pub decider: Arc<Decider>,
    /// What the configuration says.
    pub settings: ApiSettings,
    pub(crate) prometheus: Option<PrometheusHandle>,
    pub(crate) sql: Option<Arc<dyn SqlEngine>>,
    rejects: Mutex<VecDeque<Rejected>>,
    rejected_total: AtomicU64,
}

impl Api {
    /// The state over a pipeline and a decider. Without a handle `/metrics` answers that there are none.
    #[must_use]
    pub fn new(
        pipeline: Arc<Pipeline>,
        decider: Arc<Decider>,
        settings: ApiSettings,
        prometheus: Option<PrometheusHandle>,
    ) -> Self {
        let (rejects, rejected_total) = (Mutex::default(), AtomicU64::new(0));
        Self { pipeline, decider, settings, prometheus, sql: None, rejects, rejected_total }
    }

    /// The same with an engine that answers `/v1/sql`.
    #[must_use]
    pub fn with_sql(mut self, engine: Option<Arc<dyn SqlEngine>>) -> Self {
        self.sql = engine;
        self
    }

    /// The time, by the pipeline's clock.
    #[must_use]
    pub fn now(&self) -> UtcMillis {
        self.pipeline.clock().now()
    }

    /// Events rejected since the start.
    #[must_use]
    pub fn rejected_total(&self) -> u64 {
        self.rejected_total.load(Ordering::Relaxed)
    }

    /// The latest rejected events, newest first, at most 1,000.
    #[must_use]
    pub fn rejects(&self) -> Vec<Rejected> {
        self.rejects.lock().iter().cloned().collect()
    }

    pub(crate) fn note_rejects(&self, rejected: Vec<Rejected>) {
        self.rejected_total.fetch_add(rejected.len() as u64, Ordering::Relaxed);
        let mut rejects = self.rejects.lock();
        for reject in rejected {
            crate::measures::event_rejected(&reject.code);
            rejects.push_front(reject);
        }
        rejects.truncate(KEPT_REJECTS);
    }
}
