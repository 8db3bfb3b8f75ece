//! The next item of a person, leave-last-out.
//!
//! File: one person per line, a name and then the items in time order, separated by whitespace. The model is
//! fitted on all but the last two items of everybody; the history is all but the last, the target the last.
//! The history is masked, every other item of the file is ranked, and equal scores count against us. People
//! with fewer than three items have no training part, and are counted but not scored.
//!
//! HR@10 is the share of targets in the first 10, NDCG@10 the mean of 1 / log2(rank + 1) with 0 outside.

use super::cpu::CpuTimer;
use super::lines::Lines;
use super::tokens::{Interner, Rows};
use super::{EvaluateError, PROGRESS_STEP, Progress};
use serde::Serialize;
use std::path::Path;
use tradewind_models::{CoOccurrence, CoParams, CoScratch};

const CUTOFF: usize = 10;
const FEWEST_ITEMS: usize = 3;

/// What [`sequences`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SequencesReport {
    /// Always `leave-last-out`.
    pub protocol: &'static str,
    /// People scored.
    pub users: u64,
    /// Share of targets in the first 10.
    pub hr_at_10: f64,
    /// Normalized discounted cumulative gain within the first 10.
    pub ndcg_at_10: f64,
    /// CPU seconds from interned sequences to a model ready to score.
    pub fit_cpu_seconds: f64,
    /// People with fewer than three items, who were left out.
    pub skipped_users: u64,
    /// Different items in the file.
    pub items: usize,
    /// Interactions of the people scored.
    pub interactions: usize,
    /// Cells of the model that are not zero.
    pub cells: usize,
    /// Mean CPU microseconds to score and rank one person.
    pub score_cpu_us: f64,
}

/// Scores directed co-occurrence on a sequence data set.
///
/// # Errors
/// [`EvaluateError`] when the file cannot be read, or nobody in it has three items.
pub fn sequences(
    file: &Path,
    params: &CoParams,
    mut progress: impl FnMut(Progress),
) -> Result<SequencesReport, EvaluateError> {
    let people = read_people(file, &mut progress)?;
    progress(Progress::Fitting);
    let fitting = CpuTimer::start();
    let training = people.rows.iter().map(|row| &row[..row.len() - 2]);
    let model = CoOccurrence::fit_sequences(training, params);
    let fit_cpu_seconds = fitting.elapsed().as_secs_f64();

    let mut scratch = CoScratch::default();
    let (mut users, mut hits, mut gain) = (0_u64, 0_u64, 0.0);
    let scoring = CpuTimer::start();
    for row in people.rows.iter() {
        let Some((&target, history)) = row.split_last() else { continue };
        users += 1;
        if let Some(rank) = strict_rank(&model, history, target, people.items, &mut scratch)
            && rank <= CUTOFF
        {
            hits += 1;
            gain += 1.0 / (rank as f64 + 1.0).log2();
        }
        if users.is_multiple_of(PROGRESS_STEP) {
            progress(Progress::Scoring { done: users });
        }
    }
    let total = users as f64;
    Ok(SequencesReport {
        protocol: "leave-last-out",
        users,
        hr_at_10: hits as f64 / total,
        ndcg_at_10: gain / total,
        fit_cpu_seconds,
        skipped_users: people.skipped,
        items: people.items,
        interactions: people.rows.ids(),
        cells: model.cells(),
        score_cpu_us: scoring.elapsed().as_secs_f64() * 1e6 / total,
    })
}

struct People {
    /// The items of each person who has enough.
    rows: Rows,
    items: usize,
    skipped: u64,
}

fn read_people(file: &Path, progress: &mut impl FnMut(Progress)) -> Result<People, EvaluateError> {
    let (mut interner, mut rows, mut skipped, mut row) =
        (Interner::default(), Rows::default(), 0, Vec::new());
    let mut lines = Lines::open(file)?;
    while let Some((number, line)) = lines.next()? {
        let tokens = line.split(u8::is_ascii_whitespace).filter(|token| !token.is_empty());
        row.clear();
        row.extend(tokens.skip(1).map(|token| interner.intern(token)));
        if row.is_empty() {
            return Err(lines.malformed("expected a name and item ids separated by spaces"));
        }
        if row.len() < FEWEST_ITEMS {
            skipped += 1;
        } else {
            rows.push(&row);
        }
        if number.is_multiple_of(PROGRESS_STEP) {
            progress(Progress::Reading { lines: number });
        }
    }
    if rows.ids() == 0 {
        return Err(EvaluateError::empty(file));
    }
    Ok(People { rows, items: interner.len(), skipped })
}

/// The target's rank, from 1, among all items outside the history; equal scores rank before it. None for a
/// target that the history masks.
fn strict_rank(
    model: &CoOccurrence,
    history: &[u32],
    target: u32,
    items: usize,
    scratch: &mut CoScratch,
) -> Option<usize> {
    if history.contains(&target) {
        return None;
    }
    let scores = model.score(history, scratch);
    let Some(&(_, own)) = scores.iter().find(|&&(item, _)| item == target) else {
        // Zero, as for every item without a score: it ranks behind all that are not masked.
        return Some(items - distinct(history));
    };
    Some(scores.iter().filter(|&&(_, score)| score >= own).count())
}

fn distinct(history: &[u32]) -> usize {
    let mut items = history.to_vec();
    items.sort_unstable();
    items.dedup();
    items.len()
}
