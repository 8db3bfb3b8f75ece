//! What one record does to the state: the projection's domain logic, without any writing.

use std::sync::Arc;

use tradewind_catalog::{Change, Origin, Product};
use tradewind_events::{Commerce, Event, EventName, Kind, ProductRef};
use tradewind_kernel::{Currency, Subject};
use tradewind_people::{Act, Action, SessionRecord};
use xxhash_rust::xxh3::xxh3_64;

use crate::counted::Counted;
use crate::pipeline::PipelineError;
use crate::pulse::LatestEvent;
use crate::work::{Gain, Reads, Work};

/// Clicks kept of one session's record; a longer session keeps its first ones.
const MAX_SESSION_CLICKS: usize = 2_000;

/// What an event's name says was done to its products.
fn action_of(name: &EventName) -> Option<Action> {
    match name {
        EventName::ProductClicked => Some(Action::Click),
        EventName::ProductViewed => Some(Action::View),
        EventName::ProductAddedToWishlist => Some(Action::Wish),
        EventName::ProductAdded | EventName::WishlistProductAddedToCart => Some(Action::Add),
        EventName::ProductRemoved => Some(Action::Remove),
        EventName::OrderCompleted => Some(Action::Buy),
        EventName::OrderRefunded => Some(Action::Return),
        _ => None,
    }
}

/// Writes a product as its feed has it.
pub(crate) fn product(work: &mut Work, reads: &Reads<'_>, product: Product, counted: &mut Counted) {
    let item = work.item(reads, &product.id);
    counted.note(item, &product);
    work.products.insert(item, Arc::new(product));
}

/// Applies a change of the catalog, where it says something new. Gives whether its product is known at all.
pub(crate) fn change(work: &mut Work, reads: &Reads<'_>, change: &Change, counted: &mut Counted) -> bool {
    let item = match change {
        Change::Product(product) => Some(work.item(reads, &product.id)),
        Change::Withdrawn { id, .. } => Some(work.item(reads, id)),
        Change::Stock { item, .. } => counted.product_of(item),
    };
    let Some(item) = item else { return false };
    let known = work.product(reads, item);
    if let Some(product) = change.apply(known.as_deref()) {
        counted.note(item, &product);
        work.products.insert(item, Arc::new(product));
    }
    true
}

/// Folds in one new event. `next_number` is the number of the next session.
pub(crate) fn event(
    work: &mut Work,
    reads: &Reads<'_>,
    event: &Event,
    shop_currency: Currency,
    next_number: &mut u32,
) -> Result<(), PipelineError> {
    let key = resolve(work, reads, event)?;
    let name = event.name.as_deref().filter(|_| event.kind == Kind::Track).map(EventName::parse);
    let action = name.as_ref().and_then(action_of);
    let commerce = name
        .as_ref()
        .filter(|n| n.is_known())
        .map(|_| Commerce::read(event.properties.as_deref(), shop_currency));
    let items = commerce.as_ref().filter(|_| action.is_some()).map_or_else(Vec::new, |commerce| {
        commerce
            .products
            .iter()
            .map(|p| (touch_product(work, reads, p, commerce, event), quantity(p)))
            .collect()
    });
    let revenue = commerce.as_ref().and_then(|c| c.revenue).filter(|_| action == Some(Action::Buy));
    count(work, event, name.as_ref());
    describe(work, event, &key, commerce.as_ref());
    if let (Some(action), Some(key)) = (action, &key) {
        let act = Act { at: event.occurred_at, action: Some(action), items: &items, revenue };
        apply(work, reads, key, &act, next_number)?;
        learn_popularity(work, &act);
    } else if let Some(key) = &key {
        let act = Act { at: event.occurred_at, action: None, items: &[], revenue: None };
        apply(work, reads, key, &act, next_number)?;
    }
    Ok(())
}

fn quantity(product: &ProductRef) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range of u32"
    )]
    product.quantity.map_or(1, |q| q.clamp(0.0, 1e6) as u32)
}

/// The key of the profile that an event changes, after the links that the event itself makes.
fn resolve(work: &mut Work, reads: &Reads<'_>, event: &Event) -> Result<Option<String>, PipelineError> {
    if event.kind == Kind::Alias
        && let (Some(previous), Some(user)) = (&event.previous_id, &event.user_id)
    {
        link(work, reads, previous, user)?;
    }
    if let (Some(anonymous), Some(user)) = (&event.anonymous_id, &event.user_id) {
        link(work, reads, anonymous, user)?;
    }
    match event.subject() {
        Some(Subject::Anonymous(anonymous)) => {
            let user = work.link(reads, &anonymous)?;
            Ok(Some(user.map_or(Subject::Anonymous(anonymous), Subject::User).key()))
        }
        subject => Ok(subject.map(|s| s.key())),
    }
}

