//! The rights of people on a house: what beside the pipeline holds something of them.

use std::sync::Arc;

use serde_json::{Value, json};
use tradewind_api::{Api, Shown, decision_json};
use tradewind_decide::Decider;
use tradewind_govern::{Place, Rights, Setup};
use tradewind_kernel::Subject;
use tradewind_pipeline::Whose;

use crate::config::Config;
use crate::failure::Failure;
use crate::house::House;

/// Starts the service, which first makes again what this data directory has not seen of the ledger.
pub(crate) fn start(config: &Config, house: &House, api: &Arc<Api>) -> Result<Arc<Rights>, Failure> {
    let dir = config.privacy.ledger_dir.clone().unwrap_or_else(|| config.data_dir.join("erasures"));
    if config.privacy.ledger_dir.is_none() {
        tracing::info!(
            "the ledger of erasures is in the data directory: a backup of it that is put back brings erased people \
             back; set privacy.ledger_dir to a folder that backups of the data directory leave out"
        );
    }
    let places: Vec<Arc<dyn Place>> =
        vec![Arc::new(Recent(Arc::clone(&house.decider))), Arc::new(Shown::new(api))];
    let setup = Setup {
        pipeline: Arc::clone(&house.pipeline),
        blobs: Arc::new(house.blobs.clone()),
        places,
        consents: None,
    };
    let rights = Arc::new(Rights::open(&dir, setup).map_err(Failure::failed)?);
    api.use_rights(Arc::clone(&rights));
    Ok(rights)
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
