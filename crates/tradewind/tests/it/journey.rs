//! One shopper's way over HTTP, from an empty data directory on.

use serde_json::{Value, json};

use crate::support::{House, send, view};

const ALL_PLACEMENTS: [&str; 6] = [
    "home.for_you",
    "home.trending",
    "home.recently_viewed",
    "product.similar",
    "product.bought_together",
    "cart.add_ons",
];

fn slots(decision: &Value, placement: usize) -> Vec<&str> {
    let slots = decision["placements"][placement]["slots"].as_array().unwrap();
    slots.iter().map(|slot| slot["productId"].as_str().unwrap()).collect()
}

fn recently_viewed(who: &str) -> Value {
    json!({"subject": {"anonymousId": who}, "placements": [{"name": "home.recently_viewed"}]})
}

#[test]
fn an_empty_house_answers_all_the_same() {
    let house = House::new();
    assert_eq!((house.get("/livez").status, house.get("/readyz").status), (200, 200));
    for name in ALL_PLACEMENTS {
        let asked = json!({"subject": {"anonymousId": "nobody"}, "placements": [{"name": name, "anchors": ["none"]}],
            "context": {"cart": ["none"]}});
        let reply = house.post("/v1/decide", &asked);
        assert_eq!(reply.status, 200, "{name}: {reply:?}");
        assert!(slots(&reply.json, 0).is_empty(), "{reply:?}");
        assert!(reply.json["decisionId"].is_string(), "{reply:?}");
    }
    let trending = house.post("/v1/decide", &json!({"placements": [{"name": "home.trending"}]}));
    assert_eq!(trending.json["placements"][0]["degraded"], true, "{trending:?}");
    house.get("/v1/profiles/anonymous_id:nobody").is_problem(404, "not-found");
    let stats = house.get("/v1/stats").json;
    assert_eq!((&stats["eventsTotal"], &stats["modelVersion"]), (&0.into(), &Value::Null));
}

#[test]
fn a_click_is_in_the_very_next_decision() {
    let house = House::new();
    let (mut sender, mut asker) = (house.client(), house.client());
    for n in 0..200 {
        let (who, product) = (format!("who-{n}"), format!("p{n}"));
        let event = view(&format!("m{n}"), &who, &product).to_string();
        let taken = send(&mut sender, "POST", "/v1/track", &[crate::support::KEY], event.as_bytes());
        assert_eq!(taken.status, 200, "{taken:?}");
        let asked = recently_viewed(&who).to_string();
        let decision = send(&mut asker, "POST", "/v1/decide", &[], asked.as_bytes());
        assert_eq!(slots(&decision.json, 0), [product], "after {n}: {decision:?}");
    }
}

#[test]
fn sessions_and_identities() {
    let house = House::new();
    let batch: Vec<Value> = (0..5).map(|n| view(&format!("s{n}"), "ann", &format!("p{n}"))).collect();
    assert_eq!(house.post("/v1/batch", &json!({"batch": batch})).status, 200);
    let profile = house.get("/v1/profiles/anonymous_id:ann").json;
    assert_eq!((&profile["sessions"], &profile["session"]["active"]), (&1.into(), &true.into()), "{profile}");
    assert_eq!(profile["session"]["items"], json!(["p0", "p1", "p2", "p3", "p4"]), "{profile}");
    let login = json!({"messageId": "login", "anonymousId": "ann", "userId": "u-1", "traits": {"plan": "x"}});
    assert_eq!(house.post("/v1/identify", &login).status, 200);
    for subject in ["anonymous_id:ann", "user_id:u-1"] {
        let profile = house.get(&format!("/v1/profiles/{subject}")).json;
        assert_eq!(
            (&profile["subject"], &profile["events"]),
            (&"user_id:u-1".into(), &6.into()),
            "{profile}"
        );
    }
}

