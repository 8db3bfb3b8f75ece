//! Who is who in a living pipeline: in any order of arrival, undone, erased, and made anew from the log.

use std::path::Path;

use proptest::prelude::*;
use serde_json::json;
use serde_json::value::to_raw_value;
use tradewind_embedded::FjallStore;
use tradewind_events::{Event, Kind};
use tradewind_kernel::{Subject, UtcMillis};
use tradewind_people::consent::Personalization;
use tradewind_people::identity::{Command, EdgeId, EdgeKind, Ignored, MAX_EDGES, Node};
use tradewind_people::vault::{Epoch, Identifier, KEY_BYTES};
use tradewind_people::{Profile, encode};
use tradewind_ports::{Batch, StateStore, block_on};
use zeroize::Zeroizing;

use crate::pipeline::tests::{NOW, anonymous, open, profile, settle, take, viewed};
use crate::{Pipeline, state_digest};

mod orders;

fn at(minute: i64) -> UtcMillis {
    NOW.plus(minute * UtcMillis::MINUTE)
}

fn user(id: &str) -> Subject {
    Subject::User(id.into())
}

/// An event with both ids.
fn both(id: &str, kind: Kind, device: &str, user: &str, minute: i64) -> Event {
    let mut event = Event::new(kind, id.into(), at(minute), NOW);
    (event.anonymous_id, event.user_id) = (Some(device.into()), Some(user.into()));
    event
}

fn identify(id: &str, device: &str, user: &str, minute: i64) -> Event {
    both(id, Kind::Identify, device, user, minute)
}

fn alias(id: &str, previous: &str, user: &str, minute: i64) -> Event {
    let mut event = Event::new(Kind::Alias, id.into(), at(minute), NOW);
    (event.previous_id, event.user_id) = (Some(previous.into()), Some(user.into()));
    event
}

fn seen(id: &str, device: &str, minute: i64) -> Event {
    Event { occurred_at: at(minute), ..viewed(id, device, "p") }
}

fn merge(into: &str, from: &str, minute: i64) -> Command {
    Command::Merge { into: into.into(), from: from.into(), reason: "r".into(), at: at(minute) }
}

fn split(one: &str, other: &str, minute: i64) -> Command {
    Command::Split { one: one.into(), other: other.into(), reason: "r".into(), at: at(minute) }
}

fn erase(node: Node, minute: i64) -> Command {
    Command::Erase { node, at: at(minute), suppress: false }
}

fn command(pipeline: &Pipeline, commands: &[Command]) {
    block_on(pipeline.command_identities(commands)).unwrap();
    settle(pipeline);
}

fn look(pipeline: &Pipeline, subject: &Subject) -> Option<(Subject, Profile)> {
    let (subject, profile) = pipeline.profile::<Personalization>(subject).unwrap().found()?;
    Some((subject, Profile::clone(&profile)))
}

fn found(pipeline: &Pipeline, subject: &Subject) -> (Subject, Profile) {
    look(pipeline, subject).unwrap()
}

#[test]
fn a_shared_device_follows_the_time_whatever_arrives_first() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let events = [
        seen("1", "tablet", 1),
        identify("2", "tablet", "bob", 100),
        seen("3", "tablet", 101),
        // Came late: at that time it was Ada's.
        identify("4", "tablet", "ada", 10),
        seen("5", "tablet", 20),
        seen("6", "tablet", 110),
    ];
    take(&pipeline, &events);
    let events = |id: &str| found(&pipeline, &user(id)).1.events;
    assert_eq!((events("ada"), events("bob")), (2, 4), "what Bob had taken in before stays with him");
    assert_eq!(found(&pipeline, &anonymous("tablet")).0, user("bob"));
    let picture = pipeline.identity(&Node::anonymous("tablet")).unwrap().unwrap();
    assert_eq!((picture.users, picture.edges.len()), (vec!["bob".to_owned()], 2));
    assert_eq!(picture.edges[0].ignored, Some(Ignored::AnotherUser));
}

/// `PostHog` #11873.
#[test]
fn an_alias_of_a_user_merges_nobody_whichever_comes_first() {
    for alias_first in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let pipeline = open(dir.path(), NOW);
        let mut events = [alias("1", "ada", "bob", 1), identify("2", "d", "ada", 2)];
        if !alias_first {
            events.reverse();
        }
        take(&pipeline, &events);
        take(&pipeline, &[seen("3", "ada", 3)]);
        assert_eq!(found(&pipeline, &anonymous("ada")).0, anonymous("ada"), "it claims nothing");
        assert_eq!(
            (profile(&pipeline, &user("ada")).events, profile(&pipeline, &user("bob")).events),
            (1, 1)
        );
        let picture = pipeline.identity(&Node::user("bob")).unwrap().unwrap();
        let edge = &picture.edges[0];
        assert_eq!((edge.id.kind, edge.ignored), (EdgeKind::Alias, Some(Ignored::AliasOfUser)));
    }
}

