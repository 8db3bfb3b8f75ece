use super::*;
use crate::dialects::testing::{RECEIVED, Shop, event_of, never_fails, value_of};

/// What posthog-node 5.70.0 sends; the key is ours.
const BATCH: &str = r#"{"api_key":"k","batch":[{"event":"product viewed","properties":{"product_id":"p1","$lib":"posthog-node","$lib_version":"5.70.0","$is_server":true},"timestamp":"2026-11-20T20:42:41.121Z","uuid":"01a1fab2-7262-7352-b1f3-a5c498dc7fdc","distinct_id":"u1"},{"event":"$create_alias","properties":{"distinct_id":"u1","alias":"an1","$lib":"posthog-node","$lib_version":"5.70.0","$is_server":true},"timestamp":"2026-11-20T20:42:41.122Z","uuid":"01a1fab2-7262-7352-b1f3-a5c61607e55a","distinct_id":"u1"}],"sent_at":"2026-11-20T20:42:41.123Z"}"#;
const FLAG_CALLED: &str = r#"{"api_key":"k","batch":[{"event":"$feature_flag_called","properties":{"$feature_flag":"f","locally_evaluated":false,"$feature_flag_error":"flag_missing","$lib":"posthog-node","$lib_version":"5.70.0","$is_server":true},"timestamp":"2026-11-20T20:42:41.244Z","uuid":"01a1fab2-72dc-721a-8076-f8b8bfad2a9f","distinct_id":"u1"}],"sent_at":"2026-11-20T20:42:41.253Z"}"#;
const FLAGS: &str = r#"{"token":"k","distinct_id":"u1","groups":{},"person_properties":{},"group_properties":{},"geoip_disable":false,"flag_keys_to_evaluate":["f"],"evaluation_runtime":"server"}"#;

/// Checks whom an event is about: (user, anonymous).
#[track_caller]
fn check_whom(json: &str, user: Option<&str>, anonymous: Option<&str>) {
    let event = event_of(read(json, None, RECEIVED).unwrap());
    assert_eq!((event.user_id.as_deref(), event.anonymous_id.as_deref()), (user, anonymous), "{json}");
}

