//! What the topics become, from signed requests to what the engine then knows. The payloads are made up, after
//! the public lists of their fields.

mod people;

use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use sha2::Sha256;
use tradewind_catalog::{Availability, Product};

use super::*;
use crate::dialects::testing::{RECEIVED, SECRET, Shop, mutated};

const PRODUCT: &str = include_str!("product.json");
const ORDER: &str = include_str!("order.json");
const REFUND: &str = include_str!("refund.json");
const CART: &str = include_str!("cart.json");
const CHECKOUT: &str = include_str!("checkout.json");
const CUSTOMER: &str = include_str!("customer.json");

fn signature(body: &[u8]) -> String {
    use base64::Engine;
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(body);
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

/// Delivers a webhook as Shopify does, about the merchant's event `event`.
fn send(shop: &Shop, topic: &str, event: &str, body: impl Into<Vec<u8>>) -> (u16, String) {
    let body = body.into();
    let signature = signature(&body);
    let headers = [
        ("content-type", "application/json"),
        ("x-shopify-topic", topic),
        ("x-shopify-shop-domain", "kiosk.myshopify.com"),
        ("x-shopify-hmac-sha256", &signature),
        ("x-shopify-event-id", event),
        ("x-shopify-triggered-at", "2026-11-20T20:42:50.123456789Z"),
    ];
    shop.send("POST", "/webhooks/shopify", &headers, body)
}

#[track_caller]
fn taken(shop: &Shop, topic: &str, event: &str, body: impl Into<Vec<u8>>) {
    assert_eq!(send(shop, topic, event, body), (200, String::new()), "{topic}");
}

/// A payload with some fields written over.
fn with(payload: &str, over: Value) -> String {
    let mut value: Value = serde_json::from_str(payload).unwrap();
    let (Value::Object(fields), Value::Object(over)) = (&mut value, over) else { panic!("no objects") };
    fields.extend(over);
    value.to_string()
}

fn product(shop: &Shop) -> Product {
    shop.counts();
    let live = shop.api.pipeline.live();
    let item = live.items.read().number("8100000000001").unwrap();
    Product::clone(live.catalog.load().get(item).unwrap())
}

fn level(quantity: i64, location: i64, minute: u32) -> String {
    let updated_at = format!("2026-11-20T10:{minute:02}:00+01:00");
    let level = json!({"inventory_item_id": 5_100_000_000_001_i64, "location_id": location,
        "available": quantity, "updated_at": updated_at});
    level.to_string()
}

#[test]
fn a_product_comes_into_the_catalog() {
    let shop = Shop::open();
    taken(&shop, "products/create", "e1", PRODUCT);
    let mug = product(&shop);
    assert_eq!(mug.title, "Stoneware mug");
    assert_eq!(mug.description, "Thrown by hand & fired twice.");
    assert_eq!(mug.category_path, ["Home & Garden", "Kitchen", "Mugs"]);
    assert_eq!(mug.price.unwrap().to_string(), "18.50 EUR");
    assert_eq!(mug.list_price.unwrap().to_string(), "22.00 EUR");
    assert_eq!((mug.brand.as_deref(), mug.url.as_deref()), (Some("Tarn"), Some("/products/stoneware-mug")));
    assert_eq!(mug.image_url.as_deref(), Some("https://cdn.example/mug.jpg"));
    assert_eq!(
        (mug.attributes["color"].as_str(), mug.attributes["tags"].as_str()),
        ("Ash, Moss", "kitchen, gift")
    );
    let variants: Vec<_> = mug.variants.iter().map(|v| (v.sku.as_str(), v.price.map(|p| p.minor))).collect();
    assert_eq!(variants, [("MUG-ASH", None), ("MUG-MOSS", Some(1_950))]);
    assert_eq!(mug.availability, Availability::InStock);
    assert_eq!(mug.updated_at.to_rfc3339(), "2026-11-20T09:00:00.000Z");
}

#[test]
fn stock_decides_whether_it_can_be_had() {
    let shop = Shop::open();
    taken(&shop, "inventory_levels/update", "e0", level(9, 1, 0));
    taken(&shop, "products/create", "e1", PRODUCT);
    taken(&shop, "inventory_levels/update", "e2", level(0, 1, 20));
    assert_eq!(product(&shop).availability, Availability::OutOfStock);
    taken(&shop, "inventory_levels/update", "e3", level(7, 1, 10));
    assert_eq!(product(&shop).availability, Availability::OutOfStock, "an older level changes nothing");
    taken(
        &shop,
        "products/update",
        "e4",
        with(PRODUCT, json!({"title": "Old", "updated_at": "2026-11-19T10:00:00Z"})),
    );
    assert_eq!(product(&shop).title, "Stoneware mug", "an older product changes nothing");
    taken(&shop, "inventory_levels/update", "e5", level(-2, 2, 30));
    assert_eq!(product(&shop).availability, Availability::OutOfStock, "oversold is none");
    taken(&shop, "inventory_levels/update", "e6", level(1, 2, 40));
    assert_eq!(product(&shop).availability, Availability::InStock);
    let draft = json!({"status": "draft", "updated_at": "2026-11-20T20:00:00Z"});
    taken(&shop, "products/update", "e7", with(PRODUCT, draft));
    assert_eq!(product(&shop).availability, Availability::Withdrawn);
    taken(&shop, "products/update", "e8", with(PRODUCT, json!({"updated_at": "2026-11-20T20:10:00Z"})));
    assert_eq!(product(&shop).availability, Availability::InStock);
    taken(&shop, "products/delete", "e9", r#"{"id":8100000000001}"#);
    taken(&shop, "products/update", "e8", with(PRODUCT, json!({"updated_at": "2026-11-20T20:11:00Z"})));
    assert_eq!(product(&shop).availability, Availability::Withdrawn, "what is deleted does not come back");
}

#[test]
fn an_order_counts_once_however_often_it_is_told() {
    let shop = Shop::open();
    taken(&shop, "orders/create", "e1", ORDER);
    taken(&shop, "orders/create", "e1", ORDER);
    taken(&shop, "orders/create", "e1-of-another-subscription", ORDER);
    taken(&shop, "orders/paid", "e2", ORDER);
    taken(&shop, "orders/updated", "e3", ORDER);
    taken(&shop, "orders/updated", "e3", ORDER);
    let ann = shop.profile("user_id:7100000000001").unwrap();
    assert_eq!((ann.orders, ann.bought.len()), (1, 1));
    assert_eq!(ann.revenue_minor["EUR"], 3_109, "the subtotal less the tax in it");
    let counts = shop.counts();
    let of = |name: &str| counts.iter().find(|c| c.0 == name).map_or(0, |c| c.1);
    assert_eq!((of("Order Completed"), of("Order Updated"), of("alias")), (1, 1, 1));
}

#[test]
fn a_refund_finds_the_customer_of_its_order() {
    let shop = Shop::open();
    taken(&shop, "orders/create", "e1", ORDER);
    taken(&shop, "refunds/create", "e2", REFUND);
    taken(&shop, "refunds/create", "e2", REFUND);
    let ann = shop.profile("user_id:7100000000001").unwrap();
    assert_eq!((ann.orders, ann.refunds), (1, 1));
    assert!(shop.profile("anonymous_id:shopify:order:6100000000001").is_some());
}

#[test]
fn a_cart_is_joined_to_the_customer_who_orders() {
    let shop = Shop::open();
    taken(&shop, "carts/update", "e1", CART);
    let cart = shop.profile("anonymous_id:shopify:cart:c1-5f2e").unwrap();
    assert_eq!(cart.events, 1);
    shop.post("/v1/track", r#"{"writeKey":"k","anonymousId":"browser-9","event":"Product Viewed","properties":{"product_id":"8100000000001"}}"#);
    taken(&shop, "checkouts/create", "e2", CHECKOUT);
    taken(&shop, "checkouts/update", "e3", CHECKOUT);
    taken(&shop, "orders/create", "e4", ORDER);
    let ann = shop.profile("user_id:7100000000001").unwrap();
    assert_eq!(ann.actions.get(&1), Some(&1), "what the browser viewed is Ann's");
    // Cart, view, checkout, step, order, and one link each for the cart and the order.
    assert_eq!(ann.events, 7);
    let names: Vec<String> = shop.counts().into_iter().map(|c| c.0).collect();
    let expected = [
        "Cart Updated",
        "Checkout Started",
        "Checkout Step Completed",
        "Order Completed",
        "Product Viewed",
        "alias",
    ];
    assert_eq!(names, expected);
}

#[test]
fn what_is_not_signed_is_not_read() {
    let shop = Shop::open();
    for body in [ORDER.as_bytes(), b"no json", b"", b"\xff", b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["] {
        let headers = [("x-shopify-topic", "orders/create"), ("x-shopify-hmac-sha256", "AAAA")];
        assert_eq!(shop.send("POST", "/webhooks/shopify", &headers, body.to_vec()).0, 401);
        assert_eq!(shop.send("POST", "/webhooks/shopify", &headers[..1], body.to_vec()).0, 401);
        assert_eq!(shop.send("POST", "/webhooks/shopify", &[], body.to_vec()).0, 401);
    }
    assert!(shop.counts().is_empty());
    assert!(shop.reject_codes().is_empty());
}

#[test]
fn what_can_never_be_taken_is_acknowledged_and_shown() {
    let shop = Shop::open();
    for topic in [
        "orders/create",
        "products/update",
        "products/delete",
        "refunds/create",
        "carts/update",
        "checkouts/create",
        "inventory_levels/update",
        "customers/update",
    ] {
        taken(&shop, topic, "e", r#"{"title":"no id"}"#);
    }
    assert_eq!(shop.reject_codes(), ["id_missing"; 8]);
    assert_eq!(send(&shop, "orders/create", "e", "<order/>").0, 400);
    assert_eq!(send(&shop, "", "e", ORDER).0, 400);
}

#[test]
fn other_topics_are_kept_under_their_own_names() {
    let shop = Shop::open();
    taken(&shop, "themes/publish", "e1", r#"{"id":5,"name":"Dawn"}"#);
    taken(&shop, "themes/publish", "e1", r#"{"id":5,"name":"Dawn"}"#);
    let long = json!({"id": 6, "note": "x".repeat(100_000)}).to_string();
    taken(&shop, "collections/update", "e2", long);
    assert_eq!(
        shop.counts(),
        [("shopify/collections/update".to_owned(), 1), ("shopify/themes/publish".to_owned(), 1)]
    );
}

#[test]
fn odd_payloads_are_never_our_failure() {
    let shop = Shop::open();
    let captures = [
        ("products/update", PRODUCT),
        ("orders/create", ORDER),
        ("refunds/create", REFUND),
        ("carts/update", CART),
        ("checkouts/update", CHECKOUT),
        ("customers/update", CUSTOMER),
        ("customers/redact", CUSTOMER),
        ("inventory_levels/update", r#"{"inventory_item_id":5100000000001,"location_id":1,"available":3}"#),
    ];
    let edits = prop::collection::vec((any::<usize>(), any::<usize>()), 0..6);
    let flips = prop::collection::vec((any::<usize>(), any::<u8>()), 0..3);
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&(0..captures.len(), edits, flips), |(which, edits, flips)| {
            let (topic, capture) = captures[which];
            let body = mutated(capture, &edits, &flips);
            let (status, answer) = send(&shop, topic, "e", body.clone());
            prop_assert!(
                matches!(status, 200 | 400),
                "{status} {answer} to {}",
                String::from_utf8_lossy(&body)
            );
            Ok(())
        })
        .unwrap();
    assert!(shop.api.pipeline.is_healthy());
}

/// What a delivery becomes, without a server.
fn notice(topic: &str) -> Notice {
    let triggered = RECEIVED.plus(-1_000);
    Notice {
        topic: topic.into(),
        shop: None,
        event: "e".into(),
        thing: "7".into(),
        triggered,
        received: RECEIVED,
    }
}

fn fields(payload: &str) -> Fields {
    serde_json::from_str(payload).unwrap()
}
