//! What cannot be processed: kept, looked at, put right and taken once, over HTTP and by command.

use std::path::Path;

use serde_json::{Value, json};
use tradewind_bench::Server;

use crate::support::{House, PROGRAM, exits, send, view};

/// Ten messages of one shopper, of which the third, the fifth and the ninth are bad.
fn mixed() -> Value {
    let mut batch: Vec<Value> = (0..10).map(|n| view(&format!("m{n}"), "ann", "p1")).collect();
    batch[2] = json!({"type": "track", "event": "Product Viewed", "properties": {"product_id": "p2"}});
    batch[4] = json!({"type": "track", "anonymousId": "ann", "messageId": "m4"});
    batch[8] = json!(["no message"]);
    json!({"batch": batch, "sentAt": "2026-01-01T00:00:00Z"})
}

fn ids_of(page: &Value) -> Vec<u64> {
    page["letters"].as_array().unwrap().iter().map(|letter| letter["id"].as_u64().unwrap()).collect()
}

fn events_of(house: &House) -> Value {
    house.get("/v1/profiles/anonymous_id:ann").json["events"].clone()
}

#[test]
fn bad_ones_of_a_batch_are_kept_fixed_and_count_once() {
    let house = House::new();
    let taken = house.post("/v1/batch", &mixed());
    let rejected = taken.json["rejected"].as_array().unwrap();
    let named: Vec<_> = rejected.iter().map(|r| (r["pointer"].as_str(), r["code"].as_str())).collect();
    let expected = [("/batch/2", "id_missing"), ("/batch/4", "event_missing"), ("/batch/8", "malformed")];
    assert_eq!((taken.status, named), (200, expected.map(|(p, c)| (Some(p), Some(c))).to_vec()));
    let page = house.get("/v1/dead-letters").json;
    let causes: Vec<_> = page["letters"].as_array().unwrap().iter().map(|l| l["cause"].clone()).collect();
    assert_eq!(causes, ["malformed", "event_missing", "id_missing"], "{page}");
    assert!(page["letters"][2]["payload"].as_str().unwrap().contains("\"p2\""), "{page}");
    assert_eq!((events_of(&house), house.get("/v1/rejected").json.as_array().unwrap().len()), (7.into(), 3));

    // A kill, and the letters are still there.
    house.server.kill();
    let server = Server::start(Path::new(PROGRAM), house.dir.path(), &[]).unwrap();
    let house = House { server, dir: house.dir };
    assert_eq!(house.get("/v1/dead-letters").json["letters"], page["letters"]);
    assert_eq!(house.get("/v1/rejected").json.as_array().unwrap().len(), 3);
    assert!(house.get("/metrics").text.contains("\ntradewind_dead_letters_waiting 3\n"));

    let path = format!("/v1/dead-letters/{}", ids_of(&page)[2]);
    house.post(&format!("{path}/redrive"), &json!({})).is_problem(422, "redrive-failed");
    let fixed = json!({"payload": {"type": "track", "event": "Product Viewed", "anonymousId": "ann",
        "properties": {"product_id": "p2"}}});
    let first = house.post(&format!("{path}/redrive"), &fixed);
    assert_eq!((first.status, &first.json["already"]), (200, &false.into()), "{first:?}");
    let again = house.post(&format!("{path}/redrive"), &fixed);
    assert_eq!((again.status, &again.json["already"]), (200, &true.into()), "{again:?}");
    let profile = house.get("/v1/profiles/anonymous_id:ann").json;
    assert_eq!(profile["events"], 8, "{profile}");
    assert!(profile["recent"].as_array().unwrap().iter().any(|t| t["productId"] == "p2"), "{profile}");
    let shown = house.get(&path).json;
    assert_eq!((&shown["state"], &shown["history"][0]["outcome"]), (&"redriven".into(), &"failed".into()));

    let data = house.dir.path().to_owned();
    assert!(house.server.stop().unwrap().0.success());
    let (out, _) = exits(&data, &["rebuild", "--check", "--json", "--data-dir", "."], 0);
    assert!(out.contains("\"same\":true"), "{out}");
    let house = House { server: Server::start(Path::new(PROGRAM), &data, &[]).unwrap(), dir: house.dir };
    assert_eq!((events_of(&house), ids_of(&house.get("/v1/dead-letters").json).len()), (8.into(), 2));
}

