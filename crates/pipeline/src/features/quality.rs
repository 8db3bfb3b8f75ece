//! How good features are as they are read: how often each had no value, and how old the rows were.
//!
//! Counted since the program's start, each version of a view by itself, for the metrics and for
//! [`Pipeline::feature_quality`]. At most [`MAX_VIEWS`] versions of views are told apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use tradewind_features::{PlannedView, View};
use tradewind_kernel::UtcMillis;

use super::ViewRows;
use super::read::RowState;
use crate::measures::{self, FeatureReads};
use crate::pipeline::Pipeline;

/// Versions of views that are counted.
const MAX_VIEWS: usize = 1_000;

/// How often a feature was asked for, and had no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureQuality {
    /// Values asked for.
    pub reads: u64,
    /// Those of them that there were not: no row, one that is too old, or no value in it.
    pub missing: u64,
}

impl FeatureQuality {
    /// The part that was missing; none where nothing was read.
    #[must_use]
    pub fn missing_rate(&self) -> Option<f64> {
        (self.reads > 0).then(|| self.missing as f64 / self.reads as f64)
    }
}

/// How good a view was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewQuality {
    /// By the features' places.
    pub features: Vec<FeatureQuality>,
    /// How old the oldest row of the latest answer that had any was, in milliseconds.
    pub age_ms: Option<i64>,
}

/// The counts of one version of a view.
struct Counts {
    features: Vec<(AtomicU64, AtomicU64, FeatureReads)>,
    /// Negative until there was a row.
    age_ms: AtomicI64,
}

/// The counts of all views, by name and version.
#[derive(Default)]
pub(crate) struct Quality(RwLock<FxHashMap<String, Arc<Counts>>>);

impl Quality {
    fn of(&self, view: &View) -> Option<Arc<Counts>> {
        let name = view.versioned();
        if let Some(known) = self.0.read().get(&name) {
            return Some(Arc::clone(known));
        }
        let mut all = self.0.write();
        if all.len() >= MAX_VIEWS && !all.contains_key(&name) {
            return None;
        }
        let features = view.spec.features.iter();
        let counts = || Counts {
            features: features
                .map(|f| (AtomicU64::new(0), AtomicU64::new(0), measures::feature_reads(&name, &f.name)))
                .collect(),
            age_ms: AtomicI64::new(-1),
        };
        Some(Arc::clone(all.entry(name.clone()).or_insert_with(|| Arc::new(counts()))))
    }

    /// Notes an answer.
    pub(super) fn note(&self, planned: &PlannedView, rows: &ViewRows, now: UtcMillis) {
        let Some(counts) = self.of(&planned.view) else { return };
        let reads = rows.states.len();
        for (place, &feature) in planned.features.iter().enumerate() {
            let Some((read, missing, metric)) = counts.features.get(feature) else { continue };
            let absent = (0..reads).filter(|&entity| rows.value(entity, place).is_none()).count() as u64;
            read.fetch_add(reads as u64, Ordering::Relaxed);
            missing.fetch_add(absent, Ordering::Relaxed);
            metric.add(reads as u64 - absent, absent);
        }
        let found = rows.states.iter().filter(|(state, _)| *state != RowState::NotFound);
        if let Some(oldest) = found.map(|(_, at)| *at).min() {
            counts.age_ms.store(now.since(oldest).max(0), Ordering::Relaxed);
        }
    }
}

impl Pipeline {
    /// How good a version of a view was since the program's start; none where it was never read.
    #[must_use]
    pub fn feature_quality(&self, view: &View) -> Option<ViewQuality> {
        let counts = Arc::clone(self.inner.live.feature_quality.0.read().get(&view.versioned())?);
        let age_ms = counts.age_ms.load(Ordering::Relaxed);
        let quality = |(reads, missing, _): &(AtomicU64, AtomicU64, FeatureReads)| FeatureQuality {
            reads: reads.load(Ordering::Relaxed),
            missing: missing.load(Ordering::Relaxed),
        };
        let features = counts.features.iter().map(quality).collect();
        Some(ViewQuality { features, age_ms: (age_ms >= 0).then_some(age_ms) })
    }
}
