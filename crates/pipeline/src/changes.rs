//! What was applied and is not in the store yet.
//!
//! The projection applies records in memory and hands what they changed to the [keeper](crate::keeper) about
//! once a second, which commits it together with the offset that it reaches to. Until then it is found here,
//! in two layers: what changed since the last hand-over, and what the keeper is committing. A crash loses
//! both, and the log gives them again.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use tradewind_catalog::Product;
use tradewind_features::Row;
use tradewind_people::{Profile, SessionRecord};
use tradewind_ports::{Batch, Offset};

use crate::dead_letters::Letters;
use crate::dedupe::Seen;
use crate::duplicates::Duplicates;
use crate::features::{self, Rows};
use crate::live::damaged;
use crate::pipeline::PipelineError;
use crate::tables::{OFFSET, Tables};

/// Profiles by subject key, `None` for one that was taken into another, and users by anonymous id.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) profiles: FxHashMap<Arc<str>, Option<Arc<Profile>>>,
    pub(crate) links: FxHashMap<String, String>,
    /// Rows of features by their keys.
    pub(crate) features: Rows,
}

/// What decisions and the projection look for before they ask the cache and the store.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) current: People,
    pub(crate) frozen: Option<Arc<Changes>>,
}

impl Pending {
    /// The profile under a key, if it changed: `Some(None)` says that there is none any more.
    pub(crate) fn profile(&self, key: &str) -> Option<Option<Arc<Profile>>> {
        let frozen = || self.frozen.as_ref().and_then(|f| f.people.profiles.get(key));
        self.current.profiles.get(key).or_else(frozen).cloned()
    }

    /// The row of features under a key, if it came lately.
    pub(crate) fn feature_row(&self, key: &[u8]) -> Option<Arc<Row>> {
        let frozen = || self.frozen.as_ref().and_then(|f| f.people.features.get(key));
        self.current.features.get(key).or_else(frozen).cloned()
    }

    /// The user of an anonymous id, if that was learned lately.
    pub(crate) fn link(&self, anonymous: &str) -> Option<String> {
        let frozen = || self.frozen.as_ref().and_then(|f| f.people.links.get(anonymous));
        self.current.links.get(anonymous).or_else(frozen).cloned()
    }
}

/// Everything between two checkpoints.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) people: People,
    pub(crate) sessions: FxHashMap<u32, Arc<SessionRecord>>,
    /// Item numbers with their product ids.
    pub(crate) items: Vec<(u32, Arc<str>)>,
    pub(crate) products: FxHashMap<u32, Arc<Product>>,
    /// Raw popularity by item number.
    pub(crate) popularity: Vec<(u32, f64)>,
    pub(crate) gained: FxHashSet<u32>,
    /// How many events of a name were applied in all.
    pub(crate) counts: FxHashMap<String, u64>,
    pub(crate) seen: Seen,
    pub(crate) duplicates: Duplicates,
    pub(crate) letters: Letters,
    /// Declarations of features, as they are stored.
    pub(crate) declared: FxHashMap<String, Vec<u8>>,
    /// Records that these changes come from.
    pub(crate) records: u64,
    /// The offset after the last of them.
    pub(crate) next: Offset,
}

impl Changes {
    /// As writes, with the offset.
    pub(crate) fn batch(&self, tables: &Tables) -> Result<Batch, PipelineError> {
        let mut batch = Batch::default();
        for (key, profile) in &self.people.profiles {
            match profile {
                Some(profile) => {
                    let bytes = tradewind_people::encode(&**profile).map_err(|e| damaged("a profile", &e))?;
                    batch.put(tables.profiles, key.as_bytes(), bytes);
                }
                None => batch.delete(tables.profiles, key.as_bytes()),
            }
        }
        for (anonymous, user) in &self.people.links {
            batch.put(tables.links, anonymous.as_bytes(), user.as_bytes());
        }
        for (number, record) in &self.sessions {
            let bytes = tradewind_people::encode(&**record).map_err(|e| damaged("a session", &e))?;
            batch.put(tables.sessions, number.to_be_bytes(), bytes);
        }
        for (number, id) in &self.items {
            batch.put(tables.items, number.to_be_bytes(), id.as_bytes());
        }
        for (item, product) in &self.products {
            let json = serde_json::to_vec(product).map_err(|e| damaged("a product", &e))?;
            batch.put(tables.products, item.to_be_bytes(), json);
        }
        for (item, raw) in &self.popularity {
            batch.put(tables.popularity, item.to_be_bytes(), raw.to_be_bytes());
        }
        for (name, count) in &self.counts {
            batch.put(tables.counters, name.as_bytes(), count.to_be_bytes());
        }
        self.seen.write(tables, &mut batch);
        self.duplicates.write(tables, &mut batch);
        self.letters.write(tables, &mut batch)?;
        features::write(tables, &self.people.features, &self.declared, &mut batch);
        batch.put(tables.meta, OFFSET, self.next.to_be_bytes());
        Ok(batch)
    }
}
