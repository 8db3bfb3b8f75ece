use super::*;

const RECEIVED: UtcMillis = UtcMillis::new(1_795_207_360_000);

fn envelope() -> Envelope<'static> {
    Envelope {
        received: RECEIVED,
        sent: None,
        context: None,
        origin: Origin::Live,
        kind: None,
        sender: Sender::nobody(),
    }
}

#[track_caller]
fn check(json: &str, code: &str) {
    match parse(json, &envelope()) {
        Ok(_) => assert_eq!(code, "taken", "{json}"),
        Err(reject) => assert_eq!(reject.code, code, "{json}: {}", reject.message),
    }
}

#[test]
fn what_is_taken_and_what_is_not() {
    check(r#"{"type":"track","event":"Product Viewed","userId":"u"}"#, "taken");
    check(r#"{"type":"TRACK","event":"x","userId":7,"properties":null}"#, "taken");
    check(r#"{"type":"identify","anonymousId":"a","traits":{}}"#, "taken");
    check(r#"{"type":"alias","previousId":"a","userId":"u"}"#, "taken");
    check(r#"{"type":"page","anonymousId":"a","timestamp":"tomorrow"}"#, "taken");
    check(r#"{"type":"alias","userId":"u"}"#, "alias_incomplete");
    check(r#"{"type":"track","userId":"u"}"#, "event_missing");
    check(r#"{"type":"track","event":"x","userId":"","anonymousId":null}"#, "id_missing");
    check(r#"{"type":"group","userId":"u"}"#, "group_id_missing");
    check(r#"{"event":"x","userId":"u"}"#, "type_missing");
    check(r#"{"type":"pony","userId":"u"}"#, "type_unknown");
    check(
        &format!(r#"{{"type":"page","userId":"u","messageId":"{}"}}"#, "m".repeat(101)),
        "message_id_too_long",
    );
    check(&format!(r#"{{"type":"page","userId":"{}"}}"#, "ü".repeat(513)), "id_too_long");
    check(&format!(r#"{{"type":"page","userId":"u","category":"{}"}}"#, "c".repeat(513)), "id_too_long");
    check(&format!(r#"{{"type":"page","userId":"u","x":"{}"}}"#, "x".repeat(33_000)), "event_too_large");
    for json in
        ["[]", "3", "null", "\"x\"", r#"{"type":{}}"#, r#"{"type":"page","userId":"u","properties":[]}"#]
    {
        check(json, "malformed");
    }
}

/// Bodies that the published clients put on the wire.
#[test]
fn real_clients_variants() {
    let node = r#"{"timestamp":"2026-11-20T20:42:32.403Z","event":"product viewed ","type":"track","properties":{"product_id":"p1"},"context":{"library":{"name":"@segment/analytics-node"}},"userId":"u1","anonymousId":"an1","messageId":"node-next-1-x"}"#;
    let sent = UtcMillis::parse("2026-11-20T20:42:32.416Z").ok();
    let event = parse(node, &Envelope { sent, ..envelope() }).unwrap();
    assert_eq!(event.name.as_deref(), Some("Product Viewed"));
    assert_eq!(event.occurred_at, RECEIVED.plus(-13));
    let rudder = r#"{"userId":"u1","event":"E","type":"track","channel":"server","originalTimestamp":"2026-11-20T20:42:32.786Z","sentAt":"2026-11-20T20:42:32.886Z","messageId":"m"}"#;
    let event = parse(rudder, &envelope()).unwrap();
    assert_eq!(event.occurred_at, RECEIVED.plus(-100));
    let browser = r#"{"timestamp":"2026-11-20T20:42:36.717Z","type":"page","properties":{"path":"/p/1"},"category":"cat","name":"home","anonymousId":"a","userId":null}"#;
    let event = parse(browser, &envelope()).unwrap();
    assert_eq!((event.name.as_deref(), event.user_id), (Some("cat home"), None));
}

#[test]
fn a_batchs_context_lies_under_the_messages() {
    let outer = RawValue::from_string(r#"{"ip":"1","app":{"name":"shop","build":1}}"#.into()).unwrap();
    let json = r#"{"type":"page","userId":"u","context":{"app":{"build":2}}}"#;
    let event = parse(json, &Envelope { context: Some(&outer), ..envelope() }).unwrap();
    let context: Value = serde_json::from_str(event.context.unwrap().get()).unwrap();
    assert_eq!(context, serde_json::json!({"ip": "1", "app": {"name": "shop", "build": 2}}));
}
