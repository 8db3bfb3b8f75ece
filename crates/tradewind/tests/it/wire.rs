//! What real clients do with HTTP: keys, encodings, browsers, scrapers, mistakes.

use std::io::Write;

use serde_json::json;

use crate::support::{House, KEY, Reply, send, view};

fn batch(message_id: &str) -> Vec<u8> {
    json!({"batch": [view(message_id, "cy", "p1")]}).to_string().into_bytes()
}

fn post(house: &House, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    send(&mut house.client(), "POST", path, headers, body)
}

#[test]
fn keys_come_in_every_known_way() {
    let house = House::with(&[], "collect.write_keys = ['wk']\napi.keys = ['ak']\n");
    for basic in ["Basic d2s6", "Basic d2s=", "basic d2s6"] {
        let reply = post(&house, "/v1/batch", &[("Authorization", basic)], &batch(basic));
        assert_eq!(reply.status, 200, "{basic}: {reply:?}");
    }
    let mut in_body: serde_json::Value = serde_json::from_slice(&batch("in-body")).unwrap();
    in_body["writeKey"] = "wk".into();
    assert_eq!(post(&house, "/v1/batch", &[], in_body.to_string().as_bytes()).status, 200);
    assert_eq!(post(&house, "/beacon/v1/batch?writeKey=wk", &[], &batch("beacon")).status, 200);
    post(&house, "/v1/batch", &[], &batch("none")).is_problem(401, "missing-write-key");
    post(&house, "/v1/batch", &[("authorization", "Basic b3RoZXI6")], &batch("other"))
        .is_problem(401, "unknown-write-key");
    let profile = |headers: &[(&str, &str)]| {
        send(&mut house.client(), "GET", "/v1/profiles/anonymous_id:cy", headers, b"")
    };
    profile(&[]).is_problem(401, "missing-api-key");
    profile(&[KEY]).is_problem(401, "missing-api-key");
    profile(&[("x-api-key", "wk")]).is_problem(401, "unknown-api-key");
    assert_eq!(profile(&[("authorization", "Bearer ak")]).json["events"], 5);
    assert_eq!(profile(&[("X-API-Key", "ak")]).status, 200);
    post(&house, "/v1/decide", &[], b"{\"placements\":[{\"name\":\"home.for_you\"}]}")
        .is_problem(401, "missing-api-key");
}

#[test]
fn bodies_come_compressed_and_as_plain_text() {
    let house = House::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&batch("zipped")).unwrap();
    let zipped = gzip.finish().unwrap();
    let reply = post(&house, "/v1/batch", &[KEY, ("content-encoding", "gzip")], &zipped);
    assert_eq!(reply.status, 200, "{reply:?}");
    let plain = [KEY, ("content-type", "text/plain")];
    assert_eq!(post(&house, "/v1/batch", &plain, &batch("plain")).status, 200);
    let track = view("one", "cy", "p1").to_string();
    assert_eq!(post(&house, "/v1/t", &plain, track.as_bytes()).status, 200);
    assert_eq!(house.get("/v1/profiles/anonymous_id:cy").json["events"], 3);
}

#[test]
fn browsers_of_other_origins_may_send() {
    let house = House::with(&[], "collect.allowed_origins = ['https://shop.example']\n");
    let preflight = |origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ];
        send(&mut house.client(), "OPTIONS", "/v1/batch", &headers, b"")
    };
    let allowed = preflight("https://shop.example");
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://shop.example"));
    assert!(allowed.header("access-control-allow-headers").unwrap().contains("authorization"));
    assert!(allowed.header("access-control-allow-methods").unwrap().contains("POST"));
    assert_eq!(preflight("https://evil.example").header("access-control-allow-origin"), None);
    let sent = post(&house, "/v1/batch", &[KEY, ("origin", "https://shop.example")], &batch("cors"));
    assert_eq!((sent.status, sent.header("vary")), (200, Some("Origin")));
    assert_eq!(sent.header("access-control-allow-origin"), Some("https://shop.example"));
}

#[test]
fn metrics_have_units_and_help() {
    let house = House::new();
    assert_eq!(post(&house, "/v1/batch", &[KEY], &batch("counted")).status, 200);
    house.server.drained().unwrap();
    post(&house, "/v1/decide", &[], b"{\"placements\":[{\"name\":\"home.for_you\"}]}");
    let text = house.get("/metrics").text;
    let names = [
        ("tradewind_events_durable_total", "counter"),
        ("tradewind_events_applied_total", "counter"),
        ("tradewind_log_append_seconds", "histogram"),
        ("tradewind_projection_lag_records", "gauge"),
        ("tradewind_projection_batch_seconds", "histogram"),
        ("tradewind_http_requests_total", "counter"),
        ("tradewind_http_request_seconds", "histogram"),
        ("tradewind_decisions_total", "counter"),
        ("tradewind_decision_seconds", "histogram"),
    ];
    for (name, kind) in names {
        assert!(text.contains(&format!("# TYPE {name} {kind}\n")), "{name}\n{text}");
        assert!(text.contains(&format!("# HELP {name} ")), "no HELP of {name}\n{text}");
    }
    assert!(text.contains("tradewind_events_applied_total 1\n"), "{text}");
}

#[test]
fn a_trace_goes_through() {
    let house = House::new();
    let trace = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let reply = send(&mut house.client(), "GET", "/livez", &[trace], b"");
    assert_eq!(reply.header("x-request-id"), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    let own = house.get("/livez").header("x-request-id").map(str::len);
    assert_eq!(own, Some(32));
}

#[test]
fn the_documentation_is_served() {
    let house = House::new();
    let openapi = house.get("/openapi.json").json;
    assert!(openapi["openapi"].as_str().unwrap().starts_with("3.1"), "{}", openapi["openapi"]);
    for path in ["/v1/batch", "/v1/decide", "/v1/profiles/{subject}", "/v1/stats"] {
        assert!(openapi["paths"][path].is_object(), "{path}");
    }
    assert_eq!(house.get("/docs").status, 200);
    let problem = post(&house, "/v1/batch", &[KEY], b"{");
    let page = house.get(problem.json["type"].as_str().unwrap());
    assert_eq!(page.status, 200, "{page:?}");
}

#[test]
fn mistakes_are_problems() {
    let house = House::new();
    house.get("/nowhere").is_problem(404, "not-found");
    house.get("/v1/nowhere").is_problem(404, "not-found");
    house.get("/v1/batch").is_problem(405, "method-not-allowed");
    send(&mut house.client(), "DELETE", "/v1/stats", &[], b"").is_problem(405, "method-not-allowed");
    house.get("/v1/profiles/nonsense").is_problem(400, "invalid-request");
    house.get("/v1/profiles/anonymous_id:%ff").is_problem(400, "invalid-request");
    post(&house, "/v1/batch", &[KEY], b"").is_problem(400, "invalid-json");
    post(&house, "/v1/batch", &[KEY], b"{\"batch\":[]}").is_problem(400, "batch-invalid");
    post(&house, "/v1/batch?strict=1&strict=0", &[KEY], &batch("x")).is_problem(400, "invalid-request");
    let unknown = post(&house, "/v1/decide", &[], b"{\"placements\":[{\"name\":\"nowhere\"}]}");
    unknown.is_problem(400, "unknown-placement");
    assert_eq!(unknown.json["errors"][0]["pointer"], "/placements/0/name");
}
