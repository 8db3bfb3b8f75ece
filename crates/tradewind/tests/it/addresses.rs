//! The raw address of a shopper is nowhere: not in the data directory, not in answers, not in log lines.

use std::path::Path;

use serde_json::{Value, json};
use tradewind_embedded::{DataDir, LogOptions};
use tradewind_ports::{EventLog, StateStore};

use crate::support::{House, KEY, exits, send};

#[path = "../../../api/src/enrich/tests/mmdb.rs"]
mod mmdb;

/// Addresses that stand nowhere else, in every form that they are sent in.
const V4: &str = "203.0.113.77";
const V6: &str = "2001:db8:7::beef:77";
/// What all of those forms have in them.
const MARKS: [&str; 2] = ["203.0.113.77", "beef:77"];
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0";

/// A house with the small geo database, which believes this machine about whom it forwards for.
fn house() -> (House, tempfile::TempDir) {
    let places = tempfile::tempdir().unwrap();
    let file = places.path().join("places.mmdb");
    std::fs::write(&file, mmdb::database()).unwrap();
    let toml =
        format!("collect.geo_database = '{}'\nserve.trusted_proxies = ['127.0.0.0/8']\n", file.display());
    (House::with(&[], &toml), places)
}

/// Sends each of these, from a browser behind a proxy, and checks that it is answered as it should be.
fn send_all(house: &House, address: &str) {
    let forwarded = [("x-forwarded-for", address), ("user-agent", BROWSER), ("sec-gpc", "1")];
    let post = |path: &str, headers: &[(&str, &str)], body: &str, statuses: &[u16]| {
        let headers = [&[KEY], &forwarded[..], headers].concat();
        let reply = send(&mut house.client(), "POST", path, &headers, body.as_bytes());
        assert!(statuses.contains(&reply.status), "{path} {body}: {reply:?}");
    };
    let good: &[u16] = &[200, 204];
    let context = json!({"ip": address, "locale": "de", "device": {"ip": [address]}});
    let properties =
        json!({"ip": address, "$ip": address, "client": {"ip_address": format!("{address}, 10.0.0.1")}});
    for kind in ["track", "identify", "page", "screen", "group"] {
        let message = json!({"type": kind, "event": "Marked", "anonymousId": "kept-mark", "groupId": "g",
            "context": context, "properties": properties, "traits": {"lastIp": address}, "request_ip": address});
        post(&format!("/v1/{kind}"), &[], &message.to_string(), good);
        let batch = json!({"batch": [message], "context": {"ip": address}});
        post("/v1/batch", &[], &batch.to_string(), good);
        post("/v1/import", &[], &batch.to_string(), good);
    }
    let hidden =
        format!(r#"{{"type":"track","event":"x","userId":"u","context":{{"\u0069p":"{address}"}}}}"#);
    post("/v1/track", &[], &hidden, good);
    for event in ["page_view", "view_item", "custom"] {
        let ga4 = json!({"client_id": "c", "ip_override": address, "user_properties": {"ip": {"value": address}},
            "events": [{"name": event, "params": {"ip": address, "page_location": "https://shop.example/"}}]});
        post("/mp/collect", &[], &ga4.to_string(), good);
    }
    let posthog = json!({"event": "$pageview", "distinct_id": "d", "$set": {"$ip": address},
        "properties": {"$ip": address, "$current_url": "https://shop.example/"}});
    post("/capture/", &[], &posthog.to_string(), good);
    post("/batch/", &[], &json!({"batch": [posthog]}).to_string(), good);
    let entities = json!({"schema": "iglu:x/contexts/jsonschema/1-0-0",
        "data": [{"schema": "iglu:x/client/jsonschema/1-0-0", "data": {"ipAddress": address}}]});
    let snowplow = json!({"data": [{"e": "pv", "url": "https://shop.example/", "duid": "d", "ip": address,
        "co": entities.to_string()}]});
    post("/com.snowplowanalytics.snowplow/tp2", &[], &snowplow.to_string(), good);
    let pixel = format!("/i?e=pv&duid=d&ip={address}");
    assert_eq!(send(&mut house.client(), "GET", &pixel, &[KEY], b"").status, 200);
    let event = json!({"specversion": "1.0", "id": address.len().to_string(), "type": "shop.seen", "source": "s",
        "subject": "u", "clientip": address, "data": {"ip": address}});
    post("/v1/cloudevents", &[("content-type", "application/cloudevents+json")], &event.to_string(), good);
    // Its reason quotes what does not read.
    let unread = json!({"event": "x", "distinct_id": "d", "offset": address});
    post("/capture/", &[], &unread.to_string(), good);
    // Events that are rejected, their address early, late, and where none should be.
    let pad = "x".repeat(455);
    for bad in [
        format!(r#"{{"type":"track","context":{{"ip":"{address}"}}}}"#),
        format!(r#"{{"type":"track","pad":"{pad}","ip":"{address}"}}"#),
        format!(r#"{{"type":"track","properties":"{address}","userId":"u","event":"x"}}"#),
        format!(r#"{{"type":"{address}","userId":"u"}}"#),
    ] {
        post("/v1/batch", &[], &format!(r#"{{"batch":[{bad}]}}"#), &[200, 400]);
        post("/mp/collect", &[], &bad, good);
    }
}

/// Every byte of every file, and every record and value as the program reads it.
pub(crate) fn everything(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                found.push((path.display().to_string(), bytes));
            }
        }
    }
    let data = DataDir::open(dir).unwrap();
    let log = data.log(LogOptions::default()).unwrap();
    let mut reader = log.reader(log.start()).unwrap();
    loop {
        let records = reader.read(1 << 20).unwrap();
        if records.is_empty() {
            break;
        }
        found.extend(records.into_iter().map(|r| (format!("record {:?}", r.offset), r.bytes.to_vec())));
    }
    let state = data.state(8 << 20).unwrap();
    for name in state.table_names() {
        let table = state.table(&name).unwrap();
        for entry in state.scan(table, b"") {
            let (key, value) = entry.unwrap();
            found.push((format!("table {name}"), [&key[..], &value[..]].concat()));
        }
    }
    found
}

fn holds(bytes: &[u8], mark: &str) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark.as_bytes())
}

#[test]
fn no_address_is_kept_or_told() {
    let (house, _places) = house();
    for address in [V4, V6] {
        send_all(&house, address);
    }
    let rejected = house.get("/v1/rejected");
    assert!(rejected.json.as_array().is_some_and(|list| list.len() >= 8), "{rejected:?}");
    house.server.drained().unwrap();
    let dir = house.dir;
    let (status, log) = house.server.stop().unwrap();
    assert!(status.success(), "{log}");
    let kept = everything(dir.path());
    let marked =
        kept.iter().filter(|(place, bytes)| place.starts_with("record") && holds(bytes, "kept-mark"));
    assert_eq!(marked.count(), 30, "the search finds what is there");
    for mark in MARKS {
        assert!(!rejected.text.contains(mark), "{}", rejected.text);
        assert!(!log.contains(mark), "{log}");
        for (place, bytes) in &kept {
            assert!(!holds(bytes, mark), "{place}: {}", String::from_utf8_lossy(bytes));
        }
    }
    let places = kept.iter().filter(|(place, bytes)| {
        place.starts_with("record") && holds(bytes, r#""co":"DE","re":"BY""#) && holds(bytes, "kept-mark")
    });
    assert_eq!(places.count(), 15, "each address of version 4 served the place");
}

#[test]
fn what_a_browser_behind_a_proxy_says_is_added() {
    let (house, _places) = house();
    let message =
        json!({"anonymousId": "a", "context": {"page": {"url": "https://shop.example/", "referrer": ""}}});
    // Brave calls itself Chrome in its user agent, and says its name in the hints.
    let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
    let brands = r#""Brave";v="131", "Chromium";v="131", "Not_A Brand";v="24""#;
    let headers = [
        KEY,
        ("x-forwarded-for", V6),
        ("user-agent", chrome),
        ("sec-ch-ua", brands),
        ("sec-ch-ua-mobile", "?0"),
        ("sec-ch-ua-platform", "\"Linux\""),
        ("sec-gpc", "1"),
    ];
    let body = message.to_string();
    assert_eq!(send(&mut house.client(), "POST", "/v1/page", &headers, body.as_bytes()).status, 200);
    let dir = house.dir;
    house.server.stop().unwrap();
    let kept = everything(dir.path());
    let (_, record) = kept.iter().find(|(place, _)| place.starts_with("record")).unwrap();
    let json: Value = serde_json::from_slice(&record[2..]).unwrap();
    let enriched = &json["e"];
    let found = ["d", "os", "b", "ch", "co", "re", "gpc"].map(|key| enriched[key].clone());
    let expected = [
        json!("desktop"),
        json!("Linux"),
        json!("Brave"),
        json!("direct"),
        json!("US"),
        json!("CA"),
        json!(true),
    ];
    assert_eq!(found, expected, "{json}");
}

#[test]
fn settings_that_cannot_be_used_are_named_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let check = |toml: &str, words: [&str; 2]| {
        std::fs::write(dir.path().join("tradewind.toml"), toml).unwrap();
        let (_, told) = exits(dir.path(), &["serve", "--port", "0"], 3);
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
    };
    check("serve.trusted_proxies = ['proxy.example']\n", ["serve.trusted_proxies", "proxy.example"]);
    check("collect.geo_database = 'none.mmdb'\n", ["collect.geo_database", "none.mmdb"]);
    check("collect.geo_database = 'tradewind.toml'\n", ["collect.geo_database", "MaxMind"]);
}
