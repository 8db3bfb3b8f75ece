//! Checking files of messages: what `tradewind schema check` says.
//!
//! Messages are read by the collector's own rules, so what it would reject is an error here. A file is a
//! list of messages, one message, a batch body, or lines of messages and batches.

use std::collections::{BTreeMap, HashSet};

use serde_json::value::RawValue;
use tradewind_events::schema::{Problem, Registry, Severity};
use tradewind_events::{EventName, Kind, Origin};
use tradewind_kernel::UtcMillis;
use xxhash_rust::xxh3::xxh3_64;

use super::report::{AuditReport, EventReport, FindingReport};
use crate::collect::message::{Batch, Message};
use crate::collect::parse::{Envelope, Reject, parse, time_of};
use crate::enrich::Sender;

/// A clock may be ahead by this much, in milliseconds, before its times count as in the future.
const TOLERANCE_MS: i64 = 5 * UtcMillis::MINUTE;
/// Message ids that are remembered to find repeated ones.
const MAX_IDS: usize = 10_000_000;
/// Properties of one event that are told of.
const MAX_FINDINGS: usize = 1_000;
/// The row of what is no message.
const UNREADABLE: &str = "(unreadable)";

/// Something that is wrong with a message around its properties.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    pub(crate) property: String,
    pub(crate) problem: &'static str,
    pub(crate) severity: Severity,
    pub(crate) detail: String,
    pub(crate) enables: &'static str,
}

/// What a finding is counted under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Property(String, Problem),
    Message(Told),
}

#[derive(Debug, Default)]
struct Row {
    messages: u64,
    /// How often, and in which message first.
    found: BTreeMap<Key, (u64, u64)>,
}

impl Row {
    fn count(&mut self, key: Key, message: u64) {
        if self.found.len() < MAX_FINDINGS || self.found.contains_key(&key) {
            self.found.entry(key).or_insert((0, message)).0 += 1;
        }
    }
}

/// A check of messages against a registry.
#[derive(Debug)]
pub struct Audit<'r> {
    registry: &'r Registry,
    now: UtcMillis,
    messages: u64,
    rows: BTreeMap<String, Row>,
    ids: HashSet<u64>,
}

impl<'r> Audit<'r> {
    /// A check that has seen nothing. Times after `now` are in the future.
    #[must_use]
    pub fn new(registry: &'r Registry, now: UtcMillis) -> Self {
        Self { registry, now, messages: 0, rows: BTreeMap::new(), ids: HashSet::new() }
    }

