//! The in-memory views that decisions read, and their loading at the start.
//!
//! Only the projection writes them, and the keeper what it made anew. Locks are held for microseconds: a
//! reader clones an `Arc` or computes one ranking, the writer adds the clicks of one batch.

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::{Mutex, RwLock};
use quick_cache::sync::Cache;
use tradewind_catalog::CatalogSnapshot;
use tradewind_features::Registry;
use tradewind_kernel::UtcMillis;
use tradewind_models::{Popularity, SessionIndex, SessionNo};
use tradewind_people::consent::{Policy, Record};
use tradewind_people::{Profile, SessionRecord};
use tradewind_ports::{Batch, Offset, StateStore};

use crate::aggregates::Aggregates;
use crate::audiences::{Audiences, Touches};
use crate::changes::Pending;
use crate::consent::Refused;
use crate::counters::Counters;
use crate::features::Quality;
use crate::identity::{Merged, Totals};
use crate::items::Items;
use crate::pipeline::PipelineError;
use crate::pulse::Pulses;
use crate::sieve::{Sieve, key_of};
use crate::tables::{HALF_LIFE, Tables, u32_of};
use crate::trending::Trending;

/// Profiles kept decoded.
const CACHED_PROFILES: usize = 50_000;

/// Everything that the projection has learned, as decisions read it.
pub struct Live {
    /// Product ids and their item numbers.
    pub items: RwLock<Items>,
    /// Texts of categories, brands and attributes, and their words, see [`crate::facts`].
    pub(crate) words: RwLock<Items>,
    /// The catalog.
    pub catalog: ArcSwap<CatalogSnapshot>,
    /// All sessions, the running ones included.
    pub sessions: RwLock<SessionIndex>,
    /// Decayed popularity of every product.
    pub popularity: RwLock<Popularity>,
    /// Rankings by popularity, at most some 500 ms old.
    pub trending: ArcSwap<Trending>,
    /// The feature views and services that are declared.
    pub features: ArcSwap<Registry>,
    /// How often features had no value, and how old they were.
    pub(crate) feature_quality: Quality,
    /// The audiences that there are.
    pub(crate) audiences: ArcSwap<Audiences>,
    /// Whom to look at again for them.
    pub(crate) touches: Touches,
    pub(crate) profiles: Cache<Arc<str>, Arc<Profile>>,
    /// What people agreed to, by subject key.
    pub(crate) consents: Cache<Arc<str>, Arc<Record>>,
    /// Who refuses what the projection itself does.
    pub(crate) refused: RwLock<Refused>,
    /// Records of the sessions that went on last, by number; only the projection reads them.
    pub(crate) records: Cache<u32, Arc<SessionRecord>>,
    /// What is applied and not in the store yet.
    pub(crate) pending: RwLock<Pending>,
    /// The anonymous ids that may have been linked to a user.
    pub(crate) linked: RwLock<Sieve>,
    /// Which users are one person.
    pub(crate) merged: ArcSwap<Merged>,
    /// The identity graph in numbers.
    pub(crate) identity: Mutex<Totals>,
    /// Clicks that come while the session index is being compacted.
    pub(crate) clicks_meanwhile: Mutex<Option<Vec<(u32, u32)>>>,
    pub(crate) counters: Mutex<Counters>,
    /// What is counted of many people together.
    pub(crate) aggregates: RwLock<Aggregates>,
    pub(crate) pulses: Mutex<Pulses>,
    /// The offset that the store reaches to.
    pub(crate) checkpointed: tokio::sync::watch::Sender<Offset>,
    pub(crate) applied: tokio::sync::watch::Sender<Offset>,
    /// The latest time of any applied event: "now" for a shop whose history was imported.
    pub(crate) latest_event_at: Mutex<UtcMillis>,
}

impl Live {
    /// Loads the views from the state.
    pub(crate) fn load(
        store: &dyn StateStore,
        tables: &Tables,
        half_life_ms: i64,
        policy: &Policy,
    ) -> Result<Self, PipelineError> {
        let mut items = Items::default();
        for pair in store.scan(tables.items, &[]) {
            items.push(Arc::from(String::from_utf8_lossy(&pair?.1)));
        }
        let mut words = Items::default();
        for pair in store.scan(tables.words, &[]) {
            words.push(Arc::from(String::from_utf8_lossy(&pair?.1)));
        }
        let mut catalog = CatalogSnapshot::default();
        for pair in store.scan(tables.products, &[]) {
            let (key, value) = pair?;
            let product = serde_json::from_slice(&value).map_err(|e| damaged("a product", &e))?;
            catalog.put(u32_of(&key).unwrap_or(u32::MAX), Arc::new(product));
        }
        let popularity = load_popularity(store, tables, half_life_ms)?;
        let refused = Refused::load(store, tables, policy)?;
        let (sessions, latest) = load_sessions(store, tables, &refused)?;
        let trending = Trending::rank(&popularity, &catalog);
        let linked =
            Sieve::of(store, tables.links, |anonymous| std::str::from_utf8(anonymous).ok().map(key_of))?;
        Ok(Self {
            items: RwLock::new(items),
            words: RwLock::new(words),
            catalog: ArcSwap::from_pointee(catalog),
            sessions: RwLock::new(sessions),
            popularity: RwLock::new(popularity),
            trending: ArcSwap::from_pointee(trending),
            features: ArcSwap::from_pointee(crate::features::load(store, tables)?),
            feature_quality: Quality::default(),
            audiences: ArcSwap::from_pointee(Audiences::load(store, tables)?),
            touches: Touches::default(),
            profiles: Cache::new(CACHED_PROFILES),
            consents: Cache::new(CACHED_PROFILES),
            refused: RwLock::new(refused),
            records: Cache::new(CACHED_PROFILES),
            pending: RwLock::default(),
            linked: RwLock::new(linked),
            merged: ArcSwap::from_pointee(Merged::load(store, tables)?),
            identity: Mutex::new(Totals::load(store, tables)?),
            clicks_meanwhile: Mutex::default(),
            counters: Mutex::new(Counters::load(store, tables)?),
            aggregates: RwLock::new(Aggregates::load(store, tables)?),
            pulses: Mutex::default(),
            checkpointed: tokio::sync::watch::Sender::new(0),
            applied: tokio::sync::watch::Sender::new(0),
            latest_event_at: Mutex::new(latest),
        })
    }

