//! Whom a request means: every key of a person, and their turns at browsers that others used too.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use tradewind_kernel::Subject;

use super::{Whose, turns};
use crate::pipeline::{Pipeline, PipelineError};

/// One request's people while the table of links is read.
#[derive(Default)]
struct Sought {
    users: BTreeSet<String>,
    keys: BTreeSet<String>,
    turns: Vec<turns::Turn>,
}

impl Pipeline {
    /// All keys of the person that a subject is: the user, those that it is merged with, and every anonymous id
    /// that belongs to these alone. It reads the whole table of links.
    ///
    /// # Errors
    /// [`PipelineError`] when the state does not read, or the projection has stopped.
    pub fn keys_of(&self, subject: &Subject) -> Result<BTreeSet<String>, PipelineError> {
        self.keys_of_all(std::slice::from_ref(subject))
    }

    /// The same for several people at once.
    ///
    /// # Errors
    /// As [`keys_of`](Self::keys_of).
    pub fn keys_of_all(&self, subjects: &[Subject]) -> Result<BTreeSet<String>, PipelineError> {
        Ok(self.people(&[subjects])?.into_iter().flat_map(|whose| whose.keys).collect())
    }

    /// The people whom each of these requests means, in their order, with their turns at browsers that others used
    /// too. It reads the whole table of links, once.
    ///
    /// # Errors
    /// As [`keys_of`](Self::keys_of).
    pub fn people(&self, requests: &[&[Subject]]) -> Result<Vec<Whose>, PipelineError> {
        let mut sought = Vec::with_capacity(requests.len());
        for subjects in requests {
            sought.push(self.sought(subjects)?);
        }
        let mut of_user: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (n, one) in sought.iter().enumerate() {
            one.users.iter().for_each(|user| of_user.entry(user.clone()).or_default().push(n));
        }
        if !of_user.is_empty() {
            self.each_link(|anonymous, owners| {
                let mut meant: Vec<usize> = owners
                    .runs()
                    .flat_map(|(_, user)| of_user.get(user).into_iter().flatten().copied())
                    .collect();
                meant.sort_unstable();
                meant.dedup();
                for n in meant {
                    let Sought { users, keys, turns } = &mut sought[n];
                    if owners.runs().all(|(_, user)| users.contains(user)) {
                        keys.insert(Subject::Anonymous(anonymous.to_owned()).key());
                    } else {
                        turns.extend(turns::of(anonymous, owners, |user| users.contains(user)));
                    }
                }
            })?;
        }
        Ok(sought.into_iter().map(Sought::done).collect())
    }

    fn sought(&self, subjects: &[Subject]) -> Result<Sought, PipelineError> {
        let mut sought = Sought { keys: subjects.iter().map(Subject::key).collect(), ..Sought::default() };
        for subject in subjects {
            let user = match subject {
                Subject::User(user) => Some(user.clone()),
                Subject::Anonymous(id) => self.link(id)?,
            };
            let Some(user) = user else { continue };
            let merged = self.person(&Subject::User(user.clone()))?;
            sought.users.extend(merged.iter().flat_map(|person| person.users.clone()));
            sought.users.insert(user);
        }
        Ok(sought)
    }
}

impl Sought {
    fn done(self) -> Whose {
        let users = self.users.into_iter().map(|user| Subject::User(user).key());
        let keys: BTreeSet<String> = self.keys.into_iter().chain(users).collect();
        let turns = self
            .turns
            .into_iter()
            .filter(|turn| !keys.contains(&Subject::Anonymous(turn.anonymous.clone()).key()));
        let turns: Vec<_> = turns.collect();
        Whose::new(keys).with_turns(turns)
    }
}
