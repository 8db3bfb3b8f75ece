//! Batches of events as a browser's SDK sends them, made once and renewed in place.

use std::fmt::Write;

use crate::client::request;
use crate::rng::Rng;

/// Shoppers that events are of.
const SUBJECTS: usize = 10_000;
/// Products that they touch.
const PRODUCTS: usize = 2_000;
/// Digits that are rewritten in ids.
const DIGITS: usize = 16;

const CONTEXT: &str = r#"{"library":{"name":"analytics.js","version":"2.11.1"},"locale":"en-GB","userAgent":"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101","page":{"path":"/products","url":"https://shop.example/products"}}"#;

/// The request of one batch, with the places of its ids.
pub(crate) struct Batch {
    request: Vec<u8>,
    events: usize,
    message_ids: Vec<usize>,
    subjects: Vec<usize>,
}

/// What every request carries.
const HEADERS: [(&str, &str); 2] =
    [("content-type", "application/json"), ("authorization", "Basic YmVuY2g6")];

impl Batch {
    /// A batch of mostly views, with additions to carts and orders among them.
    pub(crate) fn new(events: usize, rng: &mut Rng) -> Self {
        let mut body = String::from(r#"{"sentAt":"2026-01-15T10:00:00.000Z","batch":["#);
        for index in 0..events {
            if index > 0 {
                body.push(',');
            }
            put_event(&mut body, rng);
        }
        body.push_str("]}");
        Self::of(request("POST", "/v1/batch", &HEADERS, body.as_bytes()), events)
    }

    /// One such event by itself.
    pub(crate) fn single(rng: &mut Rng) -> Self {
        let mut body = String::new();
        put_event(&mut body, rng);
        Self::of(request("POST", "/v1/track", &HEADERS, body.as_bytes()), 1)
    }

    fn of(request: Vec<u8>, events: usize) -> Self {
        let places = |marker: &str| {
            let marker = marker.as_bytes();
            let found = request.windows(marker.len()).enumerate().filter(|(_, w)| *w == marker);
            found.map(|(at, _)| at + marker.len()).collect::<Vec<_>>()
        };
        let (message_ids, subjects) =
            (places("\"messageId\":\"bench-"), places("\"anonymousId\":\"visitor-"));
        Self { request, events, message_ids, subjects }
    }

    /// Gives every event an id that was never used, the next ones after `last_id`, and a shopper.
    pub(crate) fn renew(&mut self, last_id: &mut u64, rng: &mut Rng) {
        for (&id, &subject) in self.message_ids.iter().zip(&self.subjects) {
            *last_id += 1;
            put_hex(&mut self.request[id..id + DIGITS], *last_id);
            put_hex(&mut self.request[subject..subject + DIGITS], rng.below(SUBJECTS) as u64);
        }
    }

    pub(crate) fn request(&self) -> &[u8] {
        &self.request
    }

    /// The mean size of an event, in bytes.
    pub(crate) fn event_bytes(&self) -> usize {
        self.request.len() / self.events.max(1)
    }
}

fn put_hex(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789abcdef"[usize::try_from(number & 15).unwrap_or(0)];
        number >>= 4;
    }
}

fn product(number: usize) -> String {
    let (category, brand, price) = (number % 40, number % 97, 500 + number % 9_000);
    format!(
        r#""product_id":"p{number:05}","name":"Product {number:05}","category":"Category {category}","brand":"Brand {brand}","price":{}.{:02}"#,
        price / 100,
        price % 100
    )
}

fn put_event(body: &mut String, rng: &mut Rng) {
    let one = product(rng.skewed(PRODUCTS));
    let (name, properties) = match rng.below(100) {
        0..84 => ("Product Viewed", format!(r#"{{{one},"currency":"EUR"}}"#)),
        84..97 => ("Product Added", format!(r#"{{{one},"quantity":1,"currency":"EUR"}}"#)),
        _ => {
            let other = product(rng.skewed(PRODUCTS));
            let order = rng.next();
            let lines = format!(r#"[{{{one},"quantity":1}},{{{other},"quantity":2}}]"#);
            let order =
                format!(r#"{{"order_id":"{order:x}","revenue":99.95,"currency":"EUR","products":{lines}}}"#);
            ("Order Completed", order)
        }
    };
    // Writing to a string does not fail.
    let _ = write!(
        body,
        r#"{{"type":"track","event":"{name}","messageId":"bench-{0:016}","anonymousId":"visitor-{0:016}","timestamp":"2026-01-15T09:59:59.500Z","context":{CONTEXT},"properties":{properties}}}"#,
        0
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_single_event_is_a_message_of_its_own() {
        let mut rng = Rng::new(1);
        let mut single = Batch::single(&mut rng);
        single.renew(&mut 41, &mut rng);
        let text = std::str::from_utf8(single.request()).unwrap();
        let body: serde_json::Value = serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(body["messageId"], format!("bench-{:016x}", 42));
    }

    #[test]
    fn a_renewed_batch_is_json_with_ids_of_its_own() {
        let mut rng = Rng::new(1);
        let mut batch = Batch::new(100, &mut rng);
        let (mut last_id, mut ids) = (0, BTreeSet::new());
        for _ in 0..2 {
            batch.renew(&mut last_id, &mut rng);
            let text = std::str::from_utf8(batch.request()).unwrap();
            let body: serde_json::Value =
                serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
            let events = body["batch"].as_array().unwrap();
            assert_eq!(events.len(), 100);
            ids.extend(events.iter().map(|e| e["messageId"].as_str().unwrap().to_owned()));
        }
        assert_eq!((ids.len(), last_id), (200, 200));
        assert!((400..600).contains(&batch.event_bytes()), "{}", batch.event_bytes());
    }
}
