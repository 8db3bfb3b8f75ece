//! What was applied and is not in the store yet.
//!
//! The projection applies records in memory and hands what they changed to the [keeper](crate::keeper) about
//! once a second, every four at the latest, which commits it together with the offset that it reaches to. Until
//! then it is found here, in two layers: what changed since the last hand-over, and what the keeper is
//! committing. A crash loses both, and the log gives them again.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use tradewind_catalog::Product;
use tradewind_features::Row as FeatureRow;
use tradewind_people::consent::Record;
use tradewind_people::identity::{Owners, Span};
use tradewind_people::{Profile, SessionRecord};
use tradewind_ports::{Batch, Offset};

use crate::aggregates;
use crate::audiences::{Kept, Membership};
use crate::dead_letters::Letters;
use crate::dedupe::Seen;
use crate::duplicates::Duplicates;
use crate::features::{self, Rows as FeatureRows};
use crate::identity::rows::{self, Links};
use crate::identity::{Row, Rows, Totals};
use crate::live::damaged;
use crate::outbox::Effects;
use crate::pipeline::PipelineError;
use crate::tables::{IDENTITY, OFFSET, Tables};

/// What decisions read between two checkpoints too: people, and rows of features.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// By subject key; `None` for one that was taken into another, or erased.
    pub(crate) profiles: FxHashMap<Arc<str>, Option<Arc<Profile>>>,
    pub(crate) links: Links,
    pub(crate) edges: Rows,
    pub(crate) merges: BTreeMap<Vec<u8>, Option<Span>>,
    pub(crate) identity: Option<Totals>,
    /// What people agreed to, by subject key.
    pub(crate) consents: FxHashMap<Arc<str>, Arc<Record>>,
    /// Rows of features by their keys.
    pub(crate) features: FeatureRows,
    /// Audiences by subject key, `None` for whoever is in none any more.
    pub(crate) memberships: FxHashMap<Arc<str>, Option<Arc<Membership>>>,
}

impl People {
    fn write_identities(&self, tables: &Tables, batch: &mut Batch) -> Result<(), PipelineError> {
        for (anonymous, owners) in &self.links {
            match owners {
                Some(owners) => batch.put(tables.links, anonymous.as_bytes(), owners.encode()),
                None => batch.delete(tables.links, anonymous.as_bytes()),
            }
        }
        for (key, row) in &self.edges {
            match row {
                Some(row) => batch.put(tables.edges, key.as_slice(), row.encode()?),
                None => batch.delete(tables.edges, key.as_slice()),
            }
        }
        for (key, span) in &self.merges {
            match span {
                Some(span) => batch.put(tables.merges, key.as_slice(), Row::Edge(span.clone()).encode()?),
                None => batch.delete(tables.merges, key.as_slice()),
            }
        }
        if let Some(totals) = self.identity {
            batch.put(tables.meta, IDENTITY, totals.encode());
        }
        Ok(())
    }
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
    pub(crate) fn feature_row(&self, key: &[u8]) -> Option<Arc<FeatureRow>> {
        let frozen = || self.frozen.as_ref().and_then(|f| f.people.features.get(key));
        self.current.features.get(key).or_else(frozen).cloned()
    }

    /// Who is in which audiences under a key, if that changed lately.
    pub(crate) fn membership(&self, key: &str) -> Option<Option<Arc<Membership>>> {
        let frozen = || self.frozen.as_ref().and_then(|f| f.people.memberships.get(key));
        self.current.memberships.get(key).or_else(frozen).cloned()
    }

    /// What is known of consent under a key, if that changed.
    pub(crate) fn consent(&self, key: &str) -> Option<Arc<Record>> {
        let frozen = || self.frozen.as_ref().and_then(|f| f.people.consents.get(key));
        self.current.consents.get(key).or_else(frozen).cloned()
    }

    /// Whose an anonymous id is, if that changed lately: `Some(None)` says that it is nobody's any more.
    pub(crate) fn link(&self, anonymous: &str) -> Option<Option<Owners>> {
        let frozen = || self.frozen.as_ref().and_then(|f| f.people.links.get(anonymous));
        self.current.links.get(anonymous).or_else(frozen).cloned()
    }

