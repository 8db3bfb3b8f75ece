//! The REES46 dialect on small files.

use crate::support::{Kept, import, properties};
use serde_json::json;
use tradewind_imports::rees46;
use tradewind_kernel::{Currency, Money};

const HEADER: &str =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n";

fn read(rows: &str) -> Kept {
    import(rees46, format!("{HEADER}{rows}")).1
}

#[test]
fn what_was_done_becomes_events() {
    let heater = "3900821,205,appliances.environment.water_heater,aqua,33.20,554,s1";
    let rows = ["view", "cart", "remove_from_cart", "purchase"]
        .map(|what| format!("2019-10-01 00:00:00 UTC,{what},{heater}\n"))
        .concat();
    let kept = read(&rows);
    let names: Vec<_> = kept.events.iter().filter_map(|e| e.name.as_deref()).collect();
    assert_eq!(names, ["Product Viewed", "Product Added", "Product Removed", "Order Completed"]);
    let [product] = kept.products.as_slice() else { panic!("{:?}", kept.products) };
    assert_eq!(product.title, "Aqua water heater 3900821");
    assert_eq!(product.category_path, ["Appliances", "Environment", "Water heater"]);
    assert_eq!(product.price, Some(Money::new(3_320, Currency::USD)));
    assert_eq!(product.attributes["category_id"], "205");
    let line = |quantity: Option<u32>| {
        let mut line = json!({
            "product_id": "3900821", "name": "Aqua water heater 3900821", "brand": "aqua", "price": 33.2,
            "category": "Appliances > Environment > Water heater",
        });
        if let Some(quantity) = quantity {
            line["quantity"] = json!(quantity);
        }
        line
    };
    let mut viewed = line(None);
    viewed["currency"] = json!("USD");
    assert_eq!(properties(&kept.events[0]), viewed);
    assert_eq!(kept.events[0].user_id.as_deref(), Some("554"));
    assert_eq!(kept.events[0].context.as_ref().unwrap().get(), r#"{"session_id":"s1"}"#);
    let order = properties(&kept.events[3]);
    assert_eq!((&order["products"], &order["revenue"]), (&json!([line(Some(1))]), &json!(33.2)));
    assert_eq!(order["order_id"].as_str().unwrap().len(), 39);
}

#[test]
fn a_product_is_told_again_when_it_changes() {
    let view = |second: u32, brand: &str, price: &str| {
        format!("2019-10-01 00:00:0{second} UTC,view,7,205,,{brand},{price},554,s1\n")
    };
    let kept = read(
        &[view(0, "", "1"), view(1, "", "1"), view(2, "lg", "1"), view(3, "lg", "0"), view(4, "lg", "2")]
            .concat(),
    );
    let told: Vec<_> = kept.products.iter().map(|p| (p.title.as_str(), p.price.map(|m| m.minor))).collect();
    assert_eq!(told, [("Product 7", Some(100)), ("Lg 7", Some(100)), ("Lg 7", Some(200))]);
    assert_eq!(properties(&kept.events[3]).get("price"), None, "a zero price is an unknown one");
}

#[test]
fn every_row_at_fault_has_its_reason() {
    let good = "2019-10-01 00:00:00 UTC,view,7,205,,lg,1,554,s1\n";
    let cases = [
        ("x\n".into(), "wrong_columns"),
        (good.replace("2019", "x"), "bad_date"),
        (good.replace("view", "wish"), "unknown_event_type"),
        (good.replace(",7,", ",,"), "no_product_id"),
        (good.replace(",554,", ",,"), "no_user_id"),
        (good.replace(",1,", ",1e3,"), "bad_price"),
        (good.replace(",1,", ",-1,"), "no_price"),
        (good.replace(",1,", ",0,").replace("view", "purchase"), "no_price"),
        (good.replace("s1", &"s".repeat(65)), "too_long"),
        (good.into(), "duplicate_row"),
    ];
    for (row, reason) in cases {
        let kept = read(&format!("{good}{row}"));
        assert_eq!(kept.reasons(), [(3, reason)], "{row}");
        assert_eq!(kept.events.len(), 1);
    }
    let mut bytes = format!("{HEADER}{good}").into_bytes();
    bytes.extend(b"2019-10-01 00:00:00 UTC,view,7,205,,\xFF,1,554,s1\n");
    assert_eq!(import(rees46, bytes).1.reasons(), [(3, "not_utf8")]);
}

#[test]
fn a_row_has_the_same_id_wherever_it_stands() {
    let rows = [
        "2019-10-01 00:00:00 UTC,view,7,205,,lg,1,554,s1\n",
        "2019-10-01 00:00:01 UTC,view,7,205,,lg,1,554,s1\n",
    ];
    let (there, back) = (read(&rows.concat()), read(&[rows[1], rows[0]].concat()));
    assert_eq!(there.events[0].message_id, back.events[1].message_id);
    assert_ne!(there.events[0].message_id, there.events[1].message_id);
}
