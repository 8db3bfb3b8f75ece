//! All audiences that there are, and how many people each has.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tradewind_kernel::{UtcMillis, stored};
use tradewind_ports::StateStore;

use super::note::{Audience, AudienceSpec, MAX_AUDIENCES, SpecError};
use crate::live::damaged;
use crate::pipeline::PipelineError;
use crate::tables::{AUDIENCES, Tables};

/// The version byte of a definition, and of the totals.
const VERSION: u8 = 1;

/// The audiences, as of one record of the log.
#[derive(Debug, Clone, Default)]
pub struct Audiences {
    by_name: BTreeMap<String, Arc<Audience>>,
    totals: Totals,
}

/// What is counted over all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Totals {
    /// Numbers that were given.
    given: u32,
    /// People by number.
    sizes: BTreeMap<u32, u64>,
}

stored! {
    pub(crate) static SIZES: struct Totals, "state/meta", Aggregates {
        given: Operational, Operation, "Numbers that were given to audiences.";
        sizes: Aggregate, Personalization, "How many people each holds.";
    }
}

impl Audiences {
    /// Reads all of them.
    pub(crate) fn load(store: &dyn StateStore, tables: &Tables) -> Result<Self, PipelineError> {
        let wrong = |why: &dyn std::fmt::Display| damaged("an audience", why);
        let json = |bytes: &[u8]| match bytes.split_first() {
            Some((&VERSION, json)) => Ok(json.to_vec()),
            _ => Err(wrong(&"run a newer program")),
        };
        let mut by_name = BTreeMap::new();
        for pair in store.scan(tables.audiences, &[]) {
            let (_, value) = pair?;
            let audience: Audience = serde_json::from_slice(&json(&value)?).map_err(|e| wrong(&e))?;
            by_name.insert(audience.spec.name.clone(), Arc::new(audience));
        }
        let totals = match store.get(tables.meta, AUDIENCES)? {
            Some(bytes) => serde_json::from_slice(&json(&bytes)?).map_err(|e| wrong(&e))?,
            None => Totals::default(),
        };
        Ok(Self { by_name, totals })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Audience>> {
        self.by_name.values()
    }

    /// The one with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Audience>> {
        self.by_name.get(name)
    }

    /// The one with this number.
    #[must_use]
    pub fn by_id(&self, id: u32) -> Option<&Arc<Audience>> {
        self.by_name.values().find(|audience| audience.id == id)
    }

    /// How many people an audience has.
    #[must_use]
    pub fn size(&self, id: u32) -> u64 {
        self.totals.sizes.get(&id).copied().unwrap_or(0)
    }

    /// Puts a definition. Gives whether anything changed by it.
    ///
    /// # Errors
    /// [`SpecError`] when it does not hold, or there is no room for one more.
    pub fn put(&mut self, spec: &AudienceSpec, at: UtcMillis) -> Result<bool, SpecError> {
        spec.check()?;
        let Some(known) = self.by_name.get_mut(&spec.name) else {
            if self.by_name.len() >= MAX_AUDIENCES {
                return Err(SpecError::TooMany);
            }
            self.totals.given += 1;
            let (id, created_at) = (self.totals.given, at);
            let spec = spec.clone();
            let audience = Audience { id, spec, revision: 1, created_at, updated_at: at, evaluated: 0 };
            self.by_name.insert(audience.spec.name.clone(), Arc::new(audience));
            return Ok(true);
        };
        if known.spec.purpose != spec.purpose {
            return Err(SpecError::Purpose(known.spec.purpose));
        }
        if known.spec == *spec {
            return Ok(false);
        }
        let audience = Arc::make_mut(known);
        // Other words about the same rule need nobody to be asked again.
        let is_evaluated = audience.spec.rule == spec.rule && !audience.is_evaluating();
        (audience.revision, audience.updated_at) = (audience.revision + 1, at);
        audience.spec.clone_from(spec);
        if is_evaluated {
            audience.evaluated = audience.revision;
        }
        Ok(true)
    }

    /// Removes a definition. Gives whether there was one.
    pub(super) fn delete(&mut self, name: &str) -> bool {
        let Some(audience) = self.by_name.remove(name) else { return false };
        self.totals.sizes.remove(&audience.id);
        true
    }

    /// Notes that everybody was asked about a revision. Gives the audience's name, if that says anything.
    pub(super) fn evaluated(&mut self, id: u32, revision: u32) -> Option<String> {
        let audience = self.by_name.values_mut().find(|audience| audience.id == id)?;
        if revision <= audience.evaluated || revision > audience.revision {
            return None;
        }
        let audience = Arc::make_mut(audience);
        audience.evaluated = revision;
        Some(audience.spec.name.clone())
    }

    /// Counts people who came and left.
    pub(super) fn count(&mut self, id: u32, came: i64) {
        if self.by_id(id).is_some() {
            let size = self.totals.sizes.entry(id).or_default();
            *size = size.saturating_add_signed(came);
            // As if nobody had ever been in it: what is erased must leave no trace.
            if *size == 0 {
                self.totals.sizes.remove(&id);
            }
        }
    }

    /// The totals as they are stored.
    pub(super) fn totals(&self) -> Result<Vec<u8>, PipelineError> {
        stored(&self.totals)
    }
}

/// Anything of here as it is stored.
pub(super) fn stored(what: &impl Serialize) -> Result<Vec<u8>, PipelineError> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, what).map_err(|e| damaged("an audience", &e))?;
    Ok(bytes)
}
