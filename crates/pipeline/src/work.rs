//! One batch of the projection: what it has changed so far, over what the state holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tradewind_catalog::Product;
use tradewind_kernel::UtcMillis;
use tradewind_people::{Profile, SessionRecord};
use tradewind_ports::{Batch, StateStore};

use crate::dead_letters::Letters;
use crate::live::{Live, damaged};
use crate::pipeline::PipelineError;
use crate::pulse::LatestEvent;
use crate::tables::{Tables, u64_of};

/// Different event names that are counted apart; further ones are counted together.
const MAX_NAMES: usize = 1_000;
/// The name under which further ones are counted.
const OTHER_NAMES: &str = "(other)";

/// A product's popularity gains this.
pub(crate) struct Gain {
    pub(crate) item: u32,
    pub(crate) at: UtcMillis,
    pub(crate) weight: f64,
}

/// What a batch has changed. Profiles that it removed are kept as `None`.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) profiles: FxHashMap<String, Option<Profile>>,
    pub(crate) links: FxHashMap<String, String>,
    pub(crate) sessions: BTreeMap<u32, SessionRecord>,
    pub(crate) new_items: Vec<Arc<str>>,
    new_numbers: FxHashMap<Arc<str>, u32>,
    pub(crate) products: FxHashMap<u32, Arc<Product>>,
    pub(crate) gains: Vec<Gain>,
    pub(crate) clicks: Vec<(u32, u32)>,
    pub(crate) counts: FxHashMap<String, u64>,
    pub(crate) events: u32,
    /// Those of them that were not imported.
    pub(crate) live_events: u32,
    pub(crate) duplicates: u64,
    /// Whether the console is to be told of the events that come now.
    pub(crate) describing: bool,
    pub(crate) latest: Vec<LatestEvent>,
    pub(crate) latest_event_at: UtcMillis,
    pub(crate) letters: Letters,
}

/// What the folding of a batch reads.
pub(crate) struct Reads<'a> {
    pub(crate) store: &'a dyn StateStore,
    pub(crate) tables: &'a Tables,
    pub(crate) live: &'a Live,
}

impl Work {
    /// The number of a product id, a new one if it was never named.
    pub(crate) fn item(&mut self, reads: &Reads<'_>, id: &str) -> u32 {
        let items = reads.live.items.read();
        if let Some(number) = items.number(id).or_else(|| self.new_numbers.get(id).copied()) {
            return number;
        }
        let number = items.len() + u32::try_from(self.new_items.len()).unwrap_or(u32::MAX);
        let id: Arc<str> = Arc::from(id);
        self.new_items.push(Arc::clone(&id));
        self.new_numbers.insert(id, number);
        number
    }

    /// The product with this number, as this batch has it.
    pub(crate) fn product(&self, reads: &Reads<'_>, item: u32) -> Option<Arc<Product>> {
        let written = self.products.get(&item).cloned();
        written.or_else(|| reads.live.catalog.load().get(item).cloned())
    }

    /// The user that an anonymous id belongs to.
    pub(crate) fn link(&self, reads: &Reads<'_>, anonymous: &str) -> Result<Option<String>, PipelineError> {
        if let Some(user) = self.links.get(anonymous) {
            return Ok(Some(user.clone()));
        }
        let stored = reads.store.get(reads.tables.links, anonymous.as_bytes())?;
        Ok(stored.map(|user| String::from_utf8_lossy(&user).into_owned()))
    }

    /// The profile under a key, to be changed; a new one if there is none.
    pub(crate) fn profile(&mut self, reads: &Reads<'_>, key: &str) -> Result<&mut Profile, PipelineError> {
        if !self.profiles.contains_key(key) {
            let stored = stored_profile(reads, key)?;
            self.profiles.insert(key.to_owned(), stored);
        }
        let slot = self.profiles.entry(key.to_owned()).or_default();
        Ok(slot.get_or_insert_with(Profile::default))
    }

