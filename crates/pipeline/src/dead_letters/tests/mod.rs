//! Letters through the real log and state: each message counts once, whatever is asked for and in whatever
//! order, and a rebuild finds the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use tradewind_embedded::{FjallStore, LogOptions, SegmentLog};
use tradewind_events::Kind;
use tradewind_kernel::Subject;
use tradewind_ports::{EventLog, block_on};

use super::*;
use crate::pipeline::tests::{LIMITS, NOW, anonymous, open, profile, settle, take, viewed};
use crate::{Entry, Pipeline, entry, state_digest};

/// A letter's note, and what the projection keeps of it, as version 1 wrote them; this program and every
/// later one must read them.
const LETTER_V1: &str =
    r#"{"letter":{"r":5,"d":"segment","k":"0f","i":3,"c":"id_missing","w":"why","p":"{}","e":{"sent":7}}}"#;
const REDRIVEN_V1: &str = r#"{"redriven":{"id":9,"at":6,"by":"0f","events":[{"id":"m1","k":"track","n":"Product Viewed","a":"an1","t":1000,"r":2000,"o":"live","p":{"product_id":"p1"}}]}}"#;
const FAILED_V1: &str = r#"{"failed":{"id":9,"at":6,"by":"0f","code":"malformed","detail":"why"}}"#;
const DROPPED_V1: &str = r#"{"dropped":{"id":9,"at":6,"by":"0f"}}"#;
const ROW_V1: &str = r#"{"l":{"r":5,"d":"log","i":0,"c":"unreadable","w":"why","p":"x","x":true},"s":true,"h":[{"t":6,"b":"0f","c":"malformed","w":"why"},{"t":7,"b":"0f"}]}"#;

#[test]
fn version_1_still_reads_and_writes_the_same() {
    for json in [LETTER_V1, REDRIVEN_V1, FAILED_V1, DROPPED_V1] {
        let bytes = [&[5, 1], json.as_bytes()].concat();
        let Ok(Entry::DeadLetter(note)) = Entry::read(&bytes) else { panic!("{json} does not read") };
        assert_eq!(String::from_utf8_lossy(&entry::of_note(&note).unwrap()[2..]), json);
    }
    assert!(Entry::read(b"\x05\x02{}").is_err(), "a newer version");
    let row = [&[1], ROW_V1.as_bytes()].concat();
    assert_eq!(String::from_utf8_lossy(&keep::encode(&keep::decode(&row).unwrap()).unwrap()[1..]), ROW_V1);
    assert!(keep::decode(b"\x02{}").is_err(), "a newer version");
}

fn letter(code: &str, payload: &str) -> Letter {
    Letter {
        received_at: NOW,
        dialect: "segment".into(),
        key: None,
        index: 0,
        code: code.into(),
        detail: "why".into(),
        payload: payload.into(),
        cut: false,
        envelope: None,
    }
}

fn redriven(id: Offset, event: Event) -> Note {
    Note::Redriven { id, at: NOW, by: "me".into(), events: vec![event] }
}

fn note(pipeline: &Pipeline, notes: &[Note]) {
    block_on(pipeline.note_letters(notes)).unwrap();
    settle(pipeline);
}

fn ids(pipeline: &Pipeline) -> Vec<Offset> {
    pipeline.dead_letters(None, 100, |_| true).unwrap().into_iter().map(|(id, _)| id).collect()
}

#[test]
fn a_letter_is_kept_beside_the_good_events_and_redriven_once() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let letters = vec![letter("id_missing", "{}"), letter("malformed", "7")];
    block_on(pipeline.collect_with(&[viewed("1", "a", "p")], letters)).unwrap();
    settle(&pipeline);
    assert_eq!((profile(&pipeline, &anonymous("a")).events, ids(&pipeline)), (1, vec![2, 1]));
    let failed =
        |id| Note::Failed { id, at: NOW, by: "me".into(), code: "id_missing".into(), detail: "still".into() };
    note(&pipeline, &[failed(1), redriven(1, viewed("2", "a", "q")), redriven(1, viewed("3", "a", "q"))]);
    note(&pipeline, &[redriven(1, viewed("4", "a", "q")), failed(1), redriven(77, viewed("5", "a", "q"))]);
    assert_eq!(profile(&pipeline, &anonymous("a")).events, 2, "the first re-drive, and it alone");
    let kept = pipeline.dead_letter(1).unwrap().unwrap();
    let codes: Vec<_> = kept.history.iter().map(|attempt| attempt.code.as_deref()).collect();
    assert_eq!((kept.is_resolved, codes), (true, vec![Some("id_missing"), None]));
    let totals = pipeline.dead_letter_totals().unwrap();
    assert_eq!((totals.kept, totals.waiting, totals.bytes, totals.pushed_out), (2, 1, 3, 0));
    note(&pipeline, &[Note::Dropped { id: 2, at: NOW, by: "me".into() }, redriven(2, viewed("6", "a", "q"))]);
    assert_eq!((ids(&pipeline), pipeline.dead_letter_totals().unwrap().waiting), (vec![1], 0));
    assert_eq!(profile(&pipeline, &anonymous("a")).events, 2, "what was dropped stays so");
}

