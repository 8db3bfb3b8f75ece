//! Fitting, one row at a time.

use super::params::WEIGHTS;
use super::{CoOccurrence, CoParams, Occurrence};
use crate::ranking::{keep_largest, key, unkey};

/// Most occurrences, and most cells, that the offsets can tell apart.
const MOST: usize = u32::MAX as usize - 1;

impl CoOccurrence {
    /// Fits sequences in which each item has a position of its own, oldest first.
    pub fn fit_sequences<'a>(sequences: impl IntoIterator<Item = &'a [u32]>, params: &CoParams) -> Self {
        let mut lines = Lines::default();
        for sequence in sequences {
            lines.push(sequence.iter().zip(0..).map(|(&item, position)| Occurrence { item, position }));
        }
        lines.fit(params)
    }

    /// Fits sequences in which items may share a position, oldest first.
    pub fn fit_occurrences<'a>(
        sequences: impl IntoIterator<Item = &'a [Occurrence]>,
        params: &CoParams,
    ) -> Self {
        let mut lines = Lines::default();
        for sequence in sequences {
            lines.push(sequence.iter().copied());
        }
        lines.fit(params)
    }

    /// Fits orders, for what is bought together: symmetric, each pair at full weight. An item that a basket
    /// repeats counts once.
    pub fn fit_baskets(baskets: &[&[u32]], params: &CoParams) -> Self {
        let mut lines = Lines::default();
        let mut last_basket: Vec<usize> = Vec::new();
        for (number, basket) in baskets.iter().enumerate() {
            lines.push(basket.iter().filter_map(|&item| {
                if last_basket.len() <= item as usize {
                    last_basket.resize(item as usize + 1, usize::MAX);
                }
                let before = std::mem::replace(&mut last_basket[item as usize], number);
                (before != number).then_some(Occurrence { item, position: 0 })
            }));
        }
        lines.fit(params)
    }
}

/// All sequences end to end.
#[derive(Default)]
struct Lines {
    occurrences: Vec<Occurrence>,
    /// For each occurrence the number of its sequence.
    sequence: Vec<u32>,
    sequences: u32,
}

impl Lines {
    fn push(&mut self, sequence: impl Iterator<Item = Occurrence>) {
        let room = MOST - self.occurrences.len();
        self.occurrences.extend(sequence.take(room));
        self.sequence.resize(self.occurrences.len(), self.sequences);
        self.sequences = self.sequences.saturating_add(1);
    }

    fn fit(self, params: &CoParams) -> CoOccurrence {
        let params = params.sane();
        let items = self.occurrences.iter().map(|o| o.item as usize + 1).max().unwrap_or(0);
        let (place_starts, places) = self.places(items);
        let places = |item: usize| &places[place_starts[item] as usize..place_starts[item + 1] as usize];
        let root_count: Vec<f32> = (0..items).map(|item| (places(item).len() as f32).sqrt()).collect();
        let decay = |x: u32| (-(x.max(1) as f32 - 1.0) / params.distance_decay).exp().max(1e-12);
        let forward: Vec<f32> = (0..=params.window).map(decay).collect();
        // Distance 0 is one position shared, which has no direction.
        let share = |x: usize| if x == 0 { 1.0 } else { params.backward };
        let backward: Vec<f32> = forward.iter().enumerate().map(|(x, weight)| weight * share(x)).collect();

        let mut model = CoOccurrence {
            history_decay: params.history_decay,
            row_starts: Vec::with_capacity(items + 1),
            items: Vec::new(),
            weights: Vec::new(),
        };
        let mut row = Row { sums: vec![0.0; items], met: Vec::new(), keys: Vec::new() };
        model.row_starts.push(0);
        for item in 0..items {
            for &place in places(item) {
                self.pair(place as usize, &forward, &backward, &mut row);
            }
            let divide =
                |other: u32, sum: f32| sum / (root_count[item] * root_count[other as usize] + params.damping);
            row.flush(params.max_row, divide, &mut model);
        }
        model.items.shrink_to_fit();
        model.weights.shrink_to_fit();
        model
    }

    /// For each item where it occurs, as a counting sort.
    fn places(&self, items: usize) -> (Vec<u32>, Vec<u32>) {
        let mut starts = vec![0_u32; items + 2];
        for occurrence in &self.occurrences {
            starts[occurrence.item as usize + 2] += 1;
        }
        for item in 2..starts.len() {
            starts[item] += starts[item - 1];
        }
        let mut places = vec![0; self.occurrences.len()];
        for (place, occurrence) in self.occurrences.iter().enumerate() {
            let next = &mut starts[occurrence.item as usize + 1];
            places[*next as usize] = place as u32;
            *next += 1;
        }
        starts.truncate(items + 1);
        (starts, places)
    }

    /// Adds the weights of all pairs that the occurrence at `place` is in.
    fn pair(&self, place: usize, forward: &[f32], backward: &[f32], row: &mut Row) {
        let window = forward.len() - 1;
        let (own, sequence) = (self.occurrences[place], self.sequence[place]);
        let end = self.occurrences.len().min(place + window + 1);
        for other in place + 1..end {
            let other_position = self.occurrences[other].position;
            let x = other_position.saturating_sub(own.position) as usize;
            if self.sequence[other] != sequence || x > window {
                break;
            }
            row.add(own.item, self.occurrences[other].item, forward[x]);
        }
        for other in (place.saturating_sub(window)..place).rev() {
            let other_position = self.occurrences[other].position;
            let x = own.position.saturating_sub(other_position) as usize;
            if self.sequence[other] != sequence || x > window {
                break;
            }
            row.add(own.item, self.occurrences[other].item, backward[x]);
        }
    }
}

/// The row that is being summed up.
struct Row {
    /// By item; all zero between rows.
    sums: Vec<f32>,
    met: Vec<u32>,
    keys: Vec<u64>,
}

impl Row {
    fn add(&mut self, own: u32, other: u32, weight: f32) {
        if own == other || weight == 0.0 {
            return;
        }
        let sum = &mut self.sums[other as usize];
        if *sum == 0.0 {
            self.met.push(other);
        }
        *sum += weight;
    }

    /// Appends the row to the model, and clears it.
    fn flush(&mut self, max_row: Option<usize>, divide: impl Fn(u32, f32) -> f32, model: &mut CoOccurrence) {
        let Self { sums, met, keys } = self;
        let cells = met.drain(..).map(|other| {
            let sum = std::mem::take(&mut sums[other as usize]);
            (other, divide(other, sum).clamp(*WEIGHTS.start(), *WEIGHTS.end()))
        });
        let room = MOST - model.items.len();
        if max_row.is_none() {
            for (other, weight) in cells.take(room) {
                model.items.push(other);
                model.weights.push(weight);
            }
        } else {
            keys.clear();
            keys.extend(cells.map(|(other, weight)| key(weight, other)));
            keep_largest(keys, max_row.unwrap_or(usize::MAX).min(room));
            for (other, weight) in keys.iter().map(|&key| unkey(key)) {
                model.items.push(other);
                model.weights.push(weight);
            }
        }
        model.row_starts.push(model.items.len() as u32);
    }
}