#[test]
fn two_at_once_count_once() {
    let house = House::new();
    let bad: Vec<Value> = (0..20).map(|_| json!({"type": "track", "event": "x"})).collect();
    assert_eq!(house.post("/v1/batch", &json!({ "batch": bad })).status, 200);
    let ids = ids_of(&house.get("/v1/dead-letters").json);
    let fixed = json!({"payload": {"type": "track", "event": "x", "anonymousId": "ann"}}).to_string();
    let redrive = || {
        let mut client = house.client();
        let path = |id| format!("/v1/dead-letters/{id}/redrive");
        let mut ask = |id| send(&mut client, "POST", &path(id), &[], fixed.as_bytes());
        ids.iter().filter(|id| ask(**id).json["already"] == false).count()
    };
    let news: usize = std::thread::scope(|scope| {
        let threads = [scope.spawn(redrive), scope.spawn(redrive), scope.spawn(redrive)];
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((news, events_of(&house)), (20, 20.into()));
}

#[test]
fn the_command_lists_shows_redrives_and_drops() {
    let house = House::with(&[], "api.keys = ['secret']\n");
    assert_eq!(house.post("/v1/batch", &mixed()).status, 200);
    let server = format!("http://{}", house.server.address());
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], code| {
        let all = [&["dead-letters", "--server", &server, "--api-key", "secret"], arguments].concat();
        exits(dir.path(), &all, code)
    };
    let (out, _) = run(&["list"], 0);
    assert!(out.contains("event_missing") && out.contains("3 wait of 3 kept"), "{out}");
    let (out, _) = run(&["list", "--cause", "id_missing", "--json"], 0);
    let ids = ids_of(&serde_json::from_str(&out).unwrap());
    assert_eq!(ids.len(), 1, "{out}");
    let id = ids[0].to_string();
    let (out, _) = run(&["show", &id], 0);
    assert!(out.contains("one of userId and anonymousId is needed") && out.contains("\"p2\""), "{out}");
    let (_, err) = run(&["redrive", &id], 1);
    assert!(err.contains("422") && err.contains("anonymousId"), "{err}");
    let fixed = json!({"type": "track", "event": "Product Viewed", "anonymousId": "ann"});
    std::fs::write(dir.path().join("fixed.json"), fixed.to_string()).unwrap();
    assert!(run(&["redrive", &id, "--payload", "fixed.json"], 0).0.contains("was re-driven"));
    assert!(run(&["redrive", &id, "--payload", "fixed.json"], 0).0.contains("before"));
    let (out, _) = run(&["redrive", "--cause", "event_missing"], 0);
    assert!(out.contains("0 letters were re-driven, 1 still cannot be processed"), "{out}");
    let (out, _) = run(&["list", "--cause", "malformed", "--json"], 0);
    let id = ids_of(&serde_json::from_str(&out).unwrap())[0].to_string();
    assert!(run(&["drop", &id], 0).0.contains("dropped"));
    assert!(run(&["drop", &id], 1).1.contains("404"));
    assert!(run(&["redrive", &id, "--payload", "missing.json"], 5).1.contains("missing.json"));
    run(&["redrive", &id, "--cause", "x"], 2);
    let (_, err) = exits(dir.path(), &["dead-letters", "list", "--server", &server], 1);
    assert!(err.contains("401"), "{err}");
    house.server.kill();
    assert!(run(&["list"], 1).1.contains("tradewind serve"));
}
