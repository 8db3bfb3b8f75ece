//! The candidates of each source: pure functions of the inputs.

use tradewind_models::{CoOccurrence, CoScratch, Scratch as KnnScratch, SessionNo};
use tradewind_people::Action;

use crate::answer::Source;
use crate::ladder::{Inputs, Resolved};

/// Working memory of the models; keep and reuse it.
#[derive(Debug, Default)]
pub struct Scratch {
    knn: KnnScratch,
    co: CoScratch,
}

/// What a source has to say.
pub(crate) enum Candidates {
    /// Products with scores, best first; comparable within this list only.
    Ranked(Vec<(u32, f32)>),
    /// It could not be asked, and that is worth telling.
    Missing(&'static str),
}

/// What a trained model says when it is not there.
const NO_MODEL: &str = "model_missing";

/// Asks one source for about `n` products for a placement.
pub(crate) fn ask(
    source: Source,
    inputs: &Inputs<'_>,
    asked: &Resolved,
    n: usize,
    scratch: &mut Scratch,
) -> Candidates {
    let trained = inputs.trained;
    match source {
        Source::SessionKnn => Candidates::Ranked(session_knn(inputs, &asked.query, n, scratch)),
        Source::CoOccurrence => {
            let taken = if asked.anchors.is_empty() { &asked.history } else { &asked.anchors };
            co_occurrence(trained.map(|t| &t.seen), taken, n, scratch)
        }
        Source::BoughtTogether => co_occurrence(trained.map(|t| &t.bought), &asked.anchors, n, scratch),
        Source::Compatible => Candidates::Ranked(compatible(inputs, &asked.anchors)),
        Source::RecentlyViewed => Candidates::Ranked(recently_viewed(inputs, n)),
        Source::CategoryPopularity => Candidates::Ranked(category_popularity(inputs, asked)),
        Source::Popularity => Candidates::Ranked(inputs.trending.global.clone()),
        Source::Static => {
            let eligible =
                inputs.catalog.iter().map(|(item, _)| item).filter(|&i| inputs.catalog.eligible(i));
            Candidates::Ranked(eligible.take(n).map(|item| (item, 1.0)).collect())
        }
    }
}

/// What goes with these products; a missing model is told only where it would have had something to go by.
fn co_occurrence(model: Option<&CoOccurrence>, with: &[u32], n: usize, scratch: &mut Scratch) -> Candidates {
    match model {
        _ if with.is_empty() => Candidates::Ranked(Vec::new()),
        None => Candidates::Missing(NO_MODEL),
        Some(model) => Candidates::Ranked(model.recommend(with, &mut scratch.co, n)),
    }
}

fn session_knn(inputs: &Inputs<'_>, query: &[u32], n: usize, scratch: &mut Scratch) -> Vec<(u32, f32)> {
    if query.is_empty() {
        return Vec::new();
    }
    let own = inputs.profile.as_ref().and_then(|p| p.session.as_ref()?.number).map(SessionNo);
    inputs.sessions.predict(query, own, &mut scratch.knn, n)
}

fn compatible(inputs: &Inputs<'_>, anchors: &[u32]) -> Vec<(u32, f32)> {
    let products = anchors.iter().filter_map(|&a| inputs.catalog.get(a));
    let fitting = products.flat_map(|p| p.compatible_with.iter()).filter_map(|id| inputs.items.number(id));
    fitting.map(|item| (item, 1.0)).collect()
}

fn recently_viewed(inputs: &Inputs<'_>, n: usize) -> Vec<(u32, f32)> {
    let Some(profile) = &inputs.profile else { return Vec::new() };
    let seen = profile.recent.iter().filter(|t| matches!(t.action, Action::View | Action::Click));
    let seen: Vec<u32> = seen.map(|t| t.item).collect();
    let latest = tradewind_models::latest_distinct(&seen, n);
    (0u8..).zip(latest).map(|(back, item)| (item, 1.0 / (1.0 + f32::from(back)))).collect()
}

/// Popular products of the page's category, else of the anchors' categories, else of those that the
/// shopper's latest products lie in where the placement is about the shopper.
fn category_popularity(inputs: &Inputs<'_>, asked: &Resolved) -> Vec<(u32, f32)> {
    let mut categories: Vec<u16> = Vec::new();
    if let Some(category) = inputs.category {
        categories.extend(inputs.catalog.category_by_name(category));
    } else {
        let items = if asked.anchors.is_empty() { &asked.history } else { &asked.anchors };
        for category in items.iter().rev().filter_map(|&i| inputs.catalog.category_of(i)) {
            if categories.len() < 3 && !categories.contains(&category) {
                categories.push(category);
            }
        }
    }
    let mut ranked: Vec<(u32, f32)> =
        categories.iter().flat_map(|&c| inputs.trending.category(c)).copied().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked
}
