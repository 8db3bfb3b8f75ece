//! Parameters of the co-occurrence model.

use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Cell weights that a model may hold: positive, and small enough that no sum of them overflows.
pub(super) const WEIGHTS: RangeInclusive<f32> = 1e-20..=1e20;
/// Decays that make sense.
pub(super) const DECAYS: RangeInclusive<f32> = 0.01..=1e6;
/// History items that weigh less are not looked at.
pub(super) const LEAST_FADE: f32 = 1e-12;

/// What shapes the model. The defaults were tuned on the second-last purchases of real shoppers.
///
/// Decays are the distances over which a weight falls to 1/e. Values that make no sense are replaced by the
/// nearest that do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CoParams {
    /// The largest distance of a pair, in positions and in lines; 1 to 10,000.
    pub window: u32,
    /// Decay of a pair's weight with its distance, in positions.
    pub distance_decay: f32,
    /// The share of a pair's weight that counts from the later to the earlier item.
    pub backward: f32,
    /// Added to the divisor; the larger, the less a rare pair counts. In occurrences.
    pub damping: f32,
    /// Decay of a history item's weight with its age, in positions.
    pub history_decay: f32,
    /// How many of an item's heaviest cells to keep; all if none.
    pub max_row: Option<usize>,
}

impl Default for CoParams {
    fn default() -> Self {
        Self {
            window: 50,
            distance_decay: 5.0,
            backward: 0.25,
            damping: 50.0,
            history_decay: 2.0,
            max_row: None,
        }
    }
}

impl CoParams {
    pub(super) fn sane(&self) -> Self {
        let decay =
            |value: f32| if value.is_nan() { 1e6 } else { value.clamp(*DECAYS.start(), *DECAYS.end()) };
        let share = |value: f32, most: f32| if value.is_nan() { 0.0 } else { value.clamp(0.0, most) };
        Self {
            window: self.window.clamp(1, 10_000),
            distance_decay: decay(self.distance_decay),
            backward: share(self.backward, 1.0),
            damping: share(self.damping, 1e9),
            history_decay: decay(self.history_decay),
            max_row: self.max_row,
        }
    }
}
