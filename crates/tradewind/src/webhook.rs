//! An endpoint of webhooks as the configuration has it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tradewind_webhooks::{DEFAULT_RETRY_SECONDS, Endpoint, EndpointSettings, Reach};

use crate::failure::Failure;

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
pub(crate) fn endpoints(webhooks: &[Webhook]) -> Result<Vec<Endpoint>, Failure> {
    let settings: Result<Vec<_>, Failure> = webhooks.iter().map(Webhook::settings).collect();
    Endpoint::all(settings?).map_err(|e| Failure::Config(format!("webhooks: {e}")))
}
