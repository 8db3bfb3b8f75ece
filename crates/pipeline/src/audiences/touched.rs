//! Whom to look at again: the keys of those whose profile, consent or identity has changed.
//!
//! Kept only while somebody watches. It is a set in memory of at most [`MAX_KEYS`]; when there are more, it is
//! emptied and everybody is to be looked at. A crash loses it, so that everybody is looked at after a start.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rustc_hash::FxHashSet;
use tradewind_kernel::Subject;

use crate::fold::Folded;
use crate::identity::rows::edge_of;
use crate::live::Live;
use crate::plan::Plan;

/// Keys that are kept.
const MAX_KEYS: usize = 500_000;

/// What has changed since the last time somebody asked.
#[derive(Debug, Default)]
pub struct Touched {
    /// Profile keys.
    pub keys: FxHashSet<Arc<str>>,
    /// There were too many: anybody may have changed.
    pub is_everybody: bool,
}

/// The set, and whoever waits for it.
#[derive(Debug, Default)]
pub(crate) struct Touches {
    is_watched: AtomicBool,
    set: Mutex<(Touched, bool)>,
    changed: Condvar,
}

/// What a batch touches.
#[derive(Debug, Default)]
pub(crate) struct Touch {
    keys: Vec<Arc<str>>,
    /// Users whose merges change.
    users: Vec<String>,
    defines: bool,
}

impl Touches {
    pub(crate) fn watch(&self, is_watched: bool) {
        self.is_watched.store(is_watched, Ordering::Release);
    }

    /// Adds what a batch that is shown touches.
    pub(crate) fn add(&self, mut touch: Touch, live: &Live) {
        if touch.keys.is_empty() && touch.users.is_empty() && !touch.defines {
            return;
        }
        touch.join_persons(live);
        let mut set = self.set.lock();
        set.0.keys.extend(touch.keys);
        set.1 |= touch.defines;
        if set.0.keys.len() > MAX_KEYS {
            set.0 = Touched { is_everybody: true, ..Touched::default() };
        }
        drop(set);
        self.changed.notify_all();
    }

    /// Adds keys again that could not be looked at.
    pub(crate) fn again(&self, keys: impl IntoIterator<Item = Arc<str>>) {
        self.set.lock().0.keys.extend(keys);
    }

    /// Takes what is there, so many keys at most; waits for it at most so long.
    pub(crate) fn take(&self, patience: Duration, limit: usize) -> Touched {
        let mut set = self.set.lock();
        if set.0.keys.is_empty() && !set.0.is_everybody && !set.1 {
            self.changed.wait_for(&mut set, patience);
        }
        set.1 = false;
        if set.0.keys.len() <= limit {
            return std::mem::take(&mut set.0);
        }
        let keys: FxHashSet<Arc<str>> = set.0.keys.iter().take(limit).cloned().collect();
        set.0.keys.retain(|key| !keys.contains(key));
        Touched { keys, is_everybody: std::mem::take(&mut set.0.is_everybody) }
    }
}

impl Touch {
    /// All users of the persons that those are whose merges change.
    fn join_persons(&mut self, live: &Live) {
        if self.users.is_empty() {
            return;
        }
        let merged = live.merged.load();
        for user in &self.users {
            let person = merged.persons.of(user).map_or(std::slice::from_ref(user), |p| &p.users);
            self.keys.extend(person.iter().map(|user| Arc::from(Subject::User(user.clone()).key())));
        }
    }
}

/// What a batch touches, asked before it is shown.
pub(crate) fn of_batch(plan: &Plan, folded: &Folded, live: &Live) -> Option<Touch> {
    let defines = plan.audiences.as_ref().is_some_and(|audiences| audiences.defines());
    if !live.touches.is_watched.load(Ordering::Acquire) {
        return defines.then(|| Touch { defines, ..Touch::default() });
    }
    let mut touch = Touch { defines, ..Touch::default() };
    touch.keys.extend(folded.profiles.iter().map(|(number, _)| Arc::clone(plan.keys.key(*number))));
    touch.keys.extend(plan.consents.keys().map(Arc::from));
    touch.keys.extend(plan.links.keys().map(|id| Arc::from(Subject::Anonymous(id.clone()).key())));
    let edges = plan.woven.merge_rows.keys().filter_map(|key| edge_of(key));
    touch
        .users
        .extend(edges.flat_map(|id| [id.one, id.other]).filter_map(|node| node.as_user().map(str::to_owned)));
    // Those who are one person up to now; once it is shown, those who are from then on.
    touch.join_persons(live);
    Some(touch)
}
