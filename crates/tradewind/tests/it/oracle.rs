//! Every aggregate against an oracle: messages come three in ten twice, out of their order, in batches of all
//! sizes, to a server that is killed in between; what it says of them at the end must be what the distinct
//! messages say, added up in the test by other code.
//!
//! Compared after that: the counts by name, the number of products, and of each person the times, events,
//! orders, refunds, revenue, actions, the latest products touched and the set of what was bought. What the
//! order of delivery decides (sessions, the cart, in which order things were bought) is compared in a run of
//! its own where nothing comes late. Not compared: popularity and the models' views. Times are sent without
//! `sentAt`, since a corrected one depends on the time of receipt.

mod delivery;
mod ledger;
mod time;
mod wording;
mod world;

use std::path::Path;
use std::time::Instant;

use delivery::{Delivery, End};
use ledger::{Ledger, ordered, unordered};
use serde_json::Value;
use time::DAY_MS;
use tradewind_bench::{Client, Server};
use tradewind_kernel::{Clock, SystemClock};
use world::World;

use crate::support::{PROGRAM, Rng, exits, number_from, send};

/// Distinct messages, unless the variable says otherwise.
const EVENTS: usize = 20_000;
/// The variable: `make test-oracle EVENTS=…` sets it.
const EVENTS_VARIABLE: &str = "ORACLE_EVENTS";
/// And one more for each so many messages.
const KILLS: usize = 6;
const MESSAGES_PER_KILL: usize = 50_000;

fn profile(client: &mut Client, subject: &str) -> Option<Value> {
    let reply = send(client, "GET", &format!("/v1/profiles/{subject}"), &[], b"");
    assert!(matches!(reply.status, 200 | 404), "{reply:?}");
    (reply.status == 200).then_some(reply.json)
}

/// The person's profile under each of its ids, which must be the same one; `None` where there is none.
fn profile_of(client: &mut Client, world: &World, person: usize) -> Option<Value> {
    let user = World::user(person).map(|user| format!("user_id:{user}"));
    let devices = 0..world.devices(person);
    let devices = devices.map(|device| format!("anonymous_id:{}", World::device(person, device)));
    let mut subjects = user.into_iter().chain(devices);
    let main = subjects.next().unwrap();
    let found = profile(client, &main);
    for other in subjects {
        let theirs = profile(client, &other);
        assert_eq!(theirs.as_ref().map(|p| &p["subject"]), found.as_ref().map(|p| &p["subject"]), "{other}");
    }
    assert!(found.as_ref().is_none_or(|p| p["subject"] == main.as_str()), "{main}: {found:?}");
    found
}

/// Compares field by field, so that a difference is told without all the rest.
#[track_caller]
fn same(person: usize, found: &Value, expected: &Value) {
    let (found, expected) = (found.as_object().unwrap(), expected.as_object().unwrap());
    assert!(found.keys().eq(expected.keys()), "{found:?}\n{expected:?}");
    for (field, value) in expected {
        assert_eq!(found[field], *value, "{field} of person {person}");
    }
}

/// Compares everything that does not depend on the order of delivery; gives how many profiles there are.
fn check(server: &Server, world: &World, ledger: &Ledger) -> usize {
    ledger.check_stats(&server.drained().unwrap());
    let mut client = server.connect().unwrap();
    let mut profiles = 0;
    for person in 0..world.people {
        let found = profile_of(&mut client, world, person);
        assert_eq!(found.is_some(), ledger.knows(person), "person {person}");
        let Some(found) = found else { continue };
        same(person, &unordered(&found), &ledger.expected(person));
        profiles += 1;
    }
    profiles
}

#[test]
fn every_aggregate_equals_the_oracles() {
    let (dir, began) = (tempfile::tempdir().unwrap(), Instant::now());
    let messages = number_from(EVENTS_VARIABLE).unwrap_or(EVENTS);
    let span_ms = 42 * DAY_MS;
    let begin_ms = SystemClock.now().get() - span_ms - 60_000;
    let people = messages / 10;
    let world = World { seed: 3, messages, people, products: 300, begin_ms, span_ms, links: true };
    let mut rng = Rng(11);
    let delivery = Delivery::new(&world, &mut rng);
    let kills = KILLS + messages / MESSAGES_PER_KILL;
    let mut in_flight = 0;
    for life in 0..=kills {
        // The clean stop is one in the middle.
        let end = if life == kills / 2 { End::Stop } else { End::Kill };
        let hit = delivery.live(dir.path(), delivery.batches() / (kills + 2), end, &mut rng);
        in_flight += usize::from(hit && end == End::Kill);
    }
    let server = Server::start(Path::new(PROGRAM), dir.path(), &[]).unwrap();
    delivery.finish(server.address(), 3);
    let delivered_s = began.elapsed().as_secs();
    let ledger = Ledger::of(&world);
    let profiles = check(&server, &world, &ledger);
    let (status, log) = server.stop().unwrap();
    assert!(status.success() && !log.contains("panicked"), "{log}");
    let (report, _) = exits(dir.path(), &["rebuild", "--check", "--json", "--data-dir", "."], 0);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["same"], true, "{report}");
    println!(
        "{messages} messages of {profiles} people delivered {} times in {} batches, {} unanswered and {} refused \
         ones sent again; {kills} kills, {in_flight} of them with batches in flight, and a stop; every aggregate \
         as the oracle has it; {delivered_s} s to deliver, {} s in all",
        delivery.len(),
        delivery.batches(),
        delivery.unanswered(),
        delivery.refused(),
        began.elapsed().as_secs(),
    );
    assert!(delivery.len() > messages * 5 / 4, "too little was repeated");
    assert!(in_flight * 2 > kills, "only {in_flight} of {kills} kills hit anything under way");
}

#[test]
fn what_depends_on_the_order_is_right_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let span_ms = 2 * DAY_MS;
    let begin_ms = SystemClock.now().get() - span_ms - 60_000;
    let world =
        World { seed: 5, messages: 6_000, people: 100, products: 300, begin_ms, span_ms, links: false };
    let server = Server::start(Path::new(PROGRAM), dir.path(), &[]).unwrap();
    let delivery = Delivery::in_order(&world, &mut Rng(13));
    delivery.finish(server.address(), 1);
    assert_eq!(delivery.unanswered() + delivery.refused(), 0, "what was sent again came late");
    let ledger = Ledger::of(&world);
    assert!(check(&server, &world, &ledger) > 50);
    let mut client = server.connect().unwrap();
    for person in (0..world.people).filter(|&person| ledger.knows(person)) {
        let found = profile_of(&mut client, &world, person).unwrap();
        same(person, &ordered(&found), &ledger.expected_in_order(person));
    }
    server.stop().unwrap();
}