    /// Takes a profile away, if there is one.
    pub(crate) fn take_profile(
        &mut self,
        reads: &Reads<'_>,
        key: &str,
    ) -> Result<Option<Profile>, PipelineError> {
        let held = match self.profiles.get_mut(key) {
            Some(slot) => slot.take(),
            None => stored_profile(reads, key)?,
        };
        if held.is_some() {
            self.profiles.insert(key.to_owned(), None);
        }
        Ok(held)
    }

    /// The record of a session, to be changed.
    pub(crate) fn session(
        &mut self,
        reads: &Reads<'_>,
        number: u32,
        begin: impl FnOnce() -> SessionRecord,
    ) -> Result<&mut SessionRecord, PipelineError> {
        use std::collections::btree_map::Entry;
        match self.sessions.entry(number) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                if let Some(record) = reads.live.records.get(&number) {
                    return Ok(entry.insert(SessionRecord::clone(&record)));
                }
                let stored = reads.store.get(reads.tables.sessions, &number.to_be_bytes())?;
                let record = match stored {
                    Some(bytes) => tradewind_people::decode(&bytes).map_err(|e| damaged("a session", &e))?,
                    None => begin(),
                };
                Ok(entry.insert(record))
            }
        }
    }

    /// Turns the changes into writes. Popularity is written as the live view has it after the gains.
    pub(crate) fn write(&self, reads: &Reads<'_>, batch: &mut Batch) -> Result<(), PipelineError> {
        let tables = reads.tables;
        for (key, profile) in &self.profiles {
            match profile {
                Some(profile) => {
                    let bytes = tradewind_people::encode(profile).map_err(|e| damaged("a profile", &e))?;
                    batch.put(tables.profiles, key.as_bytes(), bytes);
                }
                None => batch.delete(tables.profiles, key.as_bytes()),
            }
        }
        for (anonymous, user) in &self.links {
            batch.put(tables.links, anonymous.as_bytes(), user.as_bytes());
        }
        for (number, record) in &self.sessions {
            let bytes = tradewind_people::encode(record).map_err(|e| damaged("a session", &e))?;
            batch.put(tables.sessions, number.to_be_bytes(), bytes);
        }
        let first = reads.live.items.read().len();
        for (number, id) in (first..).zip(&self.new_items) {
            batch.put(tables.items, number.to_be_bytes(), id.as_bytes());
        }
        for (item, product) in &self.products {
            let json = serde_json::to_vec(product).map_err(|e| damaged("a product", &e))?;
            batch.put(tables.products, item.to_be_bytes(), json);
        }
        self.letters.write(tables, batch)?;
        self.write_counts(reads, batch)
    }

    fn write_counts(&self, reads: &Reads<'_>, batch: &mut Batch) -> Result<(), PipelineError> {
        let counters = reads.tables.counters;
        let stored = |name: &str| -> Result<Option<u64>, PipelineError> {
            Ok(reads.store.get(counters, name.as_bytes())?.and_then(|v| u64_of(&v)))
        };
        let mut names = None;
        let mut others = 0;
        for (name, count) in &self.counts {
            let mut before = stored(name)?;
            if before.is_none() {
                let known = *names.get_or_insert_with(|| reads.store.scan(counters, &[]).count());
                if known >= MAX_NAMES {
                    others += count;
                    continue;
                }
                names = Some(known + 1);
                before = Some(0);
            }
            batch.put(counters, name.as_bytes(), (before.unwrap_or(0) + count).to_be_bytes());
        }
        if others > 0 {
            let sum = stored(OTHER_NAMES)?.unwrap_or(0) + others;
            batch.put(counters, OTHER_NAMES, sum.to_be_bytes());
        }
        Ok(())
    }
}

/// A profile from the cache or the store.
pub(crate) fn stored_profile(reads: &Reads<'_>, key: &str) -> Result<Option<Profile>, PipelineError> {
    if let Some(profile) = reads.live.profiles.get(key) {
        return Ok(Some(Profile::clone(&profile)));
    }
    let stored = reads.store.get(reads.tables.profiles, key.as_bytes())?;
    stored.map(|bytes| tradewind_people::decode(&bytes).map_err(|e| damaged("a profile", &e))).transpose()
}
