//! `/console/live`: one shopper's profile as it changes: intent, affinities, audiences, traits.
//!
//! The page is whole without JavaScript. Its script follows `/console/live/stream`, which sends the drawn
//! panel after each change of the profile. It shows this browser's profile, or that of `?subject=`. Without consent to
//! personalization it shows that, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::response::sse::Event;
use futures_util::stream;
use minijinja::context;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, timeout, timeout_at};
use tradewind_kernel::{Currency, Money, Subject, UtcMillis};

use super::{PROFILE_BUDGET, STREAM_LIFE, full, page, sent};
use crate::consent;
use crate::engine::Follow;
use crate::render::Visitor;
use crate::shop::Shop;
use crate::state::{App, Shared};
use crate::text;
use crate::view::Link;
use crate::visit::Visit;

/// How soon a browser comes back when its stream has ended.
const RETRY: Duration = Duration::from_secs(1);
/// Products of the visit that are shown, the latest.
const MAX_PRODUCTS: usize = 6;
/// Traits that have a place of their own on the page.
const DRAWN_APART: [&str; 7] = [
    "audiences",
    "session_intents",
    "session_intent",
    "session_intent_probability",
    "category_affinity",
    "brand_affinity",
    "attribute_affinity",
];

/// Whose profile.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    subject: String,
}

/// A share as a bar.
#[derive(Debug, Serialize)]
struct Bar {
    label: String,
    share: f64,
    percent: String,
}

/// A trait in words.
#[derive(Debug, Serialize)]
struct Fact {
    label: String,
    value: String,
}

/// What the panel shows.
#[derive(Debug, Default, Serialize)]
struct View {
    is_known: bool,
    /// Nothing may be shown, whatever is known.
    is_withheld: bool,
    intent: String,
    intents: Vec<Bar>,
    tastes: Vec<Taste>,
    audiences: Vec<String>,
    products: Vec<String>,
    facts: Vec<Fact>,
}

/// The bars of one kind of affinity.
#[derive(Debug, Serialize)]
struct Taste {
    name: &'static str,
    id: &'static str,
    bars: Vec<Bar>,
}

fn subject_of(query: Result<Query<Wanted>, QueryRejection>, visit: &Visit) -> Subject {
    let wanted = query.map(|Query(wanted)| wanted.subject).unwrap_or_default();
    Subject::parse(&wanted).unwrap_or_else(|_| visit.subject())
}

/// `GET /console/live`.
pub(crate) async fn show(
    State(app): State<Shared>,
    visit: Visitor,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let subject = subject_of(query, &visit);
    let known = timeout(PROFILE_BUDGET, app.engine.profile(&subject)).await.ok().flatten();
    let own = context! {
        title => "Live profile",
        own_href => "/console/live",
        other => Serde(Link::new("Console", "/console")),
        script => app.assets.hrefs().live_js.as_str(),
        subject => subject.to_string(),
        panel => draw(&app, &subject, known.as_ref()).await,
    };
    page(&app, &visit, "live.html", own)
}

/// `GET /console/live/stream`.
pub(crate) async fn stream(
    State(app): State<Shared>,
    visit: Visitor,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let subject = subject_of(query, &visit);
    let places = (Arc::clone(&app.streams).try_acquire_owned().ok(), app.engine.follow(&subject));
    let (Some(permit), Some(feed)) = places else { return full() };
    let begun = (app, subject, feed, Instant::now() + STREAM_LIFE, permit);
    sent(stream::unfold(begun, |(app, subject, mut feed, until, permit)| async move {
        let event = next(&app, &subject, feed.as_mut(), until).await?;
        Some((Ok(event), (app, subject, feed, until, permit)))
    }))
}

async fn next(app: &App, subject: &Subject, feed: &mut dyn Follow, until: Instant) -> Option<Event> {
    let profile = timeout_at(until, feed.next()).await.ok()??;
    let panel = draw(app, subject, Some(&profile).filter(|profile| !profile.is_null())).await?;
    Some(Event::default().event("panel").retry(RETRY).data(Value::String(panel).to_string()))
}

async fn draw(app: &App, subject: &Subject, profile: Option<&Value>) -> Option<String> {
    let view = match profile {
        Some(profile) => view(profile, &app.shop(), app.site.currency),
        None => {
            let consent = timeout(PROFILE_BUDGET, app.engine.consent(subject)).await.ok().flatten();
            View { is_withheld: consent::is_withheld(consent.as_ref()), ..View::default() }
        }
    };
    app.templates.draw("live_panel.html", context! { view => Serde(view) })
}

