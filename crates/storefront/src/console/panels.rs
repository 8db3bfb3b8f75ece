//! The views of the console's panels, computed from one reading of the engine's pulse.

use serde::Serialize;
use serde_json::Value;
use tradewind_kernel::UtcMillis;

use crate::engine::Pulse;
use crate::rails::{AnsweredPlacement, AnsweredSlot, sentence};
use crate::shop::Shop;
use crate::text;
use crate::view;
use crate::visit::Visit;

/// Lines of the list of events.
const MAX_EVENTS: usize = 24;
/// Decisions of this browser that are shown.
const MAX_MINE: usize = 4;
/// Decisions of others that are shown.
const MAX_OTHERS: usize = 3;
/// Slots of one placement that are shown.
const MAX_SLOTS: usize = 6;
/// Seconds of the bar chart.
const SECONDS: usize = 60;
/// Height of the bar chart, in its own units.
const CHART_HEIGHT: f64 = 72.0;

/// The numbers on top.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    per_second: String,
    total: String,
    rejected: String,
    lag: String,
    is_lagging: bool,
    has_rejected: bool,
    peak: String,
    bars: Vec<Bar>,
}

/// One second of the bar chart.
#[derive(Debug, Serialize)]
struct Bar {
    x: usize,
    y: String,
    height: String,
}

/// Computes the numbers on top.
pub(crate) fn figures(pulse: &Pulse) -> Figures {
    let latest = &pulse.history[pulse.history.len().saturating_sub(SECONDS)..];
    let peak = latest.iter().copied().max().unwrap_or(0);
    let shift = SECONDS - latest.len();
    let bar = |(at, &count): (usize, &u32)| {
        let share = f64::from(count) / f64::from(peak.max(1));
        let height = if count == 0 { 1.0 } else { (share * CHART_HEIGHT).max(3.0) };
        Bar {
            x: (at + shift) * 10,
            y: format!("{:.1}", CHART_HEIGHT - height),
            height: format!("{height:.1}"),
        }
    };
    let count = |n: u64| text::thousands(&n.to_string());
    Figures {
        per_second: if pulse.events_per_second < 100.0 {
            format!("{:.1}", pulse.events_per_second.max(0.0))
        } else {
            text::thousands(&format!("{:.0}", pulse.events_per_second))
        },
        total: count(pulse.events_total),
        rejected: count(pulse.rejected_total),
        lag: count(pulse.lag_events),
        is_lagging: pulse.lag_events > 0,
        has_rejected: pulse.rejected_total > 0,
        peak: count(peak.into()),
        bars: latest.iter().enumerate().map(bar).collect(),
    }
}

/// One line of the list of events.
#[derive(Debug, Serialize)]
pub(crate) struct EventLine {
    at: String,
    name: String,
    detail: String,
    who: String,
    is_mine: bool,
}

/// The latest events.
pub(crate) fn events(pulse: &Pulse, visit: &Visit) -> Vec<EventLine> {
    let line = |event: &crate::engine::LatestEvent| EventLine {
        at: clock(event.at),
        name: event.name.clone(),
        detail: text::clip(&event.detail, 80),
        who: short_subject(&event.subject),
        is_mine: is_mine(&event.subject, visit),
    };
    pulse.latest_events.iter().take(MAX_EVENTS).map(line).collect()
}

/// One decision.
#[derive(Debug, Serialize)]
pub(crate) struct DecisionView {
    id: String,
    at: String,
    who: String,
    is_mine: bool,
    elapsed: String,
    names: String,
    placements: Vec<PlacementView>,
}

#[derive(Debug, Serialize)]
struct PlacementView {
    name: String,
    is_degraded: bool,
    degraded_why: String,
    slots: Vec<SlotView>,
    more: usize,
}

#[derive(Debug, Serialize)]
struct SlotView {
    position: u32,
    title: String,
    href: String,
    image: String,
    score: String,
    source: String,
    reasons: Vec<String>,
}

/// The latest decisions, those of this browser first.
pub(crate) fn decisions(pulse: &Pulse, visit: &Visit, shop: &Shop) -> Vec<DecisionView> {
    let subject = |decision: &Value| decision["subject"].as_str().unwrap_or_default().to_owned();
    let (mine, others): (Vec<_>, Vec<_>) =
        pulse.decisions.iter().partition(|decision| is_mine(&subject(decision), visit));
    let chosen = mine.into_iter().take(MAX_MINE).chain(others.into_iter().take(MAX_OTHERS));
    chosen.map(|decision| decision_view(decision, &subject(decision), visit, shop)).collect()
}