/// `PostHog` #104939: splitting off the id that names the person.
#[test]
fn a_merge_shows_both_and_a_split_gives_both_back() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    take(&pipeline, &[seen("1", "d1", 1), identify("2", "d1", "ada", 2), identify("3", "d2", "bob", 3)]);
    let before = [found(&pipeline, &user("ada")), found(&pipeline, &user("bob"))];
    command(&pipeline, &[merge("bob", "ada", 4)]);
    for subject in [user("ada"), user("bob"), anonymous("d2")] {
        let (person, whole) = found(&pipeline, &subject);
        assert_eq!((person, whole.events), (user("ada"), 3));
    }
    assert_eq!(pipeline.person(&anonymous("d1")).unwrap().unwrap().users, ["ada", "bob"]);
    command(&pipeline, &[split("ada", "bob", 5)]);
    assert_eq!([found(&pipeline, &user("ada")), found(&pipeline, &user("bob"))], before);
    command(&pipeline, &[merge("ada", "bob", 4)]);
    assert!(pipeline.person(&user("ada")).unwrap().is_none(), "an older merge does not undo a split");
}

/// The pseudonym of an address, as the vault leaves it in events.
fn pseudonym(address: &str) -> String {
    Epoch { number: 1, salt: Zeroizing::new([7; KEY_BYTES]) }.pseudonym(Identifier::Email, address)
}

fn with_email(mut event: Event, address: &str) -> Event {
    event.properties = Some(to_raw_value(&json!({"email": address, "plan": "m\"1"})).unwrap());
    event
}

#[test]
fn an_address_is_told_and_suggested_and_merges_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let same = pseudonym("ada@example.com");
    take(
        &pipeline,
        &[
            with_email(identify("1", "d1", "ada", 1), &same),
            with_email(identify("2", "d2", "bob", 2), &same),
            with_email(identify("3", "d3", "cleo", 3), "never.named@example.com"),
            with_email(viewed("4", "d4", "p"), &same),
        ],
    );
    let of = |node: &Node| pipeline.identity(node).unwrap().unwrap();
    let contacts = |id: &str| {
        let is_theirs = |e: &EdgeId| e.kind == EdgeKind::Contact && e.other == Node::user(id);
        of(&Node::user(id)).edges.iter().filter(|e| is_theirs(&e.id)).count()
    };
    assert_eq!((contacts("ada"), contacts("bob"), contacts("cleo")), (1, 1, 0));
    assert_eq!(of(&Node::Email(same.clone())).edges.len(), 2, "a view states nobody's address");
    assert_eq!(of(&Node::user("ada")).suggestions[0].users, ["ada", "bob"]);
    assert!(pipeline.person(&user("ada")).unwrap().is_none(), "two users stay two");

    // After an erasure what was known is news again.
    command(&pipeline, &[erase(Node::Email(same.clone()), 5)]);
    take(&pipeline, &[with_email(identify("5", "d1", "ada", 6), &same)]);
    assert_eq!((contacts("ada"), contacts("bob")), (1, 0));
}

/// Unomi-374 and others: what a deletion left behind.
#[test]
fn an_erased_user_is_in_no_table() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let contact = Command::Contact {
        node: Node::Email("5eed".into()),
        owner: Node::user("marked-ada"),
        source: "m".into(),
        at: at(1),
    };
    take(&pipeline, &[identify("1", "d", "marked-ada", 1), alias("2", "old", "marked-ada", 2)]);
    take(&pipeline, &[identify("3", "d", "bob", 3)]);
    command(&pipeline, &[contact, merge("marked-ada", "bob", 4), erase(Node::user("marked-ada"), 60)]);
    assert_eq!(found(&pipeline, &anonymous("d")).0, user("bob"));
    assert!(pipeline.profile::<Personalization>(&user("marked-ada")).unwrap().found().is_none());
    take(&pipeline, &[identify("4", "d", "marked-ada", 59)]);
    let picture = pipeline.identity(&Node::user("bob")).unwrap().unwrap();
    assert_eq!(picture.edges.len(), 1, "a late edge from before does not bring anything back");
    drop(pipeline);
    let store = FjallStore::open(&dir.path().join("state"), 8 << 20).unwrap();
    let mut found = Vec::new();
    for name in store.table_names().into_iter().filter(|n| ["edges", "links", "merges"].contains(&n.as_str()))
    {
        for pair in store.scan(store.table(&name).unwrap(), &[]) {
            let (key, value) = pair.unwrap();
            let has = |bytes: &[u8]| bytes.windows(10).any(|w| w == b"marked-ada");
            if has(&key) || has(&value) {
                found.push((name.clone(), key.len()));
            }
        }
    }
    assert_eq!(found, [("edges".to_owned(), 4 + 12)], "the tombstone alone");
}

