//! Live against built; bytes; the rules of what still learns.

use super::*;
use crate::Scratch;
use proptest::prelude::*;

type Sessions = Vec<Vec<u32>>;

fn build(sessions: &[Vec<u32>]) -> SessionIndex {
    SessionIndex::build(sessions.iter().map(Vec::as_slice))
}

fn sessions() -> impl Strategy<Value = Sessions> {
    prop::collection::vec(prop::collection::vec(0_u32..15, 0..8), 0..25)
}

/// Builds in the first sessions and learns the rest live, the clicks of the sessions interleaved.
fn learn(sessions: &[Vec<u32>], built_in: usize, picks: &[prop::sample::Index]) -> SessionIndex {
    let built_in = built_in.min(sessions.len());
    let mut index = build(&sessions[..built_in]);
    let mut open: Vec<(SessionNo, &[u32])> =
        sessions[built_in..].iter().map(|session| (index.start_session(), session.as_slice())).collect();
    let mut picks = picks.iter().cycle();
    while !open.is_empty() {
        let at = picks.next().map_or(0, |pick| pick.index(open.len()));
        match open[at].1.split_first() {
            Some((&item, rest)) => {
                assert!(index.click(open[at].0, item));
                open[at].1 = rest;
            }
            None => {
                open.swap_remove(at);
            }
        }
    }
    index
}

fn assert_same(a: &SessionIndex, b: &SessionIndex) {
    assert_eq!((a.sessions(), a.clicks(), a.items()), (b.sessions(), b.clicks(), b.items()));
    for session in 0..a.sessions() as u32 {
        assert_eq!(a.session(SessionNo(session)), b.session(SessionNo(session)));
    }
    for item in 0..20 {
        assert!(a.holders(item).eq(b.holders(item)), "holders of {item}");
        assert_eq!(a.sessions_holding(item), b.sessions_holding(item));
        let query = [item, item / 2, item / 3];
        let predict = |index: &SessionIndex| index.predict(&query, None, &mut Scratch::default(), 99);
        assert_eq!(predict(a), predict(b));
    }
}

proptest! {
    #[test]
    fn live_learning_equals_building(
        sessions in sessions(),
        built_in in 0_usize..25,
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
        cut in 0_u32..30,
    ) {
        let (built, live) = (build(&sessions), learn(&sessions, built_in, &picks));
        assert_same(&live, &built);
        assert_same(&live.compact_before(SessionNo(cut)), &built);
        assert_same(&SessionIndex::from_bytes(&live.to_bytes()).unwrap(), &built);
        prop_assert_eq!(live.to_bytes(), built.to_bytes());
        assert_same(&live.compact(), &built);
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_but_never_panic(
        sessions in sessions(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        keep in any::<prop::sample::Index>(),
    ) {
        let bytes = build(&sessions).to_bytes();
        let cut = &bytes[..keep.index(bytes.len())];
        prop_assert!(SessionIndex::from_bytes(cut).is_err());
        let mut damaged = bytes.clone();
        for (at, value) in flips {
            let at = at.index(damaged.len());
            damaged[at] = value;
        }
        if let Ok(index) = SessionIndex::from_bytes(&damaged) {
            index.predict(&[1, 2, 3], None, &mut Scratch::default(), 9);
        }
    }

    #[test]
    fn garbage_is_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..200), headed in any::<bool>()) {
        if headed && bytes.len() > 20 {
            bytes[..8].copy_from_slice(b"TWSX\x01\0\0\0");
        }
        prop_assert!(SessionIndex::from_bytes(&bytes).is_err());
    }
}

#[test]
fn the_format_is_version_1() {
    let bytes: Vec<u8> = [
        &b"TWSX\x01\0\0\0"[..],
        &[2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0],
        &[0, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0],
        &[2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
        &[2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0],
    ]
    .concat();
    let index = SessionIndex::build([&[2_u32, 0, 2][..], &[0]]);
    assert_eq!(index.to_bytes(), bytes);
    assert_same(&SessionIndex::from_bytes(&bytes).unwrap(), &index);

    let mut newer = bytes.clone();
    newer[4] = 2;
    let refusal = SessionIndex::from_bytes(&newer).unwrap_err();
    assert_eq!(refusal, FormatError::NewerVersion { found: 2, supported: 1 });
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(SessionIndex::from_bytes(&longer).unwrap_err(), FormatError::TrailingBytes(1));
    assert_eq!(SessionIndex::from_bytes(b"PK\x03\x04....").unwrap_err(), FormatError::WrongMagic);
}

#[test]
fn only_open_sessions_learn() {
    let mut index = build(&[vec![1, 2]]);
    assert_eq!(index.first_open(), SessionNo(1));
    assert!(!index.click(SessionNo(0), 3), "frozen");
    assert!(!index.click(SessionNo(1), 3), "not started");
    let (first, second) = (index.start_session(), index.start_session());
    assert_eq!((first, second), (SessionNo(1), SessionNo(2)));
    assert!(index.click(first, 3) && index.click(second, 700));
    assert_eq!((index.items(), index.clicks(), index.session(second)), (701, 4, &[700][..]));

    let mut next = index.compact_before(second);
    assert!(!next.click(first, 4), "frozen by the compaction");
    assert!(next.click(second, 4));
    assert_eq!(next.session(second), [700, 4]);
}

#[test]
fn a_built_index_takes_eight_bytes_a_click_and_a_little() {
    let sessions: Sessions = (0..1_000).map(|s| (s..s + 50).collect()).collect();
    let index = build(&sessions);
    let exact = index.clicks() * 8 + index.sessions() * 4 + index.items() * 8;
    assert!(index.bytes() >= exact && index.bytes() < exact + 10_000, "{} {exact}", index.bytes());
}

#[test]
fn emptied_sessions_keep_their_numbers_and_teach_nothing() {
    let mut index = SessionIndex::build([&[1, 2][..], &[2, 3], &[3, 1]]);
    let open = index.start_session();
    for item in [1, 3] {
        index.click(open, item);
    }
    let without = index.without(|session| session.0 == 1 || session == open);
    assert_eq!((without.sessions(), without.clicks()), (4, 4));
    assert_eq!((without.session(SessionNo(1)), without.session(SessionNo(2))), (&[][..], &[3, 1][..]));
    assert_eq!([1, 2, 3].map(|item| without.sessions_holding(item)), [2, 1, 1]);
    let mut without = without;
    assert!(without.click(open, 9) && !without.click(SessionNo(1), 9));
}
