//! What enrichment costs: nanoseconds per event, on one core, with what repeats already kept.
//!
//! `cargo run --release -p tradewind-api --example enrich`

use std::hint::black_box;
use std::time::Instant;

use serde_json::value::RawValue;
use tradewind_api::Enricher;
use tradewind_events::{Event, Kind};
use tradewind_kernel::UtcMillis;

/// Rounds of each measurement; the quickest counts, so that other programs on the machine do not.
const ROUNDS: u32 = 400;
/// Events of a round.
const EVENTS: u32 = 2_000;

const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

fn main() {
    let properties = r#"{"product_id":"p1","name":"Mug","price":12.5,"currency":"EUR","category":"Kitchen","quantity":1,"url":"https://shop.example/p/1"}"#;
    let browser = format!(
        r#"{{"page":{{"path":"/p/1","referrer":"https://www.google.de/","search":"","title":"Mug","url":"https://shop.example/p/1"}},"userAgent":"{AGENT}","userAgentData":{{"brands":[{{"brand":"Google Chrome","version":"131"}}],"mobile":false,"platform":"Windows"}},"locale":"de-DE","library":{{"name":"analytics.js","version":"npm:next-1.84.3"}},"timezone":"Europe/Berlin"}}"#
    );
    let with_address = format!(r#"{{"ip":"203.0.113.7",{}"#, &browser[1..]);
    let server = r#"{"library":{"name":"@segment/analytics-node","version":"3.1.0"}}"#;
    let cases = [
        ("nothing at all", None, None),
        ("properties, no context", Some(properties), None),
        ("a server library's context", Some(properties), Some(server)),
        ("a browser's context", Some(properties), Some(browser.as_str())),
        ("a browser's context with an address", Some(properties), Some(with_address.as_str())),
    ];
    let enricher = Enricher::new(None);
    for (what, properties, context) in cases {
        let alone = measure(properties, context, &mut |event| drop(black_box(event)));
        let enriched = measure(properties, context, &mut |mut event| {
            enricher.enrich_alone(&mut event);
            drop(black_box(event));
        });
        let bytes = context.map_or(0, str::len) + properties.map_or(0, str::len);
        eprintln!("{what} ({bytes} bytes): {} ns per event", enriched.saturating_sub(alone));
    }
}

/// Nanoseconds per event, the making of the event included.
fn measure(properties: Option<&str>, context: Option<&str>, each: &mut dyn FnMut(Event)) -> u128 {
    let raw = |json: Option<&str>| json.and_then(|json| RawValue::from_string(json.to_owned()).ok());
    let at = UtcMillis::new(1_795_207_360_000);
    let mut model = Event::new(Kind::Track, "m".to_owned(), at, at);
    (model.properties, model.context) = (raw(properties), raw(context));
    let mut round = || {
        let began = Instant::now();
        for _ in 0..EVENTS {
            each(model.clone());
        }
        began.elapsed().as_nanos() / u128::from(EVENTS)
    };
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}
