//! GA4's measurements.

use tradewind_api::wire;

use crate::{RECEIVED, events};

/// Any body that was unpacked.
pub fn check(bytes: &[u8]) {
    let Ok(body) = wire::unpack(&axum::http::HeaderMap::new(), bytes) else { return };
    let Ok(json) = std::str::from_utf8(&body) else { panic!("an unpacked body is not UTF-8") };
    match wire::ga4(json, RECEIVED) {
        Ok(parsed) => events::all_hold(&parsed, RECEIVED),
        Err(reject) => events::rejects_well(&reject),
    }
}
