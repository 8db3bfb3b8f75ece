//! The rights of people on a house: what beside the pipeline holds something of them.

use std::sync::Arc;

use serde_json::{Value, json};
use tradewind_api::{Api, ShopRedact, Shown, decision_json};
use tradewind_decide::Decider;
use tradewind_govern::{Consents, Place, Rights, Setup};
use tradewind_kernel::Subject;
use tradewind_pipeline::Whose;
use tradewind_pipeline::vault::Vault;
use tradewind_ports::block_on;
use tradewind_webhooks::Outbox;

use crate::config::Config;
use crate::failure::Failure;
use crate::house::House;
use crate::lake::{Lake, LakeEraser};

/// Starts the service, which first makes again what this data directory has not seen of the ledger.
pub(crate) fn start(
    config: &Config,
    house: &House,
    api: &Arc<Api>,
    lake: &Lake,
    outbox: Option<&Arc<Outbox>>,
) -> Result<Arc<Rights>, Failure> {
    let dir = config.privacy.ledger_dir.clone().unwrap_or_else(|| config.data_dir.join("erasures"));
    if config.privacy.ledger_dir.is_none() {
        tracing::info!(
            "the ledger of erasures is in the data directory: a backup of it that is put back brings erased people \
             back; set privacy.ledger_dir to a folder that backups of the data directory leave out"
        );
    }
    let places: Vec<Arc<dyn Place>> = vec![
        Arc::new(Recent(Arc::clone(&house.decider))),
        Arc::new(Shown::new(api)),
        Arc::new(Sealed(Arc::clone(&house.vault))),
        Arc::new(lake.eraser(config)),
        Arc::new(Told(outbox.cloned())),
    ];
    let setup = Setup {
        pipeline: Arc::clone(&house.pipeline),
        blobs: Arc::new(house.blobs.clone()),
        places,
        consents: Some(Arc::new(Choices(Arc::clone(api)))),
    };
    let rights = Arc::new(Rights::open(&dir, setup).map_err(Failure::failed)?);
    api.use_rights(Arc::clone(&rights));
    Ok(rights)
}

/// What Shopify's topic for the erasure of a shop brings about.
pub(crate) fn shop_redact(config: &Config) -> Result<ShopRedact, Failure> {
    let text = config.privacy.shop_redact.as_str();
    ShopRedact::parse(text).ok_or_else(|| {
        Failure::Config(format!("privacy.shop_redact is '{text}': give it confirm, erase or record"))
    })
}

/// The latest decisions, which the console shows.
struct Recent(Arc<Decider>);

/// Whether a decision is for one of these people.
fn is_theirs(whose: &Whose, subject: &str) -> bool {
    Subject::parse(subject).is_ok_and(|subject| whose.is_key(&subject.key()))
}

impl Place for Recent {
    fn name(&self) -> &'static str {
        "recent_decisions"
    }

    fn erase(&self, whose: &Whose) -> Result<u64, String> {
        Ok(self.0.forget(|subject| is_theirs(whose, subject)) as u64)
    }

    fn export(&self, whose: &Whose) -> Result<Value, String> {
        let all = self.0.recent();
        let theirs = all.iter().filter(|decision| is_theirs(whose, &decision.subject));
        Ok(json!(theirs.map(|decision| decision_json(decision)).collect::<Vec<_>>()))
    }
}

/// What the vault sealed of them.
struct Sealed(Arc<Vault>);

/// The subjects that keys are of.
fn subjects(whose: &Whose) -> impl Iterator<Item = Subject> {
    whose.keys().filter_map(|key| match key.split_at_checked(2)? {
        ("u:", id) => Some(Subject::User(id.to_owned())),
        ("a:", id) => Some(Subject::Anonymous(id.to_owned())),
        _ => None,
    })
}

impl Place for Sealed {
    fn name(&self) -> &'static str {
        "vault"
    }

    fn erase(&self, whose: &Whose) -> Result<u64, String> {
        let mut fields = 0;
        for subject in subjects(whose) {
            fields += block_on(self.0.destroy(&subject)).map_err(|e| e.to_string())? as u64;
        }
        // Also where there is nothing: an erasure that was cut short may have left it to this one.
        block_on(self.0.purge()).map_err(|e| e.to_string())?;
        Ok(fields)
    }

    fn export(&self, whose: &Whose) -> Result<Value, String> {
        let mut all = serde_json::Map::new();
        for subject in subjects(whose) {
            let fields = self.0.unseal(&subject).map_err(|e| e.to_string())?;
            if !fields.is_empty() {
                let fields = fields.iter().map(|field| (field.field.clone(), json!(field.value.as_str())));
                all.insert(subject.to_string(), Value::Object(fields.collect()));
            }
        }
        Ok(if all.is_empty() { Value::Null } else { Value::Object(all) })
    }
}

impl Place for LakeEraser {
    fn name(&self) -> &'static str {
        "lake"
    }

    fn erase(&self, whose: &Whose) -> Result<u64, String> {
        Self::erase(self, whose)
    }

    /// Nothing: the lake says again what the log says.
    fn export(&self, _: &Whose) -> Result<Value, String> {
        Ok(Value::Null)
    }
}

/// The books of webhooks; none where there never was an endpoint.
struct Told(Option<Arc<Outbox>>);

impl Place for Told {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    fn erase(&self, whose: &Whose) -> Result<u64, String> {
        let erased = self.0.as_ref().map_or(Ok(0), |outbox| outbox.erase(whose));
        erased.map_err(|e| e.to_string())
    }

    fn export(&self, whose: &Whose) -> Result<Value, String> {
        let held = self.0.as_ref().map_or(Ok(Value::Null), |outbox| outbox.export(whose));
        held.map_err(|e| e.to_string())
    }

    fn remark(&self) -> Option<String> {
        self.0.as_ref()?.beyond_recall()
    }
}

/// The ledger of consent.
struct Choices(Arc<Api>);

impl Consents for Choices {
    fn deny_all(&self, whose: &Whose) -> Result<u64, String> {
        let mut denied = 0;
        for subject in subjects(whose) {
            block_on(self.0.deny_all(&subject)).map_err(|problem| problem.detail)?;
            denied += 1;
        }
        Ok(denied)
    }
}
