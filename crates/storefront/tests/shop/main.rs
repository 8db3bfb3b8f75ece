//! Drives the whole storefront over HTTP messages, with an engine in memory behind it.

#![expect(clippy::unwrap_used, reason = "helpers of tests: to panic is to fail")]

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use tower::ServiceExt;
use tradewind_catalog::Product;
use tradewind_events::Event;
use tradewind_kernel::{Currency, FixedClock, UtcMillis};
use tradewind_storefront::{Site, router};

mod art;
mod bad_input;
mod browsing;
mod buying;
mod console;
mod memory;
mod privacy;
mod recorded;

use memory::{Health, Memory};

/// A browser: it keeps its cookies from one request to the next.
struct Browser {
    router: Router,
    engine: Arc<Memory>,
    cookies: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[track_caller]
    fn shows(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.body.contains(part), "{part} is missing in:\n{}", self.body);
        }
    }

    #[track_caller]
    fn hides(&self, parts: &[&str]) {
        for part in parts {
            assert!(!self.body.contains(part), "{part} is in:\n{}", self.body);
        }
    }
}

impl Browser {
    /// A browser in a shop with the usual goods.
    fn new() -> Self {
        Self::at(memory::goods(), Health::Well)
    }

    fn at(products: Vec<Product>, health: Health) -> Self {
        let clock = Arc::new(FixedClock::new(UtcMillis::new(1_700_000_000_000)));
        let engine = Arc::new(Memory::new(products, clock, health));
        let site = Site::new("Test & Co", "Things for tests", Currency::EUR);
        Self { router: router(Arc::clone(&engine), site), engine, cookies: Vec::new(), headers: Vec::new() }
    }

    /// The same with a header on every request.
    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.retain(|(key, _)| key != name);
        self.cookies.push((name.to_owned(), value.to_owned()));
    }

    async fn send(&mut self, method: &str, uri: &str, body: Option<&str>) -> Answer {
        let mut request = Request::builder().method(method).uri(uri).header(header::HOST, "shop.test");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request.body(Body::from(body.unwrap_or_default().to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).unwrap();
            self.set_cookie(name, value);
            if cookie.contains("Max-Age=0") {
                self.cookies.retain(|(key, _)| key != name);
            }
        }
        let bytes = to_bytes(body, 1 << 22).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    async fn get(&mut self, uri: &str) -> Answer {
        self.send("GET", uri, None).await
    }

    async fn post(&mut self, uri: &str, form: &str) -> Answer {
        self.send("POST", uri, Some(form)).await
    }

    /// The events so far, as `kind name`.
    fn recorded(&self) -> Vec<String> {
        self.engine.events().iter().map(|event| event.name.clone().unwrap_or_default()).collect()
    }

    /// The last event of a name.
    #[track_caller]
    fn last(&self, name: &str) -> Event {
        let events = self.engine.events();
        events.into_iter().rfind(|event| event.name.as_deref() == Some(name)).expect(name)
    }
}

/// An event's properties as JSON.
fn properties(event: &Event) -> serde_json::Value {
    serde_json::from_str(event.properties.as_ref().unwrap().get()).unwrap()
}
