//! The pure middle: from what was gathered to filled slots.
//!
//! Each placement has a ladder of sources, best first. A source's products pass the eligibility check
//! (known, to be had, not already on the page, not what the page is about) and fill the free slots; the next
//! source fills what is left. Scores are scaled so that they fall from slot to slot across sources. The same
//! inputs give the same answer: nothing here reads a clock, a file or a random number.

use rustc_hash::FxHashSet;
use tradewind_catalog::CatalogSnapshot;
use tradewind_kernel::UtcMillis;
use tradewind_models::{SessionIndex, Trained};
use tradewind_people::Profile;
use tradewind_people::consent::{Permitted, Personalization};
use tradewind_pipeline::{Items, Trending};

use crate::answer::{PlacementAnswer, Slot, Source};
use crate::ask::{Ask, Placement, PlacementAsk};
use crate::reasons;
use crate::sources::{self, Candidates, Scratch};

/// Everything that a decision is a function of.
pub struct Inputs<'a> {
    /// The time of the decision.
    pub now: UtcMillis,
    /// What was asked.
    pub ask: &'a Ask,
    /// Who is asking, if known, and agreed to be.
    pub profile: Option<Permitted<Personalization, &'a Profile>>,
    /// Product ids and their numbers.
    pub items: &'a Items,
    /// The catalog.
    pub catalog: &'a CatalogSnapshot,
    /// All sessions.
    pub sessions: &'a SessionIndex,
    /// The trained models, if there are any.
    pub trained: Option<&'a Trained>,
    /// Rankings by popularity.
    pub trending: &'a Trending,
    /// The category that the page is about.
    pub category: Option<&'a str>,
    /// What the gathering had to leave out.
    pub late: &'a [&'static str],
}

/// One placement's request in item numbers.
pub(crate) struct Resolved {
    /// What the placement is about.
    pub(crate) anchors: Vec<u32>,
    /// What the session-kNN is asked with.
    pub(crate) query: Vec<u32>,
    /// What the shopper touched, oldest first; empty where the placement is not about the shopper.
    pub(crate) history: Vec<u32>,
    /// Not to be shown here.
    pub(crate) excluded: FxHashSet<u32>,
    /// Some anchors are unknown, and no known one is left.
    pub(crate) unknown_anchors: bool,
}

/// The sources of a placement, best first.
fn ladder(placement: Placement) -> &'static [Source] {
    use Source::{
        BoughtTogether, CategoryPopularity, CoOccurrence, Compatible, Popularity, RecentlyViewed, SessionKnn,
        Static,
    };
    match placement {
        Placement::HomeForYou => &[SessionKnn, CoOccurrence, CategoryPopularity, Popularity, Static],
        Placement::HomeTrending => &[CategoryPopularity, Popularity, Static],
        Placement::HomeRecentlyViewed => &[RecentlyViewed],
        Placement::ProductSimilar => &[SessionKnn, CoOccurrence, CategoryPopularity, Popularity, Static],
        Placement::ProductBoughtTogether | Placement::CartAddOns => {
            &[BoughtTogether, Compatible, SessionKnn, CategoryPopularity, Popularity, Static]
        }
    }
}

/// Fills every placement asked for.
pub fn decide(inputs: &Inputs<'_>, scratch: &mut Scratch) -> Vec<PlacementAnswer> {
    let mut on_page = FxHashSet::default();
    let cart = cart(inputs);
    let mut fill_one = |asked: &PlacementAsk| {
        let resolved = resolve(inputs, asked, &cart);
        let answer = fill(inputs, asked, &resolved, &on_page, scratch);
        if !inputs.ask.allow_duplicates {
            on_page.extend(answer.slots.iter().map(|s| s.item));
        }
        answer
    };
    inputs.ask.placements.iter().map(&mut fill_one).collect()
}

fn cart(inputs: &Inputs<'_>) -> Vec<u32> {
    match (&inputs.ask.cart, &inputs.profile) {
        (Some(cart), _) => cart.iter().filter_map(|id| inputs.items.number(id)).collect(),
        (None, Some(profile)) => profile.cart.iter().map(|l| l.item).collect(),
        (None, None) => Vec::new(),
    }
}

