use super::*;

const RECEIVED: UtcMillis = UtcMillis::new(1_795_207_420_000);

fn stored_bytes(parsed: &[Parsed]) -> usize {
    parsed.iter().flatten().map(|event| event.encode().unwrap().len()).sum()
}

#[test]
fn a_batchs_context_does_not_multiply() {
    let batch = |messages: usize, context: usize| {
        let message = r#"{"type":"page","userId":"u"}"#;
        let messages = vec![message; messages].join(",");
        let body = format!(r#"{{"batch":[{messages}],"context":{{"x":"{}"}}}}"#, "x".repeat(context));
        assert!(body.len() <= MAX_BODY_BYTES);
        segment_batch(body.as_bytes(), RECEIVED, Origin::Live)
    };
    assert_eq!(batch(2_000, 400_000).unwrap_err().code, Code::BatchInvalid);
    assert_eq!(batch(2_500, 3_400).unwrap_err().code, Code::BatchInvalid);
    let taken = batch(2_500, 3_000).unwrap();
    assert!(taken.iter().all(Result::is_ok) && stored_bytes(&taken) < 10 << 20);
    assert!(batch(20, 400_000).unwrap().iter().all(Result::is_ok));
}

#[test]
fn a_measurements_user_does_not_multiply() {
    let items = vec!["{}"; 200].join(",");
    let event = format!(r#"{{"name":"view_item","params":{{"items":[{items}]}}}}"#);
    let measurement = |value: usize| {
        let events = vec![event.as_str(); 25].join(",");
        let user = format!(r#"{{"tier":{{"value":"{}"}}}}"#, "x".repeat(value));
        let body = format!(r#"{{"client_id":"c","user_properties":{user},"events":[{events}]}}"#);
        assert!(body.len() <= MAX_BODY_BYTES);
        ga4(&body, RECEIVED).unwrap()
    };
    let large = measurement(400_000);
    assert_eq!((large.len(), stored_bytes(&large)), (25, 0), "none is taken, and each is told");
    assert!(
        large.iter().flatten().next().is_none() && large[0].as_ref().unwrap_err().code == "event_too_large"
    );
    assert_eq!(measurement(20).iter().filter(|parsed| parsed.is_ok()).count(), 25 * 200);
}

#[test]
fn a_reject_does_not_quote_everything() {
    let long = "x".repeat(100_000);
    let body = format!(r#"{{"client_id":"c","events":"{long}"}}"#);
    let reject = ga4(&body, RECEIVED).unwrap_err();
    assert!(
        reject.message.contains("invalid type") && reject.message.len() < 600,
        "{}",
        reject.message.len()
    );
    let body = format!(r#"{{"placements":"{long}"}}"#);
    assert!(ask(body.as_bytes()).unwrap_err().detail.len() < 1_100);
    let body = format!(r#"{{"event":"e","distinct_id":"d","offset":"{}"}}"#, &long[..30_000]);
    let rejects = posthog(body.as_bytes(), RECEIVED).unwrap();
    assert!(rejects[0].as_ref().unwrap_err().message.len() < 600);
}

#[test]
fn a_decision_is_for_ids_that_events_can_have() {
    let check = |id: usize, cart: usize, pointer: Option<&str>| {
        let (id, cart) = ("i".repeat(id), "c".repeat(cart));
        let body = format!(
            r#"{{"placements":[{{"name":"home.for_you"}}],"subject":{{"userId":"{id}"}},"context":{{"cart":["{cart}"]}}}}"#
        );
        let refused = ask(body.as_bytes()).err().map(|problem| problem.errors[0].pointer.clone());
        assert_eq!(refused.as_deref(), pointer);
    };
    check(512, 512, None);
    check(513, 512, Some("/subject/userId"));
    check(512, 513, Some("/context/cart/0"));
}
