//! `tradewind schema`

use std::fs;
use std::io::Read;
use std::path::Path;

use tradewind_api::{Audit, AuditReport, EventReport, FindingReport};
use tradewind_events::schema::{Need, Registry, Schema, Severity, reference};
use tradewind_kernel::{Clock, SystemClock};

use super::{say, say_json};
use crate::cli::{ReportFormat, SchemaCommand};
use crate::config::Loaded;
use crate::failure::Failure;
use crate::schemas;

/// Runs one of the commands about schemas.
pub(crate) fn run(loaded: &Loaded, what: &SchemaCommand, as_json: bool) -> Result<(), Failure> {
    let registry = schemas::load(&loaded.config)?;
    match what {
        SchemaCommand::Check { file, format } => {
            check(&registry, file, as_json || *format == ReportFormat::Json)
        }
        SchemaCommand::List { markdown: true } => {
            say(reference(&registry).trim_end());
            Ok(())
        }
        SchemaCommand::List { .. } => list(&registry, as_json),
        SchemaCommand::Show { event, schema_version } => show(&registry, event, *schema_version, as_json),
    }
}

/// Checks a file of messages; fails when there is any finding of severity error.
fn check(registry: &Registry, file: &Path, as_json: bool) -> Result<(), Failure> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    let text = text.map_err(|e| Failure::input(format!("{} cannot be read: {e}", file.display())))?;
    let mut audit = Audit::new(registry, SystemClock.now());
    audit.text(&text);
    let report = audit.finish();
    if report.messages == 0 {
        return Err(Failure::input(format!("{} holds no messages", file.display())));
    }
    if as_json {
        say_json(&report)?;
    } else {
        tell(&report);
    }
    match report.errors {
        0 => Ok(()),
        1 => Err(Failure::Findings("the payloads do not hold: 1 error".to_owned())),
        many => Err(Failure::Findings(format!("the payloads do not hold: {many} errors"))),
    }
}

fn tell(report: &AuditReport) {
    for event in &report.events {
        say(headline(event));
        for finding in &event.findings {
            say(line(finding));
        }
    }
    let AuditReport { messages, errors, warnings, notes, .. } = report;
    say(format!("{messages} messages, {errors} errors, {warnings} warnings, {notes} notes"));
}

fn headline(event: &EventReport) -> String {
    let schema = match (&event.version, &event.did_you_mean) {
        (Some(version), _) => format!(", version {version}"),
        (None, Some(near)) => format!(", no schema; did you mean '{near}'?"),
        (None, None) => String::new(),
    };
    let clean = if event.findings.is_empty() { ": nothing found" } else { "" };
    format!("{} × {}{schema}{clean}", event.messages, event.event)
}

fn line(finding: &FindingReport) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut line = format!("  {severity:7}  {:3.0} %  {}", finding.share * 100.0, finding.detail);
    if let Some(first) = finding.first_message.filter(|_| finding.severity == Severity::Error) {
        line.push_str(&format!(" (first in message {first})"));
    }
    if let Some(near) = &finding.did_you_mean {
        line.push_str(&format!("; did you mean '{near}'?"));
    }
    if !finding.enables.is_empty() {
        line.push_str(&format!(" → {}", finding.enables));
    }
    line
}

fn list(registry: &Registry, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return say_json(&registry.all().collect::<Vec<_>>());
    }
    let width = registry.applying().map(|s| s.event.chars().count()).max().unwrap_or(0);
    for schema in registry.applying() {
        say(format!("{:width$}  version {}  {}", schema.event, schema.version, schema.description));
    }
    Ok(())
}

fn show(registry: &Registry, event: &str, version: Option<u32>, as_json: bool) -> Result<(), Failure> {
    let found = match version {
        Some(version) => registry.version(event, version),
        None => registry.newest(event),
    };
    let Some(schema) = found else {
        let hint = match registry.nearest(event) {
            _ if registry.newest(event).is_some() => {
                format!("its versions are {:?}", registry.versions(event))
            }
            Some(near) => format!("did you mean '{near}'?"),
            None => "`tradewind schema list` names those that there are".to_owned(),
        };
        return Err(Failure::failed(format!("there is no such schema of '{event}'; {hint}")));
    };
    if as_json {
        return say_json(&schema.to_json_schema());
    }
    table(schema);
    Ok(())
}

fn table(schema: &Schema) {
    say(format!("{}, version {}", schema.event, schema.version));
    say(&schema.description);
    if !schema.enables.is_empty() {
        say(format!("Good for: {}.", schema.enables));
    }
    let width = schema.properties.iter().map(|p| p.name.len()).max().unwrap_or(0);
    for need in [Need::Required, Need::Recommended, Need::Optional] {
        for property in schema.properties.iter().filter(|p| p.need == need) {
            let or: String = property.or.iter().map(|name| format!(" (or {name})")).collect();
            let (name, kind) = (&property.name, property.kind.as_str());
            let gain = if need == Need::Optional || property.enables.is_empty() {
                String::new()
            } else {
                format!(" → {}", property.enables)
            };
            say(format!(
                "  {name:width$}  {kind:8}  {:11}  {}{or}{gain}",
                need.as_str(),
                property.description
            ));
        }
    }
}
