//! Findings as they are told to people and programs.

use std::cmp::Ordering;

use serde::Serialize;
use tradewind_events::schema::{Finding, Problem, Schema, Severity};
use utoipa::ToSchema;

/// What was found in a file of messages.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditReport {
    /// Messages that were looked at.
    pub messages: u64,
    /// Findings of severity error: kinds of them, not events.
    pub errors: usize,
    /// Findings of severity warning.
    pub warnings: usize,
    /// Findings of severity note.
    pub notes: usize,
    /// By event, those with most messages first.
    pub events: Vec<EventReport>,
}

/// What was found in the messages of one event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventReport {
    /// A track event's name; `page`, `identify` and so on for the others; `(unreadable)` for the rest.
    pub event: String,
    /// How many there were.
    pub messages: u64,
    /// The version of its schema that applies; none if it has no schema.
    pub version: Option<u32>,
    /// The known event that may be meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did_you_mean: Option<String>,
    /// What was found, the worst first.
    pub findings: Vec<FindingReport>,
}

/// One thing that was found, and how often.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingReport {
    /// Which property; `products[].price` for one of a product in a list.
    pub property: String,
    /// What is wrong, in snake case.
    pub problem: String,
    /// `error`, `warning` or `note`.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// In how many events.
    pub count: u64,
    /// In which share of those that were checked, from 0 to 1.
    pub share: f64,
    /// The number of the first message of the file that has it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_message: Option<u64>,
    /// What is wrong, in words.
    pub detail: String,
    /// What the property makes possible, where it is missing or of no use.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub enables: String,
    /// The known property that may be meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did_you_mean: Option<String>,
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no more precision than that")]
fn share(count: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { count as f64 / of as f64 }
}

impl FindingReport {
    /// A finding about a property. One that is not known, but near to a known one, becomes a warning.
    pub(crate) fn of(schema: Option<&Schema>, property: &str, problem: Problem, count: u64, of: u64) -> Self {
        let definition = schema.and_then(|s| s.property(property));
        let detail = Finding { property: property.into(), problem, definition }.detail();
        let is_unknown = problem == Problem::UnknownProperty;
        let meant = schema.filter(|_| is_unknown).and_then(|s| s.nearest(property)).map(str::to_owned);
        let is_lost = problem.severity() == Severity::Error || problem == Problem::RecommendedMissing;
        Self {
            property: property.to_owned(),
            problem: problem.as_str().to_owned(),
            severity: if meant.is_some() { Severity::Warning } else { problem.severity() },
            count,
            share: share(count, of),
            first_message: None,
            detail,
            enables: definition.filter(|_| is_lost).map(|d| d.enables.to_string()).unwrap_or_default(),
            did_you_mean: meant,
        }
    }

    /// A finding about the message around the properties.
    pub(crate) fn of_message(told: &super::audit::Told, count: u64, of: u64) -> Self {
        Self {
            property: told.property.clone(),
            problem: told.problem.to_owned(),
            severity: told.severity,
            count,
            share: share(count, of),
            first_message: None,
            detail: told.detail.clone(),
            enables: told.enables.to_owned(),
            did_you_mean: None,
        }
    }

    /// The order in which findings are told.
    pub(crate) fn worst_first(a: &Self, b: &Self) -> Ordering {
        let by = |f: &Self| (std::cmp::Reverse(f.severity), std::cmp::Reverse(f.count));
        by(a).cmp(&by(b)).then_with(|| a.property.cmp(&b.property)).then_with(|| a.problem.cmp(&b.problem))
    }
}
