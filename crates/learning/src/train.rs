//! The training job: from every session in the state to one artifact.
//!
//! *Seen* learns from each shopper's touches in order, over all of the shopper's sessions; *bought* from what
//! was bought, or at least put into the cart, in one session. Both keep the best [`MAX_ROW`] cells of each product. Memory is about 12 bytes a
//! touch beside the models.

use rustc_hash::FxHashMap;
use tradewind_kernel::UtcMillis;
use tradewind_models::{ArtifactInfo, CoOccurrence, CoParams, ModelManifest, Trained};
use tradewind_people::consent::{ModelTraining, Permitted};
use tradewind_people::{Action, SessionRecord};
use tradewind_pipeline::{Learned, Pipeline, PipelineError, events_of_actions};

use crate::evaluate::cpu::CpuTimer;

/// Cells kept of each product's row.
const MAX_ROW: usize = 200;

/// Why there is no new artifact.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Nobody has touched a product yet.
    #[error("there is no session to learn from: import a history or let events come in first")]
    NothingToLearn,
    /// The state does not read.
    #[error(transparent)]
    State(#[from] PipelineError),
}

/// What is read of the sessions, in flat lists.
#[derive(Default)]
struct Histories {
    /// Of each shopper, all touches in order.
    by_shopper: FxHashMap<u64, Vec<u32>>,
    /// What was bought in one session; where nothing was, what was put into the cart.
    baskets: Vec<Vec<u32>>,
    sessions: usize,
    interactions: usize,
    window: Option<(UtcMillis, UtcMillis)>,
}

impl Histories {
    fn take(&mut self, record: &Permitted<ModelTraining, SessionRecord>) {
        if record.clicks.is_empty() {
            return;
        }
        self.sessions += 1;
        self.interactions += record.clicks.len();
        let (first, last) = self.window.unwrap_or((record.started_at, record.last_at));
        self.window = Some((first.min(record.started_at), last.max(record.last_at)));
        let history = self.by_shopper.entry(record.subject_hash).or_default();
        history.extend(record.news());
        let of = |action| record.clicks.iter().filter(move |c| c.action == action).map(|c| c.item);
        let mut basket: Vec<u32> = of(Action::Buy).collect();
        if basket.is_empty() {
            basket.extend(of(Action::Add));
        }
        if basket.len() > 1 {
            self.baskets.push(basket);
        }
    }
}

/// What the models learn from: the sessions' touches of products, as the projection makes them of events.
fn manifest() -> Vec<ModelManifest> {
    let of = |model: &str, learned: Learned| ModelManifest {
        model: model.to_owned(),
        sources: events_of_actions(learned).iter().map(|name| format!("event:{name}")).collect(),
        features: Vec::new(),
    };
    vec![of("seen", Learned::Interest), of("bought", Learned::Choice)]
}

/// Trains on everything that is applied. `now` names the version.
///
/// # Errors
/// [`TrainError`] when there is nothing to learn from, or the state does not read.
pub fn train(pipeline: &Pipeline, now: UtcMillis) -> Result<Trained, TrainError> {
    let timer = CpuTimer::start();
    let mut histories = Histories::default();
    pipeline.each_session(|_, record| histories.take(&record))?;
    let Some((first, last)) = histories.window else { return Err(TrainError::NothingToLearn) };
    let params = CoParams { max_row: Some(MAX_ROW), ..CoParams::default() };
    let shoppers = histories.by_shopper.len();
    let mut order: Vec<u64> = histories.by_shopper.keys().copied().collect();
    order.sort_unstable();
    let seen = CoOccurrence::fit_sequences(order.iter().map(|s| histories.by_shopper[s].as_slice()), &params);
    let baskets: Vec<&[u32]> = histories.baskets.iter().map(Vec::as_slice).collect();
    let bought = CoOccurrence::fit_baskets(&baskets, &params);
    let info = ArtifactInfo {
        version: format!("{:013}", now.get()).into(),
        trained_at: now.to_rfc3339(),
        sessions: histories.sessions,
        shoppers,
        baskets: baskets.len(),
        interactions: histories.interactions,
        window: (first.to_rfc3339(), last.to_rfc3339()),
        cpu_seconds: timer.elapsed().as_secs_f64(),
        manifest: manifest(),
    };
    Ok(Trained { version: info.version.clone(), info, seen, bought })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_names_the_events_that_are_learned_from() {
        let sources: Vec<(String, Vec<String>)> =
            manifest().into_iter().map(|one| (one.model, one.sources)).collect();
        let [(seen, looked), (bought, chosen)] = &sources[..] else { panic!("two models") };
        assert_eq!((seen.as_str(), bought.as_str()), ("seen", "bought"));
        assert!(looked.iter().any(|s| s == "event:Product Viewed"), "{looked:?}");
        assert!(looked.iter().all(|s| s != "event:Product Removed" && s != "event:Order Refunded"));
        let all: std::collections::BTreeSet<&str> = chosen.iter().map(String::as_str).collect();
        let expected =
            ["event:Order Completed", "event:Product Added", "event:Wishlist Product Added to Cart"];
        assert_eq!(all, expected.into());
    }
}
