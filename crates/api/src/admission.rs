//! Who gets in: what more work may begin, decided before any of it is done.
//!
//! Three bounds, each refusing at once rather than queueing, so that a refusal costs next to nothing and the
//! client is told when to come back:
//!
//! * **Quotas** ([`quota`]): events a second of each write key, and of all together. Off unless configured.
//! * **The backlog**: what the pipeline would refuse anyway is refused before the body is read.
//! * **Memory** ([`allowance`]): bytes of bodies under way and of what is made of them, 64 MiB unless
//!   configured. An eighth of it, and at least 4 MiB, belongs to requests that ask, so that collection at its
//!   limit keeps no decision waiting. Health, metrics and preflights are never refused.
//!
//! [`gate`] asks the three in front of every handler, and sends long requests to a [`lane`] of their own. Who
//! sends its body too slowly is cut in [`crate::body`]; `Retry-After` is made in [`retry`].

pub(crate) mod allowance;
mod bucket;
pub(crate) mod gate;
mod lane;
pub(crate) mod quota;
pub(crate) mod retry;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::SemaphorePermit;

use self::allowance::Allowance;
use self::lane::Lane;
use self::quota::{Quotas, Refused};
use crate::measures;
use crate::problem::Problem;

/// The part of the memory that belongs to requests that ask: one in so many.
const ASKING_SHARE: usize = 8;
/// The least that they have, in bytes: two bodies of the largest size.
const ASKING_LEAST_BYTES: usize = 4 << 20;

/// Bounds of what may be under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdmissionSettings {
    /// Events a second that one write key may send; 0 is no limit.
    pub events_per_second_per_key: u32,
    /// Events a second that all may send together; 0 is no limit.
    pub events_per_second: u32,
    /// Seconds' worth of events that may come at once after a quiet time.
    pub burst_seconds: u32,
    /// Bytes of bodies under way, and of what is made of them.
    pub max_inflight_bytes: usize,
    /// The longest pause in a body. All of it may take six times as long.
    pub read_timeout: Duration,
}

impl Default for AdmissionSettings {
    fn default() -> Self {
        Self {
            events_per_second_per_key: 0,
            events_per_second: 0,
            burst_seconds: 10,
            max_inflight_bytes: 64 << 20,
            read_timeout: Duration::from_secs(10),
        }
    }
}

/// The bounds, and how much of them is used.
pub(crate) struct Admission {
    began: Instant,
    quotas: Quotas,
    collecting: Arc<Allowance>,
    asking: Arc<Allowance>,
    read_timeout: Duration,
    lane: Lane,
}

impl Admission {
    /// Takes all memory of those who ask, until what comes back is dropped.
    #[cfg(test)]
    pub(crate) fn fill_asking(&self) -> Vec<allowance::Reservation> {
        std::iter::from_fn(|| self.asking.reserve(64 << 10)).collect()
    }

    /// Nothing under way. `keys` are the write keys that are known.
    pub(crate) fn new(settings: &AdmissionSettings, keys: &[String]) -> Self {
        let asking = (settings.max_inflight_bytes / ASKING_SHARE).max(ASKING_LEAST_BYTES);
        let collecting = settings.max_inflight_bytes.saturating_sub(asking);
        Self {
            began: Instant::now(),
            quotas: Quotas::new(settings, keys),
            collecting: Arc::new(Allowance::new(collecting)),
            asking: Arc::new(Allowance::new(asking)),
            read_timeout: settings.read_timeout,
            lane: Lane::new(),
        }
    }

    /// Waits, first come first served, until one of few may read a long batch; the turn ends when it is
    /// dropped.
    pub(crate) async fn turn_to_read(&self) -> Option<SemaphorePermit<'_>> {
        self.lane.turn().await
    }

    /// Counts a request's events against the quotas; call it once the number is known, before they are made
    /// durable. A request without events counts as one.
    ///
    /// # Errors
    /// [`Problem`] when a quota is used up; then nothing was counted.
    pub(crate) fn charge(&self, key: &str, events: usize) -> Result<(), Problem> {
        self.quotas.charge(key, events, self.began.elapsed()).map_err(told)
    }

    /// Tells the recorder how much is held.
    pub(crate) fn measure(&self) {
        measures::inflight("collecting", self.collecting.held());
        measures::inflight("asking", self.asking.held());
    }

    /// Whether a request with this key would be refused whatever it holds.
    fn check_quotas(&self, key: Option<&str>) -> Result<(), Problem> {
        self.quotas.check(key, self.began.elapsed()).map_err(told)
    }
}

/// Counts a refusal, and makes it a problem.
fn told(refused: Refused) -> Problem {
    measures::request_refused(refused.limit.reason());
    refused.into()
}
