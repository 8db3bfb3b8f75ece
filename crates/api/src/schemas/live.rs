//! What live events lack, counted while they are accepted.
//!
//! Events are looked up in the registry and counted by name. The properties of the first 1,000 of each name
//! are checked, then those of one in 16: in one of 32 when they have 1 KiB, of 48 with 2 KiB and so on, so
//! that checking costs an event a fraction of a microsecond on average. Findings are counted by event,
//! property and problem: at most 10,000 different ones, those beyond in one number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use serde::Serialize;
use tradewind_events::schema::{Finding, Problem, Registry, Severity};
use tradewind_events::{Event, Kind};
use utoipa::ToSchema;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::report::FindingReport;
use crate::collect::{Parsed, Reject};
use crate::measures;

/// The first of each name, all of which are checked.
const CHECKED_FIRST: u64 = 1_000;
/// After these, one in so many is checked, more rarely by as much again for each KiB.
const STRIDE: u64 = 16;
/// Findings that are told apart.
const MAX_FINDINGS: usize = 10_000;
/// Problems that one refused event is told of.
const MAX_TOLD: usize = 10;

/// The counts of one schema.
#[derive(Debug, Default)]
struct Counts {
    seen: AtomicU64,
    checked: AtomicU64,
}

/// How often something was found.
#[derive(Debug)]
struct Found {
    place: usize,
    property: String,
    problem: Problem,
    count: u64,
}

/// The counters beside a registry.
#[derive(Debug)]
pub(crate) struct LiveFindings {
    registry: Arc<Registry>,
    counts: Vec<Counts>,
    found: Mutex<FxHashMap<u64, Found>>,
    not_told: AtomicU64,
}

/// What is wrong with the events that came in since the start.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LiveReport {
    /// Which events were checked, in words.
    sampling: String,
    /// By event, those with most events first.
    events: Vec<LiveEvent>,
    /// Findings beyond the 10,000 that are told apart.
    not_told_apart: u64,
}

/// The findings of one event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LiveEvent {
    /// Its name.
    event: String,
    /// The version of its schema that applies.
    version: u32,
    /// Events accepted since the start.
    seen: u64,
    /// Those of them whose properties were checked.
    checked: u64,
    /// What was found, the worst first. Shares are of the checked ones.
    findings: Vec<FindingReport>,
}

fn is_checked(nth: u64, size_bytes: usize) -> bool {
    nth < CHECKED_FIRST || nth.is_multiple_of(STRIDE * (1 + size_bytes as u64 / 1_024))
}

impl LiveFindings {
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        let counts = (0..registry.len()).map(|_| Counts::default()).collect();
        Self { registry, counts, found: Mutex::default(), not_told: AtomicU64::new(0) }
    }

    /// Counts events that were accepted, and checks some of them.
    pub(crate) fn watch(&self, events: &[Event]) {
        for event in events.iter().filter(|e| e.kind == Kind::Track) {
            let Some(name) = event.name.as_deref() else { continue };
            let Some(place) = self.registry.place(name) else { continue };
            let Some(counts) = self.counts.get(place) else { continue };
            let nth = counts.seen.fetch_add(1, Ordering::Relaxed);
            if is_checked(nth, event.properties.as_ref().map_or(0, |p| p.get().len())) {
                counts.checked.fetch_add(1, Ordering::Relaxed);
                self.check(place, event);
            }
        }
    }

    fn check(&self, place: usize, event: &Event) {
        let Some(name) = self.registry.at(place).map(|schema| schema.event.as_ref()) else { return };
        self.registry.check(name, event.properties.as_deref(), &mut |finding| {
            measures::schema_finding(name, finding.problem.as_str());
            let seed = (place as u64) << 8 | finding.problem as u64;
            let key = xxh3_64_with_seed(finding.property.as_bytes(), seed);
            let mut found = self.found.lock();
            if let Some(known) = found.get_mut(&key) {
                known.count += 1;
            } else if found.len() < MAX_FINDINGS {
                let Finding { property, problem, .. } = finding;
                found.insert(key, Found { place, property: property.into_owned(), problem, count: 1 });
            } else {
                self.not_told.fetch_add(1, Ordering::Relaxed);
            }
        });
    }

    /// The event, unless it breaks its schema and that counts. Warnings never do.
    pub(crate) fn admit(&self, event: Event, strict: bool) -> Parsed {
        let Some(name) = event.name.as_deref().filter(|_| strict && event.kind == Kind::Track) else {
            return Ok(event);
        };
        if self.registry.place(name).is_none() {
            return Ok(event);
        }
        let mut errors: Vec<String> = Vec::new();
        self.registry.check(name, event.properties.as_deref(), &mut |finding| {
            if finding.problem.severity() == Severity::Error {
                errors.push(finding.detail());
            }
        });
        if errors.is_empty() {
            return Ok(event);
        }
        errors.truncate(MAX_TOLD);
        let message = format!("{name}: {}", errors.join("; "));
        Err(Reject { code: "schema_violation", message, structural: false })
    }

    pub(crate) fn report(&self) -> LiveReport {
        let mut events: Vec<(usize, LiveEvent)> = Vec::new();
        for (place, counts) in self.counts.iter().enumerate() {
            let (seen, checked) =
                (counts.seen.load(Ordering::Relaxed), counts.checked.load(Ordering::Relaxed));
            let Some(schema) = self.registry.at(place).filter(|_| seen > 0) else { continue };
            let (event, version, findings) = (schema.event.to_string(), schema.version, Vec::new());
            events.push((place, LiveEvent { event, version, seen, checked, findings }));
        }
        for found in self.found.lock().values() {
            let Some((_, event)) = events.iter_mut().find(|(place, _)| *place == found.place) else {
                continue;
            };
            let (schema, of) = (self.registry.at(found.place), event.checked);
            event.findings.push(FindingReport::of(schema, &found.property, found.problem, found.count, of));
        }
        let mut events: Vec<LiveEvent> = events.into_iter().map(|(_, event)| event).collect();
        events.sort_by(|a, b| b.seen.cmp(&a.seen).then_with(|| a.event.cmp(&b.event)));
        events.iter_mut().for_each(|event| event.findings.sort_by(FindingReport::worst_first));
        let sampling = format!(
            "the first {CHECKED_FIRST} of each event since the start are checked, then one of {STRIDE}, \
             more rarely by as much again for each KiB of properties"
        );
        LiveReport { sampling, events, not_told_apart: self.not_told.load(Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests;
