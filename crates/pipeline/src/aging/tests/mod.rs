//! Who is idle, and which letters are too old.

use tradewind_events::{Event, Kind};

use super::*;
use crate::Letter;
use crate::pipeline::tests::{NOW, anonymous, open, settle, take, viewed};

const DAY: i64 = UtcMillis::DAY;

fn seen(id: &str, user: Option<&str>, browser: &str, days_ago: i64) -> Event {
    let at = NOW.plus(-days_ago * DAY);
    let mut event = Event { occurred_at: at, ..viewed(id, browser, "p") };
    event.kind = if user.is_some() { Kind::Identify } else { event.kind };
    event.user_id = user.map(Into::into);
    event
}

#[test]
fn who_was_not_seen_under_any_id_is_idle() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    take(
        &pipeline,
        &[
            seen("1", None, "long-gone", 400),
            seen("2", Some("old"), "old-device", 400),
            seen("3", Some("back"), "back-device", 400),
            seen("4", None, "back-device", 2),
            seen("5", None, "fresh", 1),
        ],
    );
    let check = |days: Option<i64>, expected: &[Subject]| {
        let aging = pipeline.aging(days.map(|days| days * DAY), 100).unwrap();
        assert_eq!(aging.idle, expected, "{days:?}");
        assert_eq!((aging.oldest, aging.newest), (Some(NOW.plus(-400 * DAY)), Some(NOW.plus(-DAY))));
    };
    check(None, &[]);
    check(Some(401), &[]);
    check(Some(365), &[anonymous("long-gone"), Subject::User("old".into())]);
    assert_eq!(pipeline.aging(Some(365 * DAY), 1).unwrap().idle.len(), 1);
}

#[test]
fn users_who_are_merged_are_idle_together_only() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    take(&pipeline, &[seen("1", Some("one"), "d1", 400), seen("2", Some("other"), "d2", 1)]);
    let merge = tradewind_people::identity::Command::Merge {
        into: "one".into(),
        from: "other".into(),
        reason: "same card".into(),
        at: NOW,
    };
    assert_eq!(pipeline.aging(Some(365 * DAY), 9).unwrap().idle, [Subject::User("one".into())]);
    block_on(pipeline.command_identities(&[merge])).unwrap();
    settle(&pipeline);
    assert_eq!(pipeline.aging(Some(365 * DAY), 9).unwrap().idle, []);
}

#[test]
fn a_clock_that_jumps_ahead_makes_nobody_old() {
    let dir = tempfile::tempdir().unwrap();
    take(&open(dir.path(), NOW), &[seen("1", None, "fresh", 1), seen("2", None, "older", 30)]);
    let pipeline = open(dir.path(), NOW.plus(10_000 * DAY));
    assert_eq!(pipeline.aging(Some(365 * DAY), 9).unwrap().idle, []);
    assert_eq!(pipeline.aging(Some(20 * DAY), 9).unwrap().idle, [anonymous("older")]);
}

#[test]
fn letters_that_are_too_old_are_dropped_and_a_rebuild_drops_them_too() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let letter = |days_ago: i64| Letter {
        received_at: NOW.plus(-days_ago * DAY),
        dialect: "segment".into(),
        key: None,
        index: 0,
        code: "bad".into(),
        detail: "it does not read".into(),
        payload: "{}".into(),
        cut: false,
        envelope: None,
    };
    let unknown = Letter { received_at: UtcMillis::default(), ..letter(0) };
    block_on(pipeline.collect_with(&[], vec![letter(90), letter(31), letter(1), unknown])).unwrap();
    settle(&pipeline);
    assert_eq!(pipeline.oldest_letter().unwrap(), Some(NOW.plus(-90 * DAY)));
    assert_eq!(pipeline.drop_letters_before(NOW.plus(-30 * DAY), 100).unwrap(), 2);
    settle(&pipeline);
    let left = |pipeline: &Pipeline| pipeline.dead_letter_totals().unwrap().kept;
    assert_eq!((left(&pipeline), pipeline.oldest_letter().unwrap()), (2, Some(NOW.plus(-DAY))));
    assert_eq!(pipeline.drop_letters_before(NOW.plus(-30 * DAY), 100).unwrap(), 0);
    drop(pipeline);
    std::fs::remove_dir_all(dir.path().join("state")).unwrap();
    let pipeline = open(dir.path(), NOW);
    settle(&pipeline);
    assert_eq!(left(&pipeline), 2);
}
