use super::*;
use crate::dialects::testing::{RECEIVED, Shop, event_of, never_fails, value_of};

const PATH: &str = "/mp/collect?measurement_id=G-1&api_secret=k";
const BODY: &str = r#"{"client_id":"1.2","user_id":"u1","timestamp_micros":"1795207358739000","user_properties":{"tier":{"value":"gold"}},"consent":{"ad_user_data":"GRANTED","ad_personalization":"DENIED"},"events":[{"name":"add_to_cart","params":{"currency":"EUR","value":7,"session_id":"9","items":[{"item_id":"a","item_name":"A","item_category":"Home","item_category2":"Vases","price":3,"quantity":1,"index":0},{"item_id":"b","price":4}]}},{"name":"purchase","params":{"transaction_id":"o1","value":7,"tax":1,"currency":"EUR","items":[{"item_id":"a","price":3},{"item_id":"b","price":4}]}},{"name":"page_view","params":{"page_location":"https://x/","page_title":"T"}}]}"#;

fn drafts(n: usize) -> Vec<Draft> {
    let measurement: Measurement<'_> = serde_json::from_str(BODY).unwrap();
    read_one(&measurement, &context(&measurement), 7, n, measurement.events[n].get()).unwrap()
}

#[test]
fn events_and_items_are_mapped() {
    let mut added = drafts(0).into_iter().map(event_of);
    let first = added.next().unwrap();
    assert_eq!((first.name.as_deref(), added.len()), (Some("Product Added"), 1));
    assert_eq!((first.user_id.as_deref(), first.anonymous_id.as_deref()), (Some("u1"), Some("ga:1.2")));
    assert_eq!(first.occurred_at, UtcMillis::new(1_795_207_358_739));
    assert!(first.occurred_at < RECEIVED);
    let expected = json!({"product_id": "a", "name": "A", "category": "Home > Vases", "price": 3, "quantity": 1,
        "position": 0, "position_base": 0, "currency": "EUR", "session_id": "9"});
    assert_eq!(value_of(first.properties.as_deref()), expected);
    let context = json!({"traits": {"tier": "gold"},
        "consent": {"categoryPreferences": {"ad_user_data": true, "ad_personalization": false}}});
    assert_eq!(value_of(first.context.as_deref()), context);
    let order = event_of(drafts(1).remove(0));
    let expected = json!({"order_id": "o1", "revenue": 7, "tax": 1, "currency": "EUR",
        "products": [{"product_id": "a", "price": 3}, {"product_id": "b", "price": 4}]});
    assert_eq!(value_of(order.properties.as_deref()), expected);
    let page = event_of(drafts(2).remove(0));
    assert_eq!((page.kind, page.name.as_deref()), (Kind::Page, Some("T")));
}

#[test]
fn a_body_with_a_time_counts_once_and_one_without_each_time() {
    let shop = Shop::open();
    for _ in 0..2 {
        assert_eq!(shop.post(PATH, BODY), (204, String::new()));
    }
    let expected = [("Order Completed", 1), ("Product Added", 2), ("page", 1)];
    assert_eq!(shop.counts(), expected.map(|(name, count)| (name.to_owned(), count)));
    let known = shop.profile("user_id:u1").unwrap();
    assert_eq!((known.orders, known.revenue_minor["EUR"]), (1, 700));
    for _ in 0..2 {
        shop.post(PATH, r#"{"client_id":"c","events":[{"name":"login"}]}"#);
    }
    assert_eq!(shop.profile("anonymous_id:ga:c").unwrap().events, 2);
}

#[test]
fn bad_ones_are_answered_with_204_and_noted() {
    let shop = Shop::open();
    for (path, body, code) in [
        ("/mp/collect?api_secret=no", BODY, "write_key_unknown"),
        ("/mp/collect", BODY, "write_key_unknown"),
        (PATH, "", "malformed"),
        (PATH, "[]", "malformed"),
        (PATH, r#"{"events":[{"name":"x"}]}"#, "id_missing"),
        (PATH, r#"{"client_id":"c","events":[{}]}"#, "event_missing"),
        (PATH, r#"{"client_id":"c","events":[3]}"#, "malformed"),
    ] {
        assert_eq!(shop.post(path, body).0, 204, "{body}");
        assert_eq!(shop.reject_codes()[0], code, "{body}");
    }
    assert!(shop.counts().is_empty());
}

#[test]
fn the_validator_names_what_is_wrong_and_takes_nothing() {
    let shop = Shop::open();
    let check = |body: &str, codes: &[&str]| {
        let (status, answer) = shop.post("/debug/mp/collect?api_secret=k", body);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let found =
            answer["validationMessages"].as_array().unwrap().iter().map(|m| m["validationCode"].clone());
        assert_eq!(
            (status, found.collect::<Vec<_>>()),
            (200, codes.iter().map(|c| json!(c)).collect()),
            "{body}"
        );
    };
    check(BODY, &[]);
    check("{", &["VALUE_INVALID"]);
    check(r#"{"events":[{"name":"a b"},{}]}"#, &["VALUE_REQUIRED", "NAME_INVALID", "VALUE_REQUIRED"]);
    check(r#"{"client_id":"c"}"#, &["VALUE_REQUIRED"]);
    assert!(shop.counts().is_empty());
}

#[test]
fn mutated_bodies_never_fail() {
    never_fails("POST", PATH, &[], &[BODY]);
    never_fails("POST", "/debug/mp/collect", &[], &[BODY]);
}
