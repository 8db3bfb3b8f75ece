//! The suites that every adapter runs. Each takes a way to open the adapter on one and the same place, so
//! that it can be closed and opened again.

use std::time::Duration;

use crate::{Batch, BlobError, BlobStore, EventLog, Offset, ReadError, StateStore, block_on};

fn append<L: EventLog>(log: &L, records: &[&[u8]]) -> std::ops::Range<Offset> {
    let records = records.iter().map(|r| r.to_vec()).collect();
    block_on(log.append(records).expect("the append is taken")).expect("the append is durable")
}

fn read_all<L: EventLog>(log: &L, from: Offset, max_bytes: usize) -> Vec<(Offset, Vec<u8>)> {
    let mut reader = log.reader(from).expect("the offset is held");
    let mut all = Vec::new();
    loop {
        let some = reader.read(max_bytes).expect("the log reads");
        if some.is_empty() {
            assert_eq!(reader.position(), log.end());
            return all;
        }
        all.extend(some.into_iter().map(|r| (r.offset, r.bytes.to_vec())));
    }
}

/// Checks the contract of [`EventLog`].
///
/// # Panics
/// Where the adapter breaks it.
pub fn event_log<L: EventLog>(open: impl Fn() -> L) {
    let log = open();
    assert_eq!((log.start(), log.end()), (0, 0));
    assert_eq!(append(&log, &[]), 0..0);
    assert_eq!(append(&log, &[b"one", b"", b"three"]), 0..3);
    assert_eq!(append(&log, &[&[7; 100_000]]), 3..4);
    assert_eq!(log.wait_past(3, Duration::ZERO), 4);
    assert_eq!(log.wait_past(4, Duration::from_millis(1)), 4);
    for max_bytes in [0, 10, 1 << 20] {
        let all = read_all(&log, 0, max_bytes);
        assert_eq!(all.iter().map(|r| r.0).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!((all[0].1.as_slice(), all[1].1.len(), all[3].1.len()), (&b"one"[..], 0, 100_000));
    }
    assert_eq!(read_all(&log, 2, 10)[0].1, b"three");
    assert!(matches!(log.reader(5), Err(ReadError::OutOfRange { asked: 5, start: 0, end: 4 })));

    let mut tail = log.reader(4).expect("the end can be read from");
    assert!(tail.read(1).expect("reads").is_empty());
    append(&log, &[b"five"]);
    assert_eq!(tail.read(1).expect("reads")[0].bytes.as_ref(), b"five");
    assert!(log.append(vec![vec![0; (16 << 20) + 1]]).is_err());
    assert!(log.append_later(vec![vec![0; (16 << 20) + 1]]).is_err());
    log.append_later(vec![b"later".to_vec()]).expect("the append is taken");
    assert_eq!(log.wait_past(5, Duration::from_secs(60)), 6);
    assert_eq!(tail.read(1).expect("reads")[0].bytes.as_ref(), b"later");

    drop(log);
    let log = open();
    assert_eq!((log.end(), read_all(&log, 0, 50_000).len()), (6, 6));
    assert_eq!(append(&log, &[b"seven"]), 6..7);
    assert_eq!(read_all(&log, 5, 1), [(5, b"later".to_vec()), (6, b"seven".to_vec())]);
    concurrent_appends(&log);
    drop(log);
    positions_of_their_own(&open);
    erased_records_are_zeros(&open);
    parts_leave_from_the_beginning(&open);
}

/// Two readers keep a position each, stop, and go on where they were after a restart.
fn positions_of_their_own<L: EventLog>(open: &impl Fn() -> L) {
    let mut positions = [open().start(); 2];
    let (mut seen, mut rounds) = ([Vec::new(), Vec::new()], 0);
    loop {
        let log = open();
        if positions == [log.end(); 2] {
            break;
        }
        for (n, max_bytes) in [(0, 1_000), (1, 30_000)] {
            let mut reader = log.reader(positions[n]).expect("the position is held");
            let records = reader.read(max_bytes).expect("reads");
            seen[n].extend(records.into_iter().map(|r| (r.offset, r.bytes.to_vec())));
            positions[n] = reader.position();
        }
        rounds += 1;
    }
    let log = open();
    let all = read_all(&log, log.start(), 1 << 20);
    assert!(rounds > 1 && seen.iter().all(|seen| *seen == all), "{rounds} rounds");
}

/// Records here and there are erased, the last one among them; all others stay as they were, and where.
fn erased_records_are_zeros<L: EventLog>(open: &impl Fn() -> L) {
    let log = open();
    let (before, end) = (read_all(&log, 0, 1 << 20), log.end());
    assert!(matches!(log.erase(&[1, end]), Err(ReadError::OutOfRange { .. })));
    assert_eq!(read_all(&log, 0, 1 << 20), before);
    assert_eq!(log.erase(&[]).expect("erases"), 0);
    let mut slow = log.reader(1).expect("held");
    assert_eq!(slow.read(1).expect("reads").len(), 1);
    let erased = [2, 3, 0, 2, end / 2, end - 1];
    assert_eq!(log.erase(&erased).expect("erases"), 5);
    let expected: Vec<_> = before
        .into_iter()
        .map(|(at, bytes)| (at, if erased.contains(&at) { vec![0; bytes.len()] } else { bytes }))
        .collect();
    assert_eq!(read_all(&log, 0, 1 << 20), expected);
    while !slow.read(10_000).expect("a reader under way goes on").is_empty() {}
    assert_eq!(slow.position(), end);
    assert_eq!(append(&log, &[b"behind what was erased"]), end..end + 1);
    assert_eq!(slow.read(1).expect("reads")[0].bytes.as_ref(), b"behind what was erased");
    drop(log);
    let log = open();
    assert_eq!(log.erase(&erased).expect("erases again"), 5);
    assert_eq!(read_all(&log, 0, 10)[..expected.len()], expected);
}

fn parts_leave_from_the_beginning<L: EventLog>(open: &impl Fn() -> L) {
    let mut log = open();
    let (all, end) = (read_all(&log, 0, 1 << 20), log.end());
    for asked in [0, 3, end / 2, end / 3, end + 1] {
        let (before, size_bytes) = (log.parts().expect("tells"), log.size_bytes());
        assert!(before.windows(2).all(|two| two[0].end == two[1].first && two[0].first < two[0].end));
        assert_eq!((before[0].first, before[before.len() - 1].end), (log.start(), end));
        assert_eq!(before.iter().map(|part| part.size_bytes).sum::<u64>(), size_bytes);
        let old = log.start();
        let mut slow = log.reader(old).expect("the start is held");
        let kept = before.iter().enumerate().find(|&(n, part)| part.end > asked || n + 1 == before.len());
        let start = log.remove_before(asked).expect("removes");
        assert_eq!((start, log.start(), log.end()), (kept.map_or(0, |(_, part)| part.first), start, end));
        assert_eq!(read_all(&log, start, 1 << 20), all[all.len() - (end - start) as usize..]);
        if start > old {
            assert!(log.size_bytes() < size_bytes);
            assert!(matches!(slow.read(1), Err(ReadError::OutOfRange { asked, .. }) if asked == old));
            assert!(matches!(log.reader(start - 1), Err(ReadError::OutOfRange { .. })));
        }
        drop((slow, log));
        log = open();
        assert_eq!((log.start(), log.end()), (start, end));
    }
    assert_eq!(append(&log, &[b"next"]), end..end + 1);
    assert_eq!(read_all(&log, end, 1), [(end, b"next".to_vec())]);
}

/// Many writers at once: each one's records stay together and in its own order, none is lost.
fn concurrent_appends<L: EventLog>(log: &L) {
    let before = log.end();
    std::thread::scope(|scope| {
        for writer in 0..8u8 {
            scope.spawn(move || {
                for n in 0..50u8 {
                    append(log, &[&[writer, n, 0], &[writer, n, 1]]);
                }
            });
        }
    });
    let all = read_all(log, before, 1 << 20);
    assert_eq!(all.len(), 800);
    assert!(all.chunks(2).all(|pair| pair[0].1[..2] == pair[1].1[..2] && pair[1].1[2] == 1));
    for writer in 0..8u8 {
        let own: Vec<u8> = all.iter().filter(|r| r.1[0] == writer && r.1[2] == 0).map(|r| r.1[1]).collect();
        assert_eq!(own, (0..50).collect::<Vec<_>>());
    }
}

/// Checks the contract of [`StateStore`].
///
/// # Panics
/// Where the adapter breaks it.
pub fn state_store<S: StateStore>(open: impl Fn() -> S) {
    let store = open();
    let one = store.table("one").expect("opens");
    let two = store.table("two").expect("opens");
    assert_eq!((store.table("one").expect("opens"), store.table_names().len()), (one, 2));
    let mut batch = Batch::default();
    for n in 0..100u8 {
        batch.put(one, [n], [n, n]);
    }
    batch.put(one, [5], b"later wins");
    batch.put(two, b"k", b"");
    batch.put(two, b"gone", b"x");
    batch.delete(two, b"gone");
    batch.delete(two, b"never there");
    store.commit(&batch).expect("commits");

    let keys =
        |from: &[u8]| -> Vec<u8> { store.scan(one, from).map(|pair| pair.expect("reads").0[0]).collect() };
    assert_eq!(keys(&[]), (0..100).collect::<Vec<_>>());
    assert_eq!(keys(&[97]), [97, 98, 99]);
    assert_eq!(store.get(one, &[5]).expect("reads").as_deref(), Some(&b"later wins"[..]));
    assert_eq!(store.get(two, b"k").expect("reads").as_deref(), Some(&b""[..]));
    assert_eq!(store.get(two, b"gone").expect("reads"), None);
    store.sync().expect("syncs");

    drop(store);
    let store = open();
    let one = store.table("one").expect("opens");
    assert_eq!(store.get(one, &[5]).expect("reads").as_deref(), Some(&b"later wins"[..]));
    store.purge().expect("purges");
    assert_eq!(store.get(one, &[5]).expect("reads").as_deref(), Some(&b"later wins"[..]));
    assert_eq!((store.scan(one, &[]).count(), store.table_names().len()), (100, 2));
    store.drop_table("one").expect("drops");
    store.drop_table("never").expect("drops");
    assert_eq!(store.table_names(), ["two"]);
    let one = store.table("one").expect("opens");
    assert_eq!(store.scan(one, &[]).count(), 0);
}

/// Checks the contract of [`BlobStore`].
///
/// # Panics
/// Where the adapter breaks it.
pub fn blob_store<B: BlobStore>(open: impl Fn() -> B) {
    let store = open();
    store.put("models/a-1", b"first").expect("writes");
    assert!(matches!(store.put("models/a-1", b"again"), Err(BlobError::Exists(_))));
    store.put("models/b", b"").expect("writes");
    store.put("other", b"x").expect("writes");
    for name in ["", "/", "../x", "a/../b", "a//b", "ü", "a b", "./a"] {
        assert!(matches!(store.put(name, b"x"), Err(BlobError::BadName(_))), "{name}");
    }
    drop(store);
    let store = open();
    assert_eq!(store.get("models/a-1").expect("reads").as_deref(), Some(&b"first"[..]));
    assert_eq!(store.get("models/none").expect("reads"), None);
    assert_eq!(store.list("models/").expect("lists"), ["models/a-1", "models/b"]);
    store.delete("models/b").expect("deletes");
    store.delete("models/b").expect("deletes");
    assert_eq!(store.list("models/").expect("lists"), ["models/a-1"]);
}
