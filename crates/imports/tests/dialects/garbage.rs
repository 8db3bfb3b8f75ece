//! Whatever the bytes: no panic, and every row accounted for.

use crate::support::{Dialect, Kept, NOW, check_promises, source};
use proptest::prelude::*;
use tradewind_events::{Event, Kind};
use tradewind_imports::{events, online_retail, rees46};

const RETAIL: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
const CLICKS: &str =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n";

/// Bytes, or pieces that nearly make rows.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        ",",
        ",",
        ",",
        ",",
        ",",
        "\n",
        "\r\n",
        "\"",
        "C",
        "1",
        "536365",
        "22423",
        "POST",
        "D",
        "m",
        "-",
        ".",
        "0",
        "2.55",
        "2010-12-01 08:26:00",
        "12/1/2010 8:26",
        "99/99/9999 99:99",
        "view",
        "purchase",
        "é",
        "?",
        " ",
        "99999999999999999999",
        "{",
        "}",
        "{\"userId\":1}",
        "CAKESTAND",
        "1,2,NAME,3,2010-12-01 08:26:00,1.5,7,UK\n",
        "C1,2,NAME,-3,12/1/2010 8:26,1.5,,UK\n",
        "2019-10-01 00:00:00 UTC,view,7,205,a.b,lg,1,554,s1\n",
    ]);
    let pieces = prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![1 => prop::collection::vec(any::<u8>(), 0..600), 3 => pieces]
}

fn parse(line: &str) -> Result<Event, String> {
    if !line.starts_with('{') {
        return Err("no object".into());
    }
    Ok(Event { user_id: Some("u".into()), ..Event::new(Kind::Track, "m".into(), NOW, NOW) })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn garbage_is_accounted_for(body in body(), headed in any::<bool>()) {
        for (header, dialect) in [(RETAIL, online_retail as Dialect), (CLICKS, rees46)] {
            let mut kept = Kept::default();
            let header = if headed { header } else { "" };
            match dialect(source([header.as_bytes(), &body].concat()), NOW, &mut kept) {
                Ok(tally) => check_promises(&tally, &kept),
                Err(error) => prop_assert!(!headed, "{error}"),
            }
        }
        let mut kept = Kept::default();
        let tally = events(source(body), &parse, &mut kept)?;
        check_promises(&tally, &kept);
    }

    #[test]
    fn a_damaged_frame_is_an_error_at_most(body in body(), at in 0usize..2_000, flip in 1u8..) {
        let mut packed = zstd::encode_all([RETAIL.as_bytes(), &body].concat().as_slice(), 1)?;
        let at = at % packed.len();
        packed[at] ^= flip;
        if let Ok(tally) = online_retail(source(packed), NOW, &mut Kept::default()) {
            prop_assert_eq!(tally.rows_read, tally.rows_taken + tally.rejected.values().sum::<u64>());
        }
    }
}