    /// Looks at a whole file.
    pub fn text(&mut self, text: &str) {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return;
        }
        if serde_json::from_str::<&RawValue>(text).is_ok() {
            return self.document(text);
        }
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            self.document(line);
        }
    }

    /// Looks at one JSON document: a list of messages, a batch, or a message.
    fn document(&mut self, json: &str) {
        if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) {
            return items.iter().for_each(|item| self.message(item.get(), None));
        }
        match serde_json::from_str::<Batch<'_>>(json) {
            Ok(batch) => {
                let sent = time_of(&batch.sent_at);
                batch.batch.iter().for_each(|item| self.message(item.get(), sent));
            }
            Err(_) => self.message(json, None),
        }
    }

    /// Looks at one message, sent in a batch at `sent` by its client's clock.
    pub fn message(&mut self, json: &str, sent: Option<UtcMillis>) {
        self.messages += 1;
        let (received, context, origin, kind) = (self.now, None, Origin::Live, None);
        let parsed =
            parse(json, &Envelope { received, sent, context, origin, kind, sender: Sender::nobody() });
        let message: Option<Message<'_>> = serde_json::from_str(json).ok();
        let name = message.as_ref().map_or(UNREADABLE.to_owned(), name_of);
        let mut found: Vec<Key> = Vec::new();
        if let Some(message) = &message {
            found.extend(self.around(message, sent).into_iter().map(Key::Message));
        }
        match parsed {
            Err(Reject { code, message, .. }) => {
                let (property, enables) = (String::new(), "");
                let severity = Severity::Error;
                found.push(Key::Message(Told {
                    property,
                    problem: code,
                    severity,
                    detail: message,
                    enables,
                }));
            }
            Ok(event) => {
                let schema = if event.kind == Kind::Track { name.as_str() } else { "" };
                self.registry.check(schema, event.properties.as_deref(), &mut |f| {
                    found.push(Key::Property(f.property.into_owned(), f.problem));
                });
                self.registry.check("", event.traits.as_deref(), &mut |f| {
                    found.push(Key::Property(format!("traits.{}", f.property), f.problem));
                });
            }
        }
        let row = self.rows.entry(name).or_default();
        row.messages += 1;
        found.into_iter().for_each(|key| row.count(key, self.messages));
    }

    /// What is wrong with a message's id and times.
    fn around(&mut self, message: &Message<'_>, sent: Option<UtcMillis>) -> Vec<Told> {
        let mut told = Vec::new();
        let mut tell = |property: &str, problem, severity, detail: &str, enables| {
            told.push(Told { property: property.into(), problem, severity, detail: detail.into(), enables });
        };
        match message.message_id.get() {
            None => tell(
                "messageId",
                "message_id_missing",
                Severity::Warning,
                "messageId is missing",
                "counting a message once when a client sends it again",
            ),
            Some(id) if self.ids.contains(&xxh3_64(id.as_bytes())) => tell(
                "messageId",
                "message_id_repeated",
                Severity::Warning,
                "messageId was used before: only the first message with it counts",
                "",
            ),
            Some(id) if self.ids.len() < MAX_IDS => {
                self.ids.insert(xxh3_64(id.as_bytes()));
            }
            Some(_) => {}
        }
        let times = [("originalTimestamp", &message.original_timestamp), ("timestamp", &message.timestamp)];
        for (name, text) in times.into_iter().chain([("sentAt", &message.sent_at)]) {
            if text.get().is_some() && time_of(text).is_none() {
                let detail = format!("{name} is no RFC 3339 time such as 2026-01-31T09:30:00Z");
                tell(name, "not_a_time", Severity::Error, &detail, "events at the time when they happened");
            }
        }
        let until = time_of(&message.sent_at).or(sent).unwrap_or(self.now);
        match times.into_iter().find_map(|(name, text)| Some((name, time_of(text)?))) {
            Some((name, time)) if time.since(until) > TOLERANCE_MS => {
                let detail = format!("{name} lies after the time of sending; the time of receipt is taken");
                tell(
                    name,
                    "time_in_future",
                    Severity::Error,
                    &detail,
                    "events at the time when they happened",
                );
            }
            None if times.iter().all(|(_, text)| text.get().is_none()) => tell(
                "timestamp",
                "time_missing",
                Severity::Warning,
                "timestamp is missing: the time of receipt is taken",
                "the right order of events that were sent late",
            ),
            _ => {}
        }
        told
    }

    /// What was found.
    #[must_use]
    pub fn finish(self) -> AuditReport {
        let registry = self.registry;
        let mut events: Vec<EventReport> =
            self.rows.into_iter().map(|(event, row)| report(registry, event, row)).collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.messages));
        let count = |severity: Severity| {
            events.iter().flat_map(|e| &e.findings).filter(|f| f.severity == severity).count()
        };
        AuditReport {
            messages: self.messages,
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
            events,
        }
    }
}

fn name_of(message: &Message<'_>) -> String {
    match (message.kind.get(), message.event.get()) {
        (Some(kind), event) if !kind.eq_ignore_ascii_case("track") || event.is_none() => kind.to_owned(),
        (_, Some(event)) => EventName::canonical(event).to_owned(),
        (_, None) => UNREADABLE.to_owned(),
    }
}

fn report(registry: &Registry, event: String, row: Row) -> EventReport {
    let schema = registry.newest(&event);
    let of = row.messages;
    let finding = |(key, (count, first)): (Key, (u64, u64))| {
        let finding = match key {
            Key::Message(told) => FindingReport::of_message(&told, count, of),
            Key::Property(property, problem) => FindingReport::of(schema, &property, problem, count, of),
        };
        FindingReport { first_message: Some(first), ..finding }
    };
    let mut findings: Vec<FindingReport> = row.found.into_iter().map(finding).collect();
    findings.sort_by(FindingReport::worst_first);
    let is_track = !["identify", "page", "screen", "group", "alias", UNREADABLE].contains(&event.as_str());
    let did_you_mean = registry.nearest(&event).filter(|_| schema.is_none() && is_track).map(str::to_owned);
    EventReport { event, messages: of, version: schema.map(|s| s.version), did_you_mean, findings }
}

#[cfg(test)]
mod tests;
