//! What is counted of many people together: priors by channel and country, and seasons by category.
//!
//! Counted is whom `analytics` was in force for as the event came ([`counts`]), so that it follows from the log
//! alone. The folding tells what the events of first visits add ([`Gain`]); they are counted one after the
//! other in the log's order. Who is erased stays counted: the numbers name nobody.
//!
//! Stored are the tables `groups` (the group's key → [`GroupCounts`]) and `seasons` (a category's word, u32
//! big-endian, `FFFFFFFF` for all → twelve counts), both as [`tradewind_people::encode`] writes them. States of
//! older programs have neither: what came before is counted by a rebuild only.

use rustc_hash::{FxBuildHasher, FxHashSet};
use tradewind_events::EventView;
use tradewind_kernel::{Purpose, UtcMillis};
use tradewind_models::{Months, SeasonIndex, Seasonality};
use tradewind_people::priors::{Gain, Group, GroupCounts, Groups, Priors, Way};
use tradewind_ports::{Batch, StateStore};

use crate::consent::Consents;
use crate::facts::category_word;
use crate::features::Moment;
use crate::live::{Live, damaged};
use crate::pipeline::{Pipeline, PipelineError};
use crate::plan::Step;
use crate::reads::Reads;
use crate::tables::{Tables, u32_of};

/// The key of the counts of all categories.
const ALL: u32 = u32::MAX;

/// The counts, as they are shown.
#[derive(Default)]
pub(crate) struct Aggregates {
    groups: Groups<FxBuildHasher>,
    seasons: Seasonality,
}

/// What has changed since the last checkpoint.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    groups: FxHashSet<Group>,
    words: FxHashSet<u32>,
    /// As they are at the checkpoint.
    rows: Vec<(Vec<u8>, GroupCounts)>,
    months: Vec<(u32, Months)>,
}

/// Whether an event may be counted together with others'.
pub(crate) fn counts(
    consents: &Consents,
    reads: &Reads<'_>,
    key: &str,
    event: &EventView<'_>,
) -> Result<bool, PipelineError> {
    match &event.consent {
        Some(stamp) if !stamp.in_force.contains(Purpose::Analytics) => {
            consents.grants(reads, key, Purpose::Analytics)
        }
        // What came without a stamp was imported, and is kept under its name too.
        _ => Ok(true),
    }
}

impl Aggregates {
    pub(crate) fn load(store: &dyn StateStore, tables: &Tables) -> Result<Self, PipelineError> {
        let mut groups: Vec<(Group, GroupCounts)> = Vec::new();
        for pair in store.scan(tables.groups, &[]) {
            let (key, value) = pair?;
            let Some(group) = Group::of_key(&key) else { continue };
            groups.push((group, tradewind_people::decode(&value).map_err(|e| damaged("a group", &e))?));
        }
        let mut seasons = Seasonality::default();
        for pair in store.scan(tables.seasons, &[]) {
            let (key, value) = pair?;
            let months: Months = tradewind_people::decode(&value).map_err(|e| damaged("a season", &e))?;
            match u32_of(&key) {
                Some(ALL) => seasons.restore_all(months),
                Some(word) => seasons.restore(word, months),
                None => {}
            }
        }
        Ok(Self { groups: Groups::restore(groups), seasons })
    }

    /// Counts a batch.
    fn add(&mut self, steps: &[(u32, Step)], gains: &[Gain], changed: &mut Changed) {
        for gain in gains {
            self.groups.add(gain, |group| {
                changed.groups.insert(group);
            });
        }
        let mut latest = (i64::MIN, 0);
        for (_, step) in steps {
            let Step::Act { at, action: Some(action), facts, counts: true, .. } = step else { continue };
            if !action.shows_interest() {
                continue;
            }
            let day = at.get().div_euclid(UtcMillis::DAY);
            if latest.0 != day {
                latest = (day, Moment::of(*at).month());
            }
            for fact in facts.iter().filter(|fact| !fact.item.categories.is_empty()) {
                if self.seasons.add(latest.1, &fact.item.categories) {
                    changed.words.extend(&fact.item.categories);
                }
            }
        }
    }
}

impl Changed {
    /// Takes the rows as they are now, to be written.
    pub(crate) fn freeze(&mut self, live: &Live) {
        if self.groups.is_empty() && self.words.is_empty() {
            return;
        }
        let aggregates = live.aggregates.read();
        let row = |group: Group| Some((group.key().to_vec(), aggregates.groups.of(group)?.clone()));
        self.rows = self.groups.drain().filter_map(row).collect();
        let seasons = &aggregates.seasons;
        let months = |word: u32| Some((word, *seasons.of(word)?));
        self.months = self.words.drain().filter_map(months).collect();
        if !self.months.is_empty() {
            self.months.push((ALL, *seasons.all()));
        }
    }

    /// Adds the writing of the rows to a commit.
    pub(crate) fn write(&self, tables: &Tables, batch: &mut Batch) -> Result<(), PipelineError> {
        for (key, counts) in &self.rows {
            let bytes = tradewind_people::encode(counts).map_err(|e| damaged("a group", &e))?;
            batch.put(tables.groups, key.as_slice(), bytes);
        }
        for (word, months) in &self.months {
            let bytes = tradewind_people::encode(months).map_err(|e| damaged("a season", &e))?;
            batch.put(tables.seasons, word.to_be_bytes(), bytes);
        }
        Ok(())
    }
}

/// Shows what a batch counts.
pub(crate) fn show(live: &Live, steps: &[(u32, Step)], gains: &[Gain], changed: &mut Changed) {
    if !steps.is_empty() {
        live.aggregates.write().add(steps, gains, changed);
    }
}

impl Live {
    /// When in the year a category is wanted, by its word.
    pub(crate) fn season(&self, word: u32, month: u32) -> Option<SeasonIndex> {
        self.aggregates.read().seasons.index(word, month)
    }

    /// The month in which a category is wanted most, by its word.
    pub(crate) fn season_peak(&self, word: u32) -> Option<u32> {
        self.aggregates.read().seasons.peak(word)
    }

    /// What may be expected of somebody who came this way.
    pub(crate) fn priors(&self, way: Way) -> Priors {
        self.aggregates.read().groups.priors(way)
    }
}

impl Pipeline {
    /// What may be expected of somebody of whom nothing is known but how they came.
    #[must_use]
    pub fn priors(&self, way: Way) -> Priors {
        self.inner.live.priors(way)
    }

    /// When in the year a category is wanted: its index in a month, 1 to 12; none for a category of which
    /// nothing was counted.
    #[must_use]
    pub fn season(&self, category: &str, month: u32) -> Option<SeasonIndex> {
        let word = category_word(&self.inner.live.words.read(), category)?;
        self.inner.live.season(word, month)
    }
}

#[cfg(test)]
mod tests;
