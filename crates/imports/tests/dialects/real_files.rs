//! The published files whole. The figures were derived apart from this program, by a Python script over the
//! same rules (`csv.DictReader`, `decimal`); see the comments for the rules.

use std::path::PathBuf;

use serde_json::{Value, json};
use tradewind_events::Event;
use tradewind_imports::{Tally, online_retail, open, rees46};
use tradewind_kernel::{Currency, Money};
use xxhash_rust::xxh3::xxh3_128;

use crate::support::{Dialect, Kept, NOW, check_promises, properties};

/// The file under the shared data; `None`, said loudly, where this machine lacks it.
fn shared(path: &str) -> Option<PathBuf> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
    if !file.exists() {
        eprintln!("SKIPPED, NOT TESTED: {} is absent", file.display());
        return None;
    }
    Some(file)
}

fn read(dialect: Dialect, file: &PathBuf) -> (Tally, Kept) {
    let mut kept = Kept::default();
    let tally = dialect(open(file).expect("it opens"), NOW, &mut kept).expect("it reads");
    check_promises(&tally, &kept);
    (tally, kept)
}

/// All items and rejects as one number.
fn fingerprint(kept: &Kept) -> u128 {
    let mut bytes = serde_json::to_vec(&kept.products).expect("products are JSON");
    for event in &kept.events {
        bytes.extend(event.encode().expect("events are JSON"));
    }
    for (line, reason, row, _) in &kept.rejects {
        bytes.extend(format!("{line}{reason}{row}").into_bytes());
    }
    xxh3_128(&bytes)
}

fn named<'a>(kept: &'a Kept, name: &'a str) -> impl Iterator<Item = &'a Event> {
    kept.events.iter().filter(move |event| event.name.as_deref() == Some(name))
}

/// The sum of a property over events, in pence.
fn pence(events: &[Value], property: &str) -> i64 {
    let amounts = events.iter().filter_map(|p| p.get(property)?.as_f64());
    amounts.map(|major| Money::from_major(major, Currency::GBP).map_or(0, |money| money.minor)).sum()
}

fn lines(events: &[Value]) -> usize {
    events.iter().filter_map(|p| p["products"].as_array()).map(Vec::len).sum()
}

#[test]
fn online_retail_adds_up() {
    let Some(file) = shared("transactions/online-retail/online_retail.csv.zst") else { return };
    let (tally, kept) = read(online_retail, &file);
    assert_eq!(
        (tally.rows_read, tally.rows_taken, tally.products, tally.events),
        (541_909, 538_637, 3_809, 23_429)
    );
    assert_eq!(
        serde_json::to_value(&tally.rejected).unwrap(),
        json!({
            // A563185 to A563187, bad debts.
            "bad_invoice_number": 3,
            // Plain invoices with a negative quantity, all of price 0.
            "negative_without_cancellation": 1_336,
            // Zero, and 0.001 for PADS.
            "no_price": 1_172,
            // M, B, S, BANK CHARGES, AMAZONFEE, CRUK, GIFT_…, 22016 and 23702.
            "not_a_product": 761,
        })
    );
    let orders: Vec<Value> = named(&kept, "Order Completed").map(properties).collect();
    let refunds: Vec<Value> = named(&kept, "Order Refunded").map(properties).collect();
    assert_eq!((orders.len(), refunds.len()), (19_849, 3_580));
    assert_eq!((lines(&orders), lines(&refunds)), (527_675, 8_703));
    assert_eq!((pence(&orders, "revenue"), pence(&orders, "shipping")), (1_027_012_273, 29_260_165));
    assert_eq!(pence(&orders, "total"), 1_027_012_273 + 29_260_165);
    assert_eq!((pence(&refunds, "shipping"), pence(&refunds, "discount")), (1_195_453, 569_622));
    assert_eq!(pence(&refunds, "revenue"), 47_870_918 + 569_622);
    let anonymous = |name| named(&kept, name).filter(|event| event.user_id.is_none()).count();
    assert_eq!((anonymous("Order Completed"), anonymous("Order Refunded")), (1_395, 66));
    let people: std::collections::BTreeSet<_> =
        kept.events.iter().filter_map(|e| e.user_id.as_deref()).collect();
    assert_eq!(people.len(), 4_362);
    assert!(kept.events.is_sorted_by_key(|event| event.occurred_at));
    let heart = kept.products.iter().find(|p| p.id == "85123A").unwrap();
    assert_eq!(
        (heart.price, heart.updated_at.to_rfc3339().as_str()),
        (Some(Money::new(295, Currency::GBP)), "2011-12-09T11:34:00.000Z")
    );
    assert!(kept.products.iter().all(|p| p.price.is_some_and(|price| price.minor > 0)));
    let untitled: Vec<_> = kept.products.iter().filter(|p| p.title.starts_with("Product ")).collect();
    assert!(untitled.is_empty(), "{untitled:?}");
    assert_eq!(fingerprint(&kept), fingerprint(&read(online_retail, &file).1), "the same again");
}

#[test]
fn rees46_adds_up() {
    let Some(file) = shared("clickstream/rees46/2019-Oct_first3h.csv.zst") else { return };
    let (tally, kept) = read(rees46, &file);
    assert_eq!((tally.rows_read, tally.rows_taken, tally.products), (17_435, 17_429, 6_493));
    // Three rows stand there twice, twice and four times; the last row of the head is cut off.
    assert_eq!(
        serde_json::to_value(&tally.rejected).unwrap(),
        json!({"duplicate_row": 5, "wrong_columns": 1})
    );
    let count = |name| named(&kept, name).count();
    let counts = (count("Product Viewed"), count("Product Added"), count("Order Completed"));
    assert_eq!(counts, (17_051, 164, 214));
    let ids: std::collections::BTreeSet<_> = kept.events.iter().map(|e| e.message_id.as_str()).collect();
    assert_eq!(ids.len(), kept.events.len());
    assert_eq!(fingerprint(&kept), fingerprint(&read(rees46, &file).1), "the same again");
}
