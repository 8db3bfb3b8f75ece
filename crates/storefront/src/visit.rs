//! One request, read once: who asks, from where, with what in the cart.
//!
//! [`read`] is a middleware of all pages. It makes the browser's id where there is none, hands the [`Visit`]
//! to the page as an extension, and sets the cookie on the way out.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use tradewind_kernel::{Subject, UtcMillis, fresh_id};

use crate::cart::Cart;
use crate::consent;
use crate::cookies;
use crate::render;
use crate::state::Shared;
use crate::text;

/// Parts of a browser's name by which crawlers and link previews are known.
const ROBOTS: [&str; 9] =
    ["bot", "crawl", "spider", "slurp", "facebookexternalhit", "embedly", "lighthouse", "pingdom", "uptime"];

/// The longest text that is taken from a header or an address, in characters.
const MAX_TEXT_CHARS: usize = 512;

/// Why a page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Somebody looks at it: recorded and decided.
    Look,
    /// A browser fetches it in case: decided, not recorded.
    Prefetch,
    /// A crawler, or only the head is wanted: neither.
    Robot,
}

/// A click on a recommendation, as `?from=` and `?slot=` carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Click {
    /// The decision.
    pub(crate) decision_id: String,
    /// The placement that showed it.
    pub(crate) placement: String,
    /// Its position there, from 1.
    pub(crate) position: u32,
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// The browser's id.
    pub(crate) anonymous_id: String,
    /// Who is signed in.
    pub(crate) user_id: Option<String>,
    /// What is in the cart and can still be bought.
    pub(crate) cart: Cart,
    /// Why the page is asked for.
    pub(crate) purpose: Purpose,
    /// When it is asked for.
    pub(crate) now: UtcMillis,
    /// The recommendation that led here.
    pub(crate) click: Option<Click>,
    /// Scheme and host, without a slash at the end.
    pub(crate) root: String,
    /// The path.
    pub(crate) path: String,
    /// The query with its question mark, or nothing.
    pub(crate) search: String,
    /// Where to come back to this page, without saying again which recommendation led here.
    pub(crate) back: String,
    /// Whether the browser was asked what may be done with its data.
    pub(crate) has_chosen: bool,
    /// Whether the browser asks that nothing is shared or sold (Global Privacy Control).
    pub(crate) opts_out: bool,
    /// The page before.
    pub(crate) referrer: String,
    /// The browser's name.
    pub(crate) user_agent: String,
    /// The first language that is asked for.
    pub(crate) locale: Option<String>,
    /// `utm_*`, under the names that Segment gives them.
    pub(crate) campaign: Vec<(&'static str, String)>,
}

impl Visit {
    /// Whom the visit is about.
    pub(crate) fn subject(&self) -> Subject {
        match &self.user_id {
            Some(id) => Subject::User(id.clone()),
            None => Subject::Anonymous(self.anonymous_id.clone()),
        }
    }

    /// Whether events of this visit are recorded.
    pub(crate) fn is_recorded(&self) -> bool {
        self.purpose == Purpose::Look
    }

    fn of(parts: &Parts, now: UtcMillis) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        let headers = &parts.headers;
        Self {
            anonymous_id: cookies::anonymous_id(headers).unwrap_or_else(|| fresh_id(now)),
            user_id: cookies::user_id(headers),
            cart: cookies::get(headers, cookies::CART).map(Cart::parse).unwrap_or_default(),
            purpose: purpose(&parts.method, headers),
            now,
            click: click(query),
            root: root(headers),
            path: text::clip(parts.uri.path(), MAX_TEXT_CHARS),
            search: if query.is_empty() { String::new() } else { text::clip(&format!("?{query}"), 1_024) },
            back: back(&parts.method, parts.uri.path(), query),
            has_chosen: consent::has_chosen(cookies::get(headers, cookies::CHOICE)),
            opts_out: headers.get("sec-gpc").is_some_and(|value| value.as_bytes() == b"1"),
            referrer: header_text(headers, header::REFERER),
            user_agent: header_text(headers, header::USER_AGENT),
            locale: locale(headers),
            campaign: campaign(query),
        }
    }
}

/// Reads the visit, serves the page, keeps the browser's id.
pub(crate) async fn read(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut visit = Visit::of(&parts, app.engine.now());
    if !visit.cart.is_empty() {
        visit.cart.retain_sold(&app.shop());
    }
    if parts.method == Method::POST && is_from_elsewhere(&parts.headers) {
        let detail = "The form was sent from another site. Nothing was changed.";
        return render::problem(&app, &visit, StatusCode::FORBIDDEN, "Not from here", detail);
    }
    let is_new = cookies::anonymous_id(&parts.headers).is_none();
    let cookie = (is_new && visit.purpose != Purpose::Robot)
        .then(|| cookies::set(cookies::ANONYMOUS, &visit.anonymous_id, "/", cookies::YEAR_S))
        .flatten();
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(Arc::new(visit));
    let mut response = next.run(request).await;
    let names_browser = |value: &axum::http::HeaderValue| value.as_bytes().starts_with(b"tw_anon=");
    let already = response.headers().get_all(header::SET_COOKIE).iter().any(names_browser);
    if let Some(cookie) = cookie.filter(|_| !already) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Whether another site's page sent the form: its cookies are kept back, and what it sets would replace them.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"cross-site")
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|v| v.to_str().ok()).map(|v| text::clip(v, MAX_TEXT_CHARS)).unwrap_or_default()
}

