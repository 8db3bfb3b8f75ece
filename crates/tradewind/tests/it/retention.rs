//! A log that is held to a bound: it loses its beginning, and the program goes on without it.

use std::path::Path;

use serde_json::json;
use tradewind_bench::Server;

use crate::support::{House, KEY, PROGRAM, exits, send, view};

const BATCH: usize = 10;

#[test]
fn a_log_without_its_beginning_is_sound_and_cannot_be_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let settings = "[storage]\nlog_segment_mib = 1\nlog_max_mib = 2\ndisk_reserve_mib = 0\n";
    std::fs::write(dir.path().join("tradewind.toml"), settings).unwrap();
    let first = dir.path().join("log/00000000000000000000.log");
    let server = Server::start(Path::new(PROGRAM), dir.path(), &[]).unwrap();
    let mut client = server.connect().unwrap();
    let mut sent = 0;
    while first.exists() {
        let event = |n: usize| {
            let mut event = view(&format!("m{n}"), "me", "p");
            event["properties"]["description"] = json!("x".repeat(20_000));
            event
        };
        let batch = json!({"batch": (sent..sent + BATCH).map(event).collect::<Vec<_>>()}).to_string();
        let reply = send(&mut client, "POST", "/v1/batch", &[KEY], batch.as_bytes());
        if reply.status == 200 {
            sent += BATCH;
        } else {
            reply.is_problem(503, "storage-full");
            std::thread::yield_now();
        }
    }
    assert!(server.stop().unwrap().0.success());

    let (told, _) = exits(dir.path(), &["verify", "--data-dir", "."], 0);
    assert!(told.contains("sound") && !told.contains("offsets 0 to"), "{told}");
    let (_, why) = exits(dir.path(), &["rebuild", "--data-dir", "."], 1);
    assert!(why.contains("what came before was removed"), "{why}");
    let server = Server::start(Path::new(PROGRAM), dir.path(), &[]).unwrap();
    assert_eq!(server.drained().unwrap()["eventsTotal"], sent);
    server.stop().unwrap();

    // Without its state, what is left is not served as if it were all.
    std::fs::rename(dir.path().join("state"), dir.path().join("state.gone")).unwrap();
    let (told, _) = exits(dir.path(), &["verify", "--data-dir", "."], 1);
    assert!(told.contains("cannot be made anew"), "{told}");
    let refused = Server::start(Path::new(PROGRAM), dir.path(), &[]).unwrap_err();
    assert!(refused.to_string().contains("what lies between was removed"), "{refused}");
}

#[test]
fn people_who_are_not_seen_any_more_are_erased_and_that_is_told() {
    let house = House::with(&[], "[retention]\npeople_days = 30\n");
    let mut old = view("old", "long-gone", "p");
    old["timestamp"] = json!("2025-01-02T03:04:05Z");
    assert_eq!(house.post("/v1/batch", &json!({"batch": [old, view("new", "fresh", "p")]})).status, 200);
    house.server.drained().unwrap();
    assert_eq!(house.get("/v1/profiles/anonymous_id:long-gone").status, 200);
    let house = house.restart();
    let people = loop {
        let all = house.get("/v1/privacy/retention").json;
        let people = all.as_array().unwrap().iter().find(|one| one["class"] == "people").unwrap().clone();
        if people["nextRunAt"].is_string() {
            break people;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    };
    assert_eq!((&people["removedCount"], &people["days"]), (&json!(1), &json!(30)), "{people}");
    house.get("/v1/profiles/anonymous_id:long-gone").is_problem(404, "not-found");
    assert_eq!(house.get("/v1/profiles/anonymous_id:fresh").status, 200);
    let requests = house.get("/v1/privacy/requests").json;
    assert_eq!((&requests[0]["type"], &requests[0]["status"]), (&json!("erase"), &json!("FINISHED")));
    assert!(requests[0]["receipt"].is_object(), "with a receipt");
    let server = format!("http://{}", house.server.address());
    let (told, _) = exits(house.dir.path(), &["privacy", "retention", "--server", &server], 0);
    let line = told.lines().find(|line| line.starts_with("people: 30 days (retention.people_days)"));
    assert!(line.is_some_and(|line| line.contains("1 removed at")), "{told}");
    assert!(
        told.contains("raw_events: for ever (storage.log_keep_days)")
            && told.contains("ledger: until: never"),
        "{told}"
    );
}

#[test]
fn the_data_map_is_printed_in_each_form_and_over_http() {
    let house = House::new();
    let dir = house.dir.path();
    let (page, _) = exits(dir, &["privacy", "data-map"], 0);
    assert!(
        page.contains("| log/ | Event | `user_id` |") && page.contains("retention.people_days"),
        "{page}"
    );
    let (csv, _) = exits(dir, &["privacy", "data-map", "--format", "csv"], 0);
    assert!(csv.starts_with("place,record,field,what,class,purpose,retention"));
    let (json, _) = exits(dir, &["privacy", "data-map", "--format", "json"], 0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json, house.get("/v1/privacy/data-map").json);
    assert!(json["fields"].as_array().map_or(0, Vec::len) > 200);
}