fn view(profile: &Value, shop: &Shop, currency: Currency) -> View {
    let traits = &profile["traits"];
    let items = profile["session"]["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let title = |id: &Value| {
        let id = id.as_str()?;
        Some(shop.product(id).map_or_else(|| text::clip(id, 60), |p| text::display_title(&p.title)))
    };
    let all = traits.as_object().into_iter().flatten();
    let facts = all.filter(|(name, _)| !DRAWN_APART.contains(&name.as_str()));
    let taste = |name, id: &'static str| Taste { name, id, bars: bars(&traits[id]) };
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|one| Some(one.as_str()?.to_owned())).collect()
    };
    View {
        is_known: true,
        is_withheld: false,
        intent: traits["session_intent"].as_str().map(words).unwrap_or_default(),
        intents: bars(&traits["session_intents"]),
        tastes: vec![
            taste("Categories", "category_affinity"),
            taste("Brands", "brand_affinity"),
            taste("Attributes", "attribute_affinity"),
        ],
        audiences: texts(&profile["audiences"]),
        products: items.iter().rev().take(MAX_PRODUCTS).filter_map(title).collect(),
        facts: facts.map(|(name, value)| fact(name, value, currency)).collect(),
    }
}

/// `snake_case` as words.
fn words(name: &str) -> String {
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text::clip(&words, 60)
}

/// Shares, the greatest first.
fn bars(shares: &Value) -> Vec<Bar> {
    let mut all: Vec<(&String, f64)> =
        shares.as_object().into_iter().flatten().filter_map(|(name, n)| Some((name, n.as_f64()?))).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let bar = |(name, share): (&String, f64)| {
        let is_name = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let label = if is_name { words(name) } else { text::clip(&name.replacen('=', ": ", 1), 60) };
        Bar { label, share, percent: format!("{:.0}\u{a0}%", share * 100.0) }
    };
    all.into_iter().map(bar).collect()
}

fn fact(name: &str, value: &Value, currency: Currency) -> Fact {
    let money = name.strip_suffix("_minor").zip(value.as_i64());
    if let Some((name, minor)) = money {
        return Fact { label: words(name), value: text::price(Money::new(minor, currency)) };
    }
    let value = match value {
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(time) if time.len() == 24 && UtcMillis::parse(time).is_ok() => {
            time[..19].replace('T', " ")
        }
        Value::String(text) => text::clip(text, 80),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" · "),
        other => other.to_string(),
    };
    Fact { label: words(name), value }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tradewind_catalog::CatalogSnapshot;

    use super::*;

    #[test]
    fn traits_become_bars_and_words() {
        let shop = Shop::arrange(&Arc::new(CatalogSnapshot::default()));
        let profile = json!({"audiences": ["campers"], "session": {"items": ["a", "b"]}, "traits": {
            "session_intent": "ready_to_buy",
            "session_intents": {"browse": 0.2, "ready_to_buy": 0.8},
            "category_affinity": {"Camping > Tents": 0.5},
            "order_value_minor": 2900, "is_first_time_shopper": true, "recent_categories": ["x", "y"],
            "first_seen": "2026-11-21T10:07:58.123Z", "orders": 1}});
        let view = view(&profile, &shop, Currency::EUR);
        assert_eq!(
            (view.intent.as_str(), view.audiences, view.products),
            ("Ready to buy", vec!["campers".to_owned()], vec!["b".to_owned(), "a".to_owned()])
        );
        let bars: Vec<_> =
            view.intents.iter().map(|bar| (bar.label.as_str(), bar.percent.as_str())).collect();
        assert_eq!(bars, [("Ready to buy", "80\u{a0}%"), ("Browse", "20\u{a0}%")]);
        assert_eq!(view.tastes[0].bars[0].label, "Camping > Tents");
        let facts: Vec<_> = view.facts.iter().map(|f| (f.label.as_str(), f.value.as_str())).collect();
        assert_eq!(
            facts,
            [
                ("First seen", "2026-11-21 10:07:58"),
                ("Is first time shopper", "yes"),
                ("Order value", "€29.00"),
                ("Orders", "1"),
                ("Recent categories", "x · y")
            ]
        );
    }
}