fn purpose(method: &Method, headers: &HeaderMap) -> Purpose {
    let agent = header_text(headers, header::USER_AGENT).to_ascii_lowercase();
    if *method == Method::HEAD || ROBOTS.iter().any(|part| agent.contains(part)) {
        return Purpose::Robot;
    }
    let ahead = ["sec-purpose", "purpose", "x-moz"].iter().any(|name| {
        let value = headers.get(*name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        value.contains("prefetch") || value.contains("prerender")
    });
    if ahead { Purpose::Prefetch } else { Purpose::Look }
}

fn root(headers: &HeaderMap) -> String {
    let host = header_text(headers, header::HOST);
    let sane = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
    let secure = headers.get("x-forwarded-proto").is_some_and(|proto| proto.as_bytes() == b"https");
    let scheme = if secure { "https" } else { "http" };
    format!("{scheme}://{}", if sane { host.as_str() } else { "localhost" })
}

fn locale(headers: &HeaderMap) -> Option<String> {
    let wanted = header_text(headers, header::ACCEPT_LANGUAGE);
    let first = wanted.split([',', ';']).next().unwrap_or_default().trim();
    let sane = !first.is_empty() && first.len() <= 35;
    (sane && first.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')).then(|| first.to_owned())
}

/// The page's address, or the home page's where a form led here or the address is long.
fn back(method: &Method, path: &str, query: &str) -> String {
    let kept = query.split('&').filter(|pair| !pair.starts_with("from=") && !pair.starts_with("slot="));
    let kept = kept.filter(|pair| !pair.is_empty()).collect::<Vec<_>>().join("&");
    let address = if kept.is_empty() { path.to_owned() } else { format!("{path}?{kept}") };
    let may_come_back = *method == Method::GET && address.len() <= MAX_TEXT_CHARS;
    if may_come_back { address } else { "/".to_owned() }
}

/// A query's value by its name, decoded, at most [`MAX_TEXT_CHARS`] long.
fn query_value(query: &str, name: &str) -> Option<String> {
    let pair = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?;
    let value = text::decode(&pair.1.replace('+', " "))?;
    Some(text::clip(value.trim(), MAX_TEXT_CHARS)).filter(|value| !value.is_empty())
}

fn campaign(query: &str) -> Vec<(&'static str, String)> {
    let names = [
        ("name", "utm_campaign"),
        ("source", "utm_source"),
        ("medium", "utm_medium"),
        ("term", "utm_term"),
        ("content", "utm_content"),
    ];
    names.iter().filter_map(|(name, utm)| Some((*name, query_value(query, utm)?))).collect()
}

fn click(query: &str) -> Option<Click> {
    let is_name = |text: &str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    let decision_id = query_value(query, "from").filter(|id| is_name(id))?;
    let slot = query_value(query, "slot").filter(|slot| is_name(slot))?;
    let (placement, position) = slot.rsplit_once('.')?;
    let position = position.parse().ok().filter(|n| (1..=1_000).contains(n))?;
    Some(Click { decision_id, placement: placement.to_owned(), position })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_names_decision_placement_and_position() {
        let expected = Click { decision_id: "d-1".into(), placement: "product.similar".into(), position: 3 };
        assert_eq!(click("from=d-1&slot=product.similar.3"), Some(expected));
        for odd in ["", "from=d", "from=d&slot=x", "from=d&slot=x.0", "from=d&slot=x.-1", "from=<b>&slot=x.1"]
        {
            assert_eq!(click(odd), None, "{odd}");
        }
    }

    #[test]
    fn who_only_looks_ahead_is_told_apart() {
        let check = |method: Method, name: &'static str, value: &'static str, expected: Purpose| {
            let headers = HeaderMap::from_iter([(
                header::HeaderName::from_static(name),
                header::HeaderValue::from_static(value),
            )]);
            assert_eq!(purpose(&method, &headers), expected, "{value}");
        };
        check(Method::GET, "user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)", Purpose::Robot);
        check(Method::GET, "user-agent", "Mozilla/5.0 (X11; Linux) Firefox/140", Purpose::Look);
        check(Method::HEAD, "user-agent", "Mozilla/5.0", Purpose::Robot);
        check(Method::GET, "sec-purpose", "prefetch;prerender", Purpose::Prefetch);
    }

    #[test]
    fn the_way_back_says_nothing_twice() {
        let check = |query: &str, expected: &str| assert_eq!(back(&Method::GET, "/p/a", query), expected);
        check("", "/p/a");
        check("from=d-1&slot=home.for_you.1", "/p/a");
        check("from=d-1&page=2&&slot=x.1", "/p/a?page=2");
        check(&format!("q={}", "x".repeat(MAX_TEXT_CHARS)), "/");
        assert_eq!(back(&Method::POST, "/account/sign-in", ""), "/");
    }

    #[test]
    fn campaigns_and_languages() {
        assert_eq!(
            campaign("utm_source=news+letter&utm_campaign=spring%20%26&x=1"),
            [("name", "spring &".to_owned()), ("source", "news letter".to_owned())]
        );
        let headers = HeaderMap::from_iter([(
            header::ACCEPT_LANGUAGE,
            header::HeaderValue::from_static("de-CH,de;q=0.9"),
        )]);
        assert_eq!(locale(&headers).as_deref(), Some("de-CH"));
        assert_eq!(root(&HeaderMap::new()), "http://localhost");
    }
}
