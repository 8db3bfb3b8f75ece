//! Session-kNN: the next item of a session from the sessions most like it.
//!
//! After VMIS-kNN (Kersbergen, Sprangers, Schelter: *Serenade*, SIGMOD 2022), with weights tuned on
//! validation data:
//! 1. Each distinct item of the query's last [`query_window`](KnnParams::query_window) positions, at
//!    distance d from the end, adds `exp(−d / query_decay) · idf` to its newest
//!    [`newest_per_item`](KnnParams::newest_per_item) sessions; idf = ln(sessions / sessions with the item).
//! 2. That sum times `exp(−age / age_decay_sessions)` is a session's similarity. Age counts from the newest
//!    session in question, which changes no ranking. The [`neighbours`](KnnParams::neighbours) best stay.
//! 3. In each, the latest query item that it holds stands at its last position p. The item at distance
//!    x = position − p gets `similarity · (1 + idf_boost · idf) · e`, where e = `exp(−(x−1) / after_decay)`
//!    after p, `exp(x / before_decay)` before it, and 1 at p.
//!
//! Promises: the same sessions give the same result, whether they were built in or learned live. At equal
//! scores the lower item id comes first; at equal similarities the session with the later query item stays,
//! then the newer. The current item and other repeats can be recommended; the caller excludes.
//!
//! Limits: weights are single floats, kept off zero (age factor ≥ 10⁻¹², query weight ≥ 10⁻⁹). A session
//! counts only where e ≥ exp(−30), so one of 100,000 clicks costs no more than one of some hundred.

mod params;
#[cfg(test)]
mod tests;

use crate::ranking::{best, keep_largest, key, unkey};
use crate::session_index::{SessionIndex, SessionNo};
pub use params::KnnParams;
pub(crate) use params::Weights;

/// Working memory for predictions: 4 bytes per session and per item of the largest index it has served.
///
/// Keep one per thread; a prediction then allocates nothing but its result.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    terms: Vec<Term>,
    /// By session: the sum of the weights of the query items it holds. All zero between predictions.
    sums: Vec<f32>,
    /// The sessions with a sum, in the order they were met.
    met: Vec<u32>,
    /// The term through which each was met: the latest query item among those looked up.
    met_by: Vec<u8>,
    keys: Vec<u64>,
    /// By item: the score without its idf factor. All zero between predictions.
    scores: Vec<f32>,
    /// The items with a score.
    scored: Vec<u32>,
}

/// A distinct item of the query, latest first.
#[derive(Debug, Clone, Copy)]
struct Term {
    item: u32,
    weight: f32,
    /// Whether sessions hold the item that were too old to be looked up.
    cut: bool,
}

impl SessionIndex {
    /// The `n` best next items for a session whose items so far are `query`, oldest first, with their
    /// scores, best first. Fewer if the neighbours hold fewer.
    ///
    /// `exclude_session` is left out of the neighbours: the querying session itself, if it is live here.
    /// Unknown items in the query are passed over. Scores are positive and comparable within one result only.
    pub fn predict(
        &self,
        query: &[u32],
        exclude_session: Option<SessionNo>,
        scratch: &mut Scratch,
        n: usize,
    ) -> Vec<(u32, f32)> {
        let ln_sessions = (self.sessions() as f32).ln();
        self.read_query(query, ln_sessions, scratch);
        self.meet_sessions(exclude_session, scratch);
        self.keep_neighbours(scratch);
        self.score_items(scratch);
        self.take_best(ln_sessions, scratch, n)
    }

    /// Fills `terms`.
    fn read_query(&self, query: &[u32], ln_sessions: f32, scratch: &mut Scratch) {
        let params = self.params();
        scratch.terms.clear();
        for (distance, &item) in query.iter().rev().take(params.query_window).enumerate() {
            let holders = self.sessions_holding(item);
            if holders == 0 || scratch.terms.iter().any(|term| term.item == item) {
                continue;
            }
            let weight = self.weights.query(distance) * self.idf(ln_sessions, item);
            let cut = holders > params.newest_per_item;
            scratch.terms.push(Term { item, weight: weight.max(1e-9), cut });
        }
    }