#[test]
fn a_device_that_too_many_claim_is_nobodys() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let crowd: Vec<Event> = (0..i64::from(MAX_EDGES) + 5)
        .map(|n| identify(&format!("m{n}"), "kiosk", &format!("u{n}"), n))
        .collect();
    take(&pipeline, &crowd);
    take(&pipeline, &[seen("s", "kiosk", 5_000)]);
    assert_eq!(found(&pipeline, &anonymous("kiosk")).0, anonymous("kiosk"));
    let totals = *pipeline.live().identity.lock();
    assert_eq!((totals.users, totals.on_several_devices, totals.refused), (u64::from(MAX_EDGES), 0, 5));
}

#[test]
fn users_on_several_devices_are_counted_and_the_count_survives() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let events = [
        identify("1", "d1", "ada", 1),
        both("2", Kind::Track, "d1", "ada", 2),
        identify("3", "d2", "ada", 3),
        identify("4", "d3", "bob", 4),
    ];
    take(&pipeline, &events);
    let counts = |pipeline: &Pipeline| {
        let totals = *pipeline.live().identity.lock();
        (totals.users, totals.on_several_devices)
    };
    assert_eq!(counts(&pipeline), (2, 1));
    drop(pipeline);
    let pipeline = open(dir.path(), NOW);
    assert_eq!(counts(&pipeline), (2, 1));
    command(&pipeline, &[erase(Node::anonymous("d2"), 90)]);
    assert_eq!(counts(&pipeline), (2, 0));
    command(&pipeline, &[erase(Node::user("ada"), 91)]);
    assert_eq!(counts(&pipeline), (1, 0));
}

#[test]
fn links_of_an_older_program_still_count() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path(), NOW));
    let store = FjallStore::open(&dir.path().join("state"), 8 << 20).unwrap();
    let mut batch = Batch::default();
    batch.put(store.table("links").unwrap(), b"d", b"ada".as_slice());
    store.commit(&batch).unwrap();
    drop(store);
    let pipeline = open(dir.path(), NOW);
    assert_eq!(pipeline.person(&anonymous("d")).unwrap(), None);
    take(
        &pipeline,
        &[seen("1", "d", 1), identify("2", "d", "bob", 10), seen("3", "d", 5), seen("4", "d", 11)],
    );
    assert_eq!((profile(&pipeline, &user("ada")).events, profile(&pipeline, &user("bob")).events), (2, 2));
}

/// The digest of a directory's state, and of the one that the log gives anew.
fn lived_and_rebuilt(dir: &Path) -> (u128, u128) {
    let digest = || state_digest(&FjallStore::open(&dir.join("state"), 8 << 20).unwrap(), NOW).unwrap();
    let lived = digest();
    std::fs::rename(dir.join("state"), dir.join("old")).unwrap();
    let pipeline = open(dir, NOW);
    settle(&pipeline);
    drop(pipeline);
    (lived, digest())
}

/// Something that a test does: an event or a command, from numbers.
#[derive(Debug, Clone)]
enum Deed {
    Event(Box<Event>),
    Command(Command),
}

fn any_deed(&(n, sort, one, other, minute): &(u32, u8, usize, usize, i64)) -> Deed {
    let (users, devices) = (["u0", "u1", "u2", "u3"], ["d0", "d1", "d2", "d3"]);
    let (user, second, device) = (users[one % 4], users[other % 4], devices[other % 4]);
    let id = format!("m{n}");
    let minute = minute * 4;
    let event = match sort {
        0..=3 => identify(&id, device, user, minute),
        4..=6 => both(&id, Kind::Track, device, user, minute),
        7 => alias(&id, ["p0", "p1"][other % 2], user, minute),
        8..=10 => seen(&id, device, minute),
        11..=13 => return Deed::Command(merge(user, second, minute)),
        14..=15 => return Deed::Command(split(user, second, minute)),
        16 => {
            let (node, owner) = (Node::Email(format!("e{}", other % 2)), Node::user(user));
            return Deed::Command(Command::Contact { node, owner, source: id, at: at(minute) });
        }
        17 => return Deed::Command(erase(Node::anonymous(device), minute)),
        sort => {
            let suppress = sort == 19 && other == 0;
            return Deed::Command(Command::Erase { node: Node::user(user), at: at(minute), suppress });
        }
    };
    Deed::Event(Box::new(event))
}

/// Does things in this order, each durable before the next batch.
fn act(pipeline: &Pipeline, deeds: &[Deed]) {
    for deed in deeds {
        match deed {
            Deed::Event(event) => block_on(pipeline.collect(std::slice::from_ref(&**event))).unwrap(),
            Deed::Command(command) => {
                block_on(pipeline.command_identities(std::slice::from_ref(command))).unwrap();
            }
        }
    }
}

fn bytes_of(pipeline: &Pipeline, id: &str) -> Vec<u8> {
    encode(&profile(pipeline, &user(id))).unwrap()
}
