//! Each dialect's letters, read again by its own parser.

use serde_json::{Value, json};

use super::*;
use crate::dialects::testing::Shop;

/// Answers to an operator: the tests' server asks for no API key.
fn ask(shop: &Shop, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, text) = shop.send(method, path, &[("content-type", "application/json")], body);
    (status, serde_json::from_str(&text).unwrap_or_default())
}

fn letters(shop: &Shop) -> Vec<Value> {
    ask(shop, "GET", "/v1/dead-letters", &Value::Null).1["letters"].as_array().unwrap().clone()
}

/// Sends a request with one bad item; what it is fixed to counts once, for this subject.
#[track_caller]
fn check(path: &str, content_type: &str, body: &Value, fixed: &Value, subject: &str) {
    let shop = Shop::open();
    let headers = [("content-type", content_type), ("authorization", "Basic azo=")];
    let (status, answer) = shop.send("POST", path, &headers, body.to_string());
    assert!((200..300).contains(&status), "{status} {answer}");
    let waiting = letters(&shop);
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert_eq!(waiting[0]["keyFingerprint"], fingerprint("k"), "{waiting:?}");
    let path = format!("/v1/dead-letters/{}", waiting[0]["id"]);
    let (status, problem) = ask(&shop, "POST", &format!("{path}/redrive"), &Value::Null);
    assert_eq!((status, &problem["errors"][0]["code"]), (422, &waiting[0]["cause"]), "{problem}");
    let before = shop.profile(subject).map_or(0, |profile| profile.events);
    let payload = json!({"payload": fixed});
    let (status, done) = ask(&shop, "POST", &format!("{path}/redrive"), &payload);
    assert_eq!((status, &done["already"]), (200, &json!(false)), "{done}");
    assert!(!done["messageIds"][0].as_str().unwrap().is_empty(), "{done}");
    let (status, done) = ask(&shop, "POST", &format!("{path}/redrive"), &payload);
    assert_eq!((status, &done["already"]), (200, &json!(true)), "{done}");
    assert_eq!(shop.profile(subject).unwrap().events, before + 1);
    let (_, shown) = ask(&shop, "GET", &path, &Value::Null);
    let outcomes: Vec<_> =
        shown["history"].as_array().unwrap().iter().map(|a| a["outcome"].as_str().unwrap()).collect();
    assert_eq!((outcomes, &shown["state"]), (vec!["failed", "redriven"], &json!("redriven")), "{shown}");
    assert!(letters(&shop).is_empty());
}

#[test]
fn segment() {
    let body =
        json!({"batch": [{"type": "track", "event": "x"}, {"type": "track", "event": "y", "userId": "u"}]});
    let fixed = json!({"type": "track", "event": "x", "userId": "u"});
    check("/v1/batch", "application/json", &body, &fixed, "user_id:u");
    check(
        "/v1/track",
        "application/json",
        &json!({"event": "x"}),
        &json!({"event": "x", "userId": "u"}),
        "user_id:u",
    );
}

#[test]
fn cloudevents() {
    let good = json!({"specversion": "1.0", "id": "1", "type": "x", "source": "s", "subject": "u"});
    let bad = json!({"specversion": "1.0", "id": "2", "type": "x", "source": "s"});
    let fixed = json!({"specversion": "1.0", "id": "2", "type": "x", "source": "s", "subject": "u"});
    let batch = "application/cloudevents-batch+json";
    check("/v1/cloudevents", batch, &json!([good, bad]), &fixed, "user_id:u");
}

#[test]
fn posthog() {
    let body = json!({"api_key": "k", "batch": [{"event": "x"}]});
    let fixed = json!({"event": "x", "distinct_id": "u", "properties": {"$process_person_profile": false}});
    check("/batch/", "application/json", &body, &fixed, "anonymous_id:u");
}

#[test]
fn snowplow() {
    let body = json!({"schema": "x", "data": [{"e": "zz", "duid": "d", "aid": "k"}]});
    let fixed = json!({"e": "se", "se_ac": "x", "duid": "d"});
    check("/com.snowplowanalytics.snowplow/tp2", "application/json", &body, &fixed, "anonymous_id:d");
}

#[test]
fn ga4_of_one_event_and_of_a_whole_body() {
    let path = "/mp/collect?api_secret=k";
    let body = json!({"client_id": "c", "timestamp_micros": "1795207410000000", "events": [{"params": {}}]});
    check(path, "application/json", &body, &json!({"name": "x", "params": {}}), "anonymous_id:ga:c");
    let many: Vec<Value> = (0..26).map(|_| json!({"name": "x"})).collect();
    let whole = json!({"client_id": "c", "events": [{"name": "x"}]});
    check(path, "application/json", &json!({"client_id": "c", "events": many}), &whole, "anonymous_id:ga:c");
}

