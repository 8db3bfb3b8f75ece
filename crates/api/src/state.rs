//! What the handlers share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tradewind_decide::Decider;
use tradewind_events::schema::Registry;
use tradewind_govern::{Retention, Rights};
use tradewind_kernel::UtcMillis;
use tradewind_people::consent::Categories;
use tradewind_pipeline::Pipeline;
use tradewind_pipeline::vault::Vault;
use tradewind_ports::SqlEngine;
use tradewind_webhooks::Outbox;
use utoipa::ToSchema;

use crate::admission::{Admission, AdmissionSettings};
use crate::dead_letters::{Desk, latest_rejects};
use crate::enrich::{ConsentRules, Enricher, GeoDatabase, TrustedProxies};
use crate::schemas::LiveFindings;

/// What the configuration says of the API.
#[derive(Debug, Clone, Default)]
pub struct ApiSettings {
    /// Write keys that may send events; any if empty.
    pub write_keys: Vec<String>,
    /// API keys that may ask; nobody needs one if empty.
    pub api_keys: Vec<String>,
    /// API keys that may open the vault and rotate its keys; nobody may if empty.
    pub vault_keys: Vec<String>,
    /// Origins of browsers that may send events; any if empty.
    pub allowed_origins: Vec<String>,
    /// What Shopify may sign its webhooks with; none is taken if empty.
    pub shopify_secrets: Vec<String>,
    /// What events should look like.
    pub schemas: Arc<Registry>,
    /// Proxies whose word is taken for the address that they forward for.
    pub trusted_proxies: TrustedProxies,
    /// Bounds of what may be under way.
    pub admission: AdmissionSettings,
    /// What Shopify's topic `shop/redact` brings about.
    pub shop_redact: ShopRedact,
    /// Which categories of a consent banner stand for which purposes.
    pub consent_categories: Categories,
}

/// What becomes of `shop/redact`, by which Shopify asks for the erasure of a whole shop, 48 hours after it took the
/// app away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ShopRedact {
    /// A request that waits until somebody confirms it.
    #[default]
    Confirm,
    /// It is carried out at once.
    Erase,
    /// It is kept and told in the log; somebody must act on it.
    Record,
}

impl ShopRedact {
    /// What a setting of this name means.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "confirm" => Some(Self::Confirm),
            "erase" => Some(Self::Erase),
            "record" => Some(Self::Record),
            _ => None,
        }
    }
}

/// An event that was not taken, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rejected {
    /// When it was received, milliseconds since 1970.
    pub received_at: i64,
    /// Where it stood in its batch, from 0.
    pub index: usize,
    /// Why, in snake case.
    pub code: String,
    /// Why, in words.
    pub message: String,
    /// Its first 500 characters.
    pub sample: String,
}

/// The API's state.
pub struct Api {
    /// The event's way.
    pub pipeline: Arc<Pipeline>,
    /// The decision's way.
    pub decider: Arc<Decider>,
    /// What the configuration says.
    pub settings: ApiSettings,
    pub(crate) schemas: LiveFindings,
    pub(crate) admission: Admission,
    pub(crate) prometheus: Option<PrometheusHandle>,
    pub(crate) desk: Desk,
    pub(crate) enricher: Enricher,
    pub(crate) sql: Option<Arc<dyn SqlEngine>>,
    pub(crate) outbox: Option<Arc<Outbox>>,
    pub(crate) vault: Option<Arc<Vault>>,
    /// Places for profiles that are followed.
    pub(crate) feeds: Arc<tokio::sync::Semaphore>,
    pub(crate) rights: OnceLock<Arc<Rights>>,
    /// How long data are kept, once the server keeps them to that.
    pub(crate) retention: OnceLock<Arc<Retention>>,
    rejected_total: AtomicU64,
}

impl Api {
    /// The state over a pipeline and a decider. Without a handle `/metrics` answers that there are none.
    #[must_use]
    pub fn new(
        pipeline: Arc<Pipeline>,
        decider: Arc<Decider>,
        settings: ApiSettings,
        prometheus: Option<PrometheusHandle>,
    ) -> Self {
        let (desk, rejected_total, sql) = (Desk::default(), AtomicU64::new(0), None);
        let schemas = LiveFindings::new(Arc::clone(&settings.schemas));
        let rules = ConsentRules::new(settings.consent_categories.clone(), Arc::clone(pipeline.policy()));
        let enricher = Enricher::new(None).with_consent(rules);
        let admission = Admission::new(&settings.admission, &settings.write_keys);
        Self {
            pipeline,
            decider,
            settings,
            schemas,
            admission,
            prometheus,
            desk,
            enricher,
            sql,
            outbox: None,
            vault: None,
            feeds: Arc::new(tokio::sync::Semaphore::new(crate::profiles::MAX_FEEDS)),
            rights: OnceLock::new(),
            retention: OnceLock::new(),
            rejected_total,
        }
    }

    /// The same with a database that says where addresses are.
    #[must_use]
    pub fn with_geo(self, geo: Option<GeoDatabase>) -> Self {
        let rules = self.enricher.consent_rules().clone();
        Self { enricher: Enricher::new(geo).with_consent(rules), ..self }
    }

    /// The same with an engine that answers `/v1/sql`.
    #[must_use]
    pub fn with_sql(self, sql: Option<Arc<dyn SqlEngine>>) -> Self {
        Self { sql, ..self }
    }

    /// The same with an outbox to look into.
    #[must_use]
    pub fn with_outbox(self, outbox: Option<Arc<Outbox>>) -> Self {
        Self { outbox, ..self }
    }

    /// The same with a vault, without which nothing is taken out of events: only tests do without.
    #[must_use]
    pub fn with_vault(self, vault: Arc<Vault>) -> Self {
        Self { vault: Some(vault), ..self }
    }

    /// From now on tells how long data are kept. Call it once.
    pub fn use_retention(&self, retention: Arc<Retention>) {
        // A second one is the first one's: nothing else calls it.
        let _ = self.retention.set(retention);
    }

    /// From now on takes requests of people's rights, and nothing else until these are ready. Call it once.
    pub fn use_rights(&self, rights: Arc<Rights>) {
        // A second one would be a bug of the program; the first one stays.
        let _ = self.rights.set(rights);
    }

    /// The time, by the pipeline's clock.
    #[must_use]
    pub fn now(&self) -> UtcMillis {
        self.pipeline.clock().now()
    }

    /// Events rejected since the start.
    #[must_use]
    pub fn rejected_total(&self) -> u64 {
        self.rejected_total.load(Ordering::Relaxed)
    }

    /// The latest rejected events, newest first, at most 1,000.
    #[must_use]
    pub fn rejects(&self) -> Vec<Rejected> {
        latest_rejects(self)
    }

    pub(crate) fn count_rejects<'a>(&self, codes: impl Iterator<Item = &'a str>) {
        for code in codes {
            self.rejected_total.fetch_add(1, Ordering::Relaxed);
            crate::measures::event_rejected(code);
        }
    }
}
