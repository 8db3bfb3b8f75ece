//! The tables of the state, and the keys in them.

use tradewind_ports::{StateError, StateStore, TableId};

/// The tables, open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tables {
    /// Subject key → profile.
    pub(crate) profiles: TableId,
    /// Anonymous id → whose it is.
    pub(crate) links: TableId,
    /// Nodes and edges of the identity graph, see [`crate::identity::rows`].
    pub(crate) edges: TableId,
    /// Merges and splits of users, under the same keys.
    pub(crate) merges: TableId,
    /// Session number (u32 big-endian) → session record.
    pub(crate) sessions: TableId,
    /// Item number (u32 big-endian) → product id.
    pub(crate) items: TableId,
    /// Word (u32 big-endian) → its text, see [`crate::facts`].
    pub(crate) words: TableId,
    /// Item number (u32 big-endian) → product, JSON.
    pub(crate) products: TableId,
    /// Item number (u32 big-endian) → popularity's raw value (f64 big-endian).
    pub(crate) popularity: TableId,
    /// Event name → how many were applied (u64 big-endian).
    pub(crate) counters: TableId,
    /// Hash of an imported message's id → nothing.
    pub(crate) imported: TableId,
    /// Offset of a chunk's first record (u64 big-endian) → bits, and more, see [`crate::duplicates`].
    pub(crate) duplicates: TableId,
    /// Subject key → what the person agreed to.
    pub(crate) consent: TableId,
    /// Log offset (u64 big-endian) → what could not be processed there.
    pub(crate) dead_letters: TableId,
    /// Log offset (u64 big-endian) and id → what others are to be told, see [`crate::outbox`].
    pub(crate) outbox: TableId,
    /// `view@v2`, a zero byte, an entity's key → row of features, see [`crate::features`].
    pub(crate) features: TableId,
    /// `view/` or `service/` and a name → declaration of features.
    pub(crate) feature_views: TableId,
    /// Key of a group of people → what is counted of it, see [`crate::aggregates`].
    pub(crate) groups: TableId,
    /// Word of a category (u32 big-endian) → counts by month.
    pub(crate) seasons: TableId,
    /// Name → definition of an audience, see [`crate::audiences`].
    pub(crate) audiences: TableId,
    /// Subject key → the audiences that somebody is in.
    pub(crate) memberships: TableId,
    /// The offset and the format version.
    pub(crate) meta: TableId,
}

/// The table of what others are to be told: its rows come and go beside what follows from the log.
pub(crate) const OUTBOX: &str = "outbox";
/// Where the projection stands: the offset of the next record to apply, u64 big-endian.
pub(crate) const OFFSET: &[u8] = b"offset";
/// The half-life that popularity is stored with, milliseconds as i64 big-endian.
pub(crate) const HALF_LIFE: &[u8] = b"half_life";
/// The dead letters in numbers, JSON.
pub(crate) const DEAD_LETTERS: &[u8] = b"dead_letters";
/// The identity graph in numbers, see [`crate::identity`].
pub(crate) const IDENTITY: &[u8] = b"identity";
/// How many people audiences have, see [`crate::audiences`].
pub(crate) const AUDIENCES: &[u8] = b"audiences";
/// The version of these tables, one byte.
pub(crate) const VERSION: &[u8] = b"version";
/// The version that this program writes.
pub(crate) const VERSION_NOW: &[u8] = &[1];

impl Tables {
    pub(crate) fn open(store: &dyn StateStore) -> Result<Self, StateError> {
        Ok(Self {
            profiles: store.table("profiles")?,
            links: store.table("links")?,
            edges: store.table("edges")?,
            merges: store.table("merges")?,
            sessions: store.table("sessions")?,
            items: store.table("items")?,
            words: store.table("words")?,
            products: store.table("products")?,
            popularity: store.table("popularity")?,
            counters: store.table("counters")?,
            imported: store.table("imported")?,
            duplicates: store.table("duplicates")?,
            consent: store.table("consent")?,
            dead_letters: store.table("dead_letters")?,
            outbox: store.table(OUTBOX)?,
            features: store.table("features")?,
            feature_views: store.table("feature_views")?,
            groups: store.table("groups")?,
            seasons: store.table("seasons")?,
            audiences: store.table("audiences")?,
            memberships: store.table("memberships")?,
            meta: store.table("meta")?,
        })
    }
}

/// A number that a key holds; `None` when it has another length.
pub(crate) fn u32_of(bytes: &[u8]) -> Option<u32> {
    bytes.try_into().ok().map(u32::from_be_bytes)
}

/// A number that a value holds; `None` when it has another length.
pub(crate) fn u64_of(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}
