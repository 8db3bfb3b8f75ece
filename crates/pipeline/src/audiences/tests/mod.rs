//! What the log says of audiences, folded: counted once, in any batches, and the same when made anew.

use tradewind_kernel::{Purpose, Subject, UtcMillis};
use tradewind_ports::block_on;

use super::registry::stored;
use super::*;
use crate::pipeline::tests::{NOW, anonymous, open, settle, take, viewed};
use crate::{Pipeline, entry};

fn spec(name: &str, rule: &str) -> AudienceSpec {
    let (name, rule) = (name.to_owned(), rule.to_owned());
    AudienceSpec { name, rule, description: String::new(), purpose: Purpose::Personalization }
}

fn log(pipeline: &Pipeline, notes: &[AudienceNote]) {
    let records: Vec<Vec<u8>> = notes.iter().map(|note| entry::of_audience(note).unwrap()).collect();
    block_on(pipeline.append(records)).unwrap();
    settle(pipeline);
}

fn put(name: &str, rule: &str) -> AudienceNote {
    AudienceNote::Put { spec: spec(name, rule), at: NOW }
}

fn moved(who: &Subject, entered: &[u32], exited: &[u32]) -> AudienceNote {
    let (entered, exited) = (entered.to_vec(), exited.to_vec());
    AudienceNote::Moved(Moved { subject: who.to_string(), entered, exited, at: NOW })
}

/// The audiences as they are defined, with their sizes.
fn shown(pipeline: &Pipeline) -> Vec<(u32, String, u32, u64)> {
    let audiences = pipeline.audiences();
    let one = |a: &Arc<Audience>| (a.id, a.spec.name.clone(), a.revision, audiences.size(a.id));
    audiences.all().map(one).collect()
}

#[test]
fn who_goes_in_twice_counts_once_and_a_number_is_given_once() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    take(&pipeline, &[viewed("1", "ann", "p"), viewed("2", "bob", "p")]);
    let (ann, bob) = (anonymous("ann"), anonymous("bob"));
    let entered = [moved(&ann, &[1, 2, 9], &[]), moved(&ann, &[1], &[]), moved(&bob, &[2], &[1])];
    log(&pipeline, &[&[put("one", "a"), put("two", "b")], &entered[..]].concat());
    assert_eq!(shown(&pipeline), [(1, "one".into(), 1, 1), (2, "two".into(), 1, 2)]);
    let delete = AudienceNote::Delete { name: "one".into(), at: NOW };
    log(&pipeline, &[delete.clone(), delete, put("one", "c"), put("two", "b"), put("two", "d")]);
    assert_eq!(shown(&pipeline), [(3, "one".into(), 1, 0), (2, "two".into(), 2, 2)]);
    assert_eq!(pipeline.audiences_of(&ann).unwrap(), ["two"], "the new one of that name is another one");
    log(&pipeline, &[moved(&ann, &[3], &[2])]);
    assert_eq!(pipeline.audiences_of(&ann).unwrap(), ["one"]);
    let again = |pipeline: Pipeline| {
        let lived = shown(&pipeline);
        drop(pipeline);
        let pipeline = open(dir.path(), NOW);
        assert_eq!((shown(&pipeline), pipeline.audiences_of(&ann).unwrap()), (lived, vec!["one".to_owned()]));
        pipeline
    };
    drop(again(pipeline));
    std::fs::remove_dir_all(dir.path().join("state")).unwrap();
    let pipeline = open(dir.path(), NOW);
    settle(&pipeline);
    again(pipeline);
}

/// A checkpoint may come between two looks, and then nothing in memory tells of the move.
#[test]
fn whoever_follows_somebody_sees_a_move_after_a_checkpoint_too() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let ann = anonymous("ann");
    take(&pipeline, &[viewed("1", "ann", "p")]);
    log(&pipeline, &[put("one", "a"), put("two", "b")]);
    let kept = || block_on(pipeline.flushed()).unwrap();
    for (entered, exited) in [([1_u32], vec![]), ([2], vec![1]), ([1], vec![2])] {
        kept();
        let before = pipeline.mark_of(&ann);
        assert!(!pipeline.mark_of(&ann).differs_from(&before));
        log(&pipeline, &[moved(&ann, &entered, &exited)]);
        kept();
        assert!(pipeline.mark_of(&ann).differs_from(&before), "{entered:?}");
    }
}

