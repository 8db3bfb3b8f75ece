//! Directed co-occurrence: what follows what, weighted by distance.
//!
//! For each pair of different items of one sequence at distance x ≤ [`window`](CoParams::window), a cell
//! (earlier → later) gains `exp(−(x−1) / distance_decay)`, and (later → earlier) `backward` times that. A
//! cell is then divided by `sqrt(count(a) · count(b)) + damping`. The score of an item is the sum over the
//! history of `exp(−age / history_decay)` times its cell. It is item-to-item collaborative filtering
//! (Linden, Smith, York 2003) with the order and the distance of sequential rules (Ludewig, Jannach 2018).
//!
//! Distance is the difference of positions. Items that share a position, such as the lines of one order,
//! are at distance 1 both ways at full weight. Baskets are sequences of one position each.
//!
//! Promises: rows come out one at a time, so fitting takes the input, its inverse and the result, and no
//! pair is ever stored. The order of sequences changes nothing but rounding. An item is never its own
//! neighbour.
//!
//! Limits: at most `window` lines on either side are paired, also within one position: an order of 1,100
//! lines costs 1,100 · 2 · 50 steps. 2³² − 2 occurrences and as many cells; cells beyond that are dropped.
//! 8 bytes per cell.

mod fit;
mod params;
#[cfg(test)]
mod tests;

use crate::codec::{FormatError, Reader, Writer, check_starts};
use crate::ranking::{best, key};
pub use params::CoParams;

const MAGIC: [u8; 4] = *b"TWCO";
const VERSION: u8 = 1;

/// An item at its position in a sequence. Positions rise or stay from one occurrence to the next; those that
/// fall count as staying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// The item's dense id.
    pub item: u32,
    /// When: the ordinal of the order or event, shared by items that came together.
    pub position: u32,
}

/// A fitted model: for each item the items that go with it.
///
/// ```
/// use tradewind_models::{CoOccurrence, CoParams, CoScratch};
///
/// let people: [&[u32]; 2] = [&[1, 2, 3], &[1, 2]];
/// let model = CoOccurrence::fit_sequences(people, &CoParams::default());
/// assert_eq!(model.recommend(&[1], &mut CoScratch::default(), 1)[0].0, 2);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CoOccurrence {
    history_decay: f32,
    /// Where each row starts in `items` and `weights`; one more than there are rows.
    row_starts: Vec<u32>,
    items: Vec<u32>,
    weights: Vec<f32>,
}

/// Working memory for scoring: 4 bytes per item of the largest model. Keep one per thread.
#[derive(Debug, Clone, Default)]
pub struct CoScratch {
    /// By item; all zero between calls.
    scores: Vec<f32>,
    scored: Vec<u32>,
    candidates: Vec<(u32, f32)>,
    keys: Vec<u64>,
}

