//! The thread with rules that are made up.

use std::sync::atomic::{AtomicU64, Ordering};

use tradewind_embedded::BlobFiles;
use tradewind_kernel::FixedClock;

use super::*;

const NOW: UtcMillis = UtcMillis::new(1_790_000_000_000);

/// A class with so many old things, of which it can fail to remove any.
struct Pile {
    keep: Keep,
    days: u32,
    old: AtomicU64,
    mark: Option<u64>,
    fails: bool,
}

impl Rule for Pile {
    fn keep(&self) -> Keep {
        self.keep
    }

    fn days(&self) -> u32 {
        self.days
    }

    fn oldest(&self) -> Result<Option<UtcMillis>, String> {
        Ok((self.old.load(Ordering::Relaxed) > 0).then(|| NOW.plus(-90 * UtcMillis::DAY)))
    }

    fn enforce(&self) -> Result<u64, String> {
        if self.fails {
            return Err("it is stuck".into());
        }
        Ok(self.old.swap(0, Ordering::Relaxed))
    }

    fn mark(&self) -> Option<u64> {
        self.mark
    }
}

fn pile(keep: Keep, days: u32, old: u64) -> Pile {
    Pile { keep, days, old: AtomicU64::new(old), mark: None, fails: false }
}

/// Goes through the rules once, and gives how the classes stand.
fn once(dir: &std::path::Path, rules: Vec<Pile>) -> BTreeMap<Keep, Standing> {
    let rules: Vec<Arc<dyn Rule>> = rules.into_iter().map(|rule| Arc::new(rule) as Arc<dyn Rule>).collect();
    let (blobs, clock) = (Arc::new(BlobFiles::new(dir.to_owned())), Arc::new(FixedClock::new(NOW)));
    let kept = Retention::start(rules, blobs, clock, Duration::from_secs(3_600), || true).unwrap();
    while kept.shared.state.lock().next_run.is_none() {
        std::thread::park_timeout(Duration::from_millis(1));
    }
    let standing = kept.standing();
    assert_eq!(standing.len(), Keep::ALL.len(), "every class is told");
    standing.into_iter().map(|one| (one.keep, one)).collect()
}

#[test]
fn what_is_too_old_goes_and_that_is_told_after_a_restart_too() {
    let dir = tempfile::tempdir().unwrap();
    let log = |mark| Pile { mark: Some(mark), ..pile(Keep::RawEvents, 30, 0) };
    let stuck = Pile { fails: true, ..pile(Keep::Lake, 7, 1) };
    let rules = vec![pile(Keep::People, 365, 5), pile(Keep::DeadLetters, 0, 4), stuck, log(100)];
    let all = once(dir.path(), rules);
    let people = &all[&Keep::People];
    assert_eq!((people.days, people.oldest, people.error.as_deref()), (Some(365), None, None));
    assert_eq!(people.removed.map(|removed| (removed.at, removed.count)), Some((NOW, 5)));
    assert_eq!(people.next_run, Some(NOW.plus(UtcMillis::HOUR)));
    let letters = &all[&Keep::DeadLetters];
    assert_eq!((letters.days, letters.removed), (Some(0), None), "0 keeps for ever");
    assert_eq!(letters.oldest, Some(NOW.plus(-90 * UtcMillis::DAY)));
    assert_eq!(all[&Keep::Lake].error.as_deref(), Some("it is stuck"));
    assert_eq!(
        (all[&Keep::RawEvents].removed, all[&Keep::Ledger].days),
        (None, None),
        "the first look only notes"
    );

    let all = once(dir.path(), vec![pile(Keep::People, 365, 0), log(142)]);
    assert_eq!(all[&Keep::People].removed.map(|removed| removed.count), Some(5), "told still");
    assert_eq!(all[&Keep::RawEvents].removed.map(|removed| removed.count), Some(42), "removed elsewhere");
}

#[test]
fn version_1_of_what_was_removed_still_reads() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = BlobFiles::new(dir.path().to_owned());
    blobs
        .put(LAST, br#"{"v":1,"classes":{"people":{"at":7,"count":3},"gone_class":{"at":1,"count":1}}}"#)
        .unwrap();
    let read = load(&blobs).unwrap();
    assert_eq!(
        read.into_iter().collect::<Vec<_>>(),
        [(Keep::People, Removed { at: UtcMillis::new(7), count: 3, mark: None })]
    );
}
