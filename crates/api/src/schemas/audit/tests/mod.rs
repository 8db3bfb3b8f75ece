use std::fmt::Write;

use serde_json::{Value, json};

use super::*;

const NOW: UtcMillis = UtcMillis::new(1_795_207_420_000);

fn audit(text: &str) -> AuditReport {
    let registry = Registry::default();
    let mut audit = Audit::new(&registry, NOW);
    audit.text(text);
    audit.finish()
}

/// What was found of an event, as `property problem count`.
fn found(report: &AuditReport, event: &str) -> Vec<String> {
    let event = report.events.iter().find(|e| e.event == event);
    let findings = event.map_or(&[][..], |e| &e.findings[..]);
    findings.iter().map(|f| format!("{} {} {}", f.property, f.problem, f.count)).collect()
}

fn order(id: &str) -> Value {
    json!({"type": "track", "event": "order completed", "userId": "u", "messageId": id, "timestamp": NOW.to_rfc3339(),
        "properties": {"order_id": id, "revenue": 1, "currency": "EUR", "cart_id": "c",
            "products": [{"product_id": "p", "price": 1, "quantity": 1}]}})
}

#[test]
fn a_list_a_batch_lines_and_one_message_are_the_same() {
    let messages = [order("1"), order("2"), order("3")];
    let lines: String = messages.iter().fold(String::new(), |mut all, m| {
        writeln!(all, "{m}\r\n").unwrap();
        all
    });
    let batch = json!({"batch": messages, "sentAt": NOW.to_rfc3339()});
    let forms = [
        json!(messages).to_string(),
        serde_json::to_string_pretty(&batch).unwrap(),
        format!("\u{feff}{lines}"),
        format!("{batch}\n"),
        format!("{}\n{}", order("1"), json!({"batch": [order("2"), order("3")]})),
    ];
    for form in forms {
        let report = audit(&form);
        assert_eq!((report.messages, report.errors, report.warnings, report.notes), (3, 0, 0, 0), "{form}");
        assert_eq!(report.events[0].event, "Order Completed");
    }
    assert_eq!(audit(&order("1").to_string()).messages, 1);
    assert_eq!(audit(" \n ").messages, 0);
}

#[test]
fn shares_are_of_the_events_of_that_name() {
    let mut worse = order("2");
    worse["properties"]["revenue"] = "a lot".into();
    worse["properties"]["curency"] = worse["properties"]["currency"].take();
    let report = audit(&json!([order("1"), worse, order("3"), order("4")]).to_string());
    assert_eq!(
        found(&report, "Order Completed"),
        ["revenue not_money 1", "curency unknown_property 1", "currency recommended_missing 1",]
    );
    let findings = &report.events[0].findings;
    assert!(findings.iter().all(|f| f.share == 0.25 && f.first_message == Some(2)));
    assert_eq!(findings[1].did_you_mean.as_deref(), Some("currency"));
    assert!(findings[2].enables.contains("adding up amounts"), "{findings:?}");
    assert_eq!((report.errors, report.warnings), (1, 2));
}

#[test]
fn ids_and_times() {
    let with = |name: &str, value: Value| {
        let mut message = order("9");
        message[name] = value;
        found(&audit(&message.to_string()), "Order Completed")
    };
    assert_eq!(with("messageId", Value::Null), ["messageId message_id_missing 1"]);
    assert_eq!(with("timestamp", Value::Null), ["timestamp time_missing 1"]);
    assert_eq!(with("timestamp", "soon".into()), ["timestamp not_a_time 1"]);
    assert_eq!(with("timestamp", NOW.plus(4 * UtcMillis::MINUTE).to_rfc3339().into()), [""; 0]);
    assert_eq!(
        with("timestamp", NOW.plus(6 * UtcMillis::MINUTE).to_rfc3339().into()),
        ["timestamp time_in_future 1"]
    );
    // A clock that is ahead is no mistake when the time of sending says the same.
    let ahead = NOW.plus(UtcMillis::DAY).to_rfc3339();
    let mut message = order("9");
    message["timestamp"] = ahead.clone().into();
    let batch = json!({"batch": [message], "sentAt": ahead});
    assert_eq!(found(&audit(&batch.to_string()), "Order Completed"), [""; 0]);
    assert_eq!(
        found(&audit(&json!([order("1"), order("1")]).to_string()), "Order Completed"),
        ["messageId message_id_repeated 1"]
    );
}

#[test]
fn what_the_collector_rejects_is_an_error_by_the_same_name() {
    let lines = [
        "{\"type\":\"track\",\"messageId\":\"1\",\"timestamp\":0,\"anonymousId\":\"a\"}",
        "{\"type\":\"identify\",\"messageId\":\"2\",\"timestamp\":0,\"traits\":{\"email\":\"a@b.example\",\"note\":\"a@b.example\"},\"userId\":\"u\"}",
        "{\"type\":\"identify\",\"messageId\":\"3\",\"timestamp\":0}",
        "{\"type\":\"track\",\"event\":\"Product Viewd\",\"messageId\":\"4\",\"timestamp\":0,\"userId\":\"u\"}",
        "no json",
    ];
    let report = audit(&lines.join("\n"));
    assert_eq!(found(&report, "track"), [" event_missing 1"]);
    assert_eq!(found(&report, "identify"), [" id_missing 1", "traits.note mail_address 1"]);
    assert_eq!(found(&report, UNREADABLE), [" malformed 1"]);
    let typo = report.events.iter().find(|e| e.event == "Product Viewd").unwrap();
    assert_eq!((typo.version, typo.did_you_mean.as_deref()), (None, Some("Product Viewed")));
}

/// What published clients send when they are driven, if the recordings are there.
#[test]
fn recordings_of_real_clients() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/contracts/captures");
    let Ok(files) = std::fs::read_dir(dir) else {
        println!("SKIPPED: there are no recordings at {dir}");
        return;
    };
    let mut bodies = String::new();
    for file in files {
        for line in std::fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let request: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
            if text("m") == "POST" && text("u").starts_with("/v1/") && !text("b").is_empty() {
                writeln!(bodies, "{}", text("b").replace('\n', " ")).unwrap();
            }
        }
    }
    let report = audit(&bodies);
    assert!(report.messages >= 20, "{report:?}");
    assert_eq!((report.errors, report.notes), (0, 0), "{report:?}");
    let viewed = found(&report, "Product Viewed");
    assert!(viewed.iter().any(|f| f.starts_with("price recommended_missing")), "{viewed:?}");
    let clean = |event: &str| report.events.iter().any(|e| e.event == event && e.findings.is_empty());
    assert!(["identify", "page", "alias", "group"].into_iter().all(clean), "{report:?}");
}