    /// A row of the table `edges`, if it changed lately.
    pub(crate) fn row(&self, key: &[u8]) -> Option<Option<Row>> {
        let frozen = || self.frozen.as_ref().and_then(|f| f.people.edges.get(key));
        self.current.edges.get(key).or_else(frozen).cloned()
    }

    /// The rows that changed lately and whose keys begin so.
    pub(crate) fn rows_of(&self, prefix: &[u8]) -> Rows {
        let frozen = self.frozen.as_ref().map(|f| rows::from(&f.people.edges, prefix));
        let mut found = frozen.unwrap_or_default();
        found.extend(rows::from(&self.current.edges, prefix));
        found
    }
}

/// Everything between two checkpoints.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Empty until the hand-over: until then they are in [`Pending::current`].
    pub(crate) people: People,
    pub(crate) sessions: FxHashMap<u32, Arc<SessionRecord>>,
    /// Item numbers with their product ids.
    pub(crate) items: Vec<(u32, Arc<str>)>,
    /// Words with their texts.
    pub(crate) words: Vec<(u32, Arc<str>)>,
    pub(crate) products: FxHashMap<u32, Arc<Product>>,
    /// Raw popularity by item number, as it is at the hand-over.
    pub(crate) popularity: Vec<(u32, f64)>,
    /// The items that gain any until then.
    pub(crate) gained: FxHashSet<u32>,
    /// How many events of a name were applied in all.
    pub(crate) counts: FxHashMap<String, u64>,
    pub(crate) seen: Seen,
    pub(crate) duplicates: Duplicates,
    pub(crate) letters: Letters,
    pub(crate) effects: Effects,
    /// What is counted of many people together.
    pub(crate) aggregated: aggregates::Changed,
    /// Declarations of features, as they are stored.
    pub(crate) declared: FxHashMap<String, Vec<u8>>,
    /// Definitions of audiences, and their sizes.
    pub(crate) audiences: Kept,
    /// Records that these changes come from.
    pub(crate) records: u64,
    /// The offset after the last of them.
    pub(crate) next: Offset,
}

impl Changes {
    /// As writes, with the offset.
    pub(crate) fn batch(&self, tables: &Tables) -> Result<Batch, PipelineError> {
        let mut batch = Batch::default();
        // In order, so that the store finds the place of each beside that of the one before.
        let mut profiles: Vec<_> = self.people.profiles.iter().collect();
        profiles.sort_unstable_by_key(|(key, _)| *key);
        for (key, profile) in profiles {
            match profile {
                Some(profile) => {
                    let bytes = tradewind_people::encode(&**profile).map_err(|e| damaged("a profile", &e))?;
                    batch.put(tables.profiles, key.as_bytes(), bytes);
                }
                None => batch.delete(tables.profiles, key.as_bytes()),
            }
        }
        self.people.write_identities(tables, &mut batch)?;
        for (key, record) in &self.people.consents {
            let bytes =
                tradewind_people::encode(&**record).map_err(|e| damaged("a record of consent", &e))?;
            batch.put(tables.consent, key.as_bytes(), bytes);
        }
        let mut sessions: Vec<_> = self.sessions.iter().collect();
        sessions.sort_unstable_by_key(|(number, _)| **number);
        for (number, record) in sessions {
            let bytes = tradewind_people::encode(&**record).map_err(|e| damaged("a session", &e))?;
            batch.put(tables.sessions, number.to_be_bytes(), bytes);
        }
        for (number, id) in &self.items {
            batch.put(tables.items, number.to_be_bytes(), id.as_bytes());
        }
        for (word, text) in &self.words {
            batch.put(tables.words, word.to_be_bytes(), text.as_bytes());
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
        self.effects.write(tables.outbox, &mut batch)?;
        features::write(tables, &self.people.features, &self.declared, &mut batch);
        self.aggregated.write(tables, &mut batch)?;
        for (key, row) in &self.people.memberships {
            match row {
                Some(row) => {
                    let bytes = tradewind_people::encode(&**row).map_err(|e| damaged("a membership", &e))?;
                    batch.put(tables.memberships, key.as_bytes(), bytes);
                }
                None => batch.delete(tables.memberships, key.as_bytes()),
            }
        }
        self.audiences.write(tables, &mut batch)?;
        batch.put(tables.meta, OFFSET, self.next.to_be_bytes());
        Ok(batch)
    }
}
