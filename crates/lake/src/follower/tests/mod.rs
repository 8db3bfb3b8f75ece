use std::path::Path;

use tradewind_embedded::{LogOptions, SegmentLog};
use tradewind_kernel::{FixedClock, UtcMillis};
use tradewind_pipeline::Whose;
use tradewind_ports::block_on;

use super::*;
use crate::testing::{NOON, bytes_of, event, number};

fn append(log: &dyn EventLog, ids: Range<u64>) {
    let one = |id: u64| bytes_of(&event(&format!("m{id}"), "Product Viewed", NOON, "{}"));
    block_on(log.append(ids.map(one).collect()).unwrap()).unwrap();
}

struct House {
    dir: tempfile::TempDir,
    log: Arc<dyn EventLog>,
    applied: Arc<AtomicU64>,
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = SegmentLog::open(&dir.path().join("log"), LogOptions::default()).unwrap();
        Self { dir, log: Arc::new(log), applied: Arc::default() }
    }

    fn lake(&self) -> std::path::PathBuf {
        self.dir.path().join("lake")
    }

    /// Follows; every seventh offset is a duplicate.
    fn follow(&self, commit_rows: u64, commit_every: Duration) -> Follower {
        let applied = Arc::clone(&self.applied);
        let source = Source {
            log: Arc::clone(&self.log),
            applied: Box::new(move || applied.load(Ordering::SeqCst)),
            duplicates: Box::new(|range| {
                let repeated = range.filter(|offset| offset % 7 == 6).collect();
                Ok(Repetitions::of_records(repeated))
            }),
            clock: Arc::new(FixedClock::new(UtcMillis::new(NOON))),
        };
        let options = FollowerOptions {
            root: self.lake(),
            currency: Currency::EUR,
            commit_rows,
            commit_every,
            upkeep: Upkeep { keep_days: None, merge_at: 4 },
        };
        Follower::start(source, options).unwrap()
    }

    fn count(&self) -> i64 {
        number(&self.lake(), "select count(*) from browse")
    }
}

fn wait_for(follower: &Follower, position: Offset) {
    while follower.position() < position {
        std::thread::yield_now();
    }
}

const LONG: Duration = Duration::from_secs(3_600);

#[test]
fn it_follows_what_is_applied_and_commits_by_rows_by_age_and_at_its_end() {
    let house = House::new();
    append(house.log.as_ref(), 0..70);
    house.applied.store(35, Ordering::SeqCst);
    let follower = house.follow(30, LONG);
    wait_for(&follower, 35);
    assert!(follower.is_healthy());
    assert_eq!((follower.position(), house.count()), (35, 30));
    // Ten more are too few for a commit; the end makes one.
    house.applied.store(45, Ordering::SeqCst);
    drop(follower);

    let follower = house.follow(1_000_000, Duration::ZERO);
    house.applied.store(70, Ordering::SeqCst);
    wait_for(&follower, 70);
    drop(follower);
    assert_eq!(house.count(), 60);
    assert!(house.lake().join(Path::new("POSITION")).exists());
}

#[test]
fn what_fails_is_told_and_does_not_stop_the_rest_of_the_program() {
    let house = House::new();
    append(house.log.as_ref(), 0..7);
    house.applied.store(7, Ordering::SeqCst);
    std::fs::create_dir_all(house.lake()).unwrap();
    // A file where a table should be.
    std::fs::write(house.lake().join("browse"), "x").unwrap();
    let follower = house.follow(1, LONG);
    while follower.is_healthy() {
        std::thread::yield_now();
    }
    assert_eq!(follower.position(), 0);
    let told = follower.eraser().erase(&ann()).unwrap_err().to_string();
    assert!(told.contains("nobody was removed"), "{told}");
}

fn ann() -> Whose {
    Whose::new(["a:ann".to_owned()])
}

#[test]
fn who_is_erased_stays_away_though_records_of_theirs_were_read_ahead() {
    let house = House::new();
    let one = |id: u64| {
        let mut event = event(&format!("m{id}"), "Product Viewed", NOON, "{}");
        if id % 2 == 1 {
            event.anonymous_id = Some("ann".into());
        }
        bytes_of(&event)
    };
    block_on(house.log.append((0..20).map(one).collect()).unwrap()).unwrap();
    house.applied.store(10, Ordering::SeqCst);
    let follower = house.follow(1, Duration::ZERO);
    wait_for(&follower, 10);
    assert_eq!(house.count(), 9);
    // The follower has read all twenty by now.
    let hers: Vec<Offset> = (0..20).filter(|offset| offset % 2 == 1).collect();
    house.log.erase(&hers).unwrap();
    let eraser = follower.eraser();
    assert_eq!(eraser.erase(&ann()).unwrap(), 5);
    assert_eq!(house.count(), 4);

    house.applied.store(20, Ordering::SeqCst);
    wait_for(&follower, 20);
    assert_eq!((house.count(), follower.is_healthy()), (9, true));
    append(house.log.as_ref(), 20..30);
    house.applied.store(30, Ordering::SeqCst);
    drop(follower);
    let told = eraser.erase(&ann()).unwrap_err().to_string();
    assert!(told.contains("has stopped"), "{told}");
    assert_eq!(crate::erase_at_rest(&house.lake(), &ann()).unwrap(), 0);

    let follower = house.follow(1, Duration::ZERO);
    wait_for(&follower, 30);
    // 20 and 27 are duplicates.
    assert_eq!(house.count(), 9 + 8);
}
