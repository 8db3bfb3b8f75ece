//! What events should look like: the command line, a shop's own schemas, and what live events lack.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{House, exits, view};

const OWN: &str = r#"{"event": "Size Guide Opened", "version": 2, "description": "Somebody looked sizes up.",
    "properties": {"product_id": {"type": "string", "required": true, "description": "For which product."}}}"#;

fn json_of(out: &str) -> Value {
    serde_json::from_str(out.trim()).unwrap_or_else(|e| panic!("{e}: {out}"))
}

/// A folder with a shop's schema and a configuration that names it.
fn with_own(dir: &Path, own: &str) {
    fs::create_dir(dir.join("schemas")).unwrap();
    fs::write(dir.join("schemas/size-guide.json"), own).unwrap();
    fs::write(dir.join("schemas/README.txt"), "no schema").unwrap();
    let toml = format!("collect.schemas_dir = '{}'\n", dir.join("schemas").display());
    fs::write(dir.join("tradewind.toml"), toml).unwrap();
}

#[test]
fn payloads_are_checked_and_errors_exit_with_6() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    fs::write(dir.join("fine.json"), view("m1", "a", "p1").to_string()).unwrap();
    let (out, _) = exits(dir, &["schema", "check", "fine.json"], 0);
    assert!(
        out.contains("1 × Product Viewed, version 1") && out.contains("currency is recommended"),
        "{out}"
    );
    assert!(out.contains("→ adding up amounts"), "what it would have enabled: {out}");

    let mut bad = view("m2", "a", "p2");
    bad["properties"]["price"] = "12,50 €".into();
    fs::write(dir.join("bad.jsonl"), format!("{}\n{bad}\n", view("m1", "a", "p1"))).unwrap();
    let (out, err) = exits(dir, &["schema", "check", "bad.jsonl"], 6);
    assert!(
        out.contains("error     50 %  price is no number") && out.contains("(first in message 2)"),
        "{out}"
    );
    assert!(err.contains("1 error"), "{err}");
    for arguments in [
        &["schema", "check", "bad.jsonl", "--format", "json"][..],
        &["schema", "check", "bad.jsonl", "--json"],
    ] {
        let report = json_of(&exits(dir, arguments, 6).0);
        let worst = &report["events"][0]["findings"][0];
        assert_eq!(
            (&worst["property"], &worst["problem"], &worst["share"]),
            (&json!("price"), &json!("not_money"), &json!(0.5))
        );
    }
    fs::write(dir.join("empty.jsonl"), "\n").unwrap();
    exits(dir, &["schema", "check", "empty.jsonl"], 5);
    exits(dir, &["schema", "check", "missing.jsonl"], 5);
}

#[test]
fn schemas_are_listed_and_shown() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    with_own(dir, OWN);
    let (out, _) = exits(dir, &["schema", "list"], 0);
    assert!(out.lines().any(|l| l.starts_with("Order Completed ") && l.contains("version 1")), "{out}");
    assert!(out.lines().any(|l| l.starts_with("Size Guide Opened ") && l.contains("version 2")), "{out}");
    let (out, _) = exits(dir, &["schema", "show", "order completed"], 0);
    assert!(
        out.lines().any(|l| l.contains("order_id") && l.contains("required") && l.contains("→")),
        "{out}"
    );
    let schema = json_of(&exits(dir, &["schema", "show", "size guide opened", "--json"], 0).0);
    assert_eq!(schema["required"], json!(["product_id"]));
    let (_, err) = exits(dir, &["schema", "show", "Order Complete"], 1);
    assert!(err.contains("did you mean 'Order Completed'"), "{err}");
    let (_, err) = exits(dir, &["schema", "show", "Order Completed", "--schema-version", "7"], 1);
    assert!(err.contains("its versions are [1]"), "{err}");
}

#[test]
fn a_schema_that_does_not_hold_exits_with_3() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path();
    with_own(dir, &OWN.replace("\"string\"", "\"strnig\""));
    for arguments in [&["schema", "list"][..], &["serve", "--port", "0"]] {
        let (_, err) = exits(dir, arguments, 3);
        assert!(err.contains("size-guide.json") && err.contains("strnig"), "{err}");
    }
    fs::write(dir.join("tradewind.toml"), "collect.schemas_dir = 'nowhere'\n").unwrap();
    let (_, err) = exits(dir, &["schema", "list"], 3);
    assert!(err.contains("collect.schemas_dir is nowhere"), "{err}");
}

#[test]
fn live_events_are_measured_against_them() {
    let own = tempfile::tempdir().unwrap();
    with_own(own.path(), OWN);
    let toml = fs::read_to_string(own.path().join("tradewind.toml")).unwrap();
    let house = House::with(&[], &toml);
    let opened = json!({"type": "track", "event": "SIZE GUIDE OPENED", "anonymousId": "a", "properties": {}});
    house.post("/v1/track?strict=1", &opened).is_problem(400, "events-rejected");
    assert_eq!(house.post("/v1/track", &opened).status, 200);
    assert_eq!(house.post("/v1/track", &view("m1", "a", "p1")).status, 200);
    let report = house.get("/v1/schemas/findings").json;
    let of = |name: &str| {
        report["events"].as_array().unwrap().iter().find(|e| e["event"] == name).unwrap().clone()
    };
    let opened = of("Size Guide Opened");
    assert_eq!((&opened["seen"], &opened["version"]), (&json!(1), &json!(2)), "{report}");
    assert_eq!(opened["findings"][0]["problem"], "required_missing");
    assert_eq!(of("Product Viewed")["checked"], 1);
    let metrics = house.get("/metrics").text;
    let line = "tradewind_schema_findings_total{event=\"Size Guide Opened\",problem=\"required_missing\"} 1";
    assert!(metrics.contains(line), "{metrics}");
    assert_eq!(house.get("/v1/schemas/Size%20Guide%20Opened").json["x-version"], 2);
}
