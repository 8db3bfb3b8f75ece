//! PostHog's events, in batches, lists and alone.

use tradewind_api::wire;

use crate::{RECEIVED, events};

/// Any body that was unpacked.
pub fn check(bytes: &[u8]) {
    let Ok(body) = wire::unpack(&axum::http::HeaderMap::new(), bytes) else { return };
    match wire::posthog(&body, RECEIVED) {
        Ok(parsed) => events::all_hold(&parsed, RECEIVED),
        Err(problem) => events::refuses_well(&problem),
    }
}
