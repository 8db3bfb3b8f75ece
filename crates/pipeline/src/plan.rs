//! What a batch does: the second step fills it in, record by record in the log's order, with what depends on
//! what came before.
//!
//! It says whose profile an event changes, gives products their numbers, counts. What is to be done to profiles
//! becomes [`Step`]s; those of different people do not depend on each other, so that the third step can share
//! them among the cores.

mod keys;
mod products;

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tradewind_catalog::Product;
use tradewind_events::{Commerce, EventView, Kind, ProductRef};
use tradewind_kernel::{Money, Subject, UtcMillis};
use tradewind_people::Action;
use tradewind_people::facts::{Arrival, Fact, Signal, StatedTaste};
use tradewind_people::history::NameHash;
use tradewind_people::identity::Owners;

pub(crate) use self::keys::Keys;
pub(crate) use self::products::{Views, quantity};
use crate::aggregates;
use crate::audiences::AudienceChanges;
use crate::consent::Consents;
use crate::counted::Counted;
use crate::dead_letters::Letters;
use crate::dedupe::Seen;
use crate::duplicates::Uncounted;
use crate::facts::NewFacts;
use crate::features::FeatureChanges;
use crate::identity::Woven;
use crate::identity::rows::Links;
use crate::outbox::{Effect, Effects, EventHappened};
use crate::pipeline::PipelineError;
use crate::prepare::Prepared;
use crate::pulse::LatestEvent;
use crate::reads::Reads;

/// What is done to one profile.
#[derive(Debug)]
pub(crate) enum Step {
    /// Its owner did something.
    Act {
        at: UtcMillis,
        action: Option<Action>,
        items: Vec<(u32, u32)>,
        revenue: Option<Money>,
        facts: Vec<Fact>,
        signal: Signal,
        arrival: Arrival,
        stated: Option<Box<StatedTaste>>,
        /// Whether it may be counted together with others'.
        counts: bool,
        name: Option<NameHash>,
    },
    /// It takes in the profile with this number, which is then no more.
    Absorb(u32),
    /// Its owner was erased.
    Forget,
}

/// A product's popularity gains this.
#[derive(Debug)]
pub(crate) struct Gain {
    pub(crate) item: u32,
    pub(crate) at: UtcMillis,
    pub(crate) weight: f64,
}

/// What a batch does, before anybody sees it.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) keys: Keys,
    /// The profile's number and what is done to it, in the log's order.
    pub(crate) steps: Vec<(u32, Step)>,
    pub(crate) links: Links,
    /// What changes of who is who.
    pub(crate) woven: Woven,
    /// What people agreed to.
    pub(crate) consents: Consents,
    pub(crate) new_items: Vec<Arc<str>>,
    new_numbers: FxHashMap<Arc<str>, u32>,
    pub(crate) products: FxHashMap<u32, Arc<Product>>,
    /// What the variants of those are counted as.
    pub(crate) counted: Counted,
    /// What products are, as profiles see them.
    pub(crate) facts: NewFacts,
    pub(crate) gains: Vec<Gain>,
    /// Event names in the order of their first event, with how many there were.
    pub(crate) counts: Vec<(String, u64)>,
    name_places: FxHashMap<String, usize>,
    pub(crate) events: u32,
    /// Those of them that were not imported.
    pub(crate) live_events: u32,
    /// When the first of those was received.
    pub(crate) first_received: Option<UtcMillis>,
    /// Message ids seen.
    pub(crate) seen: Seen,
    /// Repetitions.
    pub(crate) duplicates: Vec<Uncounted>,
    /// Records that no folding survives.
    pub(crate) buried: Vec<Uncounted>,
    /// The dead letters, where the batch has to do with them.
    pub(crate) letters: Option<Letters>,
    /// What others are to be told.
    pub(crate) effects: Effects,
    /// What becomes of the feature store.
    pub(crate) features: Option<Box<FeatureChanges>>,
    /// What becomes of audiences.
    pub(crate) audiences: Option<Box<AudienceChanges>>,
    /// Whether the console is to be told of the events that come now.
    pub(crate) describing: bool,
    pub(crate) latest: Vec<LatestEvent>,
    pub(crate) latest_event_at: UtcMillis,
}

