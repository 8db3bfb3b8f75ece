//! The configuration: defaults, then `tradewind.toml`, then `TRADEWIND_*`, then flags.
//!
//! A variable's name is the key's in upper case with `_` for the dot: `TRADEWIND_SERVE_PORT` is `serve.port`.
//! A key that is not known is an error that suggests the nearest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::{Figment, Profile, Source};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tradewind_kernel::Currency;

use crate::failure::Failure;

/// The variables' prefix.
const PREFIX: &str = "TRADEWIND_";
/// The file that is read when none is named.
const DEFAULT_FILE: &str = "tradewind.toml";

/// Every setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where everything is kept.
    pub(crate) data_dir: PathBuf,
    pub(crate) serve: Serve,
    pub(crate) collect: Collect,
    pub(crate) api: ApiKeys,
    pub(crate) vault: VaultConfig,
    pub(crate) privacy: Privacy,
    pub(crate) retention: RetentionConfig,
    pub(crate) shop: Shop,
    pub(crate) consent: Consent,
    pub(crate) models: Models,
    pub(crate) storage: Storage,
    pub(crate) lake: Lake,
    pub(crate) log: Log,
    /// Whom to tell what.
    pub(crate) webhooks: Vec<crate::webhook::Webhook>,
}

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Serve {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Addresses and networks of proxies whose `X-Forwarded-For` or `Forwarded` is believed.
    pub(crate) trusted_proxies: Vec<String>,
    /// Connections that may be open at once.
    pub(crate) max_connections: usize,
    /// Memory of requests under way; an eighth of it, and at least 4 MiB, is kept for those that ask.
    pub(crate) max_inflight_mib: usize,
    /// For a request's head, for a pause in its body, and for an answer to be taken.
    pub(crate) read_timeout_ms: u64,
    /// Until the next request of a connection that is kept.
    pub(crate) idle_timeout_ms: u64,
}

/// Who may send events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Collect {
    /// Any write key will do if empty; then only this machine may reach the program.
    pub(crate) write_keys: Vec<String>,
    /// Origins of browsers; any if empty.
    pub(crate) allowed_origins: Vec<String>,
    /// What Shopify signs its webhooks with: the app's client secret; several while one replaces another.
    pub(crate) shopify_secrets: Vec<String>,
    /// A folder of `*.json` with the shop's own schemas of events.
    pub(crate) schemas_dir: Option<PathBuf>,
    /// A file in MaxMind's format that says where addresses are.
    pub(crate) geo_database: Option<PathBuf>,
    /// Events a second that one write key may send; 0 is no limit.
    pub(crate) events_per_second_per_key: u32,
    /// Events a second that all may send together; 0 is no limit.
    pub(crate) events_per_second: u32,
    /// Seconds' worth of events that may come at once after a quiet time.
    pub(crate) burst_seconds: u32,
}

/// Who may ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKeys {
    /// Nobody needs a key if empty; then only this machine may reach the program.
    pub(crate) keys: Vec<String>,
}

/// The vault of what names people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VaultConfig {
    /// `file:PATH`, `env:NAME` or `command:LINE`; `master.key` in the data directory if empty.
    pub(crate) master_key: String,
    /// API keys that may open the vault and rotate its keys; nobody may over HTTP if empty.
    pub(crate) api_keys: Vec<String>,
    pub(crate) cache_mib: u64,
}

/// What is personal, and the rights of people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Privacy {
    /// Names of properties and traits that go to the vault beside those that do so everywhere.
    pub(crate) personal_fields: Vec<String>,
    /// The calling code that national telephone numbers are completed with, such as `49`.
    pub(crate) phone_calling_code: String,
    /// The folder of the ledger of erasures; `erasures` in the data directory if none. Keep it apart from the
    /// data directory's backups.
    pub(crate) ledger_dir: Option<PathBuf>,
    /// What Shopify's `shop/redact` brings about: `confirm`, `erase` or `record`.
    pub(crate) shop_redact: String,
}

/// How long classes of data are kept that have no setting of their own elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionConfig {
    /// People who were not seen for so many days are erased; 0 keeps them for ever.
    pub(crate) people_days: u32,
    /// Dead letters that were received longer ago are dropped; 0 keeps them for ever.
    pub(crate) dead_letters_days: u32,
    /// How often it is looked.
    pub(crate) every_minutes: u32,
}

