//! The fast search against one that follows the description word for word.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Steps 1 to 4 of the module header over plain vectors, in double precision.
fn naive(
    sessions: &[Vec<u32>],
    params: &KnnParams,
    query: &[u32],
    exclude: Option<usize>,
) -> BTreeMap<u32, f64> {
    let count = |item: u32| sessions.iter().filter(|s| s.contains(&item)).count();
    let idf = |item: u32| (sessions.len() as f64 / count(item) as f64).ln();
    let mut latest: Vec<(usize, u32)> = Vec::new();
    for (distance, &item) in query.iter().rev().take(params.query_window).enumerate() {
        if count(item) > 0 && latest.iter().all(|l| l.1 != item) {
            latest.push((distance, item));
        }
    }
    let mut similarity: BTreeMap<usize, f64> = BTreeMap::new();
    for &(distance, item) in &latest {
        let holders =
            (0..sessions.len()).rev().filter(|&s| Some(s) != exclude && sessions[s].contains(&item));
        let weight = (-(distance as f64) / f64::from(params.query_decay)).exp() * idf(item);
        for session in holders.take(params.newest_per_item) {
            *similarity.entry(session).or_default() += weight.max(1e-9);
        }
    }
    let newest = similarity.keys().max().copied().unwrap_or(0);
    let mut ranked: Vec<(usize, f64)> = similarity
        .into_iter()
        .map(|(s, sum)| (s, sum * (-((newest - s) as f64) / f64::from(params.age_decay_sessions)).exp()))
        .collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked.truncate(params.neighbours);
    let mut scores = BTreeMap::new();
    for (session, similarity) in ranked {
        let items = &sessions[session];
        let Some(&(_, shared)) = latest.iter().find(|l| items.contains(&l.1)) else { continue };
        let anchor = items.iter().rposition(|&item| item == shared).unwrap() as f64;
        for (position, &item) in items.iter().enumerate() {
            let x = position as f64 - anchor;
            let e = match x {
                x if x > 0.0 => (-(x - 1.0) / f64::from(params.after_decay)).exp(),
                x => (x / f64::from(params.before_decay)).exp(),
            };
            let boost = 1.0 + f64::from(params.idf_boost) * idf(item);
            *scores.entry(item).or_insert(0.0) += similarity * boost * e;
        }
    }
    scores
}

/// Ages so quickly that no two similarities are within rounding, so both sides keep the same neighbours.
fn params(newest_per_item: usize, neighbours: usize) -> KnnParams {
    KnnParams {
        newest_per_item,
        neighbours,
        query_window: 4,
        age_decay_sessions: 7.3,
        ..KnnParams::default()
    }
}

fn check(
    sessions: &[Vec<u32>],
    params: &KnnParams,
    query: &[u32],
    exclude: Option<usize>,
    scratch: &mut Scratch,
) {
    let index = SessionIndex::build(sessions.iter().map(Vec::as_slice)).with_params(params.clone());
    let excluded = exclude.map(|session| SessionNo(session as u32));
    let fast = index.predict(query, excluded, scratch, 1_000);
    let exact = naive(sessions, params, query, exclude);
    assert_eq!(fast.len(), exact.len(), "{fast:?} {exact:?}");
    assert!(fast.is_sorted_by(|a, b| a.1 > b.1 || (a.1 == b.1 && a.0 < b.0)));
    for &(item, score) in &fast {
        let expected = exact[&item];
        assert!((f64::from(score) - expected).abs() <= 2e-5 * expected, "{item}: {score} {expected}");
    }
    assert_eq!(index.predict(query, excluded, scratch, 2), fast[..fast.len().min(2)]);
}

fn sessions() -> impl Strategy<Value = Vec<Vec<u32>>> {
    prop::collection::vec(prop::collection::vec(0_u32..12, 0..9), 0..40)
}

proptest! {
    #[test]
    fn agrees_with_the_description(
        sessions in sessions(),
        queries in prop::collection::vec(prop::collection::vec(0_u32..14, 0..8), 1..4),
        newest_per_item in prop_oneof![Just(2_usize), Just(5), Just(5_000)],
        neighbours in prop_oneof![Just(1_usize), Just(4), Just(500)],
        exclude in prop::option::of(0_usize..40),
    ) {
        let mut scratch = Scratch::default();
        for query in queries {
            check(&sessions, &params(newest_per_item, neighbours), &query, exclude, &mut scratch);
        }
    }

    #[test]
    fn survives_senseless_parameters(
        sessions in sessions(),
        query in prop::collection::vec(0_u32..14, 0..8),
        counts in prop::array::uniform3(prop_oneof![Just(0_usize), Just(usize::MAX)]),
        decays in prop::array::uniform5(prop::sample::select(vec![
            0.0, -1.0, 1e-30, f32::MAX, f32::NAN, f32::INFINITY, f32::NEG_INFINITY,
        ])),
    ) {
        let params = KnnParams {
            newest_per_item: counts[0],
            neighbours: counts[1],
            query_window: counts[2],
            query_decay: decays[0],
            age_decay_sessions: decays[1],
            idf_boost: decays[2],
            after_decay: decays[3],
            before_decay: decays[4],
        };
        let index = SessionIndex::build(sessions.iter().map(Vec::as_slice)).with_params(params);
        let ranked = index.predict(&query, None, &mut Scratch::default(), usize::MAX);
        prop_assert!(ranked.iter().all(|r| r.1 > 0.0 && r.1.is_finite()));
    }
}

#[test]
fn the_first_click_of_all_has_an_answer() {
    let mut index = SessionIndex::build([]);
    assert_eq!(index.predict(&[3], None, &mut Scratch::default(), 5), []);
    let session = index.start_session();
    assert!(index.click(session, 3));
    assert!(index.click(session, 4));
    let ranked = index.predict(&[3], None, &mut Scratch::default(), 5);
    assert_eq!(ranked.iter().map(|r| r.0).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(index.predict(&[3], Some(session), &mut Scratch::default(), 5), []);
}

#[test]
fn long_sessions_count_around_the_shared_item_only() {
    let long: Vec<u32> = (0..100_000).collect();
    let index = SessionIndex::build([long.as_slice(), &[7]]);
    let ranked = index.predict(&[50_000], None, &mut Scratch::default(), usize::MAX);
    assert!(ranked.len() < 300 && ranked.iter().any(|r| r.0 == 50_001));
}

#[test]
fn one_scratch_serves_indexes_of_any_size() {
    let (large, small) =
        (SessionIndex::build([&[1_u32, 2, 9][..]; 50]), SessionIndex::build([&[1_u32, 2][..]; 2]));
    let mut scratch = Scratch::default();
    for index in [&small, &large, &small] {
        let fresh = index.predict(&[1], None, &mut Scratch::default(), 9);
        assert_eq!(index.predict(&[1], None, &mut scratch, 9), fresh);
    }
}
