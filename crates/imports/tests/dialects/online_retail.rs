//! The Online Retail dialect on small files: every shape and every reason.

use crate::support::{Kept, NOW, import, properties, source};
use serde_json::json;
use tradewind_imports::{ImportError, Reject, Sink, SinkError, online_retail};
use tradewind_kernel::{Currency, Money, UtcMillis};

const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

fn read(rows: &str) -> Kept {
    import(online_retail, format!("{HEADER}{rows}")).1
}

#[test]
fn an_invoice_becomes_an_order() {
    let kept = read(
        "536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,France\n\
                     536365,85123a,WHITE HANGING HEART,1,2010-12-01 08:27:00,2.60,17850.0,France\n\
                     536365,POST,POSTAGE,2,2010-12-01 08:26:00,18.00,17850.0,France\n",
    );
    let [product] = kept.products.as_slice() else { panic!("{:?}", kept.products) };
    let at = |text: &str| UtcMillis::parse(text).unwrap();
    assert_eq!((product.id.as_str(), product.title.as_str()), ("85123A", "WHITE HANGING HEART"));
    assert_eq!(product.price, Some(Money::new(260, Currency::GBP)));
    assert_eq!(product.updated_at, at("2010-12-01T08:27:00Z"));
    assert_eq!(product.image_url.as_deref(), Some("/media/85123A.svg"));
    assert_eq!(product.url.as_deref(), Some("/p/85123A"));
    let [order] = kept.events.as_slice() else { panic!("{:?}", kept.events) };
    assert_eq!(order.message_id, "online-retail:order:536365");
    assert_eq!(order.name.as_deref(), Some("Order Completed"));
    assert_eq!((order.user_id.as_deref(), order.anonymous_id.as_deref()), (Some("17850"), None));
    assert_eq!((order.occurred_at, order.received_at), (at("2010-12-01T08:26:00Z"), NOW));
    assert_eq!(order.context.as_ref().unwrap().get(), r#"{"location":{"country":"France"}}"#);
    let line = |price: f64, quantity: u32| json!({"product_id": "85123A", "name": "WHITE HANGING HEART", "price": price, "quantity": quantity});
    assert_eq!(
        properties(order),
        json!({
            "order_id": "536365", "currency": "GBP", "revenue": 17.9, "total": 53.9, "shipping": 36.0,
            "products": [line(2.55, 6), line(2.6, 1)],
        })
    );
}

#[test]
fn a_cancellation_becomes_a_refund() {
    let kept = read(
        "C536379,22556,PLASTERS,-12,12/1/2010 9:41,1.65,,Unspecified\n\
                     C536379,D,Discount,-1,12/1/2010 9:41,27.50,,Unspecified\n\
                     536370,22556,PLASTERS,1,12/1/2010 8:45,1.70,12583,\n\
                     536370,D,Discount,-1,12/1/2010 8:45,0.20,,\n",
    );
    assert_eq!(
        kept.products[0].price,
        Some(Money::new(170, Currency::GBP)),
        "a sale's price, not a refund's"
    );
    let [order, refund] = kept.events.as_slice() else { panic!("{:?}", kept.events) };
    assert!(order.occurred_at < refund.occurred_at, "events come in time order");
    assert_eq!(refund.message_id, "online-retail:refund:C536379");
    assert_eq!(refund.name.as_deref(), Some("Order Refunded"));
    assert_eq!((refund.user_id.as_deref(), refund.anonymous_id.as_deref()), (None, Some("invoice-C536379")));
    assert!(refund.context.is_none() && order.context.is_none());
    let read = properties(refund);
    assert_eq!((&read["revenue"], &read["discount"]), (&json!(47.3), &json!(27.5)));
    assert_eq!(read["products"][0]["quantity"], json!(12));
    let read = properties(order);
    assert_eq!(
        (&read["revenue"], &read["total"], &read["discount"]),
        (&json!(1.5), &json!(1.5), &json!(0.2))
    );
}

#[test]
fn every_row_at_fault_has_its_reason() {
    let cases = [
        ("1,2\n", "wrong_columns"),
        ("A563185,B,Adjust,1,2011-08-12 14:50:00,1,,UK\n", "bad_invoice_number"),
        (",22556,P,1,2011-08-12 14:50:00,1,,UK\n", "bad_invoice_number"),
        ("1, ,P,1,2011-08-12 14:50:00,1,,UK\n", "no_stock_code"),
        ("1,gift_0001_20,Voucher,1,2011-08-12 14:50:00,1,,UK\n", "not_a_product"),
        ("1,m,Manual,1,2011-08-12 14:50:00,1,,UK\n", "not_a_product"),
        ("1,22556,P,1,2011-13-12 14:50:00,1,,UK\n", "bad_date"),
        ("1,22556,P,1,2050-01-01 14:50:00,1,,UK\n", "bad_date"),
        ("1,22556,P,0,2011-08-12 14:50:00,1,,UK\n", "bad_quantity"),
        ("1,22556,P,1,2011-08-12 14:50:00,one,,UK\n", "bad_price"),
        ("1,22556,P,1,2011-08-12 14:50:00,0.001,,UK\n", "no_price"),
        ("1,22556,P,1,2011-08-12 14:50:00,-2,,UK\n", "no_price"),
        ("1,22556,damaged,-10,2011-08-12 14:50:00,0,,UK\n", "negative_without_cancellation"),
        ("C1,22556,P,1,2011-08-12 14:50:00,1,,UK\n", "positive_in_cancellation"),
    ];
    for (row, reason) in cases {
        let kept = read(row);
        assert_eq!(kept.reasons(), [(2, reason)], "{row}");
        assert_eq!(kept.rejects[0].2, row.trim_end());
        assert_eq!((kept.products.len(), kept.events.len()), (0, 0));
    }
    let long = "x".repeat(65);
    assert_eq!(read(&format!("1,{long},P,1,2011-08-12 14:50:00,1,,UK\n")).reasons(), [(2, "too_long")]);
    let mut latin = format!("{HEADER}1,22556,CAF").into_bytes();
    latin.extend(b"\xC9,1,2011-08-12 14:50:00,1,,UK\n2,22556,CAFE,1,2011-08-12 14:50:00,1,,UK\n");
    let (_, kept) = import(online_retail, latin);
    assert_eq!((kept.reasons(), kept.events.len()), (vec![(2, "not_utf8")], 1));
    assert!(kept.rejects[0].2.contains("CAF\u{fffd}"));
}

#[test]
fn an_invoice_has_one_customer_and_need_not_be_in_one_piece() {
    let kept = read(
        "1,22556,PLASTERS,1,2011-08-12 14:51:00,1,,UK\n\
                     2,22556,PLASTERS,1,2011-08-12 14:50:30,1,9,UK\n\
                     1,22557,PLASTERS,1,2011-08-12 14:50:00,1,7,UK\n\
                     1,22557,PLASTERS,1,2011-08-12 14:50:00,1,8,UK\n",
    );
    assert_eq!(kept.reasons(), [(5, "customer_differs")]);
    let order: Vec<_> = kept.events.iter().map(|e| (e.message_id.as_str(), e.user_id.as_deref())).collect();
    assert_eq!(order, [("online-retail:order:1", Some("7")), ("online-retail:order:2", Some("9"))]);
    assert_eq!(properties(&kept.events[0])["products"].as_array().unwrap().len(), 2);
}

#[test]
fn titles_are_names_not_stock_notes() {
    let kept = read(
        "1,1,OLD  NAME,1,2011-08-12 14:50:00,1,,UK\n\
                     2,1,\"NEW NAME, \"\"BIG\"\"\",1,2011-08-12 14:51:00,1,,UK\n\
                     3,1,sold as 22467,1,2011-08-12 14:52:00,1,,UK\n\
                     4,a/b,?,1,2011-08-12 14:52:00,1,,UK\n",
    );
    let titles: Vec<_> = kept.products.iter().map(|p| p.title.as_str()).collect();
    assert_eq!(titles, ["NEW NAME, \"BIG\"", "Product A/B"]);
    assert_eq!(kept.products[1].url.as_deref(), Some("/p/A%2FB"));
}

#[test]
fn the_second_edition_and_an_unreadable_header() {
    let text = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\r\n\
                489434,85048,15CM BALL,12,2009-12-01 07:45:00,6.95,13085.0,UK\r\nx\r\n";
    let (tally, kept) = import(online_retail, text);
    assert_eq!((tally.rows_taken, kept.reasons()), (1, vec![(3, "wrong_columns")]));
    let (compressed, _) = import(online_retail, zstd::encode_all(text.as_bytes(), 1).unwrap());
    assert_eq!(compressed, tally);
    let error = online_retail(source("a;b;c\n1;2;3\n"), NOW, &mut Kept::default()).unwrap_err();
    assert!(matches!(error, ImportError::Columns { .. }), "{error}");
}

#[test]
fn a_sink_that_fails_stops_the_import() {
    struct Full;
    impl Sink for Full {
        fn take(&mut self, _: tradewind_imports::Item) -> Result<(), SinkError> {
            Err(SinkError::new("the disk is full"))
        }
        fn reject(&mut self, _: Reject<'_>) -> Result<(), SinkError> {
            Ok(())
        }
        fn progress(&mut self, _: u64, _: u64) {}
    }
    let text = format!("{HEADER}1,22556,PLASTERS,1,2011-08-12 14:51:00,1,,UK\n");
    let error = online_retail(source(text), NOW, &mut Full).unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("import_sink_failed", "the items cannot be taken: the disk is full")
    );
}
