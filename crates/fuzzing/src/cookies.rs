//! The storefront's cookies.

use axum::http::{HeaderMap, HeaderValue, header};
use tradewind_storefront::Told;

/// Any `Cookie` headers, one a line.
pub fn check(bytes: &[u8]) {
    let lines = bytes.split(|&b| b == b'\n').take(16);
    let cookies: Vec<HeaderValue> = lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let told = read(&cookies);
    if let Some(id) = &told.anonymous_id {
        assert!(id.len() == 36 && !id.bytes().any(|b| b.is_ascii_uppercase()), "{id}");
    }
    if let Some(id) = &told.user_id {
        let fits = (1..=128).contains(&id.chars().count()) && !id.chars().any(char::is_control);
        assert!(fits && id.trim() == id, "{id:?}");
    }
    assert!(told.cart.len() <= 40);
    for (product_id, sku, quantity) in &told.cart {
        assert!(!product_id.is_empty() && product_id.len().max(sku.len()) <= 64);
        assert!((1..=99).contains(quantity));
    }
    let written = told.write();
    let expected = 1 + usize::from(told.anonymous_id.is_some()) + usize::from(told.user_id.is_some());
    assert_eq!(written.len(), expected, "a header cannot hold what was read: {told:?}");
    for cookie in &written {
        assert!(cookie.len() <= 4_096, "browsers refuse a cookie of {} bytes", cookie.len());
    }
    assert_eq!(read(&sent_back(&written)), told, "the cookies do not read back");
}

fn read(cookies: &[HeaderValue]) -> Told {
    let mut headers = HeaderMap::new();
    for cookie in cookies {
        headers.append(header::COOKIE, cookie.clone());
    }
    Told::read(&headers)
}

/// What a browser sends that was told these.
fn sent_back(set: &[HeaderValue]) -> Vec<HeaderValue> {
    let pairs = set.iter().filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    let line = pairs.collect::<Vec<_>>().join("; ");
    HeaderValue::from_str(&line).into_iter().collect()
}
