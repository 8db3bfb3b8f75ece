//! The first step of a batch, for all its records at once: read, and look up what no other record decides.

use rayon::prelude::*;
use tradewind_catalog::{Change, Product};
use tradewind_events::{Commerce, EventName, EventView, Kind};
use tradewind_kernel::UtcMillis;
use tradewind_people::Action;
use tradewind_people::identity::{Command, Owners};
use tradewind_ports::Record;

use crate::dead_letters::Note;
use crate::dedupe::{Dedupe, Mark};
use crate::entry::{Entry, EntryError};
use crate::identity::contacts::{Contact, stated_by};
use crate::identity::weave::is_known;
use crate::pipeline::PipelineError;
use crate::reads::Reads;
use crate::signals::{Said, said};

/// From so many records on, the cores share a batch.
pub(crate) const WORTH_SHARING: usize = 64;

/// An event with all that it says by itself.
pub(crate) struct Prepared<'a> {
    pub(crate) event: EventView<'a>,
    /// A track event's name.
    pub(crate) name: Option<EventName>,
    pub(crate) action: Option<Action>,
    /// Its properties, where its name is known.
    pub(crate) commerce: Option<Commerce>,
    pub(crate) mark: Mark,
    /// Whose its anonymous id was before this batch, where it has no other.
    pub(crate) link: Option<Owners>,
    /// Whether what its two ids say of each other was known before this batch.
    pub(crate) is_known_edge: bool,
    /// The addresses that it states of whom it is about.
    pub(crate) contacts: Vec<Contact>,
    pub(crate) said: Said,
}

/// A record, read.
#[expect(clippy::large_enum_variant, reason = "nearly every record is an event")]
pub(crate) enum Item<'a> {
    Event(Prepared<'a>),
    Product(Box<Product>),
    Change(Box<Change>),
    /// A command about who is who.
    Identity(Box<Command>),
    /// What became of something that could not be processed.
    Note(Box<Note>),
    /// Rows or declarations of the feature store.
    Features(Box<tradewind_features::FeatureNote>),
    /// A definition of an audience, or who goes in and out.
    Audience(Box<crate::audiences::AudienceNote>),
    /// What changes no state.
    Nothing,
    Unreadable(EntryError),
}

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

/// What models learn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// Every touch that shows interest.
    Interest,
    /// What was bought, or put into the cart.
    Choice,
}

/// The names of the events whose touches are learned from, as the projection reads them.
#[must_use]
pub fn events_of_actions(learned: Learned) -> Vec<&'static str> {
    let is_learned = |action: Action| match learned {
        Learned::Interest => action.shows_interest(),
        Learned::Choice => matches!(action, Action::Add | Action::Buy),
    };
    let names = EventName::all().iter().filter(|name| action_of(name).is_some_and(is_learned));
    names.map(EventName::as_str).collect()
}

/// Reads records, in their order.
pub(crate) fn prepare<'a>(
    records: &'a [Record],
    reads: &Reads<'_>,
    dedupe: &Dedupe,
) -> Vec<Result<Item<'a>, PipelineError>> {
    let item = |record: &'a Record| one(record, reads, dedupe);
    if records.len() < WORTH_SHARING {
        records.iter().map(item).collect()
    } else {
        records.par_iter().with_min_len(16).map(item).collect()
    }
}

fn one<'a>(record: &'a Record, reads: &Reads<'_>, dedupe: &Dedupe) -> Result<Item<'a>, PipelineError> {
    let Some(body) = Entry::event_body(&record.bytes) else {
        return Ok(match Entry::read(&record.bytes) {
            Ok(Entry::Product(product)) => Item::Product(product),
            Ok(Entry::Change(change)) => Item::Change(change),
            Ok(Entry::DeadLetter(note)) => Item::Note(note),
            Ok(Entry::Identity(command)) => Item::Identity(command),
            Ok(Entry::Features(note)) => Item::Features(note),
            Ok(Entry::Audience(note)) => Item::Audience(note),
            Ok(_) => Item::Nothing,
            Err(error) => Item::Unreadable(error),
        });
    };
    let event = match EventView::decode(body) {
        Ok(event) => event,
        Err(error) => return Ok(Item::Unreadable(error.into())),
    };
    let at = event.received_at;
    Ok(Item::Event(of_event(event, at, reads, dedupe)?))
}

/// An event with what it says by itself, looked up among the messages seen as if received at this time.
pub(crate) fn of_event<'a>(
    event: EventView<'a>,
    at: UtcMillis,
    reads: &Reads<'_>,
    dedupe: &Dedupe,
) -> Result<Prepared<'a>, PipelineError> {
    let mark = dedupe.look_up(reads.store, &event, at, reads.frozen.map(|f| &f.seen))?;
    let name = event.name.as_deref().filter(|_| event.kind == Kind::Track).map(EventName::parse);
    let known = name.as_ref().filter(|n| n.is_known());
    let commerce = known.map(|_| Commerce::read(event.properties, reads.currency));
    let link = match &event.anonymous_id {
        Some(anonymous) if event.user_id.is_none() => reads.link(anonymous)?,
        _ => None,
    };
    let action = name.as_ref().and_then(action_of);
    let is_known_edge = is_known(reads, &event)?;
    let contacts = stated_by(reads, &event, name.as_ref())?;
    let said = said(&event, name.as_ref(), commerce.as_ref(), reads.currency);
    Ok(Prepared { event, name, action, commerce, mark, link, is_known_edge, contacts, said })
}