#[test]
fn the_captured_batch_is_taken_once() {
    let shop = Shop::open();
    for path in ["/batch/", "/batch"] {
        assert_eq!(shop.post(path, BATCH), (200, r#"{"status":1}"#.into()));
    }
    assert_eq!(shop.counts(), [("Product Viewed".to_owned(), 1), ("alias".to_owned(), 1)]);
    assert_eq!(shop.profile("user_id:u1").unwrap().events, 2);
    assert_eq!(shop.profile("anonymous_id:an1").unwrap().events, 2, "the alias joins them");
    assert_eq!(shop.post("/batch/", FLAG_CALLED).0, 200);
    let (status, flags) = shop.post("/flags/?v=2", FLAGS);
    assert!(status == 200 && flags.contains(r#""flags":{}"#), "{flags}");
}

#[test]
fn ids_times_and_context_are_mapped() {
    let batch: Batch<'_> = serde_json::from_str(BATCH).unwrap();
    let event = event_of(read(batch.batch[0].get(), time_of(&batch.sent_at), RECEIVED).unwrap());
    assert_eq!(event.message_id, "01a1fab2-7262-7352-b1f3-a5c498dc7fdc");
    assert_eq!(event.occurred_at, RECEIVED.plus(-2));
    let context = value_of(event.context.as_deref());
    assert_eq!(context, json!({"library": {"name": "posthog-node", "version": "5.70.0"}}));
    let page = r#"{"event":"$pageview","distinct_id":"d","offset":1500,"properties":{"$current_url":"https://x/a","title":"A","$set_once":{"a":1,"b":1}},"$set":{"a":2}}"#;
    let event = event_of(read(page, None, RECEIVED).unwrap());
    assert_eq!((event.kind, event.name.as_deref()), (Kind::Page, Some("A")));
    assert_eq!(event.occurred_at, RECEIVED.plus(-1_500));
    assert_eq!(value_of(event.properties.as_deref()), json!({"url": "https://x/a", "title": "A"}));
    assert_eq!(value_of(event.traits.as_deref()), json!({"a": 2, "b": 1}));
}

#[test]
fn a_distinct_id_is_a_user_only_where_something_says_so() {
    check_whom(r#"{"event":"e","distinct_id":"d"}"#, None, Some("d"));
    check_whom(r#"{"event":"e","distinct_id":"d","properties":{"$user_id":"u"}}"#, Some("u"), Some("d"));
    check_whom(r#"{"event":"e","distinct_id":"u","properties":{"$is_identified":true}}"#, Some("u"), None);
    let browser = r#"{"event":"e","distinct_id":"d","properties":{"$device_id":"d"}}"#;
    check_whom(browser, None, Some("d"));
    let known = r#"{"event":"e","distinct_id":"u","properties":{"$device_id":"d"}}"#;
    check_whom(known, Some("u"), Some("d"));
    check_whom(r#"{"event":"e","distinct_id":"u","properties":{"$is_server":true}}"#, Some("u"), None);
    let personless =
        r#"{"event":"e","distinct_id":"d","properties":{"$is_server":true,"$process_person_profile":false}}"#;
    check_whom(personless, None, Some("d"));
    let identify = r#"{"event":"$identify","distinct_id":"u","properties":{"$anon_distinct_id":"d"}}"#;
    check_whom(identify, Some("u"), Some("d"));
}

#[test]
fn single_events_and_lists_are_taken() {
    let shop = Shop::open();
    let one = r#"{"api_key":"k","event":"Product Viewed","distinct_id":"d","properties":{"product_id":"p"}}"#;
    for path in ["/capture/", "/e/", "/i/v0/e/"] {
        assert_eq!(shop.post(path, one).0, 200, "{path}");
    }
    let list = r#"[{"event":"$pageview","properties":{"token":"k","distinct_id":"d"}}]"#;
    let gzipped = {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, list.as_bytes()).unwrap();
        gzip.finish().unwrap()
    };
    assert_eq!(shop.send("POST", "/e/?compression=gzip-js", &[], gzipped).0, 200);
    assert_eq!(shop.profile("anonymous_id:d").unwrap().events, 4);
}

#[test]
fn bad_ones_are_noted_and_the_rest_is_taken() {
    let shop = Shop::open();
    let mixed = r#"{"api_key":"k","batch":[3,{"event":"x"},{"distinct_id":"d"},{"event":"$create_alias","distinct_id":"d"},{"event":{},"distinct_id":"d"},{"event":"ok","distinct_id":"d"}]}"#;
    assert_eq!(shop.post("/batch/", mixed), (200, r#"{"status":1}"#.into()));
    let codes = ["malformed", "alias_incomplete", "event_missing", "id_missing", "malformed"];
    assert_eq!(shop.reject_codes(), codes);
    assert_eq!(shop.counts(), [("ok".to_owned(), 1)]);
    assert_eq!(shop.post("/batch/", &mixed.replace(r#""k""#, r#""wrong""#)).0, 401);
    assert_eq!(shop.post("/capture/", r#"{"event":"x","distinct_id":"d"}"#).0, 401);
    for bad in ["", "{", "[]", "{}", r#"{"api_key":"k","batch":{}}"#] {
        assert_eq!(shop.post("/batch/", bad).0, 400, "{bad}");
    }
    let big =
        format!(r#"{{"api_key":"k","batch":[{{"event":"e","distinct_id":"{}"}}]}}"#, "d".repeat(40_000));
    assert_eq!(shop.post("/batch/", &big).0, 200);
    assert_eq!(shop.reject_codes()[0], "event_too_large");
}

#[test]
fn mutated_captures_never_fail() {
    never_fails("POST", "/batch/", &[], &[BATCH, FLAG_CALLED]);
    never_fails("POST", "/capture/", &[], &[BATCH, FLAGS]);
}
