//! Audiences as they are defined, asked for and searched.

use serde_json::{Value, json};
use tradewind_audiences::Worker;

use super::*;
use crate::dialects::testing::Shop;

fn track(shop: &Shop, who: &str, event: &str) {
    let body = json!({"anonymousId": who, "event": event, "properties": {"product_id": "p"}});
    let headers = [("authorization", "Basic azo="), ("content-type", "application/json")];
    let (status, text) = shop.send("POST", "/v1/track", &headers, body.to_string());
    assert_eq!(status, 200, "{text}");
    shop.counts();
}

fn call(shop: &Shop, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, text) = shop.send(method, path, &[("content-type", "application/json")], body);
    (status, serde_json::from_str(&text).unwrap_or_default())
}

fn keep(shop: &Shop) {
    Worker::new(Arc::clone(&shop.api.pipeline)).settle().unwrap();
}

#[test]
fn an_audience_is_put_shown_searched_and_deleted() {
    let shop = Shop::open();
    for (who, times) in [("a", 3), ("b", 1), ("c", 4)] {
        (0..times).for_each(|_| track(&shop, who, "Product Viewed"));
    }
    let lookers = json!({"rule": "count_events('Product Viewed', 7) >= 3", "description": "Those who look"});
    let (status, put) = call(&shop, "PUT", "/v1/audiences/lookers", &lookers);
    assert_eq!(status, 200, "{put}");
    assert_eq!((&put["revision"], &put["size"], &put["evaluating"]), (&json!(1), &json!(0), &json!(true)));
    assert_eq!((&put["purpose"], &put["told"]), (&json!("personalization"), &json!(false)));
    keep(&shop);
    let (_, shown) = call(&shop, "GET", "/v1/audiences/lookers", &Value::Null);
    assert_eq!((&shown["size"], &shown["evaluating"]), (&json!(2), &json!(false)));
    let (_, all) = call(&shop, "GET", "/v1/audiences", &Value::Null);
    assert_eq!(all["audiences"].as_array().unwrap().len(), 1);
    let profile = |who: &str| call(&shop, "GET", &format!("/v1/profiles/anonymous_id:{who}"), &Value::Null).1;
    assert_eq!(
        ["a", "b"].map(|who| profile(who)["audiences"].clone()),
        [json!(["lookers"]), json!([])],
        "{}",
        profile("a")
    );
    shop.api.pipeline.sync().unwrap();
    let page = json!({"audience": "lookers", "limit": 1});
    let (_, first) = call(&shop, "POST", "/v1/profiles/search", &page);
    assert_eq!(first["subjects"], json!(["anonymous_id:a"]), "{first}");
    let page = json!({"audience": "lookers", "after": first["next"]});
    let (_, second) = call(&shop, "POST", "/v1/profiles/search", &page);
    assert_eq!(second["subjects"], json!(["anonymous_id:c"]));
    let (status, _) = call(&shop, "DELETE", "/v1/audiences/lookers", &Value::Null);
    assert_eq!((status, &profile("a")["audiences"]), (200, &json!([])));
    let gone = call(&shop, "GET", "/v1/audiences/lookers", &Value::Null).0;
    assert_eq!((gone, call(&shop, "DELETE", "/v1/audiences/lookers", &Value::Null).0), (404, 404));
    assert_eq!(call(&shop, "POST", "/v1/profiles/search", &json!({"audience": "lookers"})).0, 404);
}

#[test]
fn what_is_no_audience_is_refused_and_says_where() {
    let shop = Shop::open();
    let refused = |name: &str, body: Value| {
        let (status, problem) = call(&shop, "PUT", &format!("/v1/audiences/{name}"), &body);
        assert_eq!(status, 400, "{problem}");
        let error = &problem["errors"][0];
        let [pointer, code, detail] = ["pointer", "code", "detail"].map(|f| error[f].as_str().unwrap());
        format!("{pointer} {code}: {detail}")
    };
    let unknown = refused("vip", json!({"rule": "orders > 1 &&\n  order_valu > 7"}));
    assert!(
        unknown.starts_with("/rule unknown_trait: 'order_valu' (line 2, column 3) is no trait"),
        "{unknown}"
    );
    let syntax = refused("vip", json!({"rule": "orders >"}));
    assert!(syntax.starts_with("/rule rule_syntax: the rule does not read (line 1, column"), "{syntax}");
    let call_of_nothing = refused("vip", json!({"rule": "count('x') > 1"}));
    assert!(call_of_nothing.contains("unknown_function"), "{call_of_nothing}");
    assert!(refused("VIP", json!({"rule": "orders > 1"})).starts_with("/name"));
    assert!(refused("vip", json!({"rule": "orders > 1", "purpose": "sales"})).starts_with("/purpose"));
    let long = "x".repeat(501);
    assert!(refused("vip", json!({"rule": "orders > 1", "description": long})).starts_with("/description"));
    let vip = json!({"rule": "orders > 1", "purpose": "marketing_email"});
    let (_, put) = call(&shop, "PUT", "/v1/audiences/vip", &vip);
    assert_eq!((&put["told"], &put["revision"]), (&json!(true), &json!(1)));
    let again = call(&shop, "PUT", "/v1/audiences/vip", &vip).1;
    assert_eq!(again["revision"], 1, "nothing has changed");
    let other = refused("vip", json!({"rule": "orders > 1", "purpose": "ads_sharing"}));
    assert!(other.contains("marketing_email"), "{other}");
    let both = json!({"rule": "orders > 1", "audience": "vip"});
    assert_eq!(call(&shop, "POST", "/v1/profiles/search", &both).0, 400);
    assert_eq!(call(&shop, "POST", "/v1/profiles/search", &json!({})).0, 400);
}