#[test]
fn nothing_is_noted_while_nobody_watches() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let touched = || pipeline.touched(std::time::Duration::ZERO, 10).keys.len();
    take(&pipeline, &[viewed("1", "ann", "p")]);
    assert_eq!(touched(), 0);
    pipeline.watch_audiences(true);
    take(&pipeline, &[viewed("2", "ann", "p"), viewed("3", "bob", "p"), viewed("4", "ann", "p")]);
    let some = pipeline.touched(std::time::Duration::ZERO, 1).keys.len();
    assert_eq!((some, touched(), touched()), (1, 1, 0));
}

#[test]
fn what_is_no_definition_is_refused() {
    let mut audiences = Audiences::default();
    let long = AudienceSpec { description: "x".repeat(501), ..spec("a", "b") };
    for (wrong, pointer) in [(spec("A", "b"), "/name"), (spec("a", " "), "/rule"), (long, "/description")] {
        assert_eq!(audiences.put(&wrong, NOW).unwrap_err().pointer(), pointer);
    }
    for n in 0..MAX_AUDIENCES {
        assert_eq!(audiences.put(&spec(&format!("a{n}"), "b"), NOW), Ok(true));
    }
    assert_eq!(audiences.put(&spec("one-more", "b"), NOW), Err(SpecError::TooMany));
    let email = AudienceSpec { purpose: Purpose::MarketingEmail, ..spec("a1", "b") };
    assert_eq!(audiences.put(&email, NOW), Err(SpecError::Purpose(Purpose::Personalization)));
    assert_eq!(audiences.put(&spec("a1", "b"), NOW), Ok(false));
}

#[test]
fn other_words_about_a_rule_need_nobody_to_be_asked() {
    let mut audiences = Audiences::default();
    let revision = |audiences: &Audiences| {
        let a = audiences.get("a").unwrap();
        (a.revision, a.is_evaluating())
    };
    audiences.put(&spec("a", "b"), NOW).unwrap();
    assert_eq!(audiences.evaluated(1, 1).as_deref(), Some("a"));
    let described = AudienceSpec { description: "words".into(), ..spec("a", "b") };
    audiences.put(&described, NOW).unwrap();
    assert_eq!(revision(&audiences), (2, false));
    audiences.put(&spec("a", "c"), NOW).unwrap();
    assert_eq!((revision(&audiences), audiences.evaluated(1, 2)), ((3, true), None));
}

#[test]
fn version_1_of_the_rows_still_reads_and_writes_the_same() {
    let audience = Audience {
        id: 7,
        spec: spec("vip", "orders >= 5"),
        revision: 2,
        created_at: NOW,
        updated_at: NOW.plus(1),
        evaluated: 1,
    };
    let fixture = b"\x01{\"id\":7,\"spec\":{\"name\":\"vip\",\"rule\":\"orders >= 5\",\"description\":\"\",\
        \"purpose\":\"personalization\"},\"revision\":2,\"created_at\":1795000000000,\
        \"updated_at\":1795000000001,\"evaluated\":1}";
    assert_eq!(String::from_utf8(stored(&audience).unwrap()), String::from_utf8(fixture.to_vec()));
    assert_eq!(serde_json::from_slice::<Audience>(&fixture[1..]).unwrap(), audience);
    let row = Membership { of: vec![(7, UtcMillis::new(1_000)), (300, UtcMillis::new(2))] };
    let fixture = [1, 0x91, 0x92, 0x92, 7, 0xcd, 3, 0xe8, 0x92, 0xcd, 1, 44, 2];
    assert_eq!(tradewind_people::encode(&row).unwrap(), fixture);
    assert_eq!(tradewind_people::decode::<Membership>(&fixture).unwrap(), row);
}
