//! The second step of a batch, record by record in the log's order: what depends on what came before it.
//!
//! Drops repetitions, says whose profile an event changes, gives products their numbers, counts. What is to
//! be done to profiles becomes [`Step`]s; those of different people do not depend on each other, so that the
//! third step can share them among the cores.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tradewind_catalog::{CatalogSnapshot, Change, Origin, Product};
use tradewind_events::{Commerce, EventView, Kind, ProductRef};
use tradewind_kernel::{Money, Subject, UtcMillis};
use tradewind_people::Action;
use tradewind_people::facts::{Arrival, Fact, Signal, StatedTaste};
use tradewind_people::history::NameHash;
use tradewind_people::identity::Owners;

use crate::audiences::AudienceChanges;
use crate::consent::Consents;
use crate::counted::Counted;
use crate::dead_letters::Letters;
use crate::dedupe::Seen;
use crate::duplicates::Uncounted;
use crate::facts::{Before, NewFacts};
use crate::features::FeatureChanges;
use crate::identity::Woven;
use crate::identity::rows::Links;
use crate::items::Items;
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

/// Profile keys by the numbers that a batch gives them, those that meet in it joined into groups.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    numbers: FxHashMap<Arc<str>, u32>,
    keys: Vec<Arc<str>>,
    parents: Vec<u32>,
}

impl Keys {
    pub(crate) fn number(&mut self, key: &str) -> u32 {
        if let Some(&number) = self.numbers.get(key) {
            return number;
        }
        let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        let key: Arc<str> = Arc::from(key);
        self.numbers.insert(Arc::clone(&key), number);
        self.keys.push(key);
        self.parents.push(number);
        number
    }

    /// The key with this number.
    pub(crate) fn key(&self, number: u32) -> &Arc<str> {
        &self.keys[number as usize]
    }

    /// The number that stands for the whole group of this one.
    pub(crate) fn group(&self, mut number: u32) -> u32 {
        while self.parents[number as usize] != number {
            number = self.parents[number as usize];
        }
        number
    }

    /// The number of a key, if it has one already.
    pub(crate) fn find(&self, key: &str) -> Option<u32> {
        self.numbers.get(key).copied()
    }

    pub(crate) fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.group(one), self.group(other));
        self.parents[one.max(other) as usize] = one.min(other);
    }
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

/// The views that a batch begins with.
pub(crate) struct Views<'a> {
    pub(crate) items: &'a Items,
    pub(crate) catalog: &'a CatalogSnapshot,
    pub(crate) counted: &'a Counted,
    pub(crate) before: Before<'a>,
}

impl Plan {
    /// A product as its feed has it.
    pub(crate) fn product(&mut self, views: &Views<'_>, product: Product) {
        let item = self.item(views, &product.id);
        self.put(views, item, product);
    }

    /// Takes a product as it is from now on.
    fn put(&mut self, views: &Views<'_>, item: u32, product: Product) {
        self.counted.note(item, &product);
        let before = self.products.get(&item).or_else(|| views.catalog.get(item));
        self.facts.changed(item, before.map(|p| &**p), &product, views.before.currency);
        self.products.insert(item, Arc::new(product));
    }

    /// What the products of an act are.
    fn facts(&mut self, views: &Views<'_>, items: &[(u32, u32)]) -> Vec<Fact> {
        let fact = |&(item, _): &(u32, u32)| {
            let product = self.products.get(&item).or_else(|| views.catalog.get(item));
            product.map_or_else(Fact::default, |product| self.facts.of(views.before, item, product))
        };
        items.iter().map(fact).collect()
    }

