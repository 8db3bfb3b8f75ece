//! JSON lines, with a parser as simple as can be.

use crate::support::{Kept, NOW, check_promises, source};
use tradewind_events::{Event, Kind};
use tradewind_imports::{Tally, events};

fn parse(line: &str) -> Result<Event, String> {
    let value: serde_json::Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let user = value["userId"].as_str().ok_or("it names nobody")?;
    let id = value["messageId"].as_str().unwrap_or("made up");
    Ok(Event { user_id: Some(user.into()), ..Event::new(Kind::Track, id.into(), NOW, NOW) })
}

fn read(bytes: impl Into<Vec<u8>>) -> (Tally, Kept) {
    let mut kept = Kept::default();
    let tally = events(source(bytes), &parse, &mut kept).expect("memory reads");
    check_promises(&tally, &kept);
    (tally, kept)
}

#[test]
fn lines_become_events() {
    let (tally, kept) = read("\u{feff}{\"userId\":\"u\",\"messageId\":\"m\"}\r\n\n  \n{\"userId\":\"v\"}");
    assert_eq!((tally.rows_read, tally.rows_taken), (2, 2));
    assert_eq!(kept.events[0].message_id, "m");
    let made = &kept.events[1].message_id;
    assert!(made.starts_with("line:") && made.len() == 37, "{made}");
    assert_eq!(*made, read("{\"userId\":\"v\"}\n").1.events[0].message_id, "the line alone decides the id");
}

#[test]
fn every_line_at_fault_has_its_reason() {
    let mut bytes = b"{\n\n{\"a\":1}\n\xFF\n".to_vec();
    bytes.extend(vec![b'x'; 1024 * 1024 + 1]);
    bytes.extend(b"\n{\"userId\":\"u\"}\n\"");
    bytes.extend(vec![b'y'; 1024 * 1024 - 2]);
    bytes.extend(b"\"\n");
    let (tally, kept) = read(bytes);
    let expected = [
        (1, "invalid_json"),
        (3, "invalid_message"),
        (4, "not_utf8"),
        (5, "too_large"),
        (7, "invalid_message"),
    ];
    assert_eq!(kept.reasons(), expected);
    assert_eq!((kept.rejects[1].2.as_str(), kept.rejects[1].3.as_str()), ("{\"a\":1}", "it names nobody"));
    assert_eq!((kept.rejects[3].2.len(), tally.rows_taken), (4_096, 1));
}
