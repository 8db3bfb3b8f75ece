//! Folding what the log says of audiences, in its order, and keeping what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tradewind_kernel::Subject;
use tradewind_ports::Batch;

use super::note::{Audience, AudienceNote, Membership, Moved};
use super::registry::{Audiences, stored};
use crate::changes::Changes;
use crate::erasure::Whose;
use crate::live::{Live, damaged};
use crate::outbox::{AudienceMoved, Crossing, Effect, Effects};
use crate::pipeline::PipelineError;
use crate::reads::Reads;
use crate::tables::{AUDIENCES, Tables};

/// What a batch changes.
#[derive(Default)]
pub(crate) struct AudienceChanges {
    /// As they are after the batch, where it changes any of them or their sizes.
    audiences: Option<Audiences>,
    /// Names of those whose definitions it changes.
    defined: BTreeSet<String>,
    rows: FxHashMap<String, Option<Arc<Membership>>>,
}

/// What is written of them at a checkpoint.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    defined: BTreeMap<String, Option<Arc<Audience>>>,
    totals: Option<Vec<u8>>,
}

impl Kept {
    pub(crate) fn write(&self, tables: &Tables, batch: &mut Batch) -> Result<(), PipelineError> {
        for (name, audience) in &self.defined {
            match audience {
                Some(audience) => batch.put(tables.audiences, name.as_bytes(), stored(&**audience)?),
                None => batch.delete(tables.audiences, name.as_bytes()),
            }
        }
        if let Some(totals) = &self.totals {
            batch.put(tables.meta, AUDIENCES, totals.as_slice());
        }
        Ok(())
    }
}

impl AudienceChanges {
    /// Folds one record in.
    pub(crate) fn apply(
        &mut self,
        reads: &Reads<'_>,
        note: &AudienceNote,
        effects: &mut Effects,
    ) -> Result<(), PipelineError> {
        match note {
            AudienceNote::Put { spec, at } => match self.audiences(reads).put(spec, *at) {
                Ok(true) => {
                    self.defined.insert(spec.name.clone());
                }
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "an audience in the log does not hold any more"),
            },
            AudienceNote::Delete { name, .. } => {
                if self.audiences(reads).delete(name) {
                    self.defined.insert(name.clone());
                }
            }
            AudienceNote::Evaluated { audience, revision } => {
                let name = self.audiences(reads).evaluated(*audience, *revision);
                self.defined.extend(name);
            }
            AudienceNote::Moved(moved) => self.moved(reads, moved, effects)?,
        }
        Ok(())
    }

    /// Whether it changes what audiences there are.
    pub(super) fn defines(&self) -> bool {
        !self.defined.is_empty()
    }

    fn audiences(&mut self, reads: &Reads<'_>) -> &mut Audiences {
        self.audiences.get_or_insert_with(|| Audiences::clone(&reads.live.audiences.load()))
    }

    fn row(&self, reads: &Reads<'_>, key: &str) -> Result<Membership, PipelineError> {
        let known = match self.rows.get(key) {
            Some(known) => known.clone(),
            None => super::membership(reads.place(), key)?,
        };
        Ok(known.map(Arc::unwrap_or_clone).unwrap_or_default())
    }

    fn moved(
        &mut self,
        reads: &Reads<'_>,
        moved: &Moved,
        effects: &mut Effects,
    ) -> Result<(), PipelineError> {
        let Ok(subject) = Subject::parse(&moved.subject) else { return Ok(()) };
        let key = subject.key();
        let mut row = self.row(reads, &key)?;
        let audiences = self.audiences(reads);
        let mut tell = |audience: &Audience, crossing: Crossing| {
            if audience.is_told() {
                let told = AudienceMoved {
                    audience: audience.spec.name.clone(),
                    id: audience.id,
                    revision: audience.revision,
                    subject: subject.clone(),
                    crossing,
                    at: moved.at,
                };
                effects.add(Effect::AudienceMoved(Box::new(told)));
            }
        };
        for id in &moved.exited {
            let Ok(place) = row.of.binary_search_by_key(id, |(of, _)| *of) else { continue };
            row.of.remove(place);
            if let Some(audience) = audiences.by_id(*id).cloned() {
                audiences.count(*id, -1);
                tell(&audience, Crossing::Exited);
            }
        }
        for id in &moved.entered {
            let Err(place) = row.of.binary_search_by_key(id, |(of, _)| *of) else { continue };
            let Some(audience) = audiences.by_id(*id).cloned() else { continue };
            row.of.insert(place, (*id, moved.at));
            audiences.count(*id, 1);
            tell(&audience, Crossing::Entered);
        }
        row.of.retain(|(id, _)| audiences.by_id(*id).is_some());
        self.rows.insert(key, (!row.of.is_empty()).then(|| Arc::new(row)));
        Ok(())
    }

    /// Somebody was erased by a command.
    pub(crate) fn forget(&mut self, reads: &Reads<'_>, key: &str) -> Result<(), PipelineError> {
        let row = self.row(reads, key)?;
        if !row.of.is_empty() {
            let audiences = self.audiences(reads);
            row.ids().for_each(|id| audiences.count(id, -1));
            self.rows.insert(key.to_owned(), None);
        }
        Ok(())
    }

    /// Lets readers see it, and keeps it for the next checkpoint.
    pub(crate) fn show(self, live: &Live, current: &mut Changes) -> Result<(), PipelineError> {
        if let Some(audiences) = self.audiences {
            for name in self.defined {
                current.audiences.defined.insert(name.clone(), audiences.get(&name).cloned());
            }
            current.audiences.totals = Some(audiences.totals()?);
            live.audiences.store(Arc::new(audiences));
        }
        let rows = self.rows.into_iter().map(|(key, row)| (Arc::from(key), row));
        live.pending.write().current.memberships.extend(rows);
        Ok(())
    }
}

/// Removes the rows of people from a store that has everything that is applied. Gives how many there were, and
/// the audiences without them.
pub(crate) fn remove(
    reads: &Reads<'_>,
    whose: &Whose,
    batch: &mut Batch,
) -> Result<(u64, Option<Audiences>), PipelineError> {
    let (mut removed, mut audiences) = (0, Audiences::clone(&reads.live.audiences.load()));
    for key in whose.keys() {
        let Some(bytes) = reads.store.get(reads.tables.memberships, key.as_bytes())? else { continue };
        let row: Membership = tradewind_people::decode(&bytes).map_err(|e| damaged("a membership", &e))?;
        row.ids().for_each(|id| audiences.count(id, -1));
        batch.delete(reads.tables.memberships, key);
        removed += 1;
    }
    if removed == 0 {
        return Ok((0, None));
    }
    batch.put(reads.tables.meta, AUDIENCES, audiences.totals()?);
    Ok((removed, Some(audiences)))
}
