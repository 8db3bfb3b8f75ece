//! What topics say of persons, and of privacy.

use serde_json::json;

use super::*;
use crate::dialects::testing::value_of;

fn drafts(said: Heard) -> Vec<Draft> {
    match said.unwrap() {
        Said::Events(drafts) => drafts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_customer_is_identified_with_consent() {
    let draft = drafts(customers::known(&notice("customers/update"), &fields(CUSTOMER))).remove(0);
    assert_eq!(draft.user_id.as_deref(), Some("7100000000001"));
    let expected = json!({
        "email": "ann@example.com", "firstName": "Ann", "lastName": "Berg", "phone": "+4943100000",
        "createdAt": "2026-10-01T08:00:00+02:00", "tags": "vip",
        "address": {"street": "Quay 1", "city": "Kiel", "state": "SH", "postalCode": "24103", "country": "DE"},
        "emailMarketing": {"granted": true, "state": "subscribed", "optInLevel": "confirmed_opt_in",
            "updatedAt": "2026-10-01T08:00:00+02:00"},
        "smsMarketing": {"granted": false, "state": "not_subscribed", "optInLevel": "single_opt_in"},
    });
    assert_eq!(Value::Object(draft.traits), expected);
    let event = notice("customers/update");
    assert_eq!(event.message_id(), "shopify:e:customers/update:7");
}

#[test]
fn consent_alone_says_nothing_else() {
    let payload = json!({"customer_id": 71, "email_address": "ann@example.com",
        "email_marketing_consent": {"state": "UNSUBSCRIBED", "opt_in_level": "single_opt_in"}});
    let told =
        customers::known(&notice("customers_email_marketing_consent/update"), &fields(&payload.to_string()));
    let draft = drafts(told).remove(0);
    let expected = json!({"email": "ann@example.com",
        "emailMarketing": {"granted": false, "state": "unsubscribed", "optInLevel": "single_opt_in"}});
    assert_eq!((draft.user_id.as_deref(), Value::Object(draft.traits)), (Some("71"), expected));
}

#[test]
fn an_order_says_what_the_specification_has() {
    let draft = drafts(orders::completed(&notice("orders/create"), &fields(ORDER))).pop().unwrap();
    assert_eq!(draft.original.unwrap().to_rfc3339(), "2026-11-20T20:40:00.000Z");
    let properties = Value::Object(draft.properties);
    assert_eq!(
        (&properties["order_id"], &properties["total"], &properties["shipping"], &properties["coupon"]),
        (&json!("6100000000001"), &json!(41.9), &json!(4.9), &json!("HELLO"))
    );
    let mug = json!({"product_id": "8100000000001", "variant_id": "4100000000001", "sku": "MUG-ASH",
        "name": "Stoneware mug", "variant": "Ash", "brand": "Tarn", "price": 19.0, "quantity": 2.0});
    assert_eq!(properties["products"][0], mug);
}

#[test]
fn a_refund_says_how_much_of_what_came_back() {
    let draft = drafts(orders::refunded(&notice("refunds/create"), &fields(REFUND))).remove(0);
    let properties = Value::Object(draft.properties);
    let told = (&properties["total"], &properties["revenue"], &properties["products"][0]["quantity"]);
    assert_eq!(told, (&json!(19.0), &json!(18.5), &json!(1.0)));
    let amount_only = with(REFUND, json!({"refund_line_items": []}));
    let draft = drafts(orders::refunded(&notice("refunds/create"), &fields(&amount_only))).remove(0);
    assert_eq!(draft.properties["products"], json!([]), "not a refund of everything");
}

#[test]
fn privacy_requests_are_kept_and_make_no_profile() {
    let shop = Shop::open();
    let rights = shop.keep_rights();
    let customer = json!({"id": 71, "email": "ann@example.com", "phone": "+4943100000"});
    let request = json!({"shop_id": 9, "shop_domain": "kiosk.myshopify.com", "customer": customer,
        "orders_requested": [61, 62], "data_request": {"id": 8}});
    taken(&shop, "customers/data_request", "e1", request.to_string());
    taken(&shop, "customers/data_request", "e1", request.to_string());
    // One action may be about several persons: none of their requests is lost.
    let another = with(&request.to_string(), json!({"customer": {"id": 72}}));
    taken(&shop, "customers/data_request", "e1", another);
    let by_mail = json!({"shop_id": 9, "customer": {"email": "ann@example.com"}, "orders_to_redact": [61]});
    taken(&shop, "customers/redact", "e2", by_mail.to_string());
    taken(&shop, "shop/redact", "e3", r#"{"shop_id":9,"shop_domain":"kiosk.myshopify.com"}"#);
    let expected =
        [("Privacy Data Requested", 2), ("Privacy Erasure Requested", 1), ("Shop Erasure Requested", 1)]
            .map(|(name, count)| (name.to_owned(), count));
    assert_eq!(shop.counts(), expected);
    assert!(shop.profile("user_id:71").is_none());

    assert_eq!(rights.list(10).len(), 4, "each is carried out once");
    let whole: Vec<_> =
        rights.list(10).into_iter().filter(|one| one.kind == tradewind_govern::Kind::EraseShop).collect();
    assert_eq!(
        (whole.len(), whole[0].stage),
        (1, tradewind_govern::Stage::AwaitingConfirmation),
        "and one needs a word first"
    );

    let said = privacy::requested(&notice("customers/data_request"), fields(&request.to_string()));
    let Ok(Said::Right(event, ask)) = said else { panic!("{said:?}") };
    let names = ["user_id:71", "anonymous_id:shopify:order:61", "anonymous_id:shopify:order:62"];
    assert_eq!(ask.subjects.iter().map(ToString::to_string).collect::<Vec<_>>(), names);
    let expected = json!({"shop_id": "9", "shop_domain": "kiosk.myshopify.com", "request_id": "8"});
    assert_eq!(value_of(event.properties.as_deref()), expected, "what is kept names nobody");

    let by_mail = json!({"customer": {"email": "ann@example.com", "phone": "+4943100000"}});
    let said = privacy::requested(&notice("customers/redact"), fields(&by_mail.to_string()));
    let Ok(Said::Record(event)) = said else { panic!("{said:?}") };
    let expected = json!({"email": "ann@example.com", "phone": "+4943100000"});
    assert_eq!(value_of(event.properties.as_deref()), expected, "somebody has to find out who it is");
}

#[test]
fn a_customer_who_is_redacted_is_gone() {
    let shop = Shop::open();
    let rights = shop.keep_rights();
    taken(&shop, "customers/update", "e1", CUSTOMER);
    taken(&shop, "customers/update", "e2", with(CUSTOMER, json!({"id": 72, "email": "bob@example.com"})));
    shop.counts();
    assert!(shop.profile("user_id:7100000000001").is_some());
    let redact = json!({"shop_id": 9, "customer": {"id": 7_100_000_000_001_i64}, "orders_to_redact": []});
    taken(&shop, "customers/redact", "e3", redact.to_string());
    let status = loop {
        let status = rights.list(1).remove(0);
        if status.finished_at.is_some() {
            break status;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    };
    assert_eq!((status.error, status.found["profiles"]), (None, 1));
    assert!(shop.profile("user_id:7100000000001").is_none() && shop.profile("user_id:72").is_some());
}

#[test]
fn a_shop_that_is_redacted_is_gone_once_somebody_confirms() {
    let shop = Shop::open();
    let rights = shop.keep_rights();
    taken(&shop, "customers/update", "e1", CUSTOMER);
    taken(&shop, "orders/create", "e2", ORDER);
    let elsewhere = json!({"writeKey": "k", "userId": "of-the-web", "event": "Looked"});
    assert_eq!(shop.post("/v1/track", &elsewhere.to_string()).0, 200);
    let redact = r#"{"shop_id":9,"shop_domain":"kiosk.myshopify.com"}"#;
    taken(&shop, "shop/redact", "e3", redact);
    taken(&shop, "shop/redact", "e3", redact);
    shop.counts();
    let id = rights.list(1).remove(0).id;
    assert_eq!(rights.list(10).len(), 1);
    assert!(shop.profile("user_id:7100000000001").is_some(), "nothing has happened yet");
    let confirm = |id: &str| shop.send("POST", &format!("/v1/privacy/requests/{id}/confirm"), &[], "").0;
    assert_eq!((confirm("none"), confirm(&id), confirm(&id)), (404, 202, 404));
    let status = loop {
        let status = rights.status(&id).unwrap();
        if status.finished_at.is_some() {
            break status;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    };
    assert_eq!((status.error, status.found["profiles"] > 0, status.receipt.is_some()), (None, true, true));
    assert!(shop.profile("user_id:7100000000001").is_none() && shop.profile("user_id:of-the-web").is_some());
    let (_, refused) = shop.post("/v1/privacy/requests", r#"{"type":"erase_shop","subjects":["user_id:x"]}"#);
    assert!(refused.contains("invalid-request"), "{refused}");
}