#[test]
fn the_redrive_mark_holds_when_the_message_id_is_long_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    block_on(pipeline.collect_with(&[], vec![letter("id_missing", "{}")])).unwrap();
    let late = |days| {
        let at = NOW.plus(days * UtcMillis::DAY);
        Note::Redriven { id: 0, at, by: "me".into(), events: vec![viewed("same", "a", "p")] }
    };
    note(&pipeline, &[late(30), late(60)]);
    assert_eq!(profile(&pipeline, &anonymous("a")).events, 1);
    take(&pipeline, &[Event { received_at: NOW.plus(31 * UtcMillis::DAY), ..viewed("same", "a", "p") }]);
    assert_eq!(profile(&pipeline, &anonymous("a")).events, 1, "the client itself, a day after the re-drive");
}

#[test]
fn of_a_letters_several_events_readers_count_what_the_state_counts() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    block_on(pipeline.collect_with(&[viewed("1", "a", "p")], vec![letter("malformed", "{}"); 3])).unwrap();
    let again = |id, ids: &[&str]| {
        let events = ids.iter().map(|id| viewed(id, "a", "q")).collect();
        Note::Redriven { id, at: NOW, by: "me".into(), events }
    };
    // Known from before; twice in one letter; a whole letter of known ones; one of one event.
    note(&pipeline, &[again(1, &["1", "2", "3", "2"]), again(2, &["3", "1"]), again(3, &["2"])]);
    assert_eq!(profile(&pipeline, &anonymous("a")).events, 3);
    let check = |pipeline: &Pipeline| {
        let found = pipeline.duplicates(0..7).unwrap();
        let counted =
            |offset, events| (0..events).filter(|n| !found.has_event(offset, *n)).collect::<Vec<_>>();
        assert_eq!((counted(4, 4), counted(5, 2), counted(6, 1)), (vec![1, 2], vec![], vec![]));
        let whole: Vec<Offset> = (0..7).filter(|offset| found.has_record(*offset)).collect();
        assert_eq!(whole, [6]);
    };
    check(&pipeline);
    drop(pipeline);
    check(&open(dir.path(), NOW));
}

#[test]
fn poison_does_not_block_what_follows() {
    let dir = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(&dir.path().join("log"), LogOptions::default()).unwrap();
    let poison = Event { name: Some("Poison".into()), ..viewed("bad", "a", "p") };
    let bytes = |event: &Event| entry::of_event(event).unwrap();
    let records = vec![
        bytes(&viewed("1", "a", "p")),
        vec![99, 1, 2],
        bytes(&poison),
        bytes(&viewed("2", "a", "q")),
        Vec::new(),
        bytes(&Event { message_id: "bad2".into(), ..poison.clone() }),
        bytes(&viewed("3", "b", "p")),
    ];
    block_on(log.append(records).unwrap()).unwrap();
    drop(log);
    let pipeline = open(dir.path(), NOW);
    settle(&pipeline);
    let counted = |who| profile(&pipeline, &anonymous(who)).events;
    assert_eq!((counted("a"), counted("b")), (2, 1));
    assert_eq!(pipeline.live().sessions.read().sessions(), 2, "no session number was taken in vain");
    let found = pipeline.dead_letters(None, 10, |_| true).unwrap();
    let codes: Vec<_> = found.iter().map(|(id, kept)| (*id, kept.letter.code.as_str())).collect();
    assert_eq!(codes, [(5, "panicked"), (4, "unreadable"), (2, "panicked"), (1, "unreadable")]);
    assert!(found[0].1.letter.detail.contains("no folding survives") && found[0].1.letter.received_at == NOW);
    assert_eq!(pipeline.logged_event(2).unwrap().unwrap().message_id, "bad");
    assert!(pipeline.logged_event(1).unwrap().is_none());
    note(&pipeline, &[redriven(2, poison)]);
    let uncounted = pipeline.duplicates(0..8).unwrap();
    let left_out: Vec<Offset> = (0..8).filter(|offset| uncounted.has_record(*offset)).collect();
    assert_eq!(left_out, [2, 5, 7], "the two that panic, and the re-drive that does: readers count none");
    let kept = pipeline.dead_letter(2).unwrap().unwrap();
    assert_eq!((kept.is_resolved, kept.history[0].code.as_deref()), (false, Some("panicked")));
    note(&pipeline, &[redriven(2, viewed("bad", "a", "p"))]);
    assert_eq!((profile(&pipeline, &anonymous("a")).events, ids(&pipeline).len()), (3, 4));
}