    /// Learns clicks: numbers of sessions, and items.
    pub(crate) fn learn_clicks(&self, clicks: &[(u32, u32)]) {
        if clicks.is_empty() {
            return;
        }
        let mut sessions = self.sessions.write();
        for &(number, item) in clicks {
            Self::learn(&mut sessions, number, item);
        }
        if let Some(meanwhile) = self.clicks_meanwhile.lock().as_mut() {
            meanwhile.extend_from_slice(clicks);
        }
    }

    /// Learns one click.
    pub(crate) fn learn(sessions: &mut SessionIndex, number: u32, item: u32) {
        while sessions.sessions() <= number as usize {
            sessions.start_session();
        }
        sessions.click(SessionNo(number), item);
    }

    /// The offset before which every record is in the views.
    #[must_use]
    pub fn applied(&self) -> Offset {
        *self.applied.borrow()
    }

    /// The latest time of any event that was applied.
    #[must_use]
    pub fn latest_event_at(&self) -> UtcMillis {
        *self.latest_event_at.lock()
    }
}

/// Reads popularity; where it was stored with another half-life, makes it anew from the sessions.
fn load_popularity(
    store: &dyn StateStore,
    tables: &Tables,
    half_life_ms: i64,
) -> Result<Popularity, PipelineError> {
    let mut popularity = Popularity::new(half_life_ms);
    let stored = store.get(tables.meta, HALF_LIFE)?;
    if stored.as_deref() == Some(&half_life_ms.to_be_bytes()) {
        for pair in store.scan(tables.popularity, &[]) {
            let (key, value) = pair?;
            let raw = value.as_ref().try_into().ok().map(f64::from_be_bytes);
            popularity.set_raw(u32_of(&key).unwrap_or(0), raw);
        }
        return Ok(popularity);
    }
    for pair in store.scan(tables.sessions, &[]) {
        let record: SessionRecord =
            tradewind_people::decode(&pair?.1).map_err(|e| damaged("a session", &e))?;
        for click in record.clicks {
            popularity.add(click.item, record.last_at.get(), click.action.weight());
        }
    }
    let mut batch = Batch::default();
    for (item, raw) in popularity.entries() {
        batch.put(tables.popularity, item.to_be_bytes(), raw.to_be_bytes());
    }
    batch.put(tables.meta, HALF_LIFE, half_life_ms.to_be_bytes());
    store.commit(&batch)?;
    Ok(popularity)
}

/// Reads every session in the order of their numbers, those that may still go on included; without the clicks
/// of those who refuse training.
fn load_sessions(
    store: &dyn StateStore,
    tables: &Tables,
    refused: &Refused,
) -> Result<(SessionIndex, UtcMillis), PipelineError> {
    let (mut clicks, mut ends, mut latest) = (Vec::new(), Vec::new(), UtcMillis::default());
    for pair in store.scan(tables.sessions, &[]) {
        let record: SessionRecord =
            tradewind_people::decode(&pair?.1).map_err(|e| damaged("a session", &e))?;
        if !refused.refuses_training(record.subject_hash) {
            clicks.extend(record.news());
        }
        ends.push(clicks.len());
        latest = latest.max(record.last_at);
    }
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let frozen = ends.len().saturating_sub(RUNNING);
    let slices: Vec<&[u32]> = starts.zip(&ends).map(|(start, &end)| &clicks[start..end]).collect();
    let mut index = SessionIndex::build(slices[..frozen].iter().copied());
    for slice in &slices[frozen..] {
        let number = index.start_session();
        for &item in *slice {
            index.click(number, item);
        }
    }
    Ok((index, latest))
}

/// So many of the latest sessions stay open for further clicks.
pub(crate) const RUNNING: usize = 20_000;

pub(crate) fn damaged(what: &'static str, cause: &dyn std::fmt::Display) -> PipelineError {
    PipelineError::Damaged { what, cause: cause.to_string() }
}
