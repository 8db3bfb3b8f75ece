//! Removing people: what the state, the views and the log hold under their keys goes, for good.
//!
//! In three steps. The projection, which alone writes the state, stops between two batches, waits until the
//! store has everything, and removes the rows; nobody sees them from then on ([`rows`]). Then the log is
//! searched up to that point, and what is theirs is overwritten with zeros ([`search`]). Then the store lets go
//! of the older data. So what the log holds afterwards gives the state again, but for what was counted of them:
//! popularity, counts of events, of first visits and of months, and the numbers of sessions stay as they were, and name nobody.
//!
//! What came after the projection's stop is the beginning of something new. An interrupted erasure is made
//! again from its beginning; a second one finds nothing and changes nothing.

mod graph;
mod rows;
mod search;
mod shop;
mod theirs;
mod turns;
mod who;

use std::collections::BTreeSet;
use std::sync::mpsc;

use rustc_hash::FxHashSet;
use serde::Serialize;
use tradewind_kernel::{Subject, UtcMillis};
use tradewind_ports::Offset;
use xxhash_rust::xxh3::xxh3_64;

use crate::dead_letters::each_stored;
use crate::pipeline::{Pipeline, PipelineError};

pub(crate) use rows::{Rows, remove};
pub use theirs::Theirs;
pub use turns::Turn;

/// The people that are meant, by all their keys.
#[derive(Debug, Default, Clone)]
pub struct Whose {
    keys: BTreeSet<String>,
    hashes: FxHashSet<u64>,
    /// When browsers that others used too were theirs.
    turns: turns::Turns,
    /// The domain of a shop whose Shopify's records are meant too, whoever they name.
    shop: Option<String>,
}

impl Whose {
    /// Those with these keys, as [`Subject::key`] writes them.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = String>) -> Self {
        let keys: BTreeSet<String> = keys.into_iter().collect();
        let hashes = keys.iter().map(|key| xxh3_64(key.as_bytes())).collect();
        Self { keys, hashes, ..Self::default() }
    }

    /// The same people, with what happened on browsers of several people while it was their turn.
    #[must_use]
    pub fn with_turns(mut self, turns: impl IntoIterator<Item = Turn>) -> Self {
        turns.into_iter().for_each(|turn| self.turns.add(turn));
        self
    }

    /// The same people, with every record that came from this shop's Shopify, by its `….myshopify.com`.
    #[must_use]
    pub fn with_shop(mut self, domain: Option<String>) -> Self {
        self.shop = domain.or(self.shop);
        self
    }

    /// The shop whose Shopify's records are meant too.
    #[must_use]
    pub fn shop(&self) -> Option<&str> {
        self.shop.as_deref()
    }

    /// All of these people together.
    #[must_use]
    pub fn together<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let (mut keys, mut turns, mut shop) = (BTreeSet::new(), Vec::new(), None);
        for one in all {
            keys.extend(one.keys.iter().cloned());
            turns.extend(one.turns());
            shop = shop.or_else(|| one.shop.clone());
        }
        Self::new(keys).with_turns(turns).with_shop(shop)
    }

    /// When browsers that others used too were theirs.
    pub fn turns(&self) -> impl Iterator<Item = Turn> + '_ {
        self.turns.all()
    }

    /// Whether a subject's key is one of theirs.
    #[must_use]
    pub fn is_key(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// Whether a session's record is one of theirs, by the hash of its subject's key.
    pub(crate) fn is_hash(&self, hash: u64) -> bool {
        self.hashes.contains(&hash)
    }

    fn is_user(&self, id: &str) -> bool {
        self.keys.contains(&Subject::User(id.to_owned()).key())
    }

    fn is_anonymous(&self, id: &str) -> bool {
        self.keys.contains(&Subject::Anonymous(id.to_owned()).key())
    }

    /// Whether an event or a decision that names these ids is theirs, its time aside.
    #[must_use]
    pub fn are_named(&self, user: Option<&str>, anonymous: Option<&str>, previous: Option<&str>) -> bool {
        rows::is_theirs(self, user, anonymous, previous)
    }

    /// The same of what happened at a time: also what names nothing but a browser of several people, in their turn.
    #[must_use]
    pub fn are_named_at(
        &self,
        user: Option<&str>,
        anonymous: Option<&str>,
        previous: Option<&str>,
        at: UtcMillis,
    ) -> bool {
        rows::is_theirs(self, user, anonymous, previous)
            || (user.is_none() && anonymous.is_some_and(|id| self.turns.hold(id, at)))
    }

    /// Their keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(String::as_str)
    }

    /// Their ids as events and requests name them.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|key| key.get(2..)).filter(|id| !id.is_empty())
    }
}

