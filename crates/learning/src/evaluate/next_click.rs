//! The next item of a session.
//!
//! Training file: one session per line, oldest first, items separated by commas. Test file: one prediction
//! per line, the items so far, a tab, the item that came next. All training items are ranked for each test
//! line; repeats and the current item count like any other. A target that training never saw is a miss.
//!
//! HR@20 is the share of targets in the first 20, MRR@20 the mean of 1/rank with 0 outside the first 20.

use super::cpu::CpuTimer;
use super::lines::Lines;
use super::tokens::{Interner, Rows, UNKNOWN, one_token, read_list};
use super::{EvaluateError, PROGRESS_STEP, Progress};
use serde::Serialize;
use std::path::Path;
use std::time::Duration;
use tradewind_models::{KnnParams, Scratch, SessionIndex};

const CUTOFF: usize = 20;

/// What [`sessions`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SessionsReport {
    /// Always `sessions`.
    pub protocol: &'static str,
    /// Test lines, every one of which was scored.
    pub prefixes: u64,
    /// Share of targets in the first 20.
    pub hr_at_20: f64,
    /// Mean reciprocal rank within the first 20.
    pub mrr_at_20: f64,
    /// Test lines whose target training never saw; they are misses.
    pub unknown_targets: u64,
    /// The index that was searched.
    pub index: IndexReport,
    /// CPU time of one prediction.
    pub predict_cpu_us: CpuMicros,
}

/// Size of the session index and what it took to build.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IndexReport {
    /// CPU seconds from interned sessions to an index ready to search; reading the file is not in it.
    pub cpu_seconds: f64,
    /// CPU seconds to read, decompress and intern the training file.
    pub read_cpu_seconds: f64,
    /// Allocated bytes per click.
    pub bytes_per_click: f64,
    /// Training sessions.
    pub sessions: usize,
    /// Training clicks.
    pub clicks: usize,
    /// Different training items.
    pub items: usize,
}

/// A distribution of CPU times in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CpuMicros {
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 99th percentile.
    pub p99: f64,
}

impl CpuMicros {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        let at =
            |share: f64| times.get((times.len() as f64 * share) as usize).map_or(0.0, |&time| micros(time));
        let mean = micros(times.iter().sum()) / times.len().max(1) as f64;
        Self { mean, p50: at(0.5), p99: at(0.99) }
    }
}

/// Scores session-kNN on a session data set.
///
/// # Errors
/// [`EvaluateError`] when a file cannot be read, a line is not in the format, or no test line is there.
pub fn sessions(
    train: &Path,
    test: &Path,
    params: &KnnParams,
    mut progress: impl FnMut(Progress),
) -> Result<SessionsReport, EvaluateError> {
    let reading = CpuTimer::start();
    let (items, rows) = read_training(train, &mut progress)?;
    let read_cpu_seconds = reading.elapsed().as_secs_f64();

    progress(Progress::Fitting);
    let building = CpuTimer::start();
    let index = SessionIndex::build(rows.iter()).with_params(params.clone());
    let cpu_seconds = building.elapsed().as_secs_f64();
    drop(rows);

    let outcome = score(&index, &items, test, &mut progress)?;
    let prefixes = outcome.times.len() as f64;
    Ok(SessionsReport {
        protocol: "sessions",
        prefixes: outcome.times.len() as u64,
        hr_at_20: outcome.hits as f64 / prefixes,
        mrr_at_20: outcome.reciprocal_ranks / prefixes,
        unknown_targets: outcome.unknown_targets,
        index: IndexReport {
            cpu_seconds,
            read_cpu_seconds,
            bytes_per_click: index.bytes() as f64 / index.clicks().max(1) as f64,
            sessions: index.sessions(),
            clicks: index.clicks(),
            items: items.len(),
        },
        predict_cpu_us: CpuMicros::of(outcome.times),
    })
}

fn read_training(
    path: &Path,
    progress: &mut impl FnMut(Progress),
) -> Result<(Interner, Rows), EvaluateError> {
    let (mut items, mut rows, mut row) = (Interner::default(), Rows::default(), Vec::new());
    let mut lines = Lines::open(path)?;
    while let Some((number, line)) = lines.next()? {
        if read_list(line, |token| items.intern(token), &mut row).is_none() {
            return Err(lines.malformed("expected item ids separated by commas"));
        }
        rows.push(&row);
        if number.is_multiple_of(PROGRESS_STEP) {
            progress(Progress::Reading { lines: number });
        }
    }
    Ok((items, rows))
}

#[derive(Default)]
struct Outcome {
    hits: u64,
    reciprocal_ranks: f64,
    unknown_targets: u64,
    times: Vec<Duration>,
}

fn score(
    index: &SessionIndex,
    items: &Interner,
    test: &Path,
    progress: &mut impl FnMut(Progress),
) -> Result<Outcome, EvaluateError> {
    let (mut outcome, mut scratch, mut query) = (Outcome::default(), Scratch::default(), Vec::new());
    let mut lines = Lines::open(test)?;
    while let Some((_, line)) = lines.next()? {
        let Some(target) = read_prediction(line, items, &mut query) else {
            return Err(lines.malformed("expected item ids separated by commas, a tab, and the next item id"));
        };
        let timer = CpuTimer::start();
        let ranked = index.predict(&query, None, &mut scratch, CUTOFF);
        outcome.times.push(timer.elapsed());
        outcome.unknown_targets += u64::from(target == UNKNOWN);
        if let Some(place) = ranked.iter().position(|&(item, _)| item == target) {
            outcome.hits += 1;
            outcome.reciprocal_ranks += 1.0 / (place as f64 + 1.0);
        }
        if (outcome.times.len() as u64).is_multiple_of(PROGRESS_STEP) {
            progress(Progress::Scoring { done: outcome.times.len() as u64 });
        }
    }
    if outcome.times.is_empty() { Err(EvaluateError::empty(test)) } else { Ok(outcome) }
}

/// Puts the items so far into `query` and returns the next one.
fn read_prediction(line: &[u8], items: &Interner, query: &mut Vec<u32>) -> Option<u32> {
    let tab = line.iter().position(|&byte| byte == b'\t')?;
    read_list(&line[..tab], |token| items.find(token), query)?;
    one_token(&line[tab + 1..]).map(|token| items.find(token))
}
