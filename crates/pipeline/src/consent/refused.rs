//! Who refuses what the projection itself does, by the hashes of their keys, for a look that costs nothing.

use rustc_hash::{FxHashMap, FxHashSet};
use tradewind_kernel::{Purpose, Subject};
use tradewind_people::consent::{Policy, Record, Standing};
use tradewind_ports::StateStore;
use xxhash_rust::xxh3::xxh3_64;

use super::denies_analytics;
use crate::live::damaged;
use crate::pipeline::PipelineError;
use crate::tables::Tables;

/// Hashes of subject keys.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    /// Those who said that nothing may be kept under a name of theirs.
    analytics: FxHashSet<u64>,
    /// Whether it may be learned from those of whom nothing is known.
    may_train_on_unknown: bool,
    /// Those for whom it is the other way round, by their own word or by their region's rule.
    train_otherwise: FxHashSet<u64>,
}

impl Refused {
    /// Reads all of them.
    pub(crate) fn load(
        store: &dyn StateStore,
        tables: &Tables,
        policy: &Policy,
    ) -> Result<Self, PipelineError> {
        let may_train_on_unknown = policy.standing(None).allows(Purpose::ModelTraining);
        let mut refused = Self { may_train_on_unknown, ..Self::default() };
        for pair in store.scan(tables.consent, &[]) {
            let (key, value) = pair?;
            let record = tradewind_people::decode(&value).map_err(|e| damaged("a record of consent", &e))?;
            refused.note(&String::from_utf8_lossy(&key), &record, policy);
        }
        // What an anonymous id did counts as what its user did.
        if !refused.train_otherwise.is_empty() {
            for pair in store.scan(tables.links, &[]) {
                let (anonymous, user) = pair?;
                let [anonymous, user] = [anonymous, user].map(|id| String::from_utf8_lossy(&id).into_owned());
                let [anonymous, user] = [Subject::Anonymous(anonymous), Subject::User(user)].map(|s| s.key());
                let may_train = !refused.refuses_training_by(&user);
                refused.train(hash_of(&anonymous), may_train);
            }
        }
        Ok(refused)
    }

    /// Takes notice of a record.
    pub(crate) fn note(&mut self, key: &str, record: &Record, policy: &Policy) {
        let hash = hash_of(key);
        if denies_analytics(record) {
            self.analytics.insert(hash);
        } else {
            self.analytics.remove(&hash);
        }
        self.train(hash, policy.standing(Some(record)).allows(Purpose::ModelTraining));
    }

    fn train(&mut self, hash: u64, may_train: bool) {
        if may_train == self.may_train_on_unknown {
            self.train_otherwise.remove(&hash);
        } else {
            self.train_otherwise.insert(hash);
        }
    }

    pub(crate) fn refuses_analytics_by(&self, key: &str) -> bool {
        !self.analytics.is_empty() && self.analytics.contains(&hash_of(key))
    }

    pub(crate) fn refuses_training_by(&self, key: &str) -> bool {
        let is_otherwise = !self.train_otherwise.is_empty() && self.train_otherwise.contains(&hash_of(key));
        self.may_train_on_unknown == is_otherwise
    }

    /// By the hash that a session's record holds.
    pub(crate) fn refuses_training(&self, subject_hash: u64) -> bool {
        self.may_train_on_unknown == self.train_otherwise.contains(&subject_hash)
    }
}

/// What people agree to, by the hashes of their keys. An anonymous id agrees to no more than its user.
pub(super) fn standings(
    store: &dyn StateStore,
    tables: &Tables,
    policy: &Policy,
) -> Result<FxHashMap<u64, Standing>, PipelineError> {
    let mut standings = FxHashMap::default();
    for pair in store.scan(tables.consent, &[]) {
        let (key, value) = pair?;
        let record = tradewind_people::decode(&value).map_err(|e| damaged("a record of consent", &e))?;
        standings.insert(xxh3_64(&key), policy.standing(Some(&record)));
    }
    for pair in store.scan(tables.links, &[]) {
        let (anonymous, user) = pair?;
        let [anonymous, user] = [anonymous, user].map(|id| String::from_utf8_lossy(&id).into_owned());
        let [anonymous, user] =
            [Subject::Anonymous(anonymous), Subject::User(user)].map(|s| hash_of(&s.key()));
        let Some(of_user) = standings.get(&user).copied() else { continue };
        let own = standings.get(&anonymous).copied();
        standings.insert(anonymous, own.map_or(of_user, |own| own.narrowed_by(of_user)));
    }
    Ok(standings)
}

/// As in the records of sessions.
fn hash_of(key: &str) -> u64 {
    xxh3_64(key.as_bytes())
}
