//! A log that is held to a bound: it loses its beginning, and the program goes on without it.

use std::path::Path;

use serde_json::json;
use tradewind_bench::Server;

use crate::support::{KEY, PROGRAM, exits, send, view};

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
