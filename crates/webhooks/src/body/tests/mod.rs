use tradewind_kernel::{Currency, Money, UtcMillis};
use tradewind_pipeline::ProductLine;

use super::*;

pub(crate) fn effect(message_id: &str) -> Effect {
    Effect::EventHappened(Box::new(EventHappened {
        name: "Order Completed".into(),
        message_id: message_id.into(),
        subject: Some(Subject::User("ada".into())),
        occurred_at: UtcMillis::new(1_795_000_000_000),
        received_at: UtcMillis::new(1_795_000_001_500),
        order_id: Some("o-1".into()),
        products: vec![ProductLine {
            id: "p".into(),
            quantity: 2,
            price: Some(Money::new(1_275, Currency::EUR)),
        }],
        products_left_out: 0,
        revenue: Some(Money::new(2_550, Currency::EUR)),
    }))
}

#[test]
fn a_body_is_small_and_whole() {
    let text = String::from_utf8(body_of(&effect("m-1"))).unwrap();
    assert_eq!(
        text,
        r#"{"type":"event.order_completed","timestamp":"2026-11-18T11:06:40.000Z","data":{"event":"Order Completed","messageId":"m-1","subject":{"userId":"ada"},"receivedAt":"2026-11-18T11:06:41.500Z","orderId":"o-1","products":[{"productId":"p","quantity":2,"priceMinor":1275}],"revenueMinor":2550,"currency":"EUR"}}"#
    );
}

#[test]
fn a_crossing_tells_which_way_where_and_who() {
    let moved = AudienceMoved {
        audience: "vip".into(),
        id: 3,
        revision: 2,
        subject: Subject::User("ada".into()),
        crossing: Crossing::Exited,
        at: UtcMillis::new(1_795_000_000_000),
    };
    let text = String::from_utf8(body_of(&Effect::AudienceMoved(Box::new(moved)))).unwrap();
    assert_eq!(
        text,
        r#"{"type":"audience.exited","timestamp":"2026-11-18T11:06:40.000Z","data":{"audience":"vip","revision":2,"subject":{"userId":"ada"}}}"#
    );
}

#[test]
fn what_is_not_known_is_left_out() {
    let Effect::EventHappened(mut event) = effect("m-1") else { panic!("an event") };
    (event.subject, event.order_id, event.revenue) = (None, None, None);
    (event.products, event.products_left_out) = (Vec::new(), 3);
    event.name = "Größe.gewählt 2".into();
    let json: serde_json::Value = serde_json::from_slice(&body_of(&Effect::EventHappened(event))).unwrap();
    assert_eq!(json["type"], "event.gr__e_gew_hlt_2");
    let keys: Vec<_> = json["data"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys.len(), 5, "{keys:?}");
}
