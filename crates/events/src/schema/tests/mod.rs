use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;
use crate::{Commerce, CommerceDetails};

/// Every problem of an event, as `property problem`.
fn problems(registry: &Registry, event: &str, properties: &Value) -> Vec<String> {
    let raw = RawValue::from_string(properties.to_string()).unwrap();
    let mut found = Vec::new();
    registry.check(event, Some(&raw), &mut |f| found.push(format!("{} {}", f.property, f.problem.as_str())));
    found
}

#[track_caller]
fn check(event: &str, properties: &Value, expected: &[&str]) {
    assert_eq!(problems(&Registry::default(), event, properties), expected, "{event} {properties}");
}

#[test]
fn what_is_missing_and_what_stands_in_for_it() {
    let whole =
        json!({"product_id": "p", "price": 1, "currency": "EUR", "name": "P", "category": "C", "stock": 0});
    check("product viewed", &whole, &[]);
    let mut by_sku = whole;
    by_sku["sku"] = by_sku["product_id"].take();
    by_sku["availability"] = "out_of_stock".into();
    by_sku["stock"] = Value::Null;
    check("Product Viewed", &by_sku, &[]);
    let missing = ["product_id required_missing", "name recommended_missing"];
    let bare = json!({"product_id": " ", "price": 1, "currency": "EUR", "category": "C", "stock": 0});
    check("Product Viewed", &bare, &missing);
    check("Unsubscribed", &json!({"list_id": "news", "email_id": "m1"}), &[]);
    check("Size Guide Opened", &json!({"anything": 1}), &[]);
}

#[test]
fn each_type_has_its_problem() {
    let order = |more: &Value| {
        let mut order = json!({"order_id": 7, "products": [{"product_id": "p", "price": 2, "quantity": 1}],
            "revenue": 2, "currency": "EUR", "cart_id": "c"});
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    };
    let with = |more: Value, expected: &[&str]| check("Order Completed", &order(&more), expected);
    with(json!({}), &[]);
    with(json!({"revenue": "2.00"}), &["revenue number_as_text"]);
    with(json!({"revenue": "2,00 €", "total": [2]}), &["revenue not_money", "total not_money"]);
    with(json!({"currency": "EURO"}), &["currency unknown_currency"]);
    with(json!({"currency": "XYZ"}), &["currency unknown_currency"]);
    with(json!({"order_id": true}), &["order_id wrong_type"]);
    with(json!({"products": {"product_id": "p"}}), &["products wrong_type"]);
    let lines = json!({"products": [{"product_id": "p", "price": 1, "quantity": 1.5}, {"price": "x"}]});
    with(
        lines,
        &[
            "products[].product_id required_missing",
            "products[].price not_money",
            "products[].quantity not_whole",
        ],
    );
    check(
        "Shipment Delivered",
        &json!({"order_id": "o", "shipment_id": "s", "delivered_at": "soon"}),
        &["delivered_at not_a_time"],
    );
}

#[test]
fn what_is_not_known_is_named_with_its_nearest() {
    let registry = Registry::default();
    let properties = json!({"productId": "p", "price": 1, "currency": "EUR", "name": "P", "category": "C",
        "stock": 1, "colour": "red", "note": "ask ann@shop.example"});
    let found = problems(&registry, "Product Viewed", &properties);
    assert_eq!(
        found,
        [
            "product_id required_missing",
            "colour unknown_property",
            "note unknown_property",
            "productId unknown_property",
            "note mail_address",
        ]
    );
    let schema = registry.newest("Product Viewed").unwrap();
    assert_eq!((schema.nearest("productId"), schema.nearest("colour")), (Some("product_id"), None));
    let list = registry.newest("Product List Viewed").unwrap();
    assert_eq!(list.nearest("products[].Position"), Some("products[].position"));
    assert_eq!(registry.nearest("Product View"), Some("Product Viewed"));
    assert_eq!(registry.nearest("product_viewed"), Some("Product Viewed"));
    assert_eq!(registry.nearest("Ordr Completed"), Some("Order Completed"));
    assert_eq!(registry.nearest("Size Guide Opened"), None);
}

#[test]
fn a_shop_adds_its_own_and_extends_what_is_known() {
    let mut registry = Registry::default();
    let own = |version: u32, kind: &str| {
        json!({"event": " Size Guide Opened", "version": version,
            "properties": {"product_id": {"type": kind, "required": true, "description": "For which."}}})
    };
    registry.add("b.json", &json!([own(2, "integer"), own(1, "string")]).to_string()).unwrap();
    let more = json!({"event": "product viewed", "version": 2,
        "properties": {"material": {"type": "string", "recommended": true}, "price": {"type": "money", "required": true}}});
    registry.add("a.json", &more.to_string()).unwrap();
    assert_eq!(registry.versions("size guide opened"), [1, 2]);
    assert_eq!(registry.versions("Product Viewed"), [1, 2]);
    assert_eq!(
        problems(&registry, "SIZE GUIDE OPENED", &json!({"product_id": "x"})),
        ["product_id wrong_type"]
    );
    let viewed = json!({"product_id": "p", "currency": "EUR", "name": "P", "category": "C", "stock": 1});
    let expected = ["price required_missing", "material recommended_missing"];
    assert_eq!(problems(&registry, "Product Viewed", &viewed), expected);
    assert!(registry.version("Product Viewed", 1).unwrap().property("material").is_none());
    let newest = registry.newest("Product Viewed").unwrap();
    assert_eq!((newest.version, newest.origin), (2, SchemaOrigin::Shop));
    assert_eq!(registry.applying().count(), crate::EventName::all().len() + 1);
    for (place, schema) in registry.all().enumerate() {
        let newest = registry.place(&schema.event).unwrap();
        assert!(newest == place || registry.at(newest).unwrap().version > schema.version);
    }
}