impl CoOccurrence {
    /// Every item with a score for this history (oldest first, each item at a position of its own), in no
    /// particular order. Items of the history are left out.
    pub fn score<'s>(&self, history: &[u32], scratch: &'s mut CoScratch) -> &'s [(u32, f32)] {
        self.score_aged(history.iter().rev().zip(0..).map(|(&item, age)| (item, age)), scratch);
        gather(history.iter().copied(), scratch)
    }

    /// The same for a history whose items may share positions; an item's age is the number of positions from
    /// its own to the last.
    pub fn score_occurrences<'s>(
        &self,
        history: &[Occurrence],
        scratch: &'s mut CoScratch,
    ) -> &'s [(u32, f32)] {
        let last = history.last().map_or(0, |occurrence| occurrence.position);
        let aged = history.iter().rev().map(|o| (o.item, last.saturating_sub(o.position)));
        self.score_aged(aged, scratch);
        gather(history.iter().map(|occurrence| occurrence.item), scratch)
    }

    /// The `n` best of [`score`](Self::score), best first, at equal scores the lower item id first.
    pub fn recommend(&self, history: &[u32], scratch: &mut CoScratch, n: usize) -> Vec<(u32, f32)> {
        self.score(history, scratch);
        scratch.keys.clear();
        scratch.keys.extend(scratch.candidates.iter().map(|&(item, score)| key(score, item)));
        best(&mut scratch.keys, n)
    }

    /// The `n` items that go best with one item, best first, at equal weights the lower item id first.
    pub fn related(&self, item: u32, n: usize) -> Vec<(u32, f32)> {
        best(&mut self.row(item).map(|(other, weight)| key(weight, other)).collect(), n)
    }

    /// How well `to` goes with `from`; zero where neither row nor cell is kept.
    pub fn weight(&self, from: u32, to: u32) -> f32 {
        self.row(from).find(|&(other, _)| other == to).map_or(0.0, |(_, weight)| weight)
    }

    /// The number of items, known or not, that the model has rows for.
    pub fn items(&self) -> usize {
        self.row_starts.len() - 1
    }

    /// The number of cells that are not zero.
    pub fn cells(&self) -> usize {
        self.items.len()
    }

    /// Bytes allocated, by capacity.
    pub fn bytes(&self) -> usize {
        4 * (self.row_starts.capacity() + self.items.capacity() + self.weights.capacity())
    }

    fn row(&self, item: u32) -> impl Iterator<Item = (u32, f32)> {
        let cells = match self.row_starts.get(item as usize..) {
            Some(&[start, end, ..]) => start as usize..end as usize,
            _ => 0..0,
        };
        self.items[cells.clone()].iter().copied().zip(self.weights[cells].iter().copied())
    }

    /// Adds up the rows of `(item, age)`, latest first, into `scores` and `scored`.
    fn score_aged(&self, history: impl Iterator<Item = (u32, u32)>, scratch: &mut CoScratch) {
        let CoScratch { scores, scored, .. } = scratch;
        if scores.len() < self.items() {
            scores.resize(self.items(), 0.0);
        }
        scored.clear();
        for (item, age) in history {
            let fade = (-(age as f32) / self.history_decay).exp();
            if fade < params::LEAST_FADE {
                break;
            }
            for (other, weight) in self.row(item) {
                let score = &mut scores[other as usize];
                if *score == 0.0 {
                    scored.push(other);
                }
                *score += fade * weight;
            }
        }
    }

    /// `items, cells: u32 · history decay: f32 · row starts [items + 1] · items [cells] · weights [cells]`
    /// after magic `TWCO`, version 1.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new(MAGIC, VERSION);
        out.u32(self.items() as u32);
        out.u32(self.cells() as u32);
        out.f32(self.history_decay);
        out.u32s(self.row_starts.iter().copied());
        out.u32s(self.items.iter().copied());
        out.u32s(self.weights.iter().map(|weight| weight.to_bits()));
        out.finish()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`FormatError`] on bytes that are cut off, foreign, newer or contradictory; never a panic.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut reader = Reader::new(bytes, MAGIC, VERSION)?;
        let (rows, cells) = (reader.u32()? as usize, reader.u32()? as usize);
        let history_decay = reader.f32()?;
        let row_starts = reader.u32s(rows + 1)?;
        let items = reader.u32s(cells)?;
        let weights: Vec<f32> = reader.u32s(cells)?.into_iter().map(f32::from_bits).collect();
        reader.finish()?;
        check_starts(&row_starts, cells)?;
        if items.iter().any(|&item| item as usize >= rows) {
            return Err(FormatError::Inconsistent("an item lies outside the item count"));
        }
        if !weights.iter().all(|weight| params::WEIGHTS.contains(weight)) {
            return Err(FormatError::Inconsistent("a weight is out of range"));
        }
        if !params::DECAYS.contains(&history_decay) {
            return Err(FormatError::Inconsistent("the history decay is out of range"));
        }
        Ok(Self { history_decay, row_starts, items, weights })
    }
}

/// Moves the scores of all but the history's items into `candidates`, and clears them.
fn gather(history: impl Iterator<Item = u32>, scratch: &mut CoScratch) -> &[(u32, f32)] {
    let CoScratch { scores, scored, candidates, .. } = scratch;
    for item in history {
        if let Some(score) = scores.get_mut(item as usize) {
            *score = 0.0;
        }
    }
    candidates.clear();
    candidates.extend(scored.iter().filter_map(|&item| {
        let score = std::mem::take(&mut scores[item as usize]);
        (score > 0.0).then_some((item, score))
    }));
    candidates
}
