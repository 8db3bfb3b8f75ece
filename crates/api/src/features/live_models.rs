//! The models at work, as lineage shows them.

use tradewind_features::LiveModel;
use tradewind_pipeline::{Learned, events_of_actions};

use crate::state::Api;

/// Models that learn as events come, without a version.
const SESSION_MODEL: &str = "session_knn";
const POPULARITY: &str = "popularity";
const PRIORS: &str = "priors";

/// Every model at work: those of the trained artifact as its manifest says, and those that learn as events come.
pub(super) fn of(api: &Api) -> Vec<LiveModel> {
    let events = |learned: Learned| {
        events_of_actions(learned).into_iter().map(|name| format!("event:{name}")).collect::<Vec<_>>()
    };
    let live = |name: &str, sources: Vec<String>| LiveModel {
        name: name.to_owned(),
        sources,
        ..LiveModel::default()
    };
    let interest = events(Learned::Interest);
    let mut models = vec![
        live(SESSION_MODEL, interest.clone()),
        live(POPULARITY, interest.clone()),
        live(PRIORS, interest),
    ];
    if let Some(trained) = api.decider.models() {
        let info = &trained.info;
        models.extend(info.manifest.iter().map(|one| LiveModel {
            name: one.model.clone(),
            version: Some(info.version.to_string()),
            trained_at: Some(info.trained_at.clone()),
            sources: one.sources.clone(),
            features: one.features.clone(),
        }));
    }
    models
}