/// Notes that an anonymous id is a user's. What the id did so far goes to its first user only: a second
/// one on the same device takes over what follows, and two users are never merged.
fn link(work: &mut Work, reads: &Reads<'_>, anonymous: &str, user: &str) -> Result<(), PipelineError> {
    if anonymous.is_empty() || user.is_empty() || anonymous == user {
        return Ok(());
    }
    if work.link(reads, anonymous)?.as_deref() == Some(user) {
        return Ok(());
    }
    work.links.insert(anonymous.to_owned(), user.to_owned());
    if let Some(known) = work.take_profile(reads, &Subject::Anonymous(anonymous.to_owned()).key())? {
        work.profile(reads, &Subject::User(user.to_owned()).key())?.absorb(&known);
    }
    Ok(())
}

fn apply(
    work: &mut Work,
    reads: &Reads<'_>,
    key: &str,
    act: &Act<'_>,
    next_number: &mut u32,
) -> Result<(), PipelineError> {
    let effects = work.profile(reads, key)?.apply(act, *next_number);
    *next_number += u32::from(effects.number_taken);
    let Some((number, touched)) = effects.touched else { return Ok(()) };
    let begin = || SessionRecord {
        subject_hash: xxh3_64(key.as_bytes()),
        started_at: act.at,
        last_at: act.at,
        clicks: Vec::new(),
    };
    let record = work.session(reads, number, begin)?;
    record.last_at = record.last_at.max(act.at);
    let room = MAX_SESSION_CLICKS.saturating_sub(record.clicks.len());
    record.clicks.extend(touched.iter().take(room));
    work.clicks.extend(touched.iter().take(room).filter(|c| c.news).map(|c| (number, c.item)));
    Ok(())
}

fn learn_popularity(work: &mut Work, act: &Act<'_>) {
    let weight = act.action.map_or(0.0, Action::weight);
    if weight > 0.0 {
        work.gains.extend(act.items.iter().map(|&(item, _)| Gain { item, at: act.at, weight }));
    }
}

/// The number of a product that an event names; one that no feed has told of is learned from the event.
fn touch_product(
    work: &mut Work,
    reads: &Reads<'_>,
    named: &ProductRef,
    commerce: &Commerce,
    event: &Event,
) -> u32 {
    let id = named.id().unwrap_or_default();
    let item = work.item(reads, id);
    let known = work.product(reads, item);
    if known.as_ref().is_none_or(|p| p.origin == Origin::Discovered) {
        let before = known.as_deref().cloned().unwrap_or_default();
        let product = Product {
            id: id.to_owned(),
            title: named.name.clone().unwrap_or_else(|| {
                if before.title.is_empty() { id.to_owned() } else { before.title.clone() }
            }),
            category_path: match named.category_path() {
                path if path.is_empty() => before.category_path.clone(),
                path => path,
            },
            brand: named.brand.clone().or_else(|| before.brand.clone()),
            price: named.price(commerce.currency).or(before.price),
            image_url: named.image_url.clone().or_else(|| before.image_url.clone()),
            url: named.url.clone().or_else(|| before.url.clone()),
            origin: Origin::Discovered,
            updated_at: before.updated_at,
            ..before.clone()
        };
        if known.is_none() || product != before {
            let product = Product { updated_at: event.occurred_at, ..product };
            work.products.insert(item, Arc::new(product));
        }
    }
    item
}

fn count(work: &mut Work, event: &Event, name: Option<&EventName>) {
    let label = match event.kind {
        Kind::Track => name.map_or("(unnamed)", EventName::as_str),
        Kind::Identify => "identify",
        Kind::Page => "page",
        Kind::Screen => "screen",
        Kind::Group => "group",
        Kind::Alias => "alias",
    };
    if let Some(count) = work.counts.get_mut(label) {
        *count += 1;
    } else {
        work.counts.insert(label.to_owned(), 1);
    }
    work.events += 1;
    work.live_events += u32::from(event.origin == tradewind_events::Origin::Live);
    work.latest_event_at = work.latest_event_at.max(event.occurred_at);
}

/// Keeps a line about the event for the console, if it is one of the batch's last.
fn describe(work: &mut Work, event: &Event, key: &Option<String>, commerce: Option<&Commerce>) {
    if !work.describing {
        return;
    }
    let name = match (event.kind, &event.name) {
        (Kind::Track, Some(name)) => name.clone(),
        (kind, name) => {
            let kind = format!("{kind:?}").to_lowercase();
            name.as_ref().map_or_else(|| kind.clone(), |name| format!("{kind}: {name}"))
        }
    };
    let detail = commerce.map_or_else(String::new, |commerce| {
        let products = commerce.products.iter().take(3).filter_map(|p| p.name.as_deref().or(p.id()));
        let words: Vec<&str> = commerce.query.as_deref().into_iter().chain(products).collect();
        words.join(", ")
    });
    let subject = key.clone().unwrap_or_default();
    work.latest.push(LatestEvent { at: event.received_at, subject, name, detail });
}
