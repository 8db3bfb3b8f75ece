//! The projection's part: rows of the state and what the views keep of them.

use rustc_hash::FxHashSet;
use tradewind_kernel::{Subject, UtcMillis};
use tradewind_people::SessionRecord;
use tradewind_people::identity::Owners;
use tradewind_ports::{Batch, Offset};

use super::search::Mentions;
use super::{Whose, graph, shop};
use crate::audiences;
use crate::dead_letters::{Letters, each_stored};
use crate::live::{Live, damaged};
use crate::outbox::Effect;
use crate::pipeline::{Pipeline, PipelineError};
use crate::reads::{self, Reads};
use crate::tables::u32_of;

/// What was removed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    pub(crate) profiles: u64,
    pub(crate) links: u64,
    pub(crate) consents: u64,
    /// Rows of features.
    pub(crate) features: u64,
    /// Rows of who is in which audiences.
    pub(crate) memberships: u64,
    /// What others were to be told of them.
    pub(crate) effects: u64,
    pub(crate) sessions: u64,
    /// Ids of dead letters.
    pub(crate) letters: Vec<Offset>,
}

/// A session of which nothing is left but its number.
fn nobodys() -> SessionRecord {
    let never = UtcMillis::default();
    SessionRecord { subject_hash: 0, started_at: never, last_at: never, clicks: Vec::new() }
}

/// Removes the rows of these people from a store that has everything that is applied, and shows it.
pub(crate) fn remove(reads: &Reads<'_>, whose: &Whose) -> Result<Rows, PipelineError> {
    let Reads { store, tables, live, .. } = *reads;
    let (mut rows, mut batch) = (Rows::default(), Batch::default());
    for key in whose.keys() {
        if store.get(tables.profiles, key.as_bytes())?.is_some() {
            batch.delete(tables.profiles, key);
            rows.profiles += 1;
        }
        if store.get(tables.consent, key.as_bytes())?.is_some() {
            batch.delete(tables.consent, key);
            rows.consents += 1;
        }
    }
    rows.links = graph::remove_links(reads, whose, &mut batch)?;
    let left = graph::remove(reads, whose, &mut batch)?;
    let mut emptied = FxHashSet::default();
    let nobodys = tradewind_people::encode(&nobodys()).map_err(|e| damaged("a session", &e))?;
    for pair in store.scan(tables.sessions, &[]) {
        let (key, value) = pair?;
        let record: SessionRecord = tradewind_people::decode(&value).map_err(|e| damaged("a session", &e))?;
        if whose.is_hash(record.subject_hash) {
            // Its number stays, so that all others keep theirs.
            batch.put(tables.sessions, &key, &nobodys);
            emptied.extend(u32_of(&key));
            rows.sessions += 1;
        }
    }
    remove_letters(reads, whose, &mut rows, &mut batch)?;
    remove_mentions(reads, whose, &mut rows, &mut batch)?;
    let (memberships, audiences) = audiences::remove(reads, whose, &mut batch)?;
    rows.memberships = memberships;
    store.commit(&batch)?;
    forget(live, whose, &emptied);
    if let Some(audiences) = audiences {
        live.audiences.store(std::sync::Arc::new(audiences));
    }
    graph::show(reads, live, &left)?;
    Ok(rows)
}

fn remove_letters(
    reads: &Reads<'_>,
    whose: &Whose,
    rows: &mut Rows,
    batch: &mut Batch,
) -> Result<(), PipelineError> {
    let mentions = Mentions::of(whose)?;
    let mut letters = Letters::default();
    each_stored(reads.store, reads.tables, |id, json| {
        if mentions.are_in(json) || (whose.shop.is_some() && shop::is_letter(json)) {
            rows.letters.push(id);
        }
    })?;
    for &id in &rows.letters {
        letters.drop_letter(reads, id)?;
    }
    letters.write(reads.tables, batch)
}

/// Removes rows of features that are about them, and what others were to be told of them.
fn remove_mentions(
    reads: &Reads<'_>,
    whose: &Whose,
    rows: &mut Rows,
    batch: &mut Batch,
) -> Result<(), PipelineError> {
    let mentions = Mentions::of(whose)?;
    for pair in reads.store.scan(reads.tables.features, &[]) {
        let (key, _) = pair?;
        let entity = key.iter().position(|&byte| byte == 0).map_or(&key[..0], |end| &key[end + 1..]);
        let text = String::from_utf8_lossy(entity);
        if whose.is_key(&text) || mentions.are_in(entity) {
            batch.delete(reads.tables.features, &key);
            rows.features += 1;
        }
    }
    let theirs = whose.finder()?;
    for pair in reads.store.scan(reads.tables.outbox, &[]) {
        let (key, value) = pair?;
        let is_theirs = Effect::decode(&value)
            .map_or_else(|_| mentions.are_in(&value), |effect| theirs.is_effect(&effect));
        if is_theirs {
            batch.delete(reads.tables.outbox, &key);
            rows.effects += 1;
        }
    }
    Ok(())
}

/// Takes them out of what is held in memory.
fn forget(live: &Live, whose: &Whose, emptied: &FxHashSet<u32>) {
    for key in whose.keys() {
        live.profiles.remove(key);
    }
    for number in emptied {
        live.records.remove(number);
    }
    if !emptied.is_empty() {
        let without = live.sessions.read().without(|session| emptied.contains(&session.0));
        *live.sessions.write() = without;
    }
    live.pulses.lock().forget(|subject| whose.is_key(subject));
}

impl Pipeline {
    /// The user that an anonymous id belongs to now, if any.
    pub(super) fn link(&self, anonymous: &str) -> Result<Option<String>, PipelineError> {
        let owners = reads::link(self.inner.place(), anonymous)?;
        Ok(owners.as_ref().and_then(Owners::latest).map(str::to_owned))
    }

    /// Every anonymous id with its owners, once the store has everything that is applied.
    pub(super) fn each_link(&self, mut take: impl FnMut(&str, &Owners)) -> Result<(), PipelineError> {
        tradewind_ports::block_on(self.flushed())?;
        for pair in self.inner.store.scan(self.inner.tables.links, &[]) {
            let (anonymous, owners) = pair?;
            take(&String::from_utf8_lossy(&anonymous), &Owners::decode(&owners));
        }
        Ok(())
    }

    /// The key of every profile in the store.
    pub(super) fn each_profile_key(&self, take: &mut impl FnMut(String)) -> Result<(), PipelineError> {
        for pair in self.inner.store.scan(self.inner.tables.profiles, &[]) {
            take(String::from_utf8_lossy(&pair?.0).into_owned());
        }
        Ok(())
    }
}

/// Whether an event's ids are theirs.
pub(super) fn is_theirs(
    whose: &Whose,
    user: Option<&str>,
    anonymous: Option<&str>,
    previous: Option<&str>,
) -> bool {
    user.is_some_and(|id| whose.is_user(id))
        || anonymous.is_some_and(|id| whose.is_anonymous(id))
        || previous.is_some_and(|id| whose.is_user(id) || whose.is_anonymous(id))
}

/// The keys that an event names.
pub(super) fn keys_of(user: Option<&str>, anonymous: Option<&str>, take: &mut impl FnMut(String)) {
    user.into_iter().for_each(|id| take(Subject::User(id.to_owned()).key()));
    anonymous.into_iter().for_each(|id| take(Subject::Anonymous(id.to_owned()).key()));
}
