//! Feast's paths as its client uses them, over the bodies that it was seen to send.

use serde_json::{Value, json};

use super::PATHS;
use crate::dialects::testing::{RECEIVED, Shop, never_fails};

/// What the SDK of 0.67 sent, for a view `driver_hourly_stats` of drivers by number.
const BY_LIST: &str = r#"{"entities": {"driver_id": [1001]}, "full_feature_names": false, "include_feature_view_version_metadata": false, "features": ["driver_hourly_stats:conv_rate"]}"#;
const BY_SERVICE: &str = r#"{"entities": {"driver_id": [1001]}, "full_feature_names": false, "include_feature_view_version_metadata": false, "feature_service": "svc"}"#;
const WRITE: &str = r#"{"feature_view_name": "driver_hourly_stats", "df": {"driver_id": [1001], "conv_rate": [0.5], "event_timestamp": ["2026-11-20T20:43:03.019653"], "created": ["2026-11-20T20:43:03.019657"]}, "allow_registry_cache": false}"#;
const MATERIALIZE: &str =
    r#"{"end_ts": "2026-11-20T20:43:04.176396", "feature_views": null, "full_feature_names": false}"#;
const SEARCH: &str = r#"{"features": ["driver_hourly_stats:conv_rate"], "query": [0.1, 0.2], "top_k": 2, "distance_metric": "L2", "query_string": null, "api_version": 2}"#;

fn drivers(features: &Value) -> Value {
    json!({
        "entity": "subject", "joinKeys": [{"name": "driver_id", "type": "int64"}], "features": features,
        "source": {"push": "driver_push"}, "ttlSeconds": 3600, "purpose": "personalization",
    })
}

