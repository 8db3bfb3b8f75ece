//! Webhooks out, as the configuration has them: whom to tell, and the books of what is on its way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tradewind_embedded::FjallStore;
use tradewind_pipeline::Outlet;
use tradewind_ports::Offset;
use tradewind_webhooks::{DEFAULT_RETRY_SECONDS, Deliverer, Endpoint, EndpointSettings, Outbox, Reach};

use crate::config::Config;
use crate::failure::Failure;
use crate::house::House;

/// The block cache of the books, in bytes: what waits is read once.
const CACHE_BYTES: u64 = 4 << 20;

/// An endpoint that is told what happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhook {
    /// What it is called in lists, metrics and log lines.
    pub(crate) name: String,
    pub(crate) url: String,
    /// What to sign with, `whsec_…`; several while one replaces another.
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
    /// A file with further ones, one a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secrets_file: Option<PathBuf>,
    /// Names of events.
    pub(crate) events: Vec<String>,
    /// Pauses before each further attempt.
    #[serde(default = "suggested")]
    pub(crate) retry_seconds: Vec<u32>,
    /// How long an attempt may take.
    #[serde(default = "patience")]
    pub(crate) timeout_ms: u64,
    /// Whether it may be on this machine or in a private network.
    #[serde(default)]
    pub(crate) private_network: bool,
}

fn suggested() -> Vec<u32> {
    DEFAULT_RETRY_SECONDS.to_vec()
}

fn patience() -> u64 {
    15_000
}

impl Webhook {
    fn settings(&self) -> Result<EndpointSettings, Failure> {
        let mut secrets = self.secrets.clone();
        if let Some(path) = &self.secrets_file {
            let text = std::fs::read_to_string(path).map_err(|e| {
                Failure::Config(format!(
                    "the secrets of the webhook '{}' in {}: {e}",
                    self.name,
                    path.display()
                ))
            })?;
            secrets.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
        }
        Ok(EndpointSettings {
            name: self.name.clone(),
            url: self.url.clone(),
            secrets,
            topics: self.events.clone(),
            retry_seconds: self.retry_seconds.clone(),
            timeout_ms: self.timeout_ms,
            reach: if self.private_network { Reach::Anywhere } else { Reach::Internet },
        })
    }
}

/// The endpoints of the configuration, checked.
pub(crate) fn endpoints(config: &Config) -> Result<Vec<Endpoint>, Failure> {
    let settings: Result<Vec<_>, Failure> = config.webhooks.iter().map(Webhook::settings).collect();
    Endpoint::all(settings?).map_err(|e| Failure::Config(format!("webhooks: {e}")))
}

/// Endpoints and books, before anybody delivers.
pub(crate) struct Post {
    endpoints: Vec<Endpoint>,
    books: Option<Arc<FjallStore>>,
    end: Offset,
}

impl Post {
    /// Looks up what is configured and what the books say; `end` is the log's end before the pipeline is opened.
    /// There are books from the first start with an endpoint on.
    pub(crate) fn open(config: &Config, data_dir: &Path, end: Offset) -> Result<Self, Failure> {
        let (endpoints, dir) = (endpoints(config)?, data_dir.join("outbox"));
        let is_there = !endpoints.is_empty() || dir.is_dir();
        let books = is_there.then(|| FjallStore::open(&dir, CACHE_BYTES)).transpose();
        Ok(Self { endpoints, books: books.map_err(Failure::failed)?.map(Arc::new), end })
    }

    /// What the pipeline is to let out.
    pub(crate) fn outlet(&self) -> Result<Outlet, Failure> {
        let Some(books) = &self.books else { return Ok(Outlet::default()) };
        tradewind_webhooks::outlet(&**books, &self.endpoints, self.end).map_err(Failure::failed)
    }
}

/// Begins to deliver, where there is anything to deliver or to keep account of.
pub(crate) fn start(house: &House) -> Result<Option<(Arc<Outbox>, Deliverer)>, Failure> {
    let Post { endpoints, books: Some(books), end } = &house.post else { return Ok(None) };
    tradewind_webhooks::describe_metrics();
    let (books, clock) = (Arc::clone(books), Arc::clone(&house.clock));
    let outbox = Outbox::open(books, endpoints.clone(), *end, clock).map_err(Failure::failed)?;
    let outbox = Arc::new(outbox);
    let deliverer =
        Deliverer::start(Arc::clone(&outbox), Arc::clone(&house.pipeline)).map_err(Failure::failed)?;
    Ok(Some((outbox, deliverer)))
}
