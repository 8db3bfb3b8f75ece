//! Why a product stands in a slot, in words for people.

use tradewind_catalog::Product;
use tradewind_models::CoOccurrence;
use tradewind_people::Action;

use crate::answer::Source;
use crate::ladder::{Inputs, Resolved};

/// The longest title quoted in a reason, in characters.
const MAX_TITLE: usize = 60;

fn title(inputs: &Inputs<'_>, item: u32) -> Option<String> {
    let product = inputs.catalog.get(item)?;
    let mut title: String = product.title.chars().take(MAX_TITLE).collect();
    if title.len() < product.title.len() {
        title.push('…');
    }
    Some(title)
}

/// Items looked at for the one that explains a product best, the latest.
const EXPLAINING: usize = 5;

/// Of the latest items the one that goes best with `item`, by a trained model; without one, the latest.
fn closest(model: Option<&CoOccurrence>, items: &[u32], item: u32) -> Option<u32> {
    let latest = items.iter().rev().take(EXPLAINING).copied();
    let weighed = latest.map(|with| (model.map_or(0.0, |m| m.weight(with, item)), with));
    let best = weighed.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, with)| with)
}

fn fits_to(product: &Product, inputs: &Inputs<'_>, item: u32) -> bool {
    let id = inputs.items.id(item);
    id.is_some_and(|id| product.compatible_with.iter().any(|fitting| **fitting == **id))
}

/// The reason for one product from one source.
pub(crate) fn of(source: Source, inputs: &Inputs<'_>, asked: &Resolved, item: u32) -> String {
    let seen = inputs.trained.map(|t| &t.seen);
    let bought = inputs.trained.map(|t| &t.bought);
    let about = |items: &[u32], model| closest(model, items, item).and_then(|with| title(inputs, with));
    match source {
        Source::SessionKnn => about(&asked.query, seen).map_or_else(
            || "chosen by shoppers in sessions like this one".to_owned(),
            |title| format!("chosen in sessions like this one, after {title}"),
        ),
        Source::CoOccurrence => {
            let items = if asked.anchors.is_empty() { &asked.history } else { &asked.anchors };
            about(items, seen).map_or_else(
                || "often taken next".to_owned(),
                |title| format!("often taken next, after {title}"),
            )
        }
        Source::BoughtTogether => about(&asked.anchors, bought)
            .map_or_else(|| "bought in one order".to_owned(), |t| format!("bought in one order with {t}")),
        Source::Compatible => {
            let fits = |a: &&u32| inputs.catalog.get(**a).is_some_and(|p| fits_to(p, inputs, item));
            let with = asked.anchors.iter().rev().find(fits).and_then(|&a| title(inputs, a));
            with.map_or_else(|| "fits".to_owned(), |title| format!("fits {title}"))
        }
        Source::RecentlyViewed => inputs
            .profile
            .as_ref()
            .and_then(|p| p.recent.iter().rev().find(|t| t.item == item && t.action == Action::View))
            .map_or_else(|| "viewed".to_owned(), |t| format!("viewed {}", ago(inputs.now.since(t.at)))),
        Source::CategoryPopularity => inputs
            .catalog
            .get(item)
            .map_or_else(|| "popular".to_owned(), |p| format!("popular now in {}", p.category())),
        Source::Popularity => "popular now".to_owned(),
        Source::Static => "from the catalog".to_owned(),
    }
}

/// A stretch of time as people say it.
fn ago(millis: i64) -> String {
    let minutes = millis / 60_000;
    match minutes {
        ..1 => "just now".to_owned(),
        1 => "a minute ago".to_owned(),
        2..60 => format!("{minutes} minutes ago"),
        60..120 => "an hour ago".to_owned(),
        120..2_880 => format!("{} hours ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1_440),
    }
}