#[test]
fn what_is_refused_with_an_error_or_without_a_key_leaves_no_letter() {
    let shop = Shop::open();
    let bad = json!({"batch": [{"type": "track", "event": "x"}]}).to_string();
    let headers = [("authorization", "Basic azo=")];
    assert_eq!(shop.send("POST", "/v1/batch?strict=1", &headers, bad).0, 400);
    assert_eq!(shop.send("POST", "/mp/collect?api_secret=other", &[], "{\"events\":[{}]}").0, 204);
    assert_eq!(shop.send("POST", "/v1/cloudevents", &headers, "{}").0, 400);
    assert!(letters(&shop).is_empty());
    assert_eq!(shop.reject_codes(), ["write_key_unknown", "id_missing"]);
}

#[test]
fn what_was_cut_needs_a_payload() {
    let shop = Shop::open();
    let big = json!({"type": "track", "event": "x", "userId": "u", "properties": {"a": "é".repeat(20_000)}});
    let small = json!({"type": "track", "event": "x", "userId": "u"});
    let body = json!({"batch": [big, small]}).to_string();
    assert_eq!(shop.send("POST", "/v1/batch", &[("authorization", "Basic azo=")], body).0, 200);
    let waiting = letters(&shop);
    assert_eq!((&waiting[0]["cause"], &waiting[0]["isCut"]), (&json!("event_too_large"), &json!(true)));
    let path = format!("/v1/dead-letters/{}/redrive", waiting[0]["id"]);
    let (status, problem) = ask(&shop, "POST", &path, &Value::Null);
    assert_eq!((status, &problem["errors"][0]["code"]), (422, &json!("payload_cut")));
    assert_eq!(ask(&shop, "POST", &path, &json!({"payload": big})).0, 422);
    assert_eq!(ask(&shop, "POST", &path, &json!({"payload": small})).0, 200);
    assert_eq!(shop.profile("user_id:u").unwrap().events, 2);
}

#[test]
fn many_are_redriven_by_cause_and_pages_follow_each_other() {
    let shop = Shop::open();
    let mut bad: Vec<Value> = (0..7).map(|_| json!({"type": "track", "userId": "u"})).collect();
    bad.push(json!({"type": "track", "event": "x"}));
    let body = json!({"batch": bad}).to_string();
    assert_eq!(shop.send("POST", "/v1/batch", &[("authorization", "Basic azo=")], body).0, 200);
    let page = |query: &str| ask(&shop, "GET", &format!("/v1/dead-letters?{query}"), &Value::Null).1;
    let first = page("cause=event_missing&limit=4");
    let second = page(&format!("cause=event_missing&limit=4&before={}", first["next"]));
    assert_eq!(
        (first["letters"].as_array().unwrap().len(), second["letters"].as_array().unwrap().len()),
        (4, 3)
    );
    assert_eq!((&second["next"], &second["totals"]["waiting"]), (&Value::Null, &json!(8)));
    assert_eq!(page("cause=other")["letters"], json!([]));
    assert_eq!(ask(&shop, "GET", "/v1/dead-letters?state=odd", &Value::Null).0, 400);
    let (status, done) =
        ask(&shop, "POST", "/v1/dead-letters/redrive", &json!({"cause": "id_missing", "limit": 5}));
    assert_eq!(
        (status, &done["redriven"], &done["failed"][0]["cause"]),
        (200, &json!(0), &json!("id_missing"))
    );
    let gone = format!("/v1/dead-letters/{}", first["letters"][0]["id"]);
    assert_eq!(ask(&shop, "DELETE", &gone, &Value::Null).0, 204);
    for (method, path) in [("DELETE", &gone), ("GET", &gone), ("POST", &format!("{gone}/redrive"))] {
        assert_eq!(ask(&shop, method, path, &Value::Null).0, 404, "{method}");
    }
    assert_eq!(page("")["totals"]["waiting"], 7);
}

#[test]
fn keys_are_not_kept() {
    let check = |json: &str, expected: &str| assert_eq!(without_key(json, "k\"1"), expected);
    check(r#"{"writeKey" : "k\"1","a":1}"#, r#"{"writeKey" : "","a":1}"#);
    check(r#"{"token":"k\"1","event":"k\"1","aid":"other"}"#, r#"{"token":"","event":"k\"1","aid":"other"}"#);
    check(r#"{"a":"x"}"#, r#"{"a":"x"}"#);
    check(r#"["k\"1"]"#, r#"["k\"1"]"#);
    assert_eq!(without_key("{\"aid\":\"\"}", ""), "{\"aid\":\"\"}");
}

#[test]
fn a_minute_has_its_limits() {
    let mut guard = Guard::default();
    let now = UtcMillis::new(7 * UtcMillis::MINUTE);
    let mut admitted = |now: UtcMillis, bytes| (0..10_000).filter(|_| guard.admits(now, bytes)).count();
    assert_eq!(admitted(now, 10), 6_000);
    assert_eq!(admitted(now.plus(UtcMillis::MINUTE - 1), 10), 0);
    assert_eq!(admitted(now.plus(UtcMillis::MINUTE), 32 << 10), 2_048);
}