/// The shop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shop {
    /// Shown on the storefront.
    pub(crate) name: String,
    /// Of amounts that come without one.
    pub(crate) currency: Currency,
}

/// What holds where nobody was asked, and what categories of a consent banner mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Consent {
    /// `regional` or `off`.
    pub(crate) policy: String,
    /// The region that counts where none is known, such as `DE` or `US-CA`; none if empty.
    pub(crate) default_region: String,
    /// A file with rules of regions, in the place of the built-in ones.
    pub(crate) policy_file: Option<PathBuf>,
    /// The shop's own categories, each with the purposes that it stands for.
    pub(crate) categories: BTreeMap<String, Vec<String>>,
}

/// What models are made with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Models {
    /// After this time an event counts half for popularity.
    pub(crate) popularity_half_life_hours: u32,
}

/// Limits of what is kept in memory and on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Storage {
    pub(crate) state_cache_mib: u64,
    pub(crate) log_segment_mib: u64,
    pub(crate) log_queue_mib: u64,
    /// Durable records that may wait to be applied before events are refused with 429.
    pub(crate) max_lag_records: u64,
    /// Appends wait while more than this is durable and not applied, as time that applying it takes.
    pub(crate) lag_target_ms: u64,
    /// Events are refused with 429 while more than this waits to be appended, in the same measure.
    pub(crate) queue_target_ms: u64,
    /// Dead letters that are kept; the oldest go.
    pub(crate) dead_letters_max: u64,
    /// The same in MiB of their payloads.
    pub(crate) dead_letters_mib: u64,
    /// Parts of the log that were last written to longer ago than this are removed; 0 keeps them for ever.
    pub(crate) log_keep_days: u32,
    /// The log's bound: the oldest parts are removed before it is reached. 0 for none.
    pub(crate) log_max_mib: u64,
    /// Events are refused with 503 while the disk has less free space than this.
    pub(crate) disk_reserve_mib: u64,
}

/// The Delta tables of everything that happened, and the SQL over them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lake {
    /// Whether the server writes the lake and answers `/v1/sql`.
    pub(crate) enabled: bool,
    /// Rows that are committed together.
    pub(crate) commit_rows: u64,
    /// Seconds that a row waits for its commit at most.
    pub(crate) commit_seconds: u64,
    /// Days before today that stay; 0 keeps all.
    pub(crate) keep_days: u32,
    /// Memory of all queries that run at once.
    pub(crate) sql_memory_mib: u64,
    pub(crate) sql_timeout_ms: u64,
    /// Rows of one answer; more are left out, and that is told.
    pub(crate) sql_max_rows: usize,
}

/// How the program tells what it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,tradewind_api=debug`.
    pub(crate) level: String,
    /// `text` or `json`.
    pub(crate) format: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: "./tradewind-data".into(),
            serve: Serve {
                host: "127.0.0.1".into(),
                port: 8080,
                trusted_proxies: Vec::new(),
                max_connections: 4_096,
                max_inflight_mib: 64,
                read_timeout_ms: 10_000,
                idle_timeout_ms: 75_000,
            },
            collect: Collect {
                write_keys: Vec::new(),
                allowed_origins: Vec::new(),
                shopify_secrets: Vec::new(),
                schemas_dir: None,
                geo_database: None,
                events_per_second_per_key: 0,
                events_per_second: 0,
                burst_seconds: 10,
            },
            api: ApiKeys { keys: Vec::new() },
            vault: VaultConfig { master_key: String::new(), api_keys: Vec::new(), cache_mib: 16 },
            privacy: Privacy {
                personal_fields: Vec::new(),
                phone_calling_code: String::new(),
                ledger_dir: None,
                shop_redact: "confirm".into(),
            },
            retention: RetentionConfig { people_days: 0, dead_letters_days: 0, every_minutes: 60 },
            shop: Shop { name: "Tradewind".into(), currency: Currency::EUR },
            consent: Consent {
                policy: "regional".into(),
                default_region: String::new(),
                policy_file: None,
                categories: BTreeMap::new(),
            },
            models: Models { popularity_half_life_hours: 72 },
            storage: Storage {
                state_cache_mib: 64,
                log_segment_mib: 128,
                log_queue_mib: 64,
                max_lag_records: 1_000_000,
                lag_target_ms: 40,
                queue_target_ms: 500,
                dead_letters_max: 100_000,
                dead_letters_mib: 256,
                log_keep_days: 0,
                log_max_mib: 0,
                disk_reserve_mib: 512,
            },
            lake: Lake {
                enabled: true,
                commit_rows: 100_000,
                commit_seconds: 60,
                keep_days: 0,
                sql_memory_mib: 512,
                sql_timeout_ms: 30_000,
                sql_max_rows: 10_000,
            },
            log: Log { level: "info".into(), format: "text".into() },
            webhooks: Vec::new(),
        }
    }
}

