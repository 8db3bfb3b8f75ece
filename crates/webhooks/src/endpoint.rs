//! An endpoint as the shop configures it, checked.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tradewind_events::EventName;
use url::{Host, Url};

use crate::address::is_private;
use crate::signature::Secret;

/// The pauses before each further attempt that Standard Webhooks suggests, in seconds.
pub const DEFAULT_RETRY_SECONDS: [u32; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// The most pauses of a schedule.
const MAX_PAUSES: usize = 32;
/// The longest of them, in seconds.
const MAX_PAUSE_SECONDS: u32 = 7 * 86_400;
/// The longest name of an endpoint, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// How long an attempt may take, in milliseconds.
const TIMEOUT_MS: std::ops::RangeInclusive<u64> = 100..=60_000;

/// Where an endpoint may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// On the internet only: an address of this machine or of a private network is refused.
    Internet,
    /// Anywhere.
    Anywhere,
}

/// What the configuration says of an endpoint.
#[derive(Debug, Clone)]
pub struct EndpointSettings {
    /// What it is called in lists, metrics and log lines: `[a-z0-9_-]`, up to 64.
    pub name: String,
    /// Where to post to.
    pub url: String,
    /// What to sign with, each `whsec_` and base64; several while one replaces another.
    pub secrets: Vec<String>,
    /// The topics that it wants, such as names of events.
    pub topics: Vec<String>,
    /// Pauses before each further attempt, in seconds.
    pub retry_seconds: Vec<u32>,
    /// How long an attempt may take, in milliseconds.
    pub timeout_ms: u64,
    /// Where it may be.
    pub reach: Reach,
}

/// Why an endpoint is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Its name.
    #[error("'{0}' is no name of an endpoint: write up to 64 of a-z, 0-9, - and _")]
    Name(String),
    /// A second one of the same name.
    #[error("two endpoints are called '{0}'")]
    Twice(String),
    /// Its address.
    #[error("the endpoint '{name}' cannot be posted to: {why}")]
    Url {
        /// The endpoint.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// Its secrets.
    #[error(
        "the endpoint '{0}' has no secrets, or one that does not hold: write whsec_ and the base64 of 24 to 64 \
         random bytes, such as `echo whsec_$(openssl rand -base64 32)` gives"
    )]
    Secret(String),
    /// What it wants.
    #[error(
        "the endpoint '{0}' wants no events, so nothing would ever be sent: name some, such as Order Completed"
    )]
    Topics(String),
    /// Its schedule.
    #[error("the endpoint '{0}' has more than 32 pauses between attempts, or one of more than 7 days")]
    Schedule(String),
    /// Its timeout.
    #[error("the endpoint '{0}' has a timeout that is not between 100 and 60,000 ms")]
    Timeout(String),
}

/// An endpoint that can be posted to.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub(crate) name: String,
    pub(crate) url: Url,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) topics: BTreeSet<String>,
    pub(crate) pauses_ms: Vec<i64>,
    pub(crate) timeout: Duration,
    pub(crate) reach: Reach,
}

impl Endpoint {
    /// Checks all endpoints of a configuration.
    ///
    /// # Errors
    /// [`EndpointError`] of the first that does not hold.
    pub fn all(settings: Vec<EndpointSettings>) -> Result<Vec<Self>, EndpointError> {
        let mut names = BTreeSet::new();
        let check = |settings: EndpointSettings| {
            let endpoint = Self::new(settings)?;
            if names.insert(endpoint.name.clone()) {
                Ok(endpoint)
            } else {
                Err(EndpointError::Twice(endpoint.name))
            }
        };
        settings.into_iter().map(check).collect()
    }

    fn new(settings: EndpointSettings) -> Result<Self, EndpointError> {
        let EndpointSettings { name, url, secrets, topics, retry_seconds, timeout_ms, reach } = settings;
        let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(is_word) {
            return Err(EndpointError::Name(name.chars().take(MAX_NAME_BYTES).collect()));
        }
        let url = check_url(&url, reach).map_err(|why| EndpointError::Url { name: name.clone(), why })?;
        let secrets: Option<Vec<Secret>> = secrets.iter().map(|text| Secret::parse(text)).collect();
        let Some(secrets) = secrets.filter(|secrets| !secrets.is_empty()) else {
            return Err(EndpointError::Secret(name));
        };
        let topics: BTreeSet<String> = topics.iter().map(|t| EventName::canonical(t).to_owned()).collect();
        if topics.is_empty() || topics.contains("") {
            return Err(EndpointError::Topics(name));
        }
        if retry_seconds.len() > MAX_PAUSES || retry_seconds.iter().any(|s| *s > MAX_PAUSE_SECONDS) {
            return Err(EndpointError::Schedule(name));
        }
        if !TIMEOUT_MS.contains(&timeout_ms) {
            return Err(EndpointError::Timeout(name));
        }
        let pauses_ms = retry_seconds.into_iter().map(|seconds| i64::from(seconds) * 1_000).collect();
        let timeout = Duration::from_millis(timeout_ms);
        Ok(Self { name, url, secrets, topics, pauses_ms, timeout, reach })
    }

    /// What an endpoint that was stopped must differ in to be asked again: a hash of its address and secrets.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.url.as_str());
        for secret in &self.secrets {
            hash.update([0]);
            hash.update(secret.bytes());
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Scheme, host and port: the path may be a secret.
    pub(crate) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

fn check_url(text: &str, reach: Reach) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| format!("its url does not read: {e}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("its url is of the scheme {}, and only https and http will do", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("its url holds a user or a password, which would not be sent: leave them out".to_owned());
    }
    if reach == Reach::Internet && url.host().is_some_and(|host| is_own(&host)) {
        return Err(
            "its url names this machine or a private network: say private_network = true if that is meant"
                .to_owned(),
        );
    }
    Ok(url)
}

fn is_own(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
        }
        Host::Ipv4(address) => is_private(IpAddr::V4(*address)),
        Host::Ipv6(address) => is_private(IpAddr::V6(*address)),
    }
}

#[cfg(test)]
pub(crate) mod tests;
