//! People removed, and everybody else left as they were.

use std::path::Path;
use std::sync::Arc;

use tradewind_catalog::Product;
use tradewind_embedded::{LogOptions, SegmentLog};
use tradewind_events::{Event, Kind};
use tradewind_people::consent::Personalization;
use tradewind_ports::{EventLog, Record, block_on};

use super::search::Mentions;
use super::*;
use crate::pipeline::tests::{NOW, anonymous, open, open_on, profile, settle, take, viewed};
use crate::{Letter, MAX_LETTER_BYTES};

fn letter(payload: &str) -> Letter {
    assert!(payload.len() < MAX_LETTER_BYTES);
    Letter {
        received_at: NOW,
        dialect: "segment".into(),
        key: None,
        index: 0,
        code: "bad".into(),
        detail: "it does not read".into(),
        payload: payload.into(),
        cut: false,
        envelope: None,
    }
}

fn identify(id: &str, anonymous: &str, user: &str) -> Event {
    let mut event = Event::new(Kind::Identify, id.into(), NOW, NOW);
    event.anonymous_id = Some(anonymous.into());
    event.user_id = Some(user.into());
    event.traits = serde_json::from_str(&format!(r#"{{"nick":"mark of {user}"}}"#)).ok();
    event
}

fn of_user(id: &str, user: &str, product: &str) -> Event {
    Event { user_id: Some(user.into()), anonymous_id: None, ..viewed(id, "", product) }
}

fn is_unknown(pipeline: &Pipeline, subject: &Subject) -> bool {
    pipeline.profile::<Personalization>(subject).unwrap().found().is_none()
}

fn records(log: &dyn EventLog) -> Vec<Record> {
    let mut reader = log.reader(log.start()).unwrap();
    let mut all = Vec::new();
    loop {
        let some = reader.read(1 << 20).unwrap();
        if some.is_empty() {
            return all;
        }
        all.extend(some);
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

/// How many files below a folder hold a text.
fn hits(dir: &Path, text: &str) -> usize {
    let paths = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths
        .map(|path| {
            if path.is_dir() {
                hits(&path, text)
            } else {
                usize::from(holds(&std::fs::read(&path).unwrap(), text))
            }
        })
        .sum()
}

const GONE: &str = "qzxjkvbpygfw";

/// Two people with two devices each, and what happened around them.
fn lives(pipeline: &Pipeline) {
    let feed =
        ["p", "q", "r", "s"].map(|id| Product { id: id.into(), title: id.into(), ..Product::default() });
    block_on(pipeline.put_products(&feed)).unwrap();
    take(
        pipeline,
        &[
            viewed("1", "device-1", "p"),
            viewed("2", "device-2", "p"),
            viewed("3", "device-9", "q"),
            identify("4", "device-1", GONE),
            identify("5", "device-2", GONE),
            identify("6", "device-9", "stays"),
            of_user("7", GONE, "r"),
            of_user("8", "stays", "r"),
            viewed("9", "device-2", "s"),
            viewed("10", "device-9", "p"),
        ],
    );
    for subject in [GONE, "stays"] {
        pipeline.log_decision(format!(r#"_{{"s":"user_id:{subject}","p":[]}}"#).as_bytes());
    }
    let letters = vec![
        letter(&format!(r#"{{"userId":"{GONE}","event":7}}"#)),
        letter(r#"{"userId":"stays","event":7}"#),
        letter(&format!(r#"{{"userId":"{GONE}-2","event":7}}"#)),
    ];
    block_on(pipeline.collect_with(&[], letters)).unwrap();
    settle(pipeline);
}

#[test]
fn whoever_is_erased_is_nowhere_and_the_others_are_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(SegmentLog::open(&dir.path().join("log"), LogOptions::default()).unwrap());
    let pipeline = open_on(Arc::clone(&log), dir.path(), NOW);
    lives(&pipeline);
    let subject = Subject::User(GONE.into());
    let other = profile(&pipeline, &Subject::User("stays".into()));
    let before = records(log.as_ref());
    assert!(hits(dir.path(), GONE) > 0);

    let keys = pipeline.keys_of(&anonymous("device-2")).unwrap();
    assert_eq!(keys, pipeline.keys_of(&subject).unwrap());
    assert_eq!(keys.len(), 3);
    let whose = Whose::new(keys);
    let erased = pipeline.erase(&whose).unwrap();
    let expected =
        Erased { profiles: 1, links: 2, sessions: 2, dead_letters: 2, log_records: 9, ..Erased::default() };
    assert_eq!(erased, expected);

    let after = records(log.as_ref());
    assert_eq!(after.len(), before.len());
    let mut zeros = 0;
    for (old, new) in before.iter().zip(&after) {
        let is_zero = new.bytes.iter().all(|&b| b == 0);
        zeros += usize::from(is_zero);
        assert_eq!(
            is_zero,
            holds(&old.bytes, GONE) || holds(&old.bytes, "device-1") || holds(&old.bytes, "device-2")
        );
        assert!(is_zero || old == new);
    }
    assert_eq!(zeros as u64, erased.log_records);
    assert!(is_unknown(&pipeline, &subject));
    assert!(is_unknown(&pipeline, &anonymous("device-1")));
    assert_eq!(profile(&pipeline, &Subject::User("stays".into())), other);
    let p = pipeline.live().items.read().number("p").unwrap();
    assert_eq!(pipeline.live().sessions.read().sessions_holding(p), 1);
    assert!(pipeline.pulse(NOW).latest_events.iter().all(|event| !event.subject.contains(GONE)));
    assert_eq!(hits(dir.path(), GONE), 0);
    assert!(hits(dir.path(), "mark of stays") > 0);
    assert_eq!(pipeline.erase(&whose).unwrap(), Erased::default());

    // A new beginning, under the same id.
    take(&pipeline, &[of_user("11", GONE, "p")]);
    assert_eq!(profile(&pipeline, &subject).events, 1);
    drop(pipeline);
    drop(log);
    let pipeline = open(dir.path(), NOW);
    assert_eq!(profile(&pipeline, &Subject::User("stays".into())), other);
    let mut left = 0;
    pipeline.each_session(|_, record| left += usize::from(!record.clicks.is_empty())).unwrap();
    assert_eq!(left, 2);
}

#[test]
fn what_is_left_of_the_log_gives_the_same_people() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    lives(&pipeline);
    let keys = pipeline.keys_of(&Subject::User(GONE.into())).unwrap();
    pipeline.erase(&Whose::new(keys)).unwrap();
    take(&pipeline, &[viewed("12", "device-9", "r"), viewed("13", "device-1", "r")]);
    let subjects = [Subject::User("stays".into()), anonymous("device-1")];
    let lived: Vec<_> = subjects.iter().map(|s| profile(&pipeline, s)).collect();
    drop(pipeline);
    std::fs::remove_dir_all(dir.path().join("state")).unwrap();
    let pipeline = open(dir.path(), NOW);
    settle(&pipeline);
    for (subject, mut lived) in subjects.iter().zip(lived) {
        let mut made = profile(&pipeline, subject);
        // Sessions are numbered anew, without those that are gone.
        for profile in [&mut lived, &mut made] {
            profile.session.as_mut().unwrap().number = None;
        }
        assert_eq!(made, lived);
    }
    assert!(is_unknown(&pipeline, &Subject::User(GONE.into())));
}

#[test]
fn people_are_found_again_by_a_fingerprint() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    lives(&pipeline);
    let keys = pipeline.keys_of(&Subject::User(GONE.into())).unwrap();
    let prints: Vec<u64> = keys.iter().map(|key| xxh3_64(key.as_bytes())).collect();
    let found = pipeline.find_keys(&|key| prints.contains(&xxh3_64(key.as_bytes()))).unwrap();
    assert_eq!(found, keys);
}

#[test]
fn whoever_only_a_decision_or_a_letter_names_is_found_again_too() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    lives(&pipeline);
    pipeline.log_decision(br#"_{"s":"anonymous_id:asked only","p":[]}"#);
    block_on(pipeline.collect_with(&[], vec![letter(r#"{"userId":"wrote-only","event":7}"#)])).unwrap();
    settle(&pipeline);
    let wanted = ["a:asked only", "u:wrote-only"];
    let found = pipeline.find_keys(&|key| wanted.contains(&key)).unwrap();
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
    let none = pipeline.find_keys(&|key| key == "u:wrote" || key == "u:").unwrap();
    assert_eq!(none.len(), 0);
}

#[test]
fn what_is_held_is_what_would_be_erased() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    lives(&pipeline);
    let subjects = [anonymous("device-1"), Subject::User("stays".into())];
    let both = pipeline.keys_of_all(&subjects).unwrap();
    let each = subjects.iter().flat_map(|subject| pipeline.keys_of(subject).unwrap());
    assert_eq!(both, each.collect());
    let whose = Whose::new(pipeline.keys_of(&subjects[0]).unwrap());
    let (mut records, mut letters) = (0, 0);
    let count = |held: Held<'_>| match held {
        Held::Record(_, bytes) => {
            assert!(!holds(bytes, "stays") && !bytes.is_empty());
            records += 1;
        }
        Held::Letter(_, json) => {
            assert!(holds(json, GONE));
            letters += 1;
        }
    };
    pipeline.each_held(&whose, count).unwrap();
    let erased = pipeline.erase(&whose).unwrap();
    assert_eq!((records, letters), (erased.log_records, erased.dead_letters));
}

#[test]
fn an_id_is_found_as_a_whole_only() {
    let check = |id: &str, text: &str, expected: bool| {
        let whose = Whose::new([Subject::User(id.to_owned()).key()]);
        assert_eq!(Mentions::of(&whose).unwrap().are_in(text.as_bytes()), expected, "{id} in {text}");
    };
    for text in [r#"{"userId":"1"}"#, r#""{\"userId\":\"1\"}""#, r#"{"s":"user_id:1"}"#] {
        check("1", text, true);
    }
    for text in [r#"{"userId":"12"}"#, r#"{"n":1}"#, r#"{"s":"user_id:12"}"#, r#"{"s":"x_id:1"}"#] {
        check("1", text, false);
    }
    check("1234", r#"{"n":1234}"#, true);
    check("1234", r#"{"n":12345}"#, false);
    check("1234", r#"{"url":"/x?u=1234&y"}"#, true);
    check("o\"hara", r#"{"u":"o\"hara"}"#, true);
    check("ann", r#"{"a":"annika","u":"ann"}"#, true);
    assert!(!Mentions::of(&Whose::default()).unwrap().are_in(b"anything"));
}