/// A configuration with the origin of each of its values.
pub(crate) struct Loaded {
    pub(crate) config: Config,
    figment: Figment,
}

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
mod tests {
    use super::*;

    #[track_caller]
    fn load_toml(toml: &str, flags: &[(&str, Value)]) -> Result<Loaded, String> {
        let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        std::fs::write(file.path(), toml).unwrap();
        load(Some(file.path()), flags).map_err(|e| e.to_string())
    }

    #[test]
    fn flags_go_over_the_file_and_the_file_over_defaults() {
        let loaded =
            load_toml("[serve]\nport = 9000\nhost = '::1'\n", &[("serve.port", 9001.into())]).unwrap();
        assert_eq!((loaded.config.serve.port, loaded.config.serve.host.as_str()), (9001, "::1"));
        let from = |key: &str| loaded.explain().into_iter().find(|(k, ..)| k == key).unwrap().2;
        assert_eq!((from("serve.port"), from("shop.name")), ("command line".into(), "default".into()));
        assert!(from("serve.host").ends_with(".toml"));
    }

    #[test]
    fn an_unknown_key_suggests_the_nearest() {
        let error = |toml: &str| load_toml(toml, &[]).map(|_| ()).unwrap_err();
        let told = error("[serve]\nprot = 1\n");
        assert!(told.contains("'serve.prot'") && told.contains("did you mean 'serve.port'"), "{told}");
        let told = error("data_dri = 'x'\n");
        assert!(told.contains("did you mean 'data_dir'"), "{told}");
        let told = error("[serve]\nport = 'many'\n");
        assert!(told.contains("serve.port"), "{told}");
    }

    #[test]
    fn the_log_has_room_for_two_of_its_files() {
        let error = |toml: &str| load_toml(toml, &[]).err();
        assert!(
            error("[storage]\nlog_max_mib = 255\n").is_some_and(|told| told.contains("log_max_mib is 255"))
        );
        assert_eq!(error("[storage]\nlog_max_mib = 256\n"), None);
        assert_eq!(error("[storage]\nlog_max_mib = 2\nlog_segment_mib = 1\n"), None);
    }

    #[test]
    fn the_gates_targets_are_times_that_somebody_waits() {
        let error = |toml: &str| load_toml(toml, &[]).err();
        for (setting, value) in [("lag_target_ms", 0), ("queue_target_ms", 0), ("lag_target_ms", 30_001)] {
            let told = error(&format!("[storage]\n{setting} = {value}\n"));
            assert!(told.is_some_and(|told| told.contains(&format!("{setting} is {value}"))));
        }
        assert_eq!(error("[storage]\nlag_target_ms = 1\nqueue_target_ms = 30000\n"), None);
    }

    #[test]
    fn other_machines_need_keys() {
        let open = load_toml("[serve]\nhost='0.0.0.0'\n", &[]).unwrap();
        assert!(open.check_exposure(false).unwrap_err().to_string().contains("collect.write_keys"));
        let closed = "serve={host='0.0.0.0'}\ncollect={write_keys=['w']}\napi={keys=['k']}\n";
        assert!(load_toml(closed, &[]).unwrap().check_exposure(false).is_ok());
        assert!(load_toml(closed, &[]).unwrap().check_exposure(true).is_err());
    }
}
