//! What the folding of a batch reads, as it was before the batch: in memory what changed lately, else the
//! caches and the store.

use std::sync::Arc;

use tradewind_kernel::Currency;
use tradewind_people::consent::Record;
use tradewind_people::{Profile, SessionRecord};
use tradewind_ports::StateStore;

use crate::changes::Changes;
use crate::live::{Live, damaged};
use crate::pipeline::PipelineError;
use crate::tables::Tables;

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

impl Reads<'_> {
    /// The user that an anonymous id belongs to.
    pub(crate) fn link(&self, anonymous: &str) -> Result<Option<String>, PipelineError> {
        link(self.store, self.tables, self.live, anonymous)
    }

    /// The profile under a key.
    pub(crate) fn profile(&self, key: &str) -> Result<Option<Arc<Profile>>, PipelineError> {
        profile(self.store, self.tables, self.live, key)
    }

    /// What is known of consent under a key.
    pub(crate) fn consent(&self, key: &str) -> Result<Option<Arc<Record>>, PipelineError> {
        consent(self.store, self.tables, self.live, key)
    }

    /// The record of a session, if it was ever written.
    pub(crate) fn session(&self, number: u32) -> Result<Option<Arc<SessionRecord>>, PipelineError> {
        let lately = self.frozen.and_then(|f| f.sessions.get(&number)).cloned();
        if let Some(record) = lately.or_else(|| self.live.records.get(&number)) {
            return Ok(Some(record));
        }
        let stored = self.store.get(self.tables.sessions, &number.to_be_bytes())?;
        let read = |bytes: bytes::Bytes| {
            tradewind_people::decode(&bytes).map(Arc::new).map_err(|e| damaged("a session", &e))
        };
        stored.map(read).transpose()
    }
}

/// The user that an anonymous id belongs to, as it is now.
pub(crate) fn link(
    store: &dyn StateStore,
    tables: &Tables,
    live: &Live,
    anonymous: &str,
) -> Result<Option<String>, PipelineError> {
    if let Some(user) = live.pending.read().link(anonymous) {
        return Ok(Some(user));
    }
    let stored = store.get(tables.links, anonymous.as_bytes())?;
    Ok(stored.map(|user| String::from_utf8_lossy(&user).into_owned()))
}

/// The profile under a key, as it is now.
pub(crate) fn profile(
    store: &dyn StateStore,
    tables: &Tables,
    live: &Live,
    key: &str,
) -> Result<Option<Arc<Profile>>, PipelineError> {
    if let Some(changed) = live.pending.read().profile(key) {
        return Ok(changed);
    }
    if let Some(profile) = live.profiles.get(key) {
        return Ok(Some(profile));
    }
    let stored = store.get(tables.profiles, key.as_bytes())?;
    let read = |bytes: bytes::Bytes| tradewind_people::decode(&bytes).map(Arc::new);
    stored.map(read).transpose().map_err(|e| damaged("a profile", &e))
}

/// What is known of consent under a key, as it is now.
pub(crate) fn consent(
    store: &dyn StateStore,
    tables: &Tables,
    live: &Live,
    key: &str,
) -> Result<Option<Arc<Record>>, PipelineError> {
    if let Some(changed) = live.pending.read().consent(key) {
        return Ok(Some(changed));
    }
    if let Some(record) = live.consents.get(key) {
        return Ok(Some(record));
    }
    let stored = store.get(tables.consent, key.as_bytes())?;
    let read = |bytes: bytes::Bytes| tradewind_people::decode(&bytes).map(Arc::new);
    stored.map(read).transpose().map_err(|e| damaged("a record of consent", &e))
}