fn put(shop: &Shop, path: &str, body: &Value) -> Value {
    let json = [("content-type", "application/json")];
    let (status, text) = shop.send("PUT", path, &json, body.to_string());
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// A shop that has the view and the service of the captures.
fn shop() -> Shop {
    let shop = Shop::open();
    let features = json!([{"name": "conv_rate", "type": "double"}]);
    put(&shop, "/v1/features/views/driver_hourly_stats", &drivers(&features));
    put(&shop, "/v1/features/services/svc", &json!({"features": ["driver_hourly_stats"], "models": ["eta"]}));
    shop
}

fn answer(shop: &Shop, body: &str) -> Value {
    let (status, text) = shop.post("/get-online-features", body);
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// The exception's class and message, from an error in Feast's double encoding.
fn exception(text: &str) -> (String, String) {
    let inner: String = serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON text: {text}"));
    let inner: Value = serde_json::from_str(&inner).unwrap();
    assert_eq!(inner["module"], "feast.errors");
    (inner["class"].as_str().unwrap().into(), inner["message"].as_str().unwrap().into())
}

#[test]
fn what_is_written_is_read_by_list_and_by_service() {
    let shop = shop();
    let empty = answer(&shop, BY_LIST);
    assert_eq!(empty["results"][1]["statuses"], json!(["NOT_FOUND"]));
    assert_eq!(empty["results"][1]["event_timestamps"], json!(["1970-01-01T00:00:00Z"]));
    assert_eq!(shop.post("/write-to-online-store", WRITE), (200, "null".into()));
    for body in [BY_LIST, BY_SERVICE] {
        let found = answer(&shop, body);
        assert_eq!(
            found,
            json!({
                "results": [
                    {"values": [1001], "statuses": ["PRESENT"], "event_timestamps": ["1970-01-01T00:00:00Z"]},
                    {"values": [0.5], "statuses": ["PRESENT"], "event_timestamps": ["2026-11-20T20:43:03.019Z"]},
                ],
                "metadata": {"feature_names": ["driver_id", "conv_rate"]},
            })
        );
    }
    assert_eq!(shop.post("/materialize-incremental", MATERIALIZE), (200, String::new()));
}

#[test]
fn values_come_by_column_with_their_statuses() {
    let shop = shop();
    let features = json!([{"name": "conv_rate", "type": "float"}, {"name": "trips", "type": "int64"},
        {"name": "places", "type": "string_list"}]);
    let view = put(&shop, "/v1/features/views/driver_hourly_stats", &drivers(&features));
    assert_eq!((&view["version"], &view["versions"]), (&json!(2), &json!([1, 2])));
    let (now, old) = (RECEIVED.to_rfc3339(), RECEIVED.plus(-3_600_001).to_rfc3339());
    let push = json!({"push_source_name": "driver_push", "to": "online", "df": {
        "driver_id": [1, 2, 3], "conv_rate": [1, null, 0.1], "trips": [7, 8.0, 9],
        "places": [["a"], [], ["b", "c"]], "event_timestamp": [now, now, old], "ignored": [1, 2, 3]}});
    assert_eq!(shop.post("/push", &push.to_string()), (200, String::new()));
    let ask = json!({"entities": {"driver_id": [1, 2.0, 3, 4]}, "full_feature_names": true,
        "features": ["driver_hourly_stats", "driver_hourly_stats@v1:conv_rate"],
        "include_feature_view_version_metadata": true});
    let (status, text) = shop.post("/get-online-features", &ask.to_string());
    assert_eq!(status, 200, "{text}");
    assert!(text.contains(r#""values":[1.0,null,null,null]"#), "floats have a decimal point: {text}");
    let found: Value = serde_json::from_str(&text).unwrap();
    let values = |n: usize| found["results"][n]["values"].clone();
    assert_eq!(values(2), json!([7, 8, null, null]));
    assert_eq!(values(3), json!([["a"], [], null, null]));
    let statuses = json!(["PRESENT", "PRESENT", "OUTSIDE_MAX_AGE", "NOT_FOUND"]);
    assert_eq!(found["results"][1]["statuses"], statuses);
    assert_eq!(found["results"][4]["statuses"], json!(vec!["NOT_FOUND"; 4]), "the first version has no rows");
    assert_eq!(
        found["metadata"],
        json!({
            "feature_names": ["driver_id", "driver_hourly_stats__conv_rate", "driver_hourly_stats__trips",
                "driver_hourly_stats__places", "driver_hourly_stats@v1__conv_rate"],
            "feature_view_metadata": [{"name": "driver_hourly_stats", "version": 2},
                {"name": "driver_hourly_stats", "version": 1}],
        })
    );
}

#[test]
fn a_computed_feature_without_a_value_is_null() {
    let shop = shop();
    let track = r#"{"anonymousId":"me","event":"Product Viewed","properties":{"product_id":"p"}}"#;
    let (status, _) = shop.send("POST", "/v1/track?writeKey=k", &[], track);
    assert_eq!((status, shop.counts().len()), (200, 1));
    let ask = json!({"entities": {"subject": ["anonymous_id:me", "nobody"]},
        "features": ["subject_profile:events", "subject_profile:days_since_last_order"]});
    let found = answer(&shop, &ask.to_string());
    assert_eq!(found["results"][1]["values"], json!([1, null]));
    assert_eq!(found["results"][2]["statuses"], json!(["NULL_VALUE", "NOT_FOUND"]));
}

#[track_caller]
fn check(path: &str, body: &Value, expected: (u16, &str), words: &str) {
    let (status, text) = shop().post(path, &body.to_string());
    let (class, message) = exception(&text);
    assert_eq!((status, class.as_str()), expected, "{message}");
    assert!(message.contains(words), "{message}");
}

#[test]
fn errors_name_the_exception_to_raise() {
    let ask = |features: Value, entities: Value| json!({"features": features, "entities": entities});
    let one = json!({"driver_id": [1]});
    let path = "/get-online-features";
    check(path, &ask(json!(["gone:x"]), one.clone()), (404, "FeatureViewNotFoundException"), "'gone'");
    let pinned = json!(["driver_hourly_stats@v9:conv_rate"]);
    check(path, &ask(pinned, one.clone()), (404, "FeatureViewVersionNotFound"), "version 9");
    let absent = json!(["driver_hourly_stats:x"]);
    check(path, &ask(absent, one.clone()), (400, "SpecifiedFeaturesNotPresentError"), "'x'");
    let service = json!({"feature_service": "gone", "entities": one});
    check(path, &service, (404, "FeatureServiceNotFoundException"), "'gone'");
    let known = json!(["driver_hourly_stats:conv_rate"]);
    check(path, &ask(known.clone(), json!({"subject": ["a"]})), (400, "FeastError"), "Missing join key");
    check(path, &ask(known.clone(), json!({"car": [1]})), (404, "EntityNotFoundException"), "car");
    check(path, &ask(known.clone(), json!({"driver_id": ["x"]})), (400, "FeastError"), "no int64");
    check(path, &ask(known, json!({"driver_id": [null]})), (400, "FeastError"), "null");
    check(path, &json!({"features": 1}), (422, "FeastError"), "does not read");
    let push = |source: &str, to: &str| json!({"push_source_name": source, "df": {}, "to": to});
    check("/push", &push("gone", "online"), (422, "PushSourceNotFoundException"), "'gone'");
    check("/push", &push("driver_push", "offline"), (501, "FeastProviderNotImplementedError"), "log");
    let write = |view: &str, df: Value| json!({"feature_view_name": view, "df": df});
    check("/write-to-online-store", &write("gone", json!({})), (404, "FeatureViewNotFoundException"), "gone");
    check("/write-to-online-store", &write("product_stats", json!({})), (400, "FeastError"), "computed");
    let lacking = json!({"driver_id": [1], "event_timestamp": ["2026-11-20"]});
    check("/write-to-online-store", &write("driver_hourly_stats", lacking), (400, "FeastError"), "conv_rate");
    let gone = json!({"end_ts": "2026-11-20T20:43:04", "feature_views": ["gone"]});
    check("/materialize", &gone, (404, "FeatureViewNotFoundException"), "gone");
    check("/search", &json!(SEARCH), (501, "FeastProviderNotImplementedError"), "vectors");
}

#[test]
fn refusals_of_others_are_encoded_too() {
    let shop = shop();
    // As long as this is held there is no memory for anybody who asks.
    let held = shop.api.admission.fill_asking();
    for path in PATHS {
        let (status, headers, text) = shop.answer("POST", path, &[("content-length", "100000")], BY_LIST);
        assert_eq!((status, exception(&text).0.as_str()), (429, "FeastError"), "{path}");
        assert!(headers.contains_key("retry-after") && headers["content-type"] == "application/json");
    }
    drop(held);
    let large = vec![b' '; 600_000];
    let (status, _, text) = shop.answer("POST", "/push", &[], large);
    assert_eq!((status, exception(&text).0.as_str()), (413, "FeastError"));
    let (status, _, text) = shop.answer("GET", "/v1/features/gone", &[], "");
    assert!(status != 200 && text.starts_with('{'), "others keep their problem documents: {text}");
}

#[test]
fn odd_bodies_are_no_failure_of_ours() {
    never_fails("POST", "/get-online-features", &[], &[BY_LIST, BY_SERVICE]);
    never_fails("POST", "/write-to-online-store", &[], &[WRITE]);
}

#[test]
fn declarations_are_listed_and_their_lineage_told() {
    let shop = shop();
    let get = |path: &str| {
        let (status, text) = shop.send("GET", path, &[], "");
        assert_eq!(status, 200, "{text}");
        text
    };
    let listed: Value = serde_json::from_str(&get("/v1/features")).unwrap();
    let names: Vec<&str> =
        listed["views"].as_array().unwrap().iter().map(|v| v["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["calendar", "category_stats", "driver_hourly_stats", "product_stats", "subject_profile"]
    );
    assert_eq!(listed["services"][0]["models"], json!(["eta"]));
    assert!(get("/v1/features/driver_hourly_stats").contains("\"versions\":[1]"));
    let lineage = get("/v1/features/eta/lineage?format=text");
    assert!(lineage.contains("push:driver_push") && lineage.contains("service  svc"), "{lineage}");
    let edges: Value =
        serde_json::from_str(&get("/v1/features/driver_hourly_stats:conv_rate/lineage")).unwrap();
    assert_eq!(edges["edges"].as_array().unwrap().len(), 3);
    assert_eq!(shop.send("GET", "/v1/features/gone/lineage", &[], "").0, 404);
    let json = [("content-type", "application/json")];
    let wrong = drivers(&json!([{"name": "Rate", "type": "double"}])).to_string();
    let (status, text) = shop.send("PUT", "/v1/features/views/other", &json, wrong);
    assert!(status == 400 && text.contains("\"pointer\":\"/features/0/name\""), "{text}");
    let (status, text) = shop.send("PUT", "/v1/features/views/a", &json, r#"{"name":"b"}"#);
    assert!(status == 400 && text.contains("the path names 'a'"), "{text}");
}
