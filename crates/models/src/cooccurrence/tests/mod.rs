//! The row-by-row fit against one that follows the description pair by pair.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

type Cells = BTreeMap<(u32, u32), f64>;

fn naive(sequences: &[Vec<Occurrence>], params: &CoParams) -> Cells {
    let count = |item: u32| sequences.iter().flatten().filter(|o| o.item == item).count() as f64;
    let mut cells = Cells::new();
    for sequence in sequences {
        for (i, a) in sequence.iter().enumerate() {
            for b in sequence.iter().skip(i + 1).take(params.window as usize) {
                let x = b.position - a.position;
                if x > params.window || a.item == b.item {
                    continue;
                }
                let weight = (-(f64::from(x.max(1)) - 1.0) / f64::from(params.distance_decay)).exp();
                let back = if x == 0 { 1.0 } else { f64::from(params.backward) };
                *cells.entry((a.item, b.item)).or_default() += weight;
                *cells.entry((b.item, a.item)).or_default() += weight * back;
            }
        }
    }
    for (&(a, b), cell) in &mut cells {
        *cell /= (count(a) * count(b)).sqrt() + f64::from(params.damping);
    }
    cells
}

fn close(a: f32, b: f64) -> bool {
    (f64::from(a) - b).abs() <= 1e-5 * b
}

fn check(model: &CoOccurrence, exact: &Cells) {
    assert_eq!(model.cells(), exact.len());
    for item in 0..model.items() as u32 {
        for (other, weight) in model.row(item) {
            let expected = exact[&(item, other)];
            assert!(close(weight, expected), "{item} {other}: {weight} {expected}");
        }
    }
}

/// Sequences whose positions rise by 0 to 2 a step.
fn sequences() -> impl Strategy<Value = Vec<Vec<Occurrence>>> {
    let steps = prop::collection::vec((0_u32..10, 0_u32..3), 0..14);
    let sequence = steps.prop_map(|steps| {
        let mut position = 0;
        let place = |(item, step)| {
            position += step;
            Occurrence { item, position }
        };
        steps.into_iter().map(place).collect()
    });
    prop::collection::vec(sequence, 0..12)
}

fn fit(sequences: &[Vec<Occurrence>], params: &CoParams) -> CoOccurrence {
    CoOccurrence::fit_occurrences(sequences.iter().map(Vec::as_slice), params)
}

fn small_window() -> CoParams {
    CoParams { window: 5, ..CoParams::default() }
}

proptest! {
    #[test]
    fn agrees_with_the_description(sequences in sequences(), window in 1_u32..20) {
        let params = CoParams { window, ..CoParams::default() };
        check(&fit(&sequences, &params), &naive(&sequences, &params));
    }

    #[test]
    fn sequences_are_occurrences_at_positions_of_their_own(
        rows in prop::collection::vec(prop::collection::vec(0_u32..10, 0..12), 0..12),
    ) {
        let own = |row: &Vec<u32>| -> Vec<Occurrence> {
            row.iter().zip(7..).map(|(&item, position)| Occurrence { item, position }).collect()
        };
        let occurrences: Vec<_> = rows.iter().map(own).collect();
        let model = CoOccurrence::fit_sequences(rows.iter().map(Vec::as_slice), &small_window());
        prop_assert_eq!(&model, &fit(&occurrences, &small_window()));
        let mut scratch = CoScratch::default();
        for (row, occurrences) in rows.iter().zip(&occurrences) {
            let plain = model.score(row, &mut scratch).to_vec();
            prop_assert_eq!(plain.as_slice(), model.score_occurrences(occurrences, &mut scratch));
        }
    }

    #[test]
    fn scores_are_faded_sums_without_the_history(
        sequences in sequences(),
        history in prop::collection::vec(0_u32..14, 0..8),
    ) {
        let (model, exact) = (fit(&sequences, &small_window()), naive(&sequences, &small_window()));
        let mut expected: BTreeMap<u32, f64> = BTreeMap::new();
        for (&(from, to), cell) in &exact {
            let ages = (0..history.len()).filter(|&age| history[history.len() - 1 - age] == from);
            let sum: f64 = ages.map(|age| (-(age as f64) / 2.0).exp() * cell).sum();
            if sum > 0.0 && !history.contains(&to) {
                *expected.entry(to).or_default() += sum;
            }
        }
        let mut scratch = CoScratch::default();
        for _ in 0..2 {
            let scores = model.score(&history, &mut scratch);
            prop_assert_eq!(scores.len(), expected.len());
            prop_assert!(scores.iter().all(|&(item, score)| close(score, expected[&item])));
        }
        let best = model.recommend(&history, &mut scratch, 3);
        prop_assert_eq!(best.len(), expected.len().min(3));
        prop_assert!(best.is_sorted_by(|a, b| a.1 > b.1 || (a.1 == b.1 && a.0 < b.0)));
    }

    #[test]
    fn short_rows_keep_the_heaviest(sequences in sequences(), most in 0_usize..5) {
        let full = fit(&sequences, &small_window());
        let short = fit(&sequences, &CoParams { max_row: Some(most), ..small_window() });
        for item in 0..full.items() as u32 {
            prop_assert_eq!(short.related(item, 99), full.related(item, most));
        }
    }

    #[test]
    fn bytes_come_back_and_damage_never_panics(
        sequences in sequences(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        keep in any::<prop::sample::Index>(),
    ) {
        let model = fit(&sequences, &CoParams::default());
        let mut bytes = model.to_bytes();
        prop_assert_eq!(CoOccurrence::from_bytes(&bytes), Ok(model));
        prop_assert!(CoOccurrence::from_bytes(&bytes[..keep.index(bytes.len())]).is_err());
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(damaged) = CoOccurrence::from_bytes(&bytes) {
            let scores = damaged.recommend(&[1, 2, 3], &mut CoScratch::default(), 9);
            prop_assert!(scores.iter().all(|r| r.1.is_finite()));
        }
    }
}

#[test]
fn baskets_are_symmetric_and_count_a_repeated_line_once() {
    let model = CoOccurrence::fit_baskets(&[&[1, 2, 2, 3], &[2, 1], &[4]], &CoParams::default());
    let (ahead, back) = (model.related(1, 9), model.related(2, 9));
    assert_eq!(ahead.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(back.iter().map(|r| r.0).collect::<Vec<_>>(), [1, 3]);
    assert!(close(ahead[0].1, 2.0 / 52.0) && ahead[0].1 == back[0].1);
    assert_eq!(model.related(4, 9), []);
    assert_eq!(model.related(99, 9), []);
}

#[test]
fn the_format_is_version_1() {
    let model =
        CoOccurrence::fit_sequences([&[0_u32, 1][..]], &CoParams { backward: 0.0, ..CoParams::default() });
    let weight = (1.0_f32 / 51.0).to_le_bytes();
    let bytes: Vec<u8> = [
        &b"TWCO\x01\0\0\0"[..],
        &[2, 0, 0, 0, 1, 0, 0, 0],
        &2.0_f32.to_le_bytes(),
        &[0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
        &[1, 0, 0, 0],
        &weight,
    ]
    .concat();
    assert_eq!(model.to_bytes(), bytes);
}