/// Something that is held of people.
#[derive(Debug, Clone, Copy)]
pub enum Held<'a> {
    /// A record of the log, which [`Entry`](crate::Entry) reads.
    Record(Offset, &'a [u8]),
    /// A dead letter, as JSON.
    Letter(Offset, &'a [u8]),
}

/// What was found and removed, by where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Erased {
    /// Profiles.
    pub profiles: u64,
    /// Links of an anonymous id to its user.
    pub links: u64,
    /// Records of consent.
    pub consents: u64,
    /// Rows of features.
    pub features: u64,
    /// Rows of who is in which audiences.
    pub memberships: u64,
    /// What waited in the outbox, to be told to others.
    pub effects: u64,
    /// Records of sessions, which models are trained on.
    pub sessions: u64,
    /// Dead letters that named them.
    pub dead_letters: u64,
    /// Records of the log: events, decisions, notes.
    pub log_records: u64,
}

impl Erased {
    /// Everything together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.profiles
            + self.links
            + self.consents
            + self.features
            + self.memberships
            + self.effects
            + self.sessions
            + self.dead_letters
            + self.log_records
    }
}

/// What the projection is told to remove, and whom to answer.
pub(crate) struct Order {
    pub(crate) whose: Whose,
    pub(crate) reply: mpsc::SyncSender<(Rows, Offset)>,
}

impl Pipeline {
    /// All keys that are in the state or in the log and are wanted: to find people again of whom only a
    /// fingerprint is known. It reads everything.
    ///
    /// # Errors
    /// [`PipelineError`] when the state or the log does not read.
    pub fn find_keys(&self, is_wanted: &dyn Fn(&str) -> bool) -> Result<BTreeSet<String>, PipelineError> {
        let mut keys = BTreeSet::new();
        let mut note = |key: String| {
            if !keys.contains(&key) && is_wanted(&key) {
                keys.insert(key);
            }
        };
        self.each_link(|anonymous, owners| {
            note(Subject::Anonymous(anonymous.to_owned()).key());
            owners.runs().for_each(|(_, user)| note(Subject::User(user.to_owned()).key()));
        })?;
        self.each_profile_key(&mut note)?;
        each_stored(self.inner.store.as_ref(), &self.inner.tables, |_, json| search::words(json, &mut note))?;
        search::keys(self.inner.log.as_ref(), &mut note)?;
        Ok(keys)
    }

    /// Hands out what the log and the table of dead letters hold of these people, as [`erase`](Self::erase)
    /// would remove it. It reads the whole log.
    ///
    /// # Errors
    /// [`PipelineError`] when the state or the log does not read.
    pub fn each_held(&self, whose: &Whose, mut take: impl FnMut(Held<'_>)) -> Result<(), PipelineError> {
        let mentions = search::Mentions::of(whose)?;
        let mut letters = Vec::new();
        each_stored(self.inner.store.as_ref(), &self.inner.tables, |id, json| {
            if mentions.are_in(json) || (whose.shop.is_some() && shop::is_letter(json)) {
                letters.push(id);
                take(Held::Letter(id, json));
            }
        })?;
        let log = self.inner.log.as_ref();
        search::each_record(log, log.end(), whose, &letters, |offset, bytes| {
            take(Held::Record(offset, bytes));
        })
    }

    /// Removes these people. Blocks until nothing of them is left, as long as it takes to read the state and
    /// the log, and to write the store anew.
    ///
    /// # Errors
    /// [`PipelineError`]; then some of it may be done, and the same call made again does the rest.
    pub fn erase(&self, whose: &Whose) -> Result<Erased, PipelineError> {
        let _nobody_is_decided_of = self.inner.erasing.lock();
        let (reply, answer) = mpsc::sync_channel(1);
        self.inner.orders.lock().push(Order { whose: whose.clone(), reply });
        // The projection drops the reply when it stops.
        let (rows, until) = answer.recv().map_err(|_| PipelineError::Stopped)?;
        let found = search::records(self.inner.log.as_ref(), until, whose, &rows.letters)?;
        let log_records = self.inner.log.erase(&found)?;
        self.inner.store.purge()?;
        Ok(Erased {
            profiles: rows.profiles,
            links: rows.links,
            consents: rows.consents,
            features: rows.features,
            memberships: rows.memberships,
            effects: rows.effects,
            sessions: rows.sessions,
            dead_letters: rows.letters.len() as u64,
            log_records,
        })
    }
}

#[cfg(test)]
mod tests;