impl Plan {
    /// Others are to be told this about the record that is being planned, if they want to know.
    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.add(effect);
    }

    /// An event that is new.
    pub(crate) fn event(
        &mut self,
        reads: &Reads<'_>,
        views: &Views<'_>,
        prepared: Prepared<'_>,
    ) -> Result<(), PipelineError> {
        let Prepared { event, name, action, commerce, link, is_known_edge, contacts, said, .. } = prepared;
        #[cfg(test)]
        assert_ne!(event.name.as_deref(), Some("Poison"), "a test's event that no folding survives");
        let key = self.resolve(reads, &event, (link, is_known_edge))?;
        // Who refuses to be counted by name is counted without.
        let key = if self.consents.hear(reads, key.as_deref(), &event)? { None } else { key };
        if key.is_some() {
            self.contacts(reads, &event, &contacts)?;
        }
        let items: Vec<(u32, u32)> = match (&commerce, action) {
            (Some(commerce), Some(_)) => {
                let touch = |p: &ProductRef| (self.touch_product(views, p, commerce, &event), quantity(p));
                commerce.products.iter().map(touch).collect()
            }
            _ => Vec::new(),
        };
        let revenue = commerce.as_ref().and_then(|c| c.revenue).filter(|_| action == Some(Action::Buy));
        let name = name.as_ref().map(tradewind_events::EventName::as_str);
        if let Some(name) = name.filter(|name| self.effects.wants(name)) {
            let told = EventHappened::of(&event, name, key.as_deref(), commerce.as_ref(), reads.currency);
            told.into_iter().for_each(|told| self.effect(Effect::EventHappened(Box::new(told))));
        }
        self.count(&event, name);
        if self.describing {
            self.latest.push(described(&event, key.as_deref(), commerce.as_ref()));
        }
        let at = event.occurred_at;
        let weight = action.map_or(0.0, Action::weight);
        if weight > 0.0 {
            self.gains.extend(items.iter().map(|&(item, _)| Gain { item, at, weight }));
        }
        let Some(key) = key else { return Ok(()) };
        let number = self.keys.number(&key);
        let counts = aggregates::counts(&self.consents, reads, &key, &event)?;
        let facts = self.facts(views, &items);
        let stated = said.stated.map(|stated| Box::new(self.facts.stated(views.before, &stated)));
        let (signal, arrival) = (said.signal, said.arrival);
        let name = name.map(NameHash::of);
        let act = Step::Act { at, action, items, revenue, facts, signal, arrival, stated, counts, name };
        self.steps.push((number, act));
        Ok(())
    }

    /// The key of the profile that an event changes, after the edges that the event itself makes. `link` is whose
    /// its anonymous id was before the batch.
    fn resolve(
        &mut self,
        reads: &Reads<'_>,
        event: &EventView<'_>,
        (link, is_known_edge): (Option<Owners>, bool),
    ) -> Result<Option<String>, PipelineError> {
        self.edges_of_event(reads, event, is_known_edge)?;
        match event.subject() {
            Some(Subject::Anonymous(anonymous)) => {
                let owners = self.links.get(&anonymous).unwrap_or(&link);
                let user = owners.as_ref().and_then(|owners| owners.at(event.occurred_at)).map(str::to_owned);
                Ok(Some(user.map_or(Subject::Anonymous(anonymous), Subject::User).key()))
            }
            subject => Ok(subject.map(|s| s.key())),
        }
    }

    fn count(&mut self, event: &EventView<'_>, name: Option<&str>) {
        let label = match event.kind {
            Kind::Track => name.unwrap_or("(unnamed)"),
            Kind::Identify => "identify",
            Kind::Page => "page",
            Kind::Screen => "screen",
            Kind::Group => "group",
            Kind::Alias => "alias",
        };
        if let Some(&place) = self.name_places.get(label) {
            self.counts[place].1 += 1;
        } else {
            self.name_places.insert(label.to_owned(), self.counts.len());
            self.counts.push((label.to_owned(), 1));
        }
        self.events += 1;
        if event.origin == tradewind_events::Origin::Live {
            self.live_events += 1;
            self.first_received = self.first_received.or(Some(event.received_at));
        }
        self.latest_event_at = self.latest_event_at.max(event.occurred_at);
    }
}

/// A line about an event for the console.
fn described(event: &EventView<'_>, key: Option<&str>, commerce: Option<&Commerce>) -> LatestEvent {
    let name = match (event.kind, &event.name) {
        (Kind::Track, Some(name)) => name.clone().into_owned(),
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
    LatestEvent { at: event.received_at, subject: key.unwrap_or_default().to_owned(), name, detail }
}