#[test]
fn a_file_that_does_not_hold_says_why() {
    let mut registry = Registry::default();
    let own = r#"{"event":"E","version":1,"properties":{}}"#;
    registry.add("first.json", own).unwrap();
    let mut fails = |json: &str, words: &str| {
        let told = registry.add("s.json", json).unwrap_err().to_string();
        assert!(told.starts_with("s.json: ") && told.contains(words), "{told}");
    };
    fails("{", "it is no schema");
    fails(r#"{"event":"X","version":1,"properties":{"a":{"type":"strnig"}}}"#, "unknown variant `strnig`");
    fails(r#"{"event":"X","version":1,"properties":{"a":{"type":"string","requierd":true}}}"#, "`requierd`");
    fails(r#"{"event":"X","properties":{}}"#, "missing field `version`");
    fails(r#"{"event":" ","version":1,"properties":{}}"#, "event must be a name");
    fails(r#"{"event":"X","version":0,"properties":{}}"#, "versions begin with 1");
    fails(
        r#"{"event":"order completed","version":1,"properties":{}}"#,
        "version 1 of 'Order Completed' is built in",
    );
    fails(own, "version 1 of 'E' already");
    fails(&format!("[{own},{own}]").replace("\"E\"", "\"F\""), "version 1 of 'F' already");
    fails(
        r#"{"event":"X","version":1,"properties":{"a":{"type":"any","required":true,"recommended":true}}}"#,
        "both required and recommended",
    );
    fails(r#"{"event":"X","version":1,"properties":{"a":{"type":"any","or":["b"]}}}"#, "or names 'b'");
    fails(r#"{"event":"X","version":1,"properties":{" a":{"type":"any"}}}"#, "no blanks");
    assert_eq!(registry.len(), crate::EventName::all().len() + 1, "what failed added nothing");
}

#[test]
fn json_schema_says_what_to_send() {
    let schema = Registry::default().newest("Order Completed").unwrap().to_json_schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["required"], json!(["order_id", "products"]));
    assert_eq!(schema["properties"]["revenue"]["type"], "number");
    assert_eq!(schema["properties"]["revenue"]["x-unit"], "major units of currency");
    let product = &schema["properties"]["products"]["items"];
    assert_eq!(product["allOf"][0]["anyOf"], json!([{"required": ["product_id"]}, {"required": ["sku"]}]));
    assert_eq!(product["properties"]["price"]["x-recommended"], true);
}

#[test]
fn the_page_of_reference_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/events.md");
    let page = std::fs::read_to_string(path).unwrap_or_default();
    let current = page == reference(&Registry::default());
    assert!(current, "make it anew: tradewind schema list --markdown > docs/reference/events.md");
}

/// Any JSON, its names near to those of events.
fn any_json() -> impl Strategy<Value = String> {
    let text = |text: String| Value::String(text).to_string();
    let scalar = prop_oneof![
        prop::sample::select(vec!["null", "1e999", "-0", "true", "\"a@b.example\"", "\"1,5\"", "\"EUR\""])
            .prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(text),
    ];
    let names = vec![
        "product_id",
        "sku",
        "price",
        "products",
        "currency",
        "position",
        "query",
        "filters",
        "email",
        "",
    ];
    let name =
        prop_oneof![prop::sample::select(names).prop_map(str::to_owned), any::<String>()].prop_map(text);
    scalar.prop_recursive(8, 64, 8, move |inner| {
        let field = (name.clone(), inner.clone()).prop_map(|(name, value)| format!("{name}:{value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..8).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(field, 0..8).prop_map(|fields| format!("{{{}}}", fields.join(","))),
        ]
    })
}

proptest! {
    /// Whatever is sent is read and checked, and both readings agree on the products.
    #[test]
    fn no_json_is_too_odd(json in any_json()) {
        let raw = RawValue::from_string(json).unwrap();
        let registry = Registry::default();
        for event in ["Product Viewed", "Order Completed", "Product List Filtered", "Size Guide Opened"] {
            let mut told = std::collections::BTreeSet::new();
            registry.check(event, Some(&raw), &mut |f| {
                assert!(told.insert(format!("{} {}", f.property, f.detail())), "told twice: {f:?}");
            });
        }
        let shop = tradewind_kernel::Currency::EUR;
        let (lean, full) = (Commerce::read(Some(&raw), shop), CommerceDetails::read(Some(&raw), shop));
        prop_assert_eq!(lean.currency, full.currency);
        let ids = |ids: Vec<Option<&str>>| format!("{ids:?}");
        prop_assert_eq!(
            ids(lean.products.iter().map(|p| p.id()).collect()),
            ids(full.products.iter().map(|p| p.id()).collect())
        );
    }
}
