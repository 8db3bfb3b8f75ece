//! How many events of each name were applied.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use tradewind_ports::StateStore;

use crate::pipeline::PipelineError;
use crate::tables::{Tables, u64_of};

/// Different event names that are counted apart; further ones are counted together.
const MAX_NAMES: usize = 1_000;
/// The name under which further ones are counted.
const OTHER_NAMES: &str = "(other)";

/// The counts by name.
#[derive(Debug, Default)]
pub(crate) struct Counters(BTreeMap<String, u64>);

impl Counters {
    pub(crate) fn load(store: &dyn StateStore, tables: &Tables) -> Result<Self, PipelineError> {
        let mut counts = BTreeMap::new();
        for pair in store.scan(tables.counters, &[]) {
            let (name, count) = pair?;
            counts.insert(String::from_utf8_lossy(&name).into_owned(), u64_of(&count).unwrap_or(0));
        }
        Ok(Self(counts))
    }

    /// Adds counts, new names in their order. What the sums are then goes into `changed`.
    pub(crate) fn add(&mut self, counts: &[(String, u64)], changed: &mut FxHashMap<String, u64>) {
        for (name, count) in counts {
            let is_full = self.0.len() - usize::from(self.0.contains_key(OTHER_NAMES)) >= MAX_NAMES;
            let name = if is_full && !self.0.contains_key(name) { OTHER_NAMES } else { name };
            let sum = self.0.entry(name.to_owned()).or_default();
            *sum += count;
            changed.insert(name.to_owned(), *sum);
        }
    }

    /// All of them together.
    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Every name with its count, by name.
    pub(crate) fn all(&self) -> Vec<(String, u64)> {
        self.0.iter().map(|(name, count)| (name.clone(), *count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_the_limit_are_counted_together_however_they_come() {
        let counts: Vec<(String, u64)> = (0..MAX_NAMES as u64 + 5).map(|n| (format!("n{n}"), n)).collect();
        let mut at_once = Counters::default();
        at_once.add(&counts, &mut FxHashMap::default());
        let mut one_by_one = Counters::default();
        for count in &counts {
            one_by_one.add(std::slice::from_ref(count), &mut FxHashMap::default());
        }
        assert_eq!(at_once.all(), one_by_one.all());
        assert_eq!(at_once.0[OTHER_NAMES], 1_000 + 1_001 + 1_002 + 1_003 + 1_004);
        assert_eq!((at_once.0.len(), at_once.total()), (MAX_NAMES + 1, 1_004 * 1_005 / 2));
    }
}
