//! Of whom nothing is taken any more.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use rustc_hash::FxHashSet;

use crate::prints::{Print, Prints};

/// The people of whom no event is taken, by fingerprint. While there are none, asking costs one load.
pub struct Suppression {
    is_empty: AtomicBool,
    prints: Prints,
    set: RwLock<FxHashSet<Print>>,
}

impl Suppression {
    pub(crate) fn new(prints: Prints) -> Self {
        Self { is_empty: AtomicBool::new(true), prints, set: RwLock::default() }
    }

    /// Whether nobody is meant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_empty.load(Ordering::Relaxed)
    }

    /// Whether one of an event's ids is of somebody of whom nothing is taken: two HMACs, about a microsecond,
    /// if there is anybody.
    #[must_use]
    pub fn covers(&self, user_id: Option<&str>, anonymous_id: Option<&str>) -> bool {
        if self.is_empty() {
            return false;
        }
        let is_in = |kind: &str, id: Option<&str>| {
            id.is_some_and(|id| self.set.read().contains(&self.prints.of(&format!("{kind}:{id}"))))
        };
        is_in("u", user_id) || is_in("a", anonymous_id)
    }

    pub(crate) fn add(&self, prints: impl Iterator<Item = Print>) {
        let mut set = self.set.write();
        set.extend(prints);
        self.is_empty.store(set.is_empty(), Ordering::Relaxed);
    }

    pub(crate) fn remove(&self, prints: impl Iterator<Item = Print>) {
        let mut set = self.set.write();
        for print in prints {
            set.remove(&print);
        }
        self.is_empty.store(set.is_empty(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_id_is_enough_and_nobody_is_the_default() {
        let prints = Prints::new(&[7; 32]);
        let suppression = Suppression::new(prints.clone());
        assert!(suppression.is_empty() && !suppression.covers(Some("ann"), Some("device")));
        suppression.add(["u:ann", "a:device"].into_iter().map(|key| prints.of(key)));
        assert!(suppression.covers(Some("ann"), None) && suppression.covers(Some("bob"), Some("device")));
        assert!(!suppression.covers(Some("device"), Some("ann")) && !suppression.covers(None, None));
        suppression.remove(["u:ann", "a:device"].into_iter().map(|key| prints.of(key)));
        assert!(suppression.is_empty() && !suppression.covers(Some("ann"), Some("device")));
    }
}
