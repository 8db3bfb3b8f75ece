use serde_json::{Value, json};

use crate::dialects::testing::Shop;

fn ask(shop: &Shop, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let (status, text) = shop.send(method, path, &[("content-type", "application/json")], body.to_string());
    (status, serde_json::from_str(&text).unwrap())
}

fn two_users() -> Shop {
    let shop = Shop::open();
    for (user, device) in [("ada", "d1"), ("bob", "d2"), ("cy", "d3")] {
        let message = json!({"writeKey": "k", "userId": user, "anonymousId": device, "messageId": user});
        assert_eq!(ask(&shop, "POST", "/v1/identify", &message).0, 200);
    }
    shop
}

#[test]
fn a_merge_joins_two_users_and_a_split_parts_them() {
    let shop = two_users();
    let body = json!({"into": "user_id:bob", "from": "user_id:ada", "reason": "same card"});
    let (status, merged) = ask(&shop, "POST", "/v1/identity/merge", &body);
    assert_eq!((status, &merged["person"]), (200, &json!({"id": "ada", "users": ["ada", "bob"]})));
    let nodes = ["anonymous_id:d1", "anonymous_id:d2", "user_id:ada", "user_id:bob"];
    assert_eq!(merged["nodes"], json!(nodes));
    let edge = &merged["edges"][2];
    assert_eq!(
        (&edge["kind"], &edge["source"], &edge["confidence"]),
        (&json!("merge"), &json!("same card"), &json!(1.0))
    );
    let profile = ask(&shop, "GET", "/v1/profiles/anonymous_id:d2", &Value::Null).1;
    assert_eq!((&profile["subject"], &profile["events"]), (&json!("user_id:ada"), &json!(2)));
    assert_eq!(profile["person"], merged["person"]);
    let body = json!({"subject": "user_id:ada", "reason": "a mistake"});
    let (status, parted) = ask(&shop, "POST", "/v1/identity/split", &body);
    assert_eq!((status, &parted["person"]["users"]), (200, &json!(["ada"])));
    assert_eq!(parted["edges"][1]["ignored"], "undone");
    let profile = ask(&shop, "GET", "/v1/profiles/user_id:bob", &Value::Null).1;
    assert_eq!(
        (&profile["subject"], &profile["events"], &profile["person"]),
        (&json!("user_id:bob"), &json!(1), &Value::Null)
    );
}

#[test]
fn what_cannot_be_merged_or_split_is_refused_with_its_reason() {
    let shop = two_users();
    let refused = |path: &str, body: Value| {
        let (status, answer) = ask(&shop, "POST", path, &body);
        (status, answer["errors"][0]["code"].as_str().unwrap_or_default().to_owned())
    };
    let merge = |into: &str, from: &str, reason: &str| {
        refused("/v1/identity/merge", json!({"into": into, "from": from, "reason": reason}))
    };
    assert_eq!(merge("user_id:ada", "anonymous_id:d2", "r"), (400, "not_a_user".into()));
    assert_eq!(merge("user_id:ada", "user_id:ada", "r"), (400, "same_user".into()));
    assert_eq!(merge("user_id:ada", "user_id:bob", " "), (400, "reason_missing".into()));
    assert_eq!(merge("user_id:ada", "user_id:nobody", "r").0, 404);
    let split = json!({"subject": "user_id:ada", "reason": "r"});
    assert_eq!(refused("/v1/identity/split", split), (400, "not_merged".into()));
    assert_eq!(merge("user_id:ada", "user_id:bob", "r").0, 200);
    assert_eq!(merge("user_id:bob", "user_id:cy", "r").0, 200);
    let split = json!({"subject": "user_id:ada", "from": "user_id:cy", "reason": "r"});
    assert_eq!(refused("/v1/identity/split", split), (400, "not_merged".into()), "Bob is between them");
    assert_eq!(ask(&shop, "GET", "/v1/identity/user_id:nobody", &Value::Null).0, 404);
    assert_eq!(ask(&shop, "GET", "/v1/identity/ada", &Value::Null).0, 400);
}
