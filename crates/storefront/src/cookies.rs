//! The cookies that the storefront keeps, and nothing else.
//!
//! | cookie | holds | lasts |
//! |---|---|---|
//! | `tw_anon` | the browser's id, a UUID | 1 year |
//! | `tw_cart` | the cart, see [`crate::cart`] | 30 days |
//! | `tw_user` | the id that somebody signed in with | 30 days |
//! | `tw_order` | the last order's id and lines, below `/order` only | 1 hour |
//! | `tw_choice` | the version of the question about consent that was answered | 180 days |
//!
//! All are `HttpOnly` and `SameSite=Lax`, so that no other site can post a form in a shopper's name.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::cart::{Cart, Line};
use crate::text;

/// The browser's id.
pub(crate) const ANONYMOUS: &str = "tw_anon";
/// The cart.
pub(crate) const CART: &str = "tw_cart";
/// Who is signed in.
pub(crate) const USER: &str = "tw_user";
/// The last order.
pub(crate) const ORDER: &str = "tw_order";
/// That the browser was asked what may be done with its data.
pub(crate) const CHOICE: &str = "tw_choice";

/// A year, in seconds.
pub(crate) const YEAR_S: u32 = 365 * 24 * 3_600;
/// 180 days, in seconds.
pub(crate) const HALF_YEAR_S: u32 = 180 * 24 * 3_600;
/// Thirty days, in seconds.
pub(crate) const MONTH_S: u32 = 30 * 24 * 3_600;
/// An hour, in seconds.
pub(crate) const HOUR_S: u32 = 3_600;

/// The longest user id that is taken, in characters.
const MAX_USER_CHARS: usize = 128;

/// A cookie's value as it was sent; the first where several have the name.
pub(crate) fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = sent.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
}

/// A `Set-Cookie` header; an empty value with 0 seconds removes the cookie.
pub(crate) fn set(name: &str, value: &str, path: &str, lasts_s: u32) -> Option<HeaderValue> {
    let cookie = format!("{name}={value}; Path={path}; Max-Age={lasts_s}; HttpOnly; SameSite=Lax");
    HeaderValue::from_str(&cookie).ok()
}

/// The browser's id, if it has the shape of a UUID.
pub(crate) fn anonymous_id(headers: &HeaderMap) -> Option<String> {
    get(headers, ANONYMOUS).filter(|id| is_uuid(id)).map(str::to_ascii_lowercase)
}

/// The signed-in user's id.
pub(crate) fn user_id(headers: &HeaderMap) -> Option<String> {
    clean_user_id(&text::decode(get(headers, USER)?)?)
}

/// A user id as it is kept: trimmed, e-mail addresses in lower case. `None` for one that cannot be an id.
pub(crate) fn clean_user_id(given: &str) -> Option<String> {
    let id = given.trim();
    // Lower case may take more characters.
    let id = if id.contains('@') { id.to_lowercase() } else { id.to_owned() };
    let fits = !id.is_empty() && id.chars().count() <= MAX_USER_CHARS && !id.chars().any(char::is_control);
    fits.then_some(id)
}

/// Whether `text` is written like a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    let dashed = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let bytes = text.bytes().enumerate();
    text.len() == 36
        && bytes.into_iter().all(|(at, b)| if dashed(at) { b == b'-' } else { b.is_ascii_hexdigit() })
}

/// What a request's cookies say, all of it checked. Public so that tests reach the reading alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The browser's id, a UUID in lower case.
    pub anonymous_id: Option<String>,
    /// Who is signed in, at most 128 characters.
    pub user_id: Option<String>,
    /// The cart's lines: product, variant (or nothing), pieces.
    pub cart: Vec<(String, String, u32)>,
}

impl Told {
    /// Reads the cookies of a request.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Self {
        let cart = get(headers, CART).map(Cart::parse).unwrap_or_default();
        let line = |line: &Line| (line.product_id.clone(), line.sku.clone(), line.quantity);
        Self {
            anonymous_id: anonymous_id(headers),
            user_id: user_id(headers),
            cart: cart.lines().iter().map(line).collect(),
        }
    }

    /// The `Set-Cookie` headers that say the same. A value that no header can hold is missing.
    #[must_use]
    pub fn write(&self) -> Vec<HeaderValue> {
        let mut cart = Cart::default();
        for (product_id, sku, quantity) in &self.cart {
            // What was read from one cookie fits into one.
            let _ = cart.add(product_id, sku, *quantity);
        }
        let anonymous_id = self.anonymous_id.as_ref().and_then(|id| set(ANONYMOUS, id, "/", YEAR_S));
        let user_id = self.user_id.as_ref().and_then(|id| set(USER, &text::encode(id), "/", MONTH_S));
        let cart = set(CART, &cart.write(), "/", MONTH_S);
        [anonymous_id, user_id, cart].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).unwrap())])
    }

    #[test]
    fn only_what_has_its_shape_is_taken() {
        let id = "0198c2c4-7a7e-7c3e-9d8b-0123456789AB";
        let sent = headers(&format!("x=1; tw_anon={id}; tw_user=Ann%40Example.com"));
        assert_eq!(anonymous_id(&sent), Some(id.to_lowercase()));
        assert_eq!(user_id(&sent).as_deref(), Some("ann@example.com"));
        for odd in ["", "tw_anon", "tw_anon=<script>", "tw_anon=0198c2c4_7a7e-7c3e-9d8b-0123456789ab"] {
            assert_eq!(anonymous_id(&headers(odd)), None, "{odd}");
        }
        for odd in ["tw_user=", "tw_user=%0a", "tw_user=%ff", "tw_user=a%00b"] {
            assert_eq!(user_id(&headers(odd)), None, "{odd}");
        }
        assert_eq!(clean_user_id(&"x".repeat(129)), None);
        assert_eq!(clean_user_id(&format!("{}@", "İ".repeat(127))), None, "longer in lower case");
    }

    #[test]
    fn a_cookie_cannot_carry_a_second_header() {
        assert!(set(CART, "a\r\nSet-Cookie: b", "/", 1).is_none());
    }
}