    /// A change of the catalog, where it says something new. Gives whether its product is known at all.
    pub(crate) fn change(&mut self, views: &Views<'_>, change: &Change) -> bool {
        let item = match change {
            Change::Product(product) => Some(self.item(views, &product.id)),
            Change::Withdrawn { id, .. } => Some(self.item(views, id)),
            Change::Stock { item, .. } => {
                self.counted.product_of(item).or_else(|| views.counted.product_of(item))
            }
        };
        let Some(item) = item else { return false };
        let known = self.products.get(&item).or_else(|| views.catalog.get(item));
        if let Some(product) = change.apply(known.map(|p| &**p)) {
            self.put(views, item, product);
        }
        true
    }

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
        let Prepared { event, name, action, commerce, link, is_known_edge, said, .. } = prepared;
        #[cfg(test)]
        assert_ne!(event.name.as_deref(), Some("Poison"), "a test's event that no folding survives");
        let key = self.resolve(reads, &event, (link, is_known_edge))?;
        // Who refuses to be counted by name is counted without.
        let key = if self.consents.hear(reads, key.as_deref(), &event)? { None } else { key };
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
        let facts = self.facts(views, &items);
        let stated = said.stated.map(|stated| Box::new(self.facts.stated(views.before, &stated)));
        let (signal, arrival) = (said.signal, said.arrival);
        let name = name.map(NameHash::of);
        self.steps
            .push((number, Step::Act { at, action, items, revenue, facts, signal, arrival, stated, name }));
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

    /// The number of a product id, a new one if it was never named.
    fn item(&mut self, views: &Views<'_>, id: &str) -> u32 {
        if let Some(number) = views.items.number(id).or_else(|| self.new_numbers.get(id).copied()) {
            return number;
        }
        let number = views.items.len() + u32::try_from(self.new_items.len()).unwrap_or(u32::MAX);
        let id: Arc<str> = Arc::from(id);
        self.new_items.push(Arc::clone(&id));
        self.new_numbers.insert(id, number);
        number
    }

    /// The number of a product that an event names; one that no feed has told of is learned from the event.
    fn touch_product(
        &mut self,
        views: &Views<'_>,
        named: &ProductRef,
        commerce: &Commerce,
        event: &EventView<'_>,
    ) -> u32 {
        let id = named.id().unwrap_or_default();
        let item = self.item(views, id);
        let known = self.products.get(&item).or_else(|| views.catalog.get(item));
        if known.is_some_and(|p| p.origin == Origin::Feed || !tells_more(named, commerce, p)) {
            return item;
        }
        let before = known.map_or_else(Product::default, |p| Product::clone(p));
        let product = learned(id, named, commerce, before);
        self.put(views, item, Product { updated_at: event.occurred_at, ..product });
        item
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

pub(crate) fn quantity(product: &ProductRef) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range of u32"
    )]
    product.quantity.map_or(1, |q| q.clamp(0.0, 1e6) as u32)
}

/// Whether an event says of a discovered product what is not known of it yet.
fn tells_more(named: &ProductRef, commerce: &Commerce, known: &Product) -> bool {
    let differs = |told: &Option<String>, known: Option<&str>| told.is_some() && told.as_deref() != known;
    differs(&named.name, Some(&known.title))
        || differs(&named.brand, known.brand.as_deref())
        || differs(&named.image_url, known.image_url.as_deref())
        || differs(&named.url, known.url.as_deref())
        || named.price(commerce.currency).is_some_and(|price| Some(price) != known.price)
        || named.category.is_some() && {
            let path = named.category_path();
            !path.is_empty() && path != known.category_path
        }
}

/// A discovered product after an event named it.
fn learned(id: &str, named: &ProductRef, commerce: &Commerce, before: Product) -> Product {
    let title = match &named.name {
        Some(name) => name.clone(),
        None if before.title.is_empty() => id.to_owned(),
        None => before.title.clone(),
    };
    let path = named.category_path();
    Product {
        id: id.to_owned(),
        title,
        category_path: if path.is_empty() { before.category_path.clone() } else { path },
        brand: named.brand.clone().or_else(|| before.brand.clone()),
        price: named.price(commerce.currency).or(before.price),
        image_url: named.image_url.clone().or_else(|| before.image_url.clone()),
        url: named.url.clone().or_else(|| before.url.clone()),
        origin: Origin::Discovered,
        ..before
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
