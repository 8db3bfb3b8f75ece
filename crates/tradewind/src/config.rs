//! The configuration: defaults, then `tradewind.toml`, then `TRADEWIND_*`, then flags.
//!
//! A variable's name is the key's in upper case with `_` for the dot: `TRADEWIND_SERVE_PORT` is `serve.port`.
//! A key that is not known is an error that suggests the nearest. The settings are here, their defaults in
//! `defaults`, how they are read in `load`.

// With their paths, since the fuzz targets compile this file under another name.
#[path = "config/defaults.rs"]
mod defaults;
#[path = "config/load.rs"]
mod load;

use std::collections::BTreeMap;
use std::path::PathBuf;

use figment::Figment;
use serde::{Deserialize, Serialize};
use tradewind_kernel::Currency;

pub(crate) use self::load::load;

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

/// A configuration with the origin of each of its values.
pub(crate) struct Loaded {
    pub(crate) config: Config,
    figment: Figment,
}
