//! From a page's placements to rails of products: one question to the engine, and what to show without an answer.
//!
//! An answer that is late, broken or silent about a placement is made up for with plain catalog content,
//! which says so. Placements that only make sense with an answer (what was viewed, what is bought together)
//! stay empty.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradewind_catalog::Product;

use crate::shop::Shop;
use crate::state::App;
use crate::text;
use crate::view::{Card, Link};
use crate::visit::{Purpose, Visit};

/// How long a page waits for the engine's answer.
const DECIDE_BUDGET: Duration = Duration::from_secs(1);

/// Why a decision knows nothing of the shopper although it might.
const NO_CONSENT: &str = "no_consent";

/// One placement that a page wants filled.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// The placement.
    pub(crate) name: &'static str,
    /// The most products.
    pub(crate) limit: usize,
    /// Products that the answer should go with.
    pub(crate) anchors: Vec<String>,
}

impl Wanted {
    /// A placement without anchors.
    pub(crate) fn new(name: &'static str, limit: usize) -> Self {
        Self { name, limit, anchors: Vec::new() }
    }

    /// The same with anchors.
    pub(crate) fn near(mut self, anchors: impl IntoIterator<Item = String>) -> Self {
        self.anchors.extend(anchors);
        self
    }
}

/// What a page asks for.
#[derive(Debug, Default)]
pub(crate) struct Question<'a> {
    /// Its placements.
    pub(crate) wanted: Vec<Wanted>,
    /// The category that the page is about, levels apart by ` > `.
    pub(crate) category: Option<String>,
    /// Items to choose from where the engine does not answer; all departments where there are none.
    pub(crate) stand_ins: Option<&'a [u32]>,
}

/// A row of recommendations.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Rail {
    /// The placement.
    pub(crate) placement: String,
    /// What the row is called.
    pub(crate) title: &'static str,
    /// The decision; empty where the engine did not answer.
    pub(crate) decision_id: String,
    /// Whether the engine answered with less than it can.
    pub(crate) is_degraded: bool,
    /// Whether the shopper does not agree to a row of their own, so that it is as for a stranger.
    pub(crate) is_contextual: bool,
    /// Whether this is plain catalog content.
    pub(crate) is_plain: bool,
    /// The products in order.
    pub(crate) slots: Vec<Slot>,
}

/// One product of a rail and why it is there.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Slot {
    /// The product.
    #[serde(skip)]
    pub(crate) product_id: String,
    /// Where the decision put it, from 1.
    #[serde(skip)]
    pub(crate) position: u32,
    /// What is shown of it.
    pub(crate) card: Card,
    /// Which part of the engine named it.
    pub(crate) source: String,
    /// Why, in words.
    pub(crate) reasons: Vec<String>,
}

/// The rails of one page.
#[derive(Debug, Default)]
pub(crate) struct Rails(Vec<Rail>);

impl Rails {
    /// Takes out the rail of a placement, if there is something on it.
    pub(crate) fn take(&mut self, placement: &str) -> Option<Rail> {
        let at = self.0.iter().position(|rail| rail.placement == placement)?;
        Some(self.0.swap_remove(at)).filter(|rail| !rail.slots.is_empty())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    decision_id: String,
    placements: Vec<AnsweredPlacement>,
}

/// One placement of an answer, also as the console's list of decisions holds it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnsweredPlacement {
    /// The placement.
    pub(crate) name: String,
    /// Whether the engine did less than it can.
    #[serde(default)]
    pub(crate) degraded: bool,
    /// Why it did less.
    #[serde(default)]
    pub(crate) degraded_reasons: Vec<String>,
    /// What it put there.
    #[serde(default)]
    pub(crate) slots: Vec<AnsweredSlot>,
}

/// One slot of an answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnsweredSlot {
    /// Where, from 1.
    #[serde(default)]
    pub(crate) position: u32,
    /// Which product.
    pub(crate) product_id: String,
    /// How good, by the engine's own measure.
    #[serde(default)]
    pub(crate) score: Option<f64>,
    /// Which part of the engine named it.
    #[serde(default)]
    pub(crate) source: Option<String>,
    /// Why, in words.
    #[serde(default)]
    pub(crate) reasons: Vec<String>,
}

/// Asks the engine about all placements of a page and makes rails of the answer.
pub(crate) async fn decide(app: &App, shop: &Shop, visit: &Visit, question: &Question<'_>) -> Rails {
    let answer = match visit.purpose {
        Purpose::Robot => None,
        Purpose::Look | Purpose::Prefetch => ask_engine(app, ask(visit, question)).await,
    };
    let (decision_id, answered) =
        answer.map_or((String::new(), Vec::new()), |a| (a.decision_id, a.placements));
    let rail = |wanted: &Wanted| {
        let placement = answered.iter().find(|placement| placement.name == wanted.name);
        let rail = placement.map(|placement| answered_rail(shop, &decision_id, wanted, placement));
        rail.filter(|rail| !rail.slots.is_empty())
            .unwrap_or_else(|| plain_rail(shop, wanted, question.stand_ins))
    };
    Rails(question.wanted.iter().map(rail).collect())
}

