//! Parameters of the session-kNN, and the weights computed from them once.

use serde::{Deserialize, Serialize};

/// What shapes the session-kNN's predictions. The defaults were tuned on validation sessions of a real shop.
///
/// Decays are the distances over which a weight falls to 1/e. Values that make no sense are replaced by the
/// nearest that do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KnnParams {
    /// How many of an item's newest sessions are looked at (m); at least 1.
    pub newest_per_item: usize,
    /// How many of the most similar sessions vote (k); at least 1.
    pub neighbours: usize,
    /// How many of the query's last positions count (L); 1 to 255.
    pub query_window: usize,
    /// Decay of a query item's weight, in positions from the end.
    pub query_decay: f32,
    /// Decay of a session's weight with its age, in sessions started since.
    pub age_decay_sessions: f32,
    /// How much a rare item is preferred: the score's share per unit of idf.
    pub idf_boost: f32,
    /// Decay of an item's score after the shared item, in positions.
    pub after_decay: f32,
    /// Decay of an item's score before the shared item, in positions.
    pub before_decay: f32,
}

impl Default for KnnParams {
    fn default() -> Self {
        Self {
            newest_per_item: 5_000,
            neighbours: 500,
            query_window: 20,
            query_decay: 3.0,
            age_decay_sessions: 100_000.0,
            idf_boost: 0.3,
            after_decay: 4.0,
            before_decay: 4.0,
        }
    }
}

impl KnnParams {
    fn sane(mut self) -> Self {
        self.newest_per_item = self.newest_per_item.max(1);
        self.neighbours = self.neighbours.max(1);
        self.query_window = self.query_window.clamp(1, 255);
        for decay in [&mut self.query_decay, &mut self.after_decay, &mut self.before_decay] {
            *decay = sane_decay(*decay, 1_000.0);
        }
        self.age_decay_sessions = sane_decay(self.age_decay_sessions, 1e12);
        self.idf_boost = if self.idf_boost.is_finite() { self.idf_boost.clamp(0.0, 1e6) } else { 0.0 };
        self
    }
}

/// A decay within reach of the tables; one that is not a number means no decay.
fn sane_decay(decay: f32, most: f32) -> f32 {
    if decay.is_nan() { most } else { decay.clamp(0.01, most) }
}

/// Ages in one step of the coarse age table.
const AGE_STEP: usize = 1 << 9;
/// How many decays away an item still scores: exp(−30) ≈ 10⁻¹³.
const REACH_DECAYS: f32 = 30.0;

/// Tables of the exponentials. The age factor is the product of a coarse and a fine table's entries, as
/// exp(a + b) = exp(a) · exp(b).
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    params: KnnParams,
    query: Vec<f32>,
    age_fine: Vec<f32>,
    age_coarse: Vec<f32>,
    /// e by distance from the shared item, which stands at `before`.
    by_distance: Vec<f32>,
    before: usize,
}

impl Weights {
    pub(crate) fn new(params: KnnParams, sessions: usize) -> Self {
        let params = params.sane();
        let decay = |distance: usize, scale: f32| (-(distance as f32) / scale).exp().max(1e-13);
        let reach = |scale: f32| (REACH_DECAYS * scale).ceil() as usize;
        let before = reach(params.before_decay);
        let ahead = (1..=before).rev().map(|x| decay(x, params.before_decay));
        let behind = (0..=reach(params.after_decay)).map(|x| decay(x, params.after_decay));
        let by_distance = ahead.chain([1.0]).chain(behind).collect();
        let query = (0..params.query_window).map(|d| decay(d, params.query_decay)).collect();
        let age_fine = (0..AGE_STEP).map(|age| decay(age, params.age_decay_sessions)).collect();
        let mut weights = Self { params, query, age_fine, age_coarse: Vec::new(), by_distance, before };
        weights.cover(sessions);
        weights
    }

    pub(crate) fn params(&self) -> &KnnParams {
        &self.params
    }

    /// Makes room for ages below `sessions`.
    pub(crate) fn cover(&mut self, sessions: usize) {
        let scale = f64::from(self.params.age_decay_sessions);
        while self.age_coarse.len() * AGE_STEP < sessions {
            let age = (self.age_coarse.len() * AGE_STEP) as f64;
            self.age_coarse.push((-age / scale).exp() as f32);
        }
    }

    /// The weight of a query position `distance` from the end, below the query window.
    pub(crate) fn query(&self, distance: usize) -> f32 {
        self.query[distance]
    }

    /// The factor of a session of that age, which must be covered.
    pub(crate) fn age(&self, age: u32) -> f32 {
        let age = age as usize;
        (self.age_coarse[age / AGE_STEP] * self.age_fine[age % AGE_STEP]).max(1e-12)
    }

    /// The first position within reach of a shared item at `anchor`, and the e of each position from there.
    pub(crate) fn around(&self, anchor: usize) -> (usize, &[f32]) {
        let first = anchor.saturating_sub(self.before);
        (first, &self.by_distance[self.before - (anchor - first)..])
    }

    /// Bytes allocated, by capacity.
    pub(crate) fn size_bytes(&self) -> usize {
        let tables = [&self.query, &self.age_fine, &self.age_coarse, &self.by_distance];
        tables.iter().map(|table| table.capacity() * 4).sum()
    }
}
