//! When to look at somebody again, because what is known of a visit ends with the visit.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tradewind_kernel::UtcMillis;

/// Keys that wait. Beyond that nobody waits: the next pass finds them.
const MAX_WAITING: usize = 200_000;

/// Keys by the time at which they are due, each once.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    by_time: BTreeSet<(UtcMillis, Arc<str>)>,
    times: HashMap<Arc<str>, UtcMillis>,
}

impl Timers {
    /// Sets the time for a key, in place of an earlier one.
    pub(crate) fn set(&mut self, key: Arc<str>, at: UtcMillis) {
        if let Some(before) = self.times.get(&key).copied() {
            self.by_time.remove(&(before, Arc::clone(&key)));
        } else if self.times.len() >= MAX_WAITING {
            return;
        }
        self.times.insert(Arc::clone(&key), at);
        self.by_time.insert((at, key));
    }

    /// Takes those that are due.
    pub(crate) fn due(&mut self, now: UtcMillis) -> Vec<Arc<str>> {
        let mut due = Vec::new();
        while self.by_time.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, key)) = self.by_time.pop_first() else { break };
            self.times.remove(&key);
            due.push(key);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_waits_for_its_latest_time() {
        let mut timers = Timers::default();
        let at = UtcMillis::new;
        for (key, time) in [("a", 5), ("b", 7), ("a", 9)] {
            timers.set(key.into(), at(time));
        }
        assert_eq!(timers.due(at(6)), Vec::<Arc<str>>::new());
        assert_eq!(timers.due(at(9)), [Arc::from("b"), Arc::from("a")]);
        assert!(timers.by_time.is_empty() && timers.times.is_empty());
    }
}
