use serde_json::json;

use super::*;
use crate::dialects::testing::{RECEIVED, Shop, event_of, never_fails, value_of};

const PATH: &str = "/com.snowplowanalytics.snowplow/tp2";
/// What @snowplow/node-tracker 4.8.0 sends; the application's id is our key.
const CAPTURE: &str = r#"{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{"e":"pv","url":"https://x/","page":"t","eid":"d34be272-4b86-445f-a6cc-c18c42d1c2bc","p":"srv","tv":"node-4.8.0","tna":"n","aid":"k","uid":"u1","dtm":"1795207358739","stm":"1795207358741"},{"e":"ue","eid":"e4dcd46b-a783-4231-9eae-91b2622753f3","p":"srv","tv":"node-4.8.0","tna":"n","aid":"k","uid":"u1","dtm":"1795207358740","ue_pr":"{\"schema\":\"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0\",\"data\":{\"schema\":\"iglu:com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2\",\"data\":{\"type\":\"add_to_cart\"}}}","co":"{\"schema\":\"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0\",\"data\":[{\"schema\":\"iglu:com.snowplowanalytics.snowplow.ecommerce/product/jsonschema/1-0-0\",\"data\":{\"id\":\"p1\",\"price\":1,\"currency\":\"USD\",\"category\":\"c\"}}]}","stm":"1795207358741"}]}"#;

/// An ecommerce action with entities, as a tracker would write it.
fn action(kind: &str, entities: &[(&str, Value)]) -> Fields {
    let schema =
        |name: &str| format!("iglu:com.snowplowanalytics.snowplow.ecommerce/{name}/jsonschema/1-0-0");
    let event = json!({"schema": "x", "data": {"schema": schema("snowplow_ecommerce_action"), "data": {"type": kind}}});
    let list: Vec<Value> = entities.iter().map(|(n, d)| json!({"schema": schema(n), "data": d})).collect();
    let contexts = json!({"schema": "x", "data": list});
    let value = json!({"e": "ue", "eid": "e1", "duid": "d", "aid": "k", "ue_pr": event.to_string(), "co": contexts.to_string()});
    value.as_object().unwrap().clone()
}

#[test]
fn the_capture_is_taken_once() {
    let shop = Shop::open();
    for _ in 0..2 {
        assert_eq!(shop.post(PATH, CAPTURE), (200, "ok".into()));
    }
    assert_eq!(shop.counts(), [("Product Added".to_owned(), 1), ("page".to_owned(), 1)]);
    assert_eq!(shop.profile("user_id:u1").unwrap().cart.len(), 1);
    assert_eq!(shop.post(PATH, &CAPTURE.replace(r#""k""#, r#""other""#)).0, 401);
}

#[test]
fn ids_times_and_entities_are_mapped() {
    let payload: Payload<'_> = serde_json::from_str(CAPTURE).unwrap();
    let page = event_of(read(payload.data[0].get()).unwrap().remove(0));
    assert_eq!((page.kind, page.name.as_deref()), (Kind::Page, Some("t")));
    assert_eq!(page.message_id, "d34be272-4b86-445f-a6cc-c18c42d1c2bc");
    assert_eq!(page.occurred_at, RECEIVED.plus(-2));
    let added = event_of(read(payload.data[1].get()).unwrap().remove(0));
    assert_eq!(added.name.as_deref(), Some("Product Added"));
    let properties = json!({"product_id": "p1", "price": 1, "currency": "USD", "category": "c"});
    assert_eq!(value_of(added.properties.as_deref()), properties);
}

#[test]
fn an_order_has_its_products_and_views_are_split() {
    let products = [("product", json!({"id": "a", "price": 2})), ("product", json!({"id": "b", "price": 3}))];
    let mut of_order = products.to_vec();
    of_order
        .push(("transaction", json!({"transaction_id": "o1", "revenue": 5, "currency": "EUR", "tax": 1})));
    let order = read(&Value::Object(action("transaction", &of_order)).to_string()).unwrap();
    assert_eq!(order.len(), 1);
    let order = event_of(order.into_iter().next().unwrap());
    assert_eq!(order.anonymous_id.as_deref(), Some("d"));
    let expected = json!({"order_id": "o1", "revenue": 5, "currency": "EUR", "tax": 1,
        "products": [{"product_id": "a", "price": 2}, {"product_id": "b", "price": 3}]});
    assert_eq!(value_of(order.properties.as_deref()), expected);
    let viewed = read(&Value::Object(action("product_view", &products)).to_string()).unwrap();
    let ids: Vec<_> = viewed.iter().map(|d| d.message_id.as_deref().unwrap()).collect();
    assert_eq!(ids, ["e1", "e1#1"]);
}

#[test]
fn base64_and_the_pixel() {
    let shop = Shop::open();
    let mut event = action("list_click", &[("product", json!({"id": "a?>"}))]);
    for (plain, coded) in [("ue_pr", "ue_px"), ("co", "cx")] {
        let text = text_of(&event, plain).unwrap();
        event.remove(plain);
        event.insert(coded.to_owned(), BASE64.encode(text).trim_end_matches('=').into());
    }
    let query: Vec<String> = event.iter().map(|(k, v)| format!("{k}={}", v.as_str().unwrap())).collect();
    let (status, picture) = shop.send("GET", &format!("/i?{}", query.join("&")), &[], "");
    assert!(status == 200 && picture.starts_with("GIF89a"), "{status} {picture}");
    assert_eq!(shop.counts(), [("Product Clicked".to_owned(), 1)]);
}

#[test]
fn bad_ones_are_noted() {
    let shop = Shop::open();
    let path = format!("{PATH}?writeKey=k");
    let bad = r#"{"data":[3,{},{"e":"zz","uid":"u"},{"e":"ue","uid":"u"},{"e":"ue","uid":"u","ue_pr":"{"},{"e":"ue","uid":"u","ue_px":"!"},{"e":"pv"},{"e":"se","uid":"u"},{"e":"se","uid":"u","se_ac":"ok","se_va":"1"}]}"#;
    assert_eq!(shop.post(&path, bad).0, 200);
    let mut codes = shop.reject_codes();
    codes.reverse();
    let expected = [
        "malformed",
        "type_missing",
        "type_unknown",
        "malformed",
        "malformed",
        "malformed",
        "id_missing",
        "event_missing",
    ];
    assert_eq!(codes, expected);
    assert_eq!(shop.counts(), [("ok".to_owned(), 1)]);
    for body in ["", "[]", "{}", "{"] {
        assert_eq!(shop.post(&path, body).0, 400, "{body}");
    }
}

#[test]
fn mutated_captures_never_fail() {
    never_fails("POST", PATH, &[], &[CAPTURE]);
}