fn ask(visit: &Visit, question: &Question<'_>) -> Value {
    let mut subject = json!({ "anonymousId": visit.anonymous_id });
    if let Some(user_id) = &visit.user_id {
        subject["userId"] = json!(user_id);
    }
    let placement = |wanted: &Wanted| {
        let mut placement = json!({ "name": wanted.name, "limit": wanted.limit });
        if !wanted.anchors.is_empty() {
            placement["anchors"] = json!(wanted.anchors);
        }
        placement
    };
    let placements: Vec<Value> = question.wanted.iter().map(placement).collect();
    let cart: Vec<&str> = visit.cart.lines().iter().map(|line| line.product_id.as_str()).collect();
    let mut context = json!({ "cart": cart, "channel": "web" });
    if let Some(category) = &question.category {
        context["category"] = json!(category);
    }
    json!({ "subject": subject, "placements": placements, "context": context })
}

async fn ask_engine(app: &App, ask: Value) -> Option<Answer> {
    let answer = tokio::time::timeout(DECIDE_BUDGET, app.engine.decide(ask)).await;
    let answer = answer.inspect_err(|_| tracing::warn!("a page was not decided in time")).ok()?;
    serde_json::from_value(answer).inspect_err(|error| tracing::warn!(%error, "a decision did not read")).ok()
}

fn answered_rail(shop: &Shop, decision_id: &str, wanted: &Wanted, placement: &AnsweredPlacement) -> Rail {
    let slot = |answered: &AnsweredSlot| {
        let product = shop.product(&answered.product_id)?;
        let mut card = Card::of(product);
        if !decision_id.is_empty() {
            let (from, slot) = (text::encode(decision_id), text::encode(wanted.name));
            card.href = format!("{}?from={from}&slot={slot}.{}", card.href, answered.position);
        }
        let source = text::source(answered.source.as_deref().unwrap_or_default());
        let reasons = answered.reasons.iter().map(|why| sentence(why)).collect();
        Some(Slot { product_id: product.id.clone(), position: answered.position, card, source, reasons })
    };
    let why = &placement.degraded_reasons;
    let is_contextual = why.iter().any(|why| why == NO_CONSENT);
    let is_for_nobody = is_contextual && wanted.name == "home.for_you";
    Rail {
        placement: wanted.name.to_owned(),
        title: if is_for_nobody { "Popular in the shop" } else { title(wanted.name) },
        decision_id: decision_id.to_owned(),
        is_degraded: placement.degraded && (why.is_empty() || why.iter().any(|why| why != NO_CONSENT)),
        is_contextual,
        is_plain: false,
        slots: placement.slots.iter().filter_map(slot).take(wanted.limit).collect(),
    }
}

fn plain_rail(shop: &Shop, wanted: &Wanted, stand_ins: Option<&[u32]>) -> Rail {
    let items = match wanted.name {
        "home.trending" => shop.plain_choice(None, wanted.limit, &wanted.anchors),
        "product.similar" => shop.plain_choice(stand_ins, wanted.limit, &wanted.anchors),
        _ => Vec::new(),
    };
    let products = items.iter().filter_map(|&item| shop.get(item));
    let slot = |(position, product): (u32, &Arc<Product>)| Slot {
        product_id: product.id.clone(),
        position,
        card: Card::of(product),
        source: "Catalog".to_owned(),
        reasons: Vec::new(),
    };
    Rail {
        placement: wanted.name.to_owned(),
        title: if wanted.name == "home.trending" { "From the shop" } else { title(wanted.name) },
        decision_id: String::new(),
        is_degraded: false,
        is_contextual: false,
        is_plain: true,
        slots: (1..).zip(products).map(slot).collect(),
    }
}

/// What a placement is called on the page.
fn title(placement: &str) -> &'static str {
    match placement {
        "home.for_you" => "For you",
        "home.trending" => "Trending now",
        "home.recently_viewed" => "Recently viewed",
        "product.similar" => "Similar",
        "product.bought_together" => "Bought together",
        "cart.add_ons" => "Goes well with",
        _ => "You may like",
    }
}

/// A reason as a sentence's beginning: the first letter in upper case, not longer than a line.
pub(crate) fn sentence(why: &str) -> String {
    let mut letters = why.trim().chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    text::clip(&format!("{first}{}", letters.as_str()), 140)
}

/// A category's way from the home page down.
pub(crate) fn crumbs(shop: &Shop, path: &[String]) -> Vec<Link> {
    let home = std::iter::once(Link::new("Home", "/"));
    home.chain(shop.trail(path).into_iter().map(|c| Link::new(c.title(), c.href()))).collect()
}

/// The item numbers of the deepest category on a product's path.
pub(crate) fn neighbours<'a>(shop: &'a Shop, path: &[String]) -> Option<&'a [u32]> {
    shop.trail(path).last().map(|category| category.items.as_slice())
}
