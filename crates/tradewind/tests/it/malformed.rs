//! Ten thousand bodies that nobody should send, from a seed. Each gets an answer that says what is wrong, or
//! is taken where it can be read after all; the server neither fails nor hangs nor swells.

mod decide;
mod generate;

use std::collections::BTreeMap;

use serde_json::json;
use tradewind_bench::{BenchError, Client, request};

use crate::support::{House, Reply, Rng, reply, send, view};
use generate::{Case, Expect, case};

const CASES: usize = 10_000;
const THREADS: usize = 4;
/// How much the server's peak memory may rise, in bytes, at all of them and again at as many others.
const MAX_GROWTH_BYTES: u64 = 100 << 20;
/// How much more the lake's tables and its first commit may take, in bytes; half of it is the program's own
/// code, which is read from its file once it is used.
#[cfg(feature = "lake")]
const MAX_LAKE_BYTES: u64 = 150 << 20;

/// What is wrong with an answer, if anything.
fn judge(case: &Case, reply: &Reply) -> Result<(), String> {
    match reply.status {
        400..=499 if case.expect == Expect::Taken => Err("refused".into()),
        400..=499 => reply.reads_as_problem(),
        200 => {
            if reply.json.is_null() {
                return Err("a 200 that is no JSON".into());
            }
            let rejected = reply.json["rejected"].as_array().map_or(0, Vec::len);
            match case.expect {
                Expect::Refused => Err("taken".into()),
                Expect::Named if rejected == 0 => Err("nothing is named".into()),
                _ if rejected > 0 && !named_well(reply) => Err("badly named".into()),
                _ => Ok(()),
            }
        }
        status => Err(format!("status {status}")),
    }
}

fn named_well(reply: &Reply) -> bool {
    reply.json["rejected"].as_array().into_iter().flatten().all(|one| {
        let text = |name: &str| one[name].as_str().is_some_and(|t| !t.is_empty());
        one["pointer"].as_str().is_some_and(|p| p.starts_with("/batch/")) && text("code") && text("detail")
    })
}

fn shown(case: &Case) -> String {
    let body: String = String::from_utf8_lossy(&case.body).chars().take(300).collect();
    format!("{} of {} bytes to {} {:?}: {body}", case.what, case.body.len(), case.path, case.headers)
}

/// Sends a share of the cases; gives how many answers had which status.
fn share(house: &House, thread: usize, round: u64) -> BTreeMap<u16, usize> {
    let mut rng = Rng(4_711 + thread as u64 + 1_000 * round);
    let mut client = house.client();
    let mut statuses = BTreeMap::new();
    for _ in 0..CASES / THREADS {
        let case = case(&mut rng);
        let headers: Vec<(&str, &str)> = case.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let bytes = request("POST", &case.path, &headers, &case.body);
        let found = match case.cut {
            Some(at) => client.break_off(&bytes[..at.min(bytes.len())]).map(|a| reply(&a)),
            None => client.exchange(&bytes).map(|a| reply(&a)),
        };
        // A body that was refused unread ends its connection; so does anything that went wrong.
        let closes = found
            .as_ref()
            .map_or(true, |reply| reply.status == 413 || reply.header("connection") == Some("close"));
        match found {
            Ok(reply) => {
                if let Err(why) = judge(&case, &reply) {
                    panic!("{why}: {reply:?}\n{}", shown(&case));
                }
                *statuses.entry(reply.status).or_default() += 1;
            }
            // A request that was cut short may get no answer, and one far too large a connection reset.
            Err(BenchError::Answer(_) | BenchError::Io { .. }) if case.cut.is_some() || case.may_reset => {
                *statuses.entry(0).or_default() += 1;
            }
            Err(error) => panic!("{error}\n{}", shown(&case)),
        }
        if closes || case.cut.is_some() || case.may_reset {
            client = house.client();
        }
    }
    statuses
}

fn good_batch_works(house: &House, client: &mut Client, id: &str) {
    let body = json!({"batch": [view(id, id, "good")]}).to_string();
    let taken = send(client, "POST", "/v1/batch", &[crate::support::KEY], body.as_bytes());
    assert_eq!((taken.status, taken.json), (200, json!({"success": true})));
    let profile = house.get(&format!("/v1/profiles/anonymous_id:{id}"));
    assert_eq!(profile.json["events"], 1, "{profile:?}");
}

/// Sends all cases to the server, and gives by how many bytes its peak memory rose, and how it answered.
fn growth(house: &House, round: u64) -> (u64, String) {
    let before = house.server.peak_rss_bytes().unwrap();
    let statuses = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|n| scope.spawn(move || share(house, n, round))).collect();
        let mut all: BTreeMap<u16, usize> = BTreeMap::new();
        for thread in threads {
            for (status, count) in thread.join().unwrap_or_else(|e| std::panic::resume_unwind(e)) {
                *all.entry(status).or_default() += count;
            }
        }
        all
    });
    house.server.drained().unwrap();
    assert_eq!(house.get("/readyz").status, 200);
    good_batch_works(house, &mut house.client(), "after");
    let growth = house.server.peak_rss_bytes().unwrap() - before;
    for status in [200, 400, 401, 413, 415] {
        assert!(statuses.contains_key(&status), "no case was answered with {status}: {statuses:?}");
    }
    let told = format!("answers by status (0: none): {statuses:?}; peak memory rose by {} MiB", growth >> 20);
    (growth, told)
}

fn stays_within_bounds(house: &House) {
    for round in 0..2 {
        let (growth, told) = growth(house, round);
        eprintln!("{told}");
        assert!(growth < MAX_GROWTH_BYTES, "peak memory rose by {growth} bytes");
    }
}

fn still_works(house: House) {
    let (house, log) = house.restart_and_tell();
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
    good_batch_works(&house, &mut house.client(), "again");
    let (status, log) = house.server.stop().unwrap();
    assert!(status.success() && !log.contains("panicked") && !log.contains("ERROR"), "{log}");
}

#[test]
fn ten_thousand_malformed_bodies() {
    // The memory that is looked at is that of reading, not of writing the lake.
    let house = House::with(&[], "lake.enabled = false\n");
    good_batch_works(&house, &mut house.client(), "before");
    stays_within_bounds(&house);
    still_works(house);
}

/// The same bound with the lake written every second: what it takes beyond, it takes once, for its tables and
/// its first commit, before anything bad comes.
#[cfg(feature = "lake")]
#[test]
fn ten_thousand_malformed_bodies_with_the_lake() {
    use crate::lake::metric;

    let house = House::with(&[], "lake.commit_seconds = 1\n");
    let without = house.server.peak_rss_bytes().unwrap();
    good_batch_works(&house, &mut house.client(), "before");
    while metric(&house.server, "tradewind_lake_position").unwrap_or(0) == 0 {
        std::thread::yield_now();
    }
    let once = house.server.peak_rss_bytes().unwrap() - without;
    println!("the lake's tables and its first commit took {} MiB", once >> 20);
    assert!(once < MAX_LAKE_BYTES, "the lake's first commit took {once} bytes");
    stays_within_bounds(&house);
    still_works(house);
}
