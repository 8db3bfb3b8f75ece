//! What the folding of a batch reads, as it was before the batch: in memory what changed lately, else the
//! caches and the store.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use tradewind_kernel::Currency;
use tradewind_people::consent::Record;
use tradewind_people::identity::Owners;
use tradewind_people::{Profile, SessionRecord};
use tradewind_ports::StateStore;

use crate::changes::Changes;
use crate::live::{Live, damaged};
use crate::pipeline::PipelineError;
use crate::sieve::key_of;
use crate::tables::Tables;

/// What is shown: in memory what changed lately, and the store.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) store: &'a dyn StateStore,
    pub(crate) tables: &'a Tables,
    pub(crate) live: &'a Live,
}

/// Where to look.
#[derive(Clone, Copy)]
pub(crate) struct Reads<'a> {
    pub(crate) store: &'a dyn StateStore,
    pub(crate) tables: &'a Tables,
    pub(crate) live: &'a Live,
    /// What the keeper is committing.
    pub(crate) frozen: Option<&'a Changes>,
    pub(crate) currency: Currency,
}

impl<'a> Reads<'a> {
    pub(crate) fn place(&self) -> Place<'a> {
        Place { store: self.store, tables: self.tables, live: self.live }
    }

    /// Whose an anonymous id is.
    pub(crate) fn link(&self, anonymous: &str) -> Result<Option<Owners>, PipelineError> {
        link(self.place(), anonymous)
    }

    /// The profile under a key.
    pub(crate) fn profile(&self, key: &str) -> Result<Option<Arc<Profile>>, PipelineError> {
        profile(self.place(), key)
    }

    /// What is known of consent under a key.
    pub(crate) fn consent(&self, key: &str) -> Result<Option<Arc<Record>>, PipelineError> {
        consent(self.place(), key)
    }

    /// The record of a session, if it was ever written.
    pub(crate) fn session(&self, number: u32) -> Result<Option<Arc<SessionRecord>>, PipelineError> {
        let lately = self.frozen.and_then(|f| f.sessions.get(&number)).cloned();
        if let Some(record) = lately.or_else(|| self.live.records.get(&number)) {
            return Ok(Some(record));
        }
        decoded(self.store.get(self.tables.sessions, &number.to_be_bytes())?, "a session")
    }
}

/// Whose an anonymous id is, as it is now.
pub(crate) fn link(place: Place<'_>, anonymous: &str) -> Result<Option<Owners>, PipelineError> {
    if !place.live.linked.read().may_have(&key_of(anonymous)) {
        return Ok(None);
    }
    if let Some(changed) = place.live.pending.read().link(anonymous) {
        return Ok(changed);
    }
    let stored = place.store.get(place.tables.links, anonymous.as_bytes())?;
    Ok(stored.map(|owners| Owners::decode(&owners)))
}

/// The profile under a key, as it is now.
pub(crate) fn profile(place: Place<'_>, key: &str) -> Result<Option<Arc<Profile>>, PipelineError> {
    let Place { store, tables, live } = place;
    if let Some(changed) = live.pending.read().profile(key) {
        return Ok(changed);
    }
    if let Some(profile) = live.profiles.get(key) {
        return Ok(Some(profile));
    }
    decoded(store.get(tables.profiles, key.as_bytes())?, "a profile")
}

/// What is known of consent under a key, as it is now.
pub(crate) fn consent(place: Place<'_>, key: &str) -> Result<Option<Arc<Record>>, PipelineError> {
    let Place { store, tables, live } = place;
    if let Some(changed) = live.pending.read().consent(key) {
        return Ok(Some(changed));
    }
    if let Some(record) = live.consents.get(key) {
        return Ok(Some(record));
    }
    decoded(store.get(tables.consent, key.as_bytes())?, "a record of consent")
}

/// What a value of the store stands for, if there is one.
fn decoded<T: DeserializeOwned>(
    value: Option<Bytes>,
    what: &'static str,
) -> Result<Option<Arc<T>>, PipelineError> {
    let read = |bytes: Bytes| tradewind_people::decode(&bytes).map(Arc::new);
    value.map(read).transpose().map_err(|e| damaged(what, &e))
}