#[test]
fn the_oldest_go_when_there_are_too_many_or_they_are_too_large() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    for n in 0..5 {
        let letters = (0..5).map(|m| letter("malformed", &format!("{}", n * 5 + m))).collect();
        block_on(pipeline.collect_with(&[viewed(&n.to_string(), "a", "p")], letters)).unwrap();
    }
    settle(&pipeline);
    let kept = pipeline.dead_letters(None, 100, |_| true).unwrap();
    let payloads: Vec<_> = kept.iter().map(|(_, kept)| kept.letter.payload.clone()).collect();
    let newest: Vec<_> = (13..25).rev().map(|n: i32| n.to_string()).collect();
    assert_eq!((payloads, pipeline.dead_letter_totals().unwrap().pushed_out), (newest, 13));
    let page = pipeline.dead_letters(Some(kept[2].0), 2, |_| true).unwrap();
    assert_eq!((page[0].0, page[1].0, page.len()), (kept[3].0, kept[4].0, 2));
    let big = "é".repeat(MAX_LETTER_BYTES);
    block_on(pipeline.collect_with(&[], vec![letter("malformed", &big); 40])).unwrap();
    settle(&pipeline);
    let kept = pipeline.dead_letters(None, 100, |_| true).unwrap();
    assert_eq!(kept.len() as u64, LIMITS.max_letters);
    assert!(kept.iter().all(|(_, k)| k.letter.cut && k.letter.payload.len() == MAX_LETTER_BYTES));
}

#[test]
fn letters_that_lie_far_apart_are_listed() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    for round in 0..3 {
        block_on(pipeline.collect_with(&[], vec![letter("x", "{}")])).unwrap();
        let product = |n| tradewind_catalog::Product { id: format!("{round}-{n}"), ..Default::default() };
        block_on(pipeline.put_products(&(0..1_500).map(product).collect::<Vec<_>>())).unwrap();
    }
    settle(&pipeline);
    assert_eq!(ids(&pipeline), [3_002, 1_501, 0]);
    let page = pipeline.dead_letters(Some(3_002), 1, |_| true).unwrap();
    assert_eq!((page.len(), page[0].0), (1, 1_501));
}

#[test]
fn letters_that_name_somebody_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let letters = vec![letter("x", r#"{"userId":"ada"}"#), letter("x", r#"{"userId":"b\"ob"}"#)];
    block_on(pipeline.collect_with(&[], letters)).unwrap();
    settle(&pipeline);
    let naming = |id| pipeline.dead_letters_naming(id).unwrap();
    assert_eq!(
        (naming("ada"), naming("b\"ob"), naming("eve"), naming("")),
        (vec![0], vec![1], vec![], vec![])
    );
}

/// Something that happens. Numbers choose among the letters there have been.
#[derive(Debug, Clone)]
enum Step {
    Good(u32),
    Bad(u32),
    Redrive(usize),
    Fail(usize),
    Drop(usize),
    Junk,
    Poison(u32),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..30u32).prop_map(Step::Good),
        4 => (0..30u32).prop_map(Step::Bad),
        5 => (0..40usize).prop_map(Step::Redrive),
        1 => (0..40usize).prop_map(Step::Fail),
        2 => (0..40usize).prop_map(Step::Drop),
        1 => Just(Step::Junk),
        1 => (100..103u32).prop_map(Step::Poison),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..80)
}

/// What should come of the steps, worked out without the pipeline.
#[derive(Default)]
struct Oracle {
    next: Offset,
    /// Every letter there ever was, and the message that a re-drive makes of it.
    letters: Vec<(Offset, u32)>,
    kept: BTreeMap<Offset, bool>,
    counted: BTreeSet<u32>,
}

