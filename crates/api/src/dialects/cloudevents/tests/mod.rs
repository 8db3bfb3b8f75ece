use serde_json::json;

use super::*;
use crate::dialects::testing::{RECEIVED, Shop, event_of, never_fails, value_of};

const STRUCTURED: (&str, &str) = ("content-type", "application/cloudevents+json; charset=utf-8");
const BATCHED: (&str, &str) = ("content-type", "application/cloudevents-batch+json");
const PATH: &str = "/v1/cloudevents?writeKey=k";
const EVENT: &str = r#"{"specversion":"1.0","id":"c1","source":"/shop","type":"com.shop.product_viewed.v1","time":"2026-11-20T20:42:00Z","subject":"u1","anonymousid":"a1","datacontenttype":"application/json","data":{"product_id":"p1","price":5},"traceid":"t"}"#;

#[test]
fn attributes_are_mapped() {
    let event = event_of(read(EVENT).unwrap());
    assert_eq!((event.message_id.as_str(), event.name.as_deref()), ("c1", Some("Product Viewed")));
    assert_eq!((event.user_id.as_deref(), event.anonymous_id.as_deref()), (Some("u1"), Some("a1")));
    assert_eq!(event.occurred_at, UtcMillis::parse("2026-11-20T20:42:00Z").unwrap());
    assert!(event.occurred_at < RECEIVED);
    assert_eq!(value_of(event.properties.as_deref()), json!({"product_id": "p1", "price": 5}));
    let context =
        json!({"cloudevent": {"source": "/shop", "type": "com.shop.product_viewed.v1", "traceid": "t"}});
    assert_eq!(value_of(event.context.as_deref()), context);
}

#[test]
fn types_are_recognised_by_their_last_part() {
    for (kind, name) in [
        ("order completed", "Order Completed"),
        ("com.shop.order-completed", "Order Completed"),
        ("com.shop.size_guide_opened", "com.shop.size_guide_opened"),
        ("v1", "v1"),
        (".", "."),
    ] {
        assert_eq!(name_of(kind), name);
    }
}

#[test]
fn all_three_modes_are_taken() {
    let shop = Shop::open();
    assert_eq!(shop.send("POST", PATH, &[STRUCTURED], EVENT).0, 204);
    let batch = format!("[{EVENT},{}]", EVENT.replace("c1", "c2"));
    assert_eq!(shop.send("POST", PATH, &[BATCHED], batch).0, 204);
    let binary = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "c3"),
        ("ce-source", "/shop"),
        ("ce-type", "Product Viewed"),
        ("ce-subject", "u%31"),
        ("authorization", "Basic azo="),
    ];
    assert_eq!(shop.send("POST", "/v1/cloudevents", &binary, r#"{"product_id":"p1"}"#).0, 204);
    assert_eq!(shop.counts(), [("Product Viewed".to_owned(), 3)]);
    assert_eq!(shop.profile("user_id:u1").unwrap().events, 3);
    assert_eq!(percent_decoded("%e2%82%ac%2 %zz%"), "€%2 %zz%");
}

#[test]
fn bad_ones_are_named() {
    let shop = Shop::open();
    let lacking = r#"{"specversion":"1.0","id":"c9","source":"/shop","type":"x"}"#;
    let mixed = format!("[{EVENT},{lacking},3]");
    let (status, answer) = shop.send("POST", PATH, &[BATCHED], mixed);
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains(r#""pointer":"/1","code":"id_missing""#), "{answer}");
    assert_eq!(shop.reject_codes(), ["malformed", "id_missing"]);
    let older = EVENT.replace("1.0", "0.3");
    for bad in [lacking, older.as_str(), "", "{}", "[]", "{"] {
        let (status, answer) = shop.send("POST", PATH, &[STRUCTURED], bad.to_owned());
        assert_eq!(status, 400, "{bad}: {answer}");
    }
    assert_eq!(shop.post(PATH, EVENT).0, 400, "neither mode");
    let xml = ("content-type", "application/cloudevents+xml");
    assert_eq!(shop.send("POST", PATH, &[xml], EVENT).0, 400);
    assert_eq!(shop.send("POST", "/v1/cloudevents", &[STRUCTURED], EVENT).0, 401);
    assert_eq!(shop.send("POST", "/v1/cloudevents?writeKey=no", &[STRUCTURED], EVENT).0, 401);
}

#[test]
fn mutated_events_never_fail() {
    never_fails("POST", PATH, &[STRUCTURED], &[EVENT]);
    never_fails("POST", PATH, &[BATCHED], &[&format!("[{EVENT}]")]);
}
