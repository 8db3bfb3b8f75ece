//! Reads the configuration, tells what does not hold in words, and where each value comes from.

use std::path::Path;

use figment::error::Kind;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::{Figment, Profile, Source};
use serde_json::Value;

use super::{Config, Loaded, Storage};
use crate::failure::Failure;

/// The variables' prefix.
const PREFIX: &str = "TRADEWIND_";
/// The file that is read when none is named.
const DEFAULT_FILE: &str = "tradewind.toml";

/// Every key, as `section.key`.
fn known_keys() -> Vec<String> {
    fn walk(prefix: &str, value: &Value, out: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    let dot = if prefix.is_empty() { "" } else { "." };
                    walk(&format!("{prefix}{dot}{name}"), field, out);
                }
            }
            _ => out.push(prefix.to_owned()),
        }
    }
    let mut keys = Vec::new();
    walk("", &serde_json::to_value(Config::default()).unwrap_or_default(), &mut keys);
    keys
}

/// Reads the configuration. `flags` are keys that the command line sets.
pub(crate) fn load(file: Option<&Path>, flags: &[(&str, Value)]) -> Result<Loaded, Failure> {
    if let Some(missing) = file.filter(|f| !f.is_file()) {
        return Err(Failure::Config(format!("there is no configuration file {}", missing.display())));
    }
    let keys = known_keys();
    let env = Env::prefixed(PREFIX).map(move |name| {
        let name = name.as_str().to_ascii_lowercase();
        keys.iter().find(|k| k.replace('.', "_") == name).cloned().unwrap_or(name).into()
    });
    let mut figment = Figment::from(Serialized::defaults(Config::default()))
        .merge(Toml::file(file.unwrap_or(Path::new(DEFAULT_FILE))))
        .merge(env);
    for (key, value) in flags {
        figment = figment.merge(Serialized::from(nested(key, value), Profile::Default));
    }
    let config = figment.extract::<Config>().map_err(|e| Failure::Config(explain(&e)))?;
    check_storage(&config.storage)?;
    crate::webhook::endpoints(&config.webhooks)?;
    Ok(Loaded { config, figment })
}

/// Longer than this nobody waits for an answer.
const LONGEST_TARGET_MS: u64 = 30_000;

/// A log can be held to a bound only by removing files other than the one that is being written to.
fn check_storage(storage: &Storage) -> Result<(), Failure> {
    let targets = [("lag_target_ms", storage.lag_target_ms), ("queue_target_ms", storage.queue_target_ms)];
    if let Some((name, value)) = targets.iter().find(|(_, ms)| !(1..=LONGEST_TARGET_MS).contains(ms)) {
        return Err(Failure::Config(format!(
            "storage.{name} is {value}: give it 1 to {LONGEST_TARGET_MS} milliseconds"
        )));
    }
    let least_mib = storage.log_segment_mib.saturating_mul(2);
    if storage.log_max_mib == 0 || storage.log_max_mib >= least_mib {
        return Ok(());
    }
    Err(Failure::Config(format!(
        "storage.log_max_mib is {}, and the log is removed in files of {} MiB (storage.log_segment_mib): give it \
         room for two of them, {least_mib}, or 0 for no bound",
        storage.log_max_mib, storage.log_segment_mib
    )))
}

/// `a.b` and a value as `{"a": {"b": value}}`.
fn nested(key: &str, value: &Value) -> Value {
    key.rsplit('.').fold(value.clone(), |inner, name| serde_json::json!({ name: inner }))
}

/// An error in words, with the nearest key where one is not known.
fn explain(error: &figment::Error) -> String {
    let lines = error.clone().into_iter().map(|one| {
        let place = one.metadata.as_ref().map_or_else(String::new, |m| format!(" (in {})", origin(m)));
        match &one.kind {
            Kind::UnknownField(name, _) => {
                let mut path = one.path.clone();
                if path.last() != Some(name) {
                    path.push(name.clone());
                }
                let given = path.join(".");
                let nearest = known_keys()
                    .into_iter()
                    .max_by(|a, b| similarity(a, &given).total_cmp(&similarity(b, &given)))
                    .unwrap_or_default();
                format!("there is no setting '{given}'{place}; did you mean '{nearest}'?")
            }
            kind => format!("'{}' does not hold{place}: {kind}", one.path.join(".")),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn similarity(known: &str, given: &str) -> f64 {
    let flat = known.replace('.', "_");
    strsim::jaro_winkler(known, given).max(strsim::jaro_winkler(&flat, given))
}

fn origin(metadata: &figment::Metadata) -> String {
    match &metadata.source {
        Some(Source::File(path)) => path.display().to_string(),
        _ if metadata.name.contains("environment") => "the environment".into(),
        _ => "the command line".into(),
    }
}

impl Loaded {
    /// Every key with its value and where that comes from.
    pub(crate) fn explain(&self) -> Vec<(String, Value, String)> {
        let all = serde_json::to_value(&self.config).unwrap_or_default();
        let defaults = Figment::from(Serialized::defaults(Config::default()));
        let default_name = defaults.find_metadata("data_dir").map(|m| m.name.to_string());
        let describe = |key: String| {
            let value = key.split('.').fold(&all, |value, name| &value[name]).clone();
            let metadata = self.figment.find_metadata(&key);
            let from = match metadata {
                None => "default".to_owned(),
                Some(m) if m.source.as_ref().is_some_and(|s| matches!(s, Source::File(_))) => origin(m),
                Some(m) if m.name.contains("environment") => {
                    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
                }
                Some(m) if Some(m.name.to_string()) == default_name && is_default(&key, &value) => {
                    "default".into()
                }
                Some(_) => "command line".into(),
            };
            (key, value, from)
        };
        known_keys().into_iter().map(describe).collect()
    }

    /// Refuses to open the program to other machines without keys, or with pages that ask for none.
    pub(crate) fn check_exposure(&self, storefront: bool) -> Result<(), Failure> {
        let host = &self.config.serve.host;
        let here = matches!(host.as_str(), "127.0.0.1" | "::1" | "localhost");
        if storefront && !here {
            return Err(Failure::Config(format!(
                "serve.host is {host}, which other machines can reach, and the demo storefront and the console \
                 ask nobody to sign in: serve them on 127.0.0.1 only"
            )));
        }
        let missing = match (&self.config.collect.write_keys[..], &self.config.api.keys[..]) {
            _ if here => return Ok(()),
            ([], _) => "collect.write_keys",
            (_, []) => "api.keys",
            _ => return Ok(()),
        };
        Err(Failure::Config(format!(
            "serve.host is {host}, which other machines can reach, and {missing} is empty: set keys first"
        )))
    }
}

fn is_default(key: &str, value: &Value) -> bool {
    let all = serde_json::to_value(Config::default()).unwrap_or_default();
    key.split('.').fold(&all, |value, name| &value[name]) == value
}

#[cfg(test)]
mod tests;