#[test]
fn an_order_is_remembered() {
    let house = House::new();
    let add = json!({"type": "track", "event": "Product Added", "messageId": "a", "anonymousId": "bo",
        "properties": {"product_id": "p1", "quantity": 2}});
    let order = json!({"type": "track", "event": "Order Completed", "messageId": "o", "anonymousId": "bo",
        "properties": {"order_id": "1", "revenue": 20.5, "currency": "EUR",
            "products": [{"product_id": "p1", "price": 10.25, "quantity": 2}]}});
    assert_eq!(house.post("/v1/batch", &json!({"batch": [add]})).status, 200);
    let profile = house.get("/v1/profiles/anonymous_id:bo").json;
    assert_eq!(profile["cart"], json!([{"productId": "p1", "quantity": 2}]), "{profile}");
    assert_eq!(house.post("/v1/batch", &json!({"batch": [order]})).status, 200);
    let profile = house.get("/v1/profiles/anonymous_id:bo").json;
    assert_eq!((&profile["cart"], &profile["orders"]), (&json!([]), &1.into()), "{profile}");
    assert_eq!(profile["revenueMinor"], json!({"EUR": 2050}), "{profile}");
    assert_eq!(profile["bought"], json!(["p1"]), "{profile}");
}

#[test]
fn a_message_counts_once() {
    let house = House::new();
    let batch =
        json!({"batch": [view("same", "eve", "p1"), view("same", "eve", "p1"), view("other", "eve", "p1")]});
    for _ in 0..3 {
        assert_eq!(house.post("/v1/batch", &batch).json, json!({"success": true}));
    }
    assert_eq!(house.post("/v1/track", &view("same", "eve", "p1")).status, 200);
    let house = house.restart();
    assert_eq!(house.post("/v1/batch", &batch).status, 200);
    assert_eq!(house.get("/v1/profiles/anonymous_id:eve").json["events"], 2);
    assert_eq!(house.server.drained().unwrap()["eventsTotal"], 2);
}

#[test]
fn a_graceful_end_keeps_everything() {
    let mut house = House::new();
    for round in 1..=3_u64 {
        let batch: Vec<Value> =
            (0..100).map(|n| view(&format!("r{round}-{n}"), &format!("who-{}", n % 10), "p")).collect();
        assert_eq!(house.post("/v1/batch", &json!({"batch": batch})).status, 200);
        let decided = house.post("/v1/decide", &recently_viewed("who-1"));
        house = house.restart();
        let stats = house.server.drained().unwrap();
        assert_eq!(stats["eventsTotal"], round * 100, "{stats}");
        assert_eq!(house.get("/v1/profiles/anonymous_id:who-1").json["events"], round * 10);
        let again = house.post("/v1/decide", &recently_viewed("who-1"));
        assert_eq!(slots(&decided.json, 0), slots(&again.json, 0));
    }
}

#[test]
fn strict_takes_all_or_nothing() {
    let house = House::new();
    let batch = json!({"batch": [view("good", "sue", "p1"), {"type": "track", "event": "x"}, 7]});
    let refused = house.post("/v1/batch?strict=1", &batch);
    refused.is_problem(400, "events-rejected");
    assert_eq!(refused.json["errors"].as_array().unwrap().len(), 2, "{refused:?}");
    house.get("/v1/profiles/anonymous_id:sue").is_problem(404, "not-found");
    let taken = house.post("/v1/batch", &batch);
    assert_eq!((taken.status, &taken.json["success"]), (200, &true.into()), "{taken:?}");
    let pointers: Vec<_> =
        taken.json["rejected"].as_array().unwrap().iter().map(|r| r["pointer"].clone()).collect();
    assert_eq!(pointers, ["/batch/1", "/batch/2"]);
    assert_eq!(house.get("/v1/profiles/anonymous_id:sue").json["events"], 1);
    let kept = house.get("/v1/rejected").json;
    assert_eq!(kept.as_array().unwrap().len(), 4, "{kept}");
}