impl Oracle {
    fn keep(&mut self, message: u32) {
        self.letters.push((self.next, message));
        self.kept.insert(self.next, true);
        while self.kept.len() as u64 > LIMITS.max_letters {
            self.kept.pop_first();
        }
        self.next += 1;
    }
}

fn message(n: u32) -> Event {
    viewed(&format!("m{n}"), &format!("s{}", n % 3), &format!("p{}", n % 5))
}

fn digest(dir: &Path) -> u128 {
    state_digest(&FjallStore::open(&dir.join("state"), 8 << 20).unwrap(), NOW).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn each_message_counts_once_and_a_rebuild_gives_the_same_bytes(steps in steps()) {
        let dir = tempfile::tempdir().unwrap();
        let mut oracle = Oracle::default();
        let open_both = || {
            let log = SegmentLog::open(&dir.path().join("log"), LogOptions::default()).unwrap();
            let log = std::sync::Arc::new(log);
            (std::sync::Arc::clone(&log), crate::pipeline::tests::open_on(log, dir.path(), NOW))
        };
        let (mut log, mut pipeline) = open_both();
        for step in steps {
            let chosen = |n: usize| oracle.letters.get(n % oracle.letters.len().max(1)).copied();
            match step {
                Step::Good(n) => {
                    block_on(pipeline.collect(&[message(n)])).unwrap();
                    (oracle.next, _) = (oracle.next + 1, oracle.counted.insert(n));
                }
                Step::Bad(n) => {
                    block_on(pipeline.collect_with(&[], vec![letter("x", "{}")])).unwrap();
                    oracle.keep(n);
                }
                Step::Junk => {
                    block_on(log.append(vec![vec![200, 7]]).unwrap()).unwrap();
                    oracle.keep(50);
                }
                Step::Poison(n) => {
                    let event = Event { name: Some("Poison".into()), kind: Kind::Track, ..message(n) };
                    block_on(pipeline.collect(&[event])).unwrap();
                    if oracle.counted.contains(&n) {
                        oracle.next += 1;
                    } else {
                        oracle.keep(n);
                    }
                }
                Step::Redrive(n) => if let Some((id, n)) = chosen(n) {
                    block_on(pipeline.note_letters(&[redriven(id, message(n))])).unwrap();
                    oracle.next += 1;
                    if oracle.kept.get(&id) == Some(&true) {
                        oracle.kept.insert(id, false);
                        oracle.counted.insert(n);
                    }
                },
                Step::Fail(n) => if let Some((id, _)) = chosen(n) {
                    let (by, code, detail) = ("me".into(), "x".into(), "y".into());
                    block_on(pipeline.note_letters(&[Note::Failed { id, at: NOW, by, code, detail }])).unwrap();
                    oracle.next += 1;
                },
                Step::Drop(n) => if let Some((id, _)) = chosen(n) {
                    block_on(pipeline.note_letters(&[Note::Dropped { id, at: NOW, by: "me".into() }])).unwrap();
                    oracle.next += 1;
                    oracle.kept.remove(&id);
                },
                Step::Restart => {
                    drop((log, pipeline));
                    (log, pipeline) = open_both();
                }
            }
        }
        settle(&pipeline);
        let kept = pipeline.dead_letters(None, 1_000, |_| true).unwrap();
        let waiting: BTreeMap<Offset, bool> = kept.iter().map(|(id, k)| (*id, !k.is_resolved)).collect();
        prop_assert_eq!(&waiting, &oracle.kept);
        let totals = pipeline.dead_letter_totals().unwrap();
        prop_assert_eq!(totals.kept, waiting.len() as u64);
        prop_assert_eq!(totals.waiting, waiting.values().filter(|w| **w).count() as u64);
        for who in 0..3 {
            let events = profile(&pipeline, &Subject::Anonymous(format!("s{who}"))).events;
            prop_assert_eq!(events, oracle.counted.iter().filter(|n| **n % 3 == who).count() as u64);
        }
        drop((log, pipeline));
        let lived = digest(dir.path());
        std::fs::rename(dir.path().join("state"), dir.path().join("old")).unwrap();
        let pipeline = open(dir.path(), NOW);
        settle(&pipeline);
        drop(pipeline);
        prop_assert_eq!(digest(dir.path()), lived);
    }
}