fn resolve(inputs: &Inputs<'_>, asked: &PlacementAsk, cart: &[u32]) -> Resolved {
    let session = inputs.profile.as_ref().map_or(&[][..], |p| p.session_items(inputs.now));
    let own = inputs.profile.as_ref().filter(|_| asked.placement == Placement::HomeForYou);
    let history: Vec<u32> = own.map_or_else(Vec::new, |p| p.recent.iter().map(|t| t.item).collect());
    let named: Vec<u32> = asked.anchors.iter().filter_map(|id| inputs.items.number(id)).collect();
    let unknown_anchors = named.is_empty() && !asked.anchors.is_empty();
    let mut excluded: FxHashSet<u32> = named.iter().copied().collect();
    let (anchors, query) = match asked.placement {
        Placement::HomeForYou => {
            excluded.extend(session.iter().chain(cart));
            (Vec::new(), session.to_vec())
        }
        Placement::HomeTrending | Placement::HomeRecentlyViewed => (Vec::new(), Vec::new()),
        Placement::ProductSimilar | Placement::ProductBoughtTogether => {
            excluded.extend(cart);
            let query = named.clone();
            (named, query)
        }
        Placement::CartAddOns => {
            excluded.extend(cart);
            let anchors: Vec<u32> = cart.iter().copied().chain(named).collect();
            (anchors.clone(), anchors)
        }
    };
    Resolved { anchors, query, history, excluded, unknown_anchors }
}

fn fill(
    inputs: &Inputs<'_>,
    asked: &PlacementAsk,
    resolved: &Resolved,
    on_page: &FxHashSet<u32>,
    scratch: &mut Scratch,
) -> PlacementAnswer {
    let mut degraded_reasons: Vec<&'static str> = inputs.late.to_vec();
    if inputs.catalog.is_empty() {
        degraded_reasons.push("catalog_empty");
    } else if resolved.unknown_anchors {
        degraded_reasons.push("anchor_unknown");
    }
    let mut slots: Vec<Slot> = Vec::with_capacity(asked.limit);
    let mut chosen: FxHashSet<u32> = FxHashSet::default();
    let spare = resolved.excluded.len() + on_page.len();
    for &source in ladder(asked.placement) {
        let wanted = (asked.limit - slots.len()) * 2 + spare + slots.len() + 10;
        let ranked = match sources::ask(source, inputs, resolved, wanted, scratch) {
            Candidates::Ranked(ranked) if asked.placement == Placement::ProductSimilar => {
                alike_first(inputs, &resolved.anchors, ranked)
            }
            Candidates::Ranked(ranked) => ranked,
            Candidates::Missing(why) => {
                if slots.is_empty() && !degraded_reasons.contains(&why) {
                    degraded_reasons.push(why);
                }
                continue;
            }
        };
        let floor = slots.last().map_or(1.0, |s| s.score);
        let mut top = None;
        for (item, raw) in ranked {
            if slots.len() == asked.limit {
                break;
            }
            let free = inputs.catalog.eligible(item)
                && !resolved.excluded.contains(&item)
                && !on_page.contains(&item);
            let Some(id) = inputs.items.id(item).filter(|_| free && chosen.insert(item)) else { continue };
            let score = (floor * (raw / *top.get_or_insert(raw))).clamp(f32::MIN_POSITIVE, 1.0);
            let reasons = vec![reasons::of(source, inputs, resolved, item)];
            slots.push(Slot { item, product_id: id.clone(), score, source, reasons });
        }
        if slots.len() == asked.limit {
            break;
        }
    }
    PlacementAnswer { placement: asked.placement, degraded_reasons, slots }
}

/// What a product of the anchors' own category counts more, where *similar* is asked for.
const SAME_CATEGORY: f32 = 4.0;
/// The same for one of the category above.
const SAME_PARENT: f32 = 2.0;

/// Moves products of the anchors' own category up: what is merely viewed along is not similar.
fn alike_first(inputs: &Inputs<'_>, anchors: &[u32], mut ranked: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    let path = |item: u32| inputs.catalog.get(item).map_or(&[][..], |p| &p.category_path);
    let likeness = |item: u32| {
        let own = path(item);
        let weight = |anchor: &u32| match path(*anchor) {
            [] => 1.0,
            there if there == own => SAME_CATEGORY,
            [parents @ .., _] if !parents.is_empty() && own.starts_with(parents) => SAME_PARENT,
            _ => 1.0,
        };
        anchors.iter().map(weight).fold(1.0, f32::max)
    };
    for (item, score) in &mut ranked {
        *score *= likeness(*item);
    }
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

#[cfg(test)]
mod tests;