fn decision_view(decision: &Value, subject: &str, visit: &Visit, shop: &Shop) -> DecisionView {
    let placements: Vec<AnsweredPlacement> = decision["placements"]
        .as_array()
        .map(|list| list.iter().filter_map(|one| serde_json::from_value(one.clone()).ok()).collect())
        .unwrap_or_default();
    let micros = decision["elapsedMicros"].as_f64();
    DecisionView {
        id: text::clip(decision["decisionId"].as_str().unwrap_or_default(), 64),
        at: read_time(&decision["at"]).map(clock).unwrap_or_default(),
        who: short_subject(subject),
        is_mine: is_mine(subject, visit),
        elapsed: micros.map(|micros| format!("{:.1}\u{a0}ms", micros / 1_000.0)).unwrap_or_default(),
        names: placements.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", "),
        placements: placements.iter().map(|placement| placement_view(placement, shop)).collect(),
    }
}

fn placement_view(placement: &AnsweredPlacement, shop: &Shop) -> PlacementView {
    PlacementView {
        name: placement.name.clone(),
        is_degraded: placement.degraded,
        degraded_why: placement.degraded_reasons.join(", "),
        slots: placement.slots.iter().take(MAX_SLOTS).map(|slot| slot_view(slot, shop)).collect(),
        more: placement.slots.len().saturating_sub(MAX_SLOTS),
    }
}

fn slot_view(slot: &AnsweredSlot, shop: &Shop) -> SlotView {
    let product = shop.product(&slot.product_id);
    let known = |value: fn(&str) -> String| product.map(|p| value(&p.id)).unwrap_or_default();
    SlotView {
        position: slot.position,
        title: product.map_or_else(|| slot.product_id.clone(), |p| text::display_title(&p.title)),
        href: known(view::product_href),
        image: known(view::picture_href),
        score: slot.score.map(|score| format!("{score:.3}")).unwrap_or_default(),
        source: text::source(slot.source.as_deref().unwrap_or_default()),
        reasons: slot.reasons.iter().map(|why| sentence(why)).collect(),
    }
}

/// A time in milliseconds or as RFC 3339.
fn read_time(value: &Value) -> Option<UtcMillis> {
    let text = value.as_str().and_then(|text| UtcMillis::parse(text).ok());
    text.or_else(|| value.as_i64().map(UtcMillis::new))
}

/// The time of day, `09:30:00`, UTC.
fn clock(at: UtcMillis) -> String {
    at.to_rfc3339().get(11..19).unwrap_or_default().to_owned()
}

/// A subject's id without its kind.
fn bare_id(subject: &str) -> &str {
    let kinds = ["user_id:", "anonymous_id:", "u:", "a:"];
    kinds.iter().find_map(|kind| subject.strip_prefix(kind)).unwrap_or(subject)
}

/// Whether a subject, however it is written, is this browser or who is signed in on it.
fn is_mine(subject: &str, visit: &Visit) -> bool {
    let id = bare_id(subject);
    !id.is_empty() && (id == visit.anonymous_id || Some(id) == visit.user_id.as_deref())
}

/// A subject in a few letters: the end of an anonymous id, the beginning of a user's.
fn short_subject(subject: &str) -> String {
    let id = bare_id(subject);
    if id.len() == 36 && id.is_ascii() { format!("…{}", &id[28..]) } else { text::clip(id, 20) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_fills_from_the_right() {
        let shown = figures(&Pulse { history: vec![0, 4], events_per_second: 1_234.0, ..Pulse::default() });
        assert_eq!((shown.bars.len(), shown.bars[0].x, shown.bars[1].x), (2, 580, 590));
        assert_eq!((shown.bars[1].height.as_str(), shown.per_second.as_str()), ("72.0", "1,234"));
        assert_eq!(figures(&Pulse { history: vec![1; 500], ..Pulse::default() }).bars.len(), SECONDS);
    }

    #[test]
    fn subjects_in_any_spelling() {
        let id = "0198c2c4-7a7e-7c3e-9d8b-0123456789ab";
        for spelling in [format!("anonymous_id:{id}"), format!("a:{id}"), id.to_owned()] {
            assert_eq!((bare_id(&spelling), short_subject(&spelling).as_str()), (id, "…456789ab"));
        }
        assert_eq!(short_subject("user_id:17850"), "17850");
    }
}
