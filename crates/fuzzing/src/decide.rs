//! Requests for decisions.

use tradewind_api::wire;
use tradewind_decide::{MAX_LIMIT, MAX_PLACEMENTS};

use crate::events;

/// The most products that a placement may be about, or that a cart may hold.
const MAX_PRODUCTS: usize = 200;

/// Any body that was unpacked.
pub fn check(bytes: &[u8]) {
    let Ok(body) = wire::unpack(&axum::http::HeaderMap::new(), bytes) else { return };
    let ask = match wire::ask(&body) {
        Ok(ask) => ask,
        Err(problem) => return events::refuses_well(&problem),
    };
    assert!((1..=MAX_PLACEMENTS).contains(&ask.placements.len()));
    let sound = |ids: &[String]| ids.len() <= MAX_PRODUCTS && ids.iter().all(|id| is_id(id));
    for placement in &ask.placements {
        assert!((1..=MAX_LIMIT).contains(&placement.limit), "{placement:?}");
        assert!(sound(&placement.anchors), "{placement:?}");
    }
    assert!(ask.cart.as_deref().is_none_or(sound), "{:?}", ask.cart);
    assert!((1..=5_000).contains(&ask.budget_ms));
    assert!(ask.anonymous_id.as_deref().is_none_or(is_id));
    assert!(ask.category.as_deref().is_none_or(is_id));
    if let Some(subject) = &ask.subject {
        assert!(subject.key().chars().count() <= 2 + 512);
        let back = tradewind_kernel::Subject::parse(&subject.to_string());
        assert_eq!(back.as_ref(), Ok(subject));
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && text.chars().count() <= 512
}
