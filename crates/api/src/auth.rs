//! Who may write events, and who may ask.
//!
//! A write key may be public: it lets in events and nothing else. An API key is secret. Where no keys are
//! configured any write key, and no API key, will do; the program then listens on this machine only.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::problem::{Code, Problem};
use crate::state::Api;

/// The write key in `Authorization: Basic`, with or without the colon that should follow it.
pub(crate) fn basic_key(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(token.trim()).ok()?).ok()?;
    let key = decoded.split_once(':').map_or(decoded.as_str(), |(key, _)| key);
    (!key.is_empty()).then(|| key.to_owned())
}

/// Checks a write key; the header's comes before those of the body and of the query.
pub(crate) fn check_write_key(
    api: &Api,
    headers: &HeaderMap,
    others: [Option<&str>; 2],
) -> Result<String, Problem> {
    let in_header = basic_key(headers);
    let key = in_header.as_deref().or_else(|| others.into_iter().flatten().find(|k| !k.is_empty()));
    let Some(key) = key else {
        let detail = "send the write key as the user of Basic authentication, or as writeKey in the body";
        return Err(Problem::new(Code::MissingWriteKey, detail));
    };
    let known = &api.settings.write_keys;
    if known.is_empty() || known.iter().any(|k| same(k, key)) {
        Ok(key.to_owned())
    } else {
        let detail = "this write key is not among collect.write_keys of the configuration";
        Err(Problem::new(Code::UnknownWriteKey, detail))
    }
}

/// The key in `Authorization: Bearer` or `X-API-Key`, whether it is known or not.
pub(crate) fn given_api_key(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok()?.strip_prefix("Bearer ").map(str::trim));
    bearer.or_else(|| headers.get("x-api-key").and_then(|v| v.to_str().ok()))
}

/// Checks `Authorization: Bearer` or `X-API-Key`.
pub(crate) fn check_api_key(api: &Api, headers: &HeaderMap) -> Result<(), Problem> {
    let known = &api.settings.api_keys;
    if known.is_empty() {
        return Ok(());
    }
    match given_api_key(headers) {
        None => {
            let detail = "send an API key as Authorization: Bearer … or as X-API-Key";
            Err(Problem::new(Code::MissingApiKey, detail))
        }
        Some(key) if known.iter().any(|k| same(k, key)) => Ok(()),
        Some(_) => {
            let detail = "this API key is not among api.keys of the configuration";
            Err(Problem::new(Code::UnknownApiKey, detail))
        }
    }
}

/// Compares in a time that does not depend on where two keys of one length differ.
pub(crate) fn same(known: &str, given: &str) -> bool {
    let differing = known.bytes().zip(given.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    known.len() == given.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn basic_with_and_without_the_colon() {
        let key = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            basic_key(&headers)
        };
        assert_eq!(key("Basic d2s6").as_deref(), Some("wk"));
        assert_eq!(key("basic d2s=").as_deref(), Some("wk"));
        for bad in ["Basic", "Basic ???", "Bearer d2s6", "Basic Og=="] {
            assert_eq!(key(bad), None, "{bad}");
        }
        assert!(same("abc", "abc") && !same("abc", "abd") && !same("abc", "ab"));
    }
}
