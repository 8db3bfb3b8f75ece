//! All groups with what is counted of them.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use super::estimate::{Priors, Strengths};
use super::{Gain, Group, GroupCounts, MAX_GROUPS, Way};

/// The groups.
#[derive(Debug, Default)]
pub struct Groups<S> {
    groups: HashMap<Group, GroupCounts, S>,
    /// Events that were counted since it was made.
    changes: u64,
    /// How much groups differ, as of so many changes: computed when it is asked for, so that it follows from the
    /// counts alone.
    strengths: Mutex<Option<(u64, Strengths)>>,
}

impl<S: BuildHasher + Default> Groups<S> {
    /// Those that were counted before.
    #[must_use]
    pub fn restore(groups: impl IntoIterator<Item = (Group, GroupCounts)>) -> Self {
        Self { groups: groups.into_iter().collect(), changes: 0, strengths: Mutex::default() }
    }

    /// Counts what an event adds, and tells by `changed` which groups are others now.
    pub fn add(&mut self, gain: &Gain, mut changed: impl FnMut(Group)) {
        if let Some((channel, country)) = gain.before {
            for group in Group::all(channel, country) {
                if let Some(counts) = self.groups.get_mut(&group) {
                    counts.leave();
                    changed(group);
                }
            }
        }
        let (channel, country) = gain.way;
        for group in Group::all(channel, country) {
            if self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&group) {
                continue;
            }
            self.groups.entry(group).or_default().add(gain);
            changed(group);
        }
        self.changes += 1;
    }

    /// What is counted of a group.
    #[must_use]
    pub fn of(&self, group: Group) -> Option<&GroupCounts> {
        self.groups.get(&group)
    }

    /// Every group, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Group, &GroupCounts)> {
        self.groups.iter().map(|(group, counts)| (*group, counts))
    }

    fn strengths(&self) -> Strengths {
        // Whoever panicked while holding it left a whole value, or none.
        let mut known = self.strengths.lock().unwrap_or_else(PoisonError::into_inner);
        match *known {
            Some((changes, strengths)) if changes == self.changes => strengths,
            _ => known.insert((self.changes, Strengths::of(&self.groups))).1,
        }
    }

    /// What may be expected of somebody who came this way.
    #[must_use]
    pub fn priors(&self, way: Way) -> Priors {
        Priors::of(&self.strengths(), Group::all(way.0, way.1).map(|group| (group, self.of(group))))
    }
}