    /// Step 1: fills `sums`, `met` and `met_by`.
    fn meet_sessions(&self, exclude: Option<SessionNo>, scratch: &mut Scratch) {
        let Scratch { terms, sums, met, met_by, .. } = scratch;
        let params = self.params();
        if sums.len() < self.sessions() {
            sums.resize(self.sessions(), 0.0);
        }
        met.clear();
        met_by.clear();
        let excluded = exclude.map_or(u32::MAX, |session| session.0);
        // With one item, age alone ranks the sessions, so the newest are the neighbours.
        let most = if terms.len() == 1 { params.neighbours } else { usize::MAX };
        for (place, term) in terms.iter().enumerate() {
            let newest = self.holders(term.item).filter(|&session| session != excluded);
            newest.take(params.newest_per_item.min(most)).for_each(|session| {
                let sum = &mut sums[session as usize];
                if *sum == 0.0 {
                    met.push(session);
                }
                *sum += term.weight;
            });
            met_by.resize(met.len(), place as u8);
        }
    }

    /// Step 2: moves the best of `met` into `keys`, as (place in `met`, similarity), and clears `sums`.
    fn keep_neighbours(&self, scratch: &mut Scratch) {
        let Scratch { sums, met, keys, .. } = scratch;
        let newest = met.iter().copied().max().unwrap_or(0);
        keys.clear();
        keys.extend(met.iter().enumerate().map(|(place, &session)| {
            let sum = std::mem::take(&mut sums[session as usize]);
            key(sum * self.weights.age(newest - session), place as u32)
        }));
        keep_largest(keys, self.params().neighbours);
    }

    /// Step 3 without the idf factor, which depends on the item alone: fills `scores` and `scored`.
    fn score_items(&self, scratch: &mut Scratch) {
        let Scratch { terms, met, met_by, keys, scores, scored, .. } = scratch;
        if scores.len() < self.items() {
            scores.resize(self.items(), 0.0);
        }
        scored.clear();
        let mut found = 0;
        for &neighbour in keys.iter() {
            let (place, similarity) = unkey(neighbour);
            let items = self.session(SessionNo(met[place as usize]));
            let Some(anchor) = anchor(items, terms, met_by[place as usize]) else {
                continue;
            };
            let (first, by_distance) = self.weights.around(anchor);
            let reached = items[first..].iter().zip(by_distance);
            // Writes each item past the end and moves the end only if it is new: there is no branch to mispredict.
            scored.resize(found + reached.len(), 0);
            for (&item, &weight) in reached {
                let score = &mut scores[item as usize];
                scored[found] = item;
                found += usize::from(*score == 0.0);
                *score += similarity * weight;
            }
            scored.truncate(found);
        }
    }

    /// Step 4: the best of `scored`; clears `scores`.
    fn take_best(&self, ln_sessions: f32, scratch: &mut Scratch, n: usize) -> Vec<(u32, f32)> {
        let Scratch { keys, scores, scored, .. } = scratch;
        let boost = self.params().idf_boost;
        keys.clear();
        keys.extend(scored.iter().map(|&item| {
            let score = std::mem::take(&mut scores[item as usize]);
            key(score * (1.0 + boost * self.idf(ln_sessions, item)), item)
        }));
        best(keys, n)
    }
}

/// The last position in `items` of the latest query item that they hold. The session was met by `terms[met_by]`,
/// so a later term can only be there if its look-up was cut short.
fn anchor(items: &[u32], terms: &[Term], met_by: u8) -> Option<usize> {
    let (later, rest) = terms.split_at(usize::from(met_by));
    let cut = later.iter().filter(|term| term.cut);
    cut.chain(rest.first()).find_map(|term| items.iter().rposition(|&item| item == term.item))
}
