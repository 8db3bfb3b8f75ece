use std::sync::Arc;

use axum::http::HeaderMap;
use bytes::Bytes;
use parking_lot::Mutex;
use tradewind_embedded::FjallStore;
use tradewind_ports::{Batch, Scan, StateError, StateStore, TableId};

use super::*;
use crate::admission::AdmissionSettings;
use crate::dialects::testing::Shop;

const JSON: (&str, &str) = ("content-type", "application/json");
const KEY: (&str, &str) = ("authorization", "Basic azo=");
const TRACK: &str = r#"{"anonymousId":"a","event":"Looked"}"#;
const DECIDE: &str = r#"{"placements":[{"name":"home.trending"}]}"#;

/// Method, path, headers, body.
type Sent = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

/// One event of each dialect, and how it is sent.
const DIALECTS: [Sent; 11] = [
    ("POST", "/v1/track", &[KEY], TRACK),
    ("POST", "/v1/t?writeKey=k", &[], TRACK),
    ("POST", "/v1/batch", &[KEY], r#"{"batch":[{"type":"track","anonymousId":"a","event":"Looked"}]}"#),
    ("POST", "/v1/import", &[KEY], r#"{"batch":[{"type":"track","anonymousId":"a","event":"Looked"}]}"#),
    ("POST", "/batch/", &[JSON], r#"{"api_key":"k","batch":[{"event":"Looked","distinct_id":"a"}]}"#),
    ("POST", "/capture/", &[JSON], r#"{"api_key":"k","event":"Looked","distinct_id":"a"}"#),
    ("POST", "/e/", &[JSON], r#"[{"token":"k","event":"Looked","distinct_id":"a"}]"#),
    (
        "POST",
        "/v1/cloudevents",
        &[KEY, ("content-type", "application/cloudevents+json")],
        r#"{"specversion":"1.0","id":"1","type":"looked","source":"s","subject":"a"}"#,
    ),
    (
        "POST",
        "/com.snowplowanalytics.snowplow/tp2",
        &[JSON],
        r#"{"schema":"iglu:x/payload_data/jsonschema/1-0-4","data":[{"e":"se","se_ac":"Looked","duid":"a","aid":"k"}]}"#,
    ),
    ("GET", "/i?e=se&se_ac=Looked&duid=a&aid=k", &[], ""),
    (
        "POST",
        "/mp/collect?api_secret=k",
        &[JSON],
        r#"{"client_id":"a","events":[{"name":"looked","params":{}}]}"#,
    ),
];

fn shop(admission: AdmissionSettings) -> Shop {
    Shop::with(admission, 1_000_000, |store| Arc::new(store))
}

/// Checks that it is a 429 of this code that says when to come back.
#[track_caller]
fn is_refusal((status, headers, text): &(u16, HeaderMap, String), code: &str, most_seconds: u64) {
    assert_eq!(*status, 429, "{text}");
    assert!(text.contains(&format!("\"code\":\"{code}\"")), "{text}");
    let after: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=most_seconds).contains(&after), "{after}");
}

#[test]
fn every_dialect_counts_against_the_quota() {
    for (method, path, headers, body) in DIALECTS {
        let settings = AdmissionSettings {
            events_per_second_per_key: 1,
            burst_seconds: 1,
            ..AdmissionSettings::default()
        };
        let shop = shop(settings);
        let (status, text) = shop.send(method, path, headers, body);
        assert!((200..300).contains(&status), "{path}: {status} {text}");
        let refused = shop.answer(method, path, headers, body);
        is_refusal(&refused, "quota-exceeded", 3);
        assert!(refused.2.contains("collect.events_per_second_per_key"), "{path}: {}", refused.2);
        let taken: u64 = shop.counts().iter().map(|c| c.1).sum();
        assert_eq!(taken, 1, "{path}");
    }
}

#[test]
fn every_dialect_counts_as_collecting() {
    for (method, path, ..) in DIALECTS {
        let path = path.split('?').next().unwrap();
        assert_eq!(Class::of(&method.parse().unwrap(), path), Class::Collecting, "{path}");
    }
    let asking = [("POST", "/v1/decide"), ("GET", "/v1/profiles/x"), ("GET", "/"), ("POST", "/flags/")];
    for (method, path) in asking {
        assert_eq!(Class::of(&method.parse().unwrap(), path), Class::Asking, "{path}");
    }
    assert_eq!(Class::of(&Method::OPTIONS, "/v1/batch"), Class::Watching);
}

#[test]
fn a_batch_larger_than_the_quota_passes_and_the_next_one_waits() {
    let settings =
        AdmissionSettings { events_per_second: 10, burst_seconds: 1, ..AdmissionSettings::default() };
    let shop = shop(settings);
    let batch = format!(r#"{{"writeKey":"k","batch":[{}]}}"#, vec![TRACK; 100].join(","));
    assert_eq!(shop.post("/v1/batch", &batch).0, 200);
    let refused = shop.answer("POST", "/v1/track", &[KEY], TRACK);
    is_refusal(&refused, "quota-exceeded", 12);
    // 90 events of debt: it will not do in less than 8 seconds.
    assert!(refused.1["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 8);
    // No key is needed to know that all together have used it up, nor a body.
    is_refusal(&shop.answer("POST", "/v1/track", &[], "{"), "quota-exceeded", 12);
    assert_eq!(shop.send("POST", "/v1/decide", &[], DECIDE).0, 200);
}

#[test]
fn collection_at_its_limit_leaves_room_for_questions_and_the_other_way_round() {
    // 1 MiB for collecting, 4 MiB for asking.
    let settings = AdmissionSettings { max_inflight_bytes: 5 << 20, ..AdmissionSettings::default() };
    let shop = shop(settings);
    let (collecting, asking) = (&shop.api.admission.collecting, &shop.api.admission.asking);
    let track = || shop.answer("POST", "/v1/track", &[KEY], TRACK);
    let decide = || shop.answer("POST", "/v1/decide", &[], DECIDE);

    let all = collecting.reserve(1 << 20).unwrap();
    is_refusal(&track(), "overloaded", 3);
    assert_eq!((decide().0, shop.send("GET", "/livez", &[], "").0), (200, 200));
    drop(all);
    assert_eq!(track().0, 200);

    let all = asking.reserve(4 << 20).unwrap();
    is_refusal(&decide(), "overloaded", 3);
    assert_eq!((track().0, shop.send("GET", "/livez", &[], "").0), (200, 200));
    drop(all);
    assert_eq!(decide().0, 200);
    assert_eq!((collecting.held(), asking.held()), (0, 0), "everything was given back");
}

#[test]
fn what_is_said_to_come_counts_before_it_comes() {
    let settings = AdmissionSettings { max_inflight_bytes: 5 << 20, ..AdmissionSettings::default() };
    let shop = shop(settings);
    let little = shop.api.admission.collecting.reserve(1).unwrap();
    // Four times 300 KB are more than a mebibyte. Was the body read first, this would be a 400.
    let refused = shop.answer("POST", "/v1/track", &[KEY, ("content-length", "300000")], "{");
    is_refusal(&refused, "overloaded", 3);
    drop(little);
    // Small as it is packed, it needs room for what it holds.
    let little = shop.api.admission.collecting.reserve(700 << 10).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packed, &vec![b' '; 400 << 10]).unwrap();
    let gzip = [KEY, ("content-encoding", "gzip")];
    let refused = shop.answer("POST", "/v1/track", &gzip, packed.finish().unwrap());
    is_refusal(&refused, "overloaded", 3);
    drop(little);
    assert_eq!(shop.api.admission.collecting.held(), 0);
}

/// A state that gives profiles only while `door` is open.
struct Held {
    inner: FjallStore,
    door: Arc<Mutex<()>>,
    profiles: Mutex<Vec<TableId>>,
}

impl StateStore for Held {
    fn table(&self, name: &str) -> Result<TableId, StateError> {
        let table = self.inner.table(name)?;
        if name == "profiles" {
            self.profiles.lock().push(table);
        }
        Ok(table)
    }
    fn drop_table(&self, name: &str) -> Result<(), StateError> {
        self.inner.drop_table(name)
    }
    fn table_names(&self) -> Vec<String> {
        self.inner.table_names()
    }
    fn get(&self, table: TableId, key: &[u8]) -> Result<Option<Bytes>, StateError> {
        let _open = self.profiles.lock().contains(&table).then(|| self.door.lock());
        self.inner.get(table, key)
    }
    fn scan(&self, table: TableId, from: &[u8]) -> Scan<'_> {
        self.inner.scan(table, from)
    }
    fn commit(&self, batch: &Batch) -> Result<(), StateError> {
        self.inner.commit(batch)
    }
    fn sync(&self) -> Result<(), StateError> {
        self.inner.sync()
    }
    fn purge(&self) -> Result<(), StateError> {
        self.inner.purge()
    }
}

#[test]
fn a_backlog_is_told_before_the_body_is_read() {
    let door = Arc::new(Mutex::new(()));
    let held = Arc::clone(&door);
    let shop = Shop::with(AdmissionSettings::default(), 0, |inner| {
        Arc::new(Held { inner, door: held, profiles: Mutex::default() })
    });
    let shut = door.lock();
    assert_eq!(shop.send("POST", "/v1/track", &[KEY], TRACK).0, 200);
    // One record waits, and none may. What is sent now is not even JSON.
    is_refusal(&shop.answer("POST", "/v1/track", &[], "{"), "overloaded", 3);
    assert_eq!(shop.send("POST", "/v1/decide", &[], DECIDE).0, 200);
    drop(shut);
    assert_eq!(shop.counts(), [("Looked".to_owned(), 1)]);
    assert_eq!(shop.send("POST", "/v1/track", &[KEY], TRACK).0, 200);
}
