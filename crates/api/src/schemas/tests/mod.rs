use serde_json::{Value, json};

use crate::dialects::testing::Shop;

const KEY: (&str, &str) = ("authorization", "Basic azo=");

fn get(shop: &Shop, path: &str) -> (u16, Value) {
    let (status, text) = shop.send("GET", path, &[], String::new());
    (status, serde_json::from_str(&text).unwrap_or_default())
}

#[test]
fn schemas_are_listed_and_shown() {
    let shop = Shop::open();
    let (status, all) = get(&shop, "/v1/schemas");
    let viewed = all.as_array().unwrap().iter().find(|s| s["event"] == "Product Viewed").unwrap();
    assert_eq!(
        (status, &viewed["versions"], &viewed["required"]),
        (200, &json!([1]), &json!(["product_id|sku"]))
    );
    let (status, schema) = get(&shop, "/v1/schemas/order%20completed");
    assert_eq!((status, &schema["title"]), (200, &json!("Order Completed")));
    assert_eq!(get(&shop, "/v1/schemas/Order%20Completed?version=1"), (200, schema));
    for (path, words) in [
        ("/v1/schemas/Order%20Completed?version=9", "newest version is 1"),
        ("/v1/schemas/Ordr%20Completed", "did you mean 'Order Completed'"),
        ("/v1/schemas/nothing", "/v1/schemas lists"),
    ] {
        let (status, problem) = get(&shop, path);
        assert_eq!((status, &problem["code"]), (404, &json!("not-found")), "{path}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
}

#[test]
fn live_events_are_watched_and_strict_ones_refused() {
    let shop = Shop::open();
    let body = |event: &str, properties: Value| {
        json!({"batch": [{"type": "track", "anonymousId": "a", "event": event, "properties": properties}]})
            .to_string()
    };
    let bad =
        || body("product added", json!({"product_id": "p", "price": "cheap", "quantity": 1, "cart_id": "c"}));
    let (status, text) = shop.send("POST", "/v1/batch?strict=1", &[KEY], bad());
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &problem["errors"][0]["code"]), (400, &json!("schema_violation")), "{problem}");
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("price is no number"), "{problem}");
    assert_eq!(get(&shop, "/v1/schemas/findings").1["events"], json!([]), "what is refused is not counted");

    let (status, text) = shop.send("POST", "/v1/batch", &[KEY], bad());
    assert_eq!((status, text.as_str()), (200, r#"{"success":true}"#));
    let fine = body("Product Added", json!({"product_id": "p"}));
    assert_eq!(shop.send("POST", "/v1/batch?strict=1", &[KEY], fine).0, 200);
    let (_, report) = get(&shop, "/v1/schemas/findings");
    let added = &report["events"][0];
    assert_eq!((&added["event"], &added["seen"]), (&json!("Product Added"), &json!(2)));
    assert_eq!(added["findings"][0]["property"], "price");
    assert_eq!((&added["findings"][0]["count"], &added["findings"][0]["share"]), (&json!(1), &json!(0.5)));
}
