//! Requests on a real pipeline: carried out, interrupted, made again on an older copy.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use serde_json::Value;
use tradewind_embedded::{DataDir, FjallStore, LogOptions};
use tradewind_events::{Event, Kind as Call};
use tradewind_kernel::{Currency, FixedClock};
use tradewind_pipeline::{LetterLimits, Settings, Whose};
use tradewind_ports::block_on;
use tradewind_ports::testing::Watched;

use super::*;
use crate::job::receipt_name;
use crate::receipt::{Receipt, verify};

const NOW: UtcMillis = UtcMillis::new(1_790_000_000_000);
const GONE: &str = "qzxjkvbpygfw";
const STAYS: &str = "wvutsrqponml";

/// A place that counts, and fails as often as it is told to.
#[derive(Default)]
struct Shelf {
    failures: AtomicU64,
    erased: AtomicU64,
    /// While it is held, an erasure waits here.
    door: parking_lot::Mutex<()>,
}

impl Place for Shelf {
    fn name(&self) -> &'static str {
        "shelf"
    }

    fn erase(&self, whose: &Whose) -> Result<u64, String> {
        drop(self.door.lock());
        if self.failures.load(Ordering::Relaxed) > 0 {
            self.failures.fetch_sub(1, Ordering::Relaxed);
            return Err("the shelf is locked".into());
        }
        self.erased.fetch_add(1, Ordering::Relaxed);
        Ok(whose.keys().count() as u64)
    }

    fn export(&self, _: &Whose) -> Result<Value, String> {
        Ok("a book".into())
    }

    fn remark(&self) -> Option<String> {
        Some("books that were lent stay where they are".into())
    }
}

struct House {
    rights: Rights,
    pipeline: Arc<Pipeline>,
    shelf: Arc<Shelf>,
    store: Arc<Watched<FjallStore>>,
    data: PathBuf,
}

fn open(root: &Path, data: &str, failures: u64) -> House {
    let path = root.join(data);
    let dir = DataDir::open(&path).unwrap();
    let log = Arc::new(dir.log(LogOptions::default()).unwrap());
    let settings = Settings {
        currency: Currency::EUR,
        popularity_half_life_ms: UtcMillis::DAY,
        max_lag_records: 1_000,
        dead_letters: LetterLimits::default(),
        gate: tradewind_pipeline::GateTargets::default(),
    };
    let store = Arc::new(Watched::new(dir.state(1 << 20).unwrap()));
    let state = Arc::clone(&store);
    let pipeline = Arc::new(Pipeline::open(log, state, Arc::new(FixedClock::new(NOW)), settings).unwrap());
    let shelf = Arc::new(Shelf { failures: AtomicU64::new(failures), ..Shelf::default() });
    let places: Vec<Arc<dyn Place>> = vec![Arc::<Shelf>::clone(&shelf)];
    let blobs = Arc::new(dir.blobs());
    let setup = Setup { pipeline: Arc::clone(&pipeline), blobs, places, consents: None };
    let rights = Rights::open(&root.join("ledger"), setup).unwrap();
    House { rights, pipeline, shelf, store, data: path }
}

fn take(house: &House, message: &str, user: Option<&str>, anonymous: &str) {
    let mut event = Event::new(Call::Identify, message.into(), NOW, NOW);
    (event.user_id, event.anonymous_id) = (user.map(Into::into), Some(anonymous.into()));
    block_on(house.pipeline.collect(&[event])).unwrap();
}

fn ask(kind: Kind, subject: &str) -> Ask {
    let subjects = vec![Subject::parse(subject).unwrap()];
    Ask { kind, subjects, suppress: false, shop: None, id: None }
}

/// Waits for the end of a request.
fn ended(house: &House, id: &str) -> Status {
    loop {
        let status = house.rights.status(id).unwrap();
        if matches!(status.stage, Stage::Finished | Stage::Failed) {
            return status;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
}

fn ready(house: &House) {
    while !house.rights.is_ready() {
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
}

/// Files below a folder that hold a text.
fn hits(dir: &Path, text: &str) -> usize {
    let paths = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let holds = |path: &Path| {
        std::fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    };
    paths.map(|path| if path.is_dir() { hits(&path, text) } else { usize::from(holds(&path)) }).sum()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

fn closed(house: House) -> PathBuf {
    let House { rights, pipeline, data, .. } = house;
    drop(rights);
    pipeline.sync().unwrap();
    data
}

fn fill(house: &House) {
    take(house, "1", None, "device-of-gone-1");
    take(house, "2", Some(GONE), "device-of-gone-1");
    take(house, "3", Some(GONE), "device-of-gone-2");
    take(house, "4", Some(STAYS), "device-of-stays");
    assert!(house.rights.is_ready());
}

#[test]
fn an_erasure_ends_with_a_receipt_and_holds_on_an_older_copy() {
    let root = tempfile::tempdir().unwrap();
    let house = open(root.path(), "data", 0);
    fill(&house);
    let data = closed(house);
    copy(&data, &root.path().join("older"));

    let house = open(root.path(), "data", 0);
    let id = house.rights.request(ask(Kind::Erase, "anonymous_id:device-of-gone-1")).unwrap();
    let status = ended(&house, &id);
    assert_eq!((status.stage, &status.error), (Stage::Finished, &None));
    assert_eq!((status.found["profiles"], status.found["links"], status.found["shelf"]), (1, 2, 3));
    let receipt = status.receipt.unwrap();
    assert_eq!((receipt.prints.len(), receipt.requests_together), (3, 1));
    assert_eq!(verify(&serde_json::to_vec(&receipt).unwrap()).unwrap(), receipt);
    let data = closed(house);
    assert_eq!(hits(&data, GONE) + hits(&root.path().join("ledger"), GONE), 0);
    assert!(hits(&data, STAYS) > 0);

    // The same data again: nothing is left to do.
    let house = open(root.path(), "data", 0);
    assert!(house.rights.is_ready());
    let known = house.rights.status(&id).unwrap();
    assert_eq!((known.stage, known.receipt), (Stage::Finished, Some(receipt)));
    closed(house);

    // The older copy: it is there again, and gone before anybody may ask.
    assert!(hits(&root.path().join("older"), GONE) > 0);
    let house = open(root.path(), "older", 0);
    ready(&house);
    let status = house.rights.status(&id).unwrap();
    assert_eq!((status.stage, status.found["profiles"], status.found["shelf"]), (Stage::Finished, 1, 3));
    assert!(verify(&serde_json::to_vec(&status.receipt.unwrap()).unwrap()).is_ok());
    let data = closed(house);
    assert_eq!(hits(&data, GONE) + hits(&data, "device-of-gone"), 0);
    assert!(hits(&data, STAYS) > 0);
}

#[test]
fn an_interrupted_erasure_goes_on_at_the_next_start() {
    let root = tempfile::tempdir().unwrap();
    let house = open(root.path(), "data", 1);
    fill(&house);
    let id = house.rights.request(ask(Kind::Erase, &format!("user_id:{GONE}"))).unwrap();
    let failed = ended(&house, &id);
    assert_eq!((failed.stage, failed.error.as_deref()), (Stage::Failed, Some("shelf: the shelf is locked")));
    closed(house);
    let house = open(root.path(), "data", 0);
    ready(&house);
    let status = house.rights.status(&id).unwrap();
    assert_eq!(status.stage, Stage::Finished);
    assert_eq!(house.shelf.erased.load(Ordering::Relaxed), 1);
    // The state and the log had forgotten them; the shelf still gets all three of their keys.
    assert_eq!((status.found["profiles"], status.found["shelf"]), (0, 3));
    assert!(house.rights.shared.setup.blobs.get(crate::under_way::NAME).unwrap().is_none());
    assert_eq!(hits(&closed(house), GONE), 0);
}

#[test]
fn nothing_is_ready_while_an_erasure_cannot_be_made_again() {
    let root = tempfile::tempdir().unwrap();
    let house = open(root.path(), "data", 0);
    fill(&house);
    let id = house.rights.request(ask(Kind::Erase, &format!("user_id:{GONE}"))).unwrap();
    ended(&house, &id);
    house.rights.shared.setup.blobs.delete(&receipt_name(&id)).unwrap();
    closed(house);
    let house = open(root.path(), "data", 1);
    let refused = loop {
        // The thread ends, and with it the service.
        if let Err(error) = house.rights.request(ask(Kind::Export, "user_id:x")) {
            break error;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    };
    assert!(matches!(refused, RightsError::Stopping), "{refused}");
    assert!(!house.rights.is_ready());
}

#[test]
fn suppression_covers_every_device_survives_a_restart_and_ends() {
    let root = tempfile::tempdir().unwrap();
    let house = open(root.path(), "data", 0);
    fill(&house);
    let whom = format!("user_id:{GONE}");
    let id = house.rights.request(Ask { suppress: true, ..ask(Kind::Erase, &whom) }).unwrap();
    assert!(house.rights.suppression().covers(Some(GONE), None), "at once");
    ended(&house, &id);
    assert!(house.rights.suppression().covers(None, Some("device-of-gone-2")));
    closed(house);
    let house = open(root.path(), "data", 0);
    assert!(house.rights.suppression().covers(None, Some("device-of-gone-2")));
    assert!(!house.rights.suppression().covers(Some(STAYS), Some("device-of-stays")));
    for subject in [whom.as_str(), "anonymous_id:device-of-gone-1", "anonymous_id:device-of-gone-2"] {
        let id = house.rights.request(ask(Kind::Unsuppress, subject)).unwrap();
        assert_eq!(ended(&house, &id).stage, Stage::Finished);
    }
    assert!(house.rights.suppression().is_empty());
    closed(house);
    assert!(open(root.path(), "data", 0).rights.suppression().is_empty());
}

#[test]
fn an_export_holds_what_is_theirs_and_only_that() {
    let root = tempfile::tempdir().unwrap();
    let house = open(root.path(), "data", 0);
    fill(&house);
    let id = house.rights.request(ask(Kind::Export, "anonymous_id:device-of-gone-2")).unwrap();
    let export = ended(&house, &id).export.unwrap();
    assert_eq!(export["events"].as_array().map(Vec::len), Some(3), "{export}");
    assert_eq!((&export["user_ids"][0], &export["shelf"]), (&GONE.into(), &"a book".into()));
    assert!(!export.to_string().contains(STAYS));
    assert!(house.rights.list(10)[0].export.is_none());
}

#[test]
fn what_is_asked_twice_is_done_once_and_what_is_no_request_not_at_all() {
    let root = tempfile::tempdir().unwrap();
    let house = open(root.path(), "data", 0);
    fill(&house);
    let twice = Ask { id: Some("hook-1".into()), ..ask(Kind::Erase, &format!("user_id:{GONE}")) };
    for _ in 0..2 {
        assert_eq!(house.rights.request(twice.clone()).unwrap(), "hook-1");
        ended(&house, "hook-1");
    }
    assert_eq!(house.shelf.erased.load(Ordering::Relaxed), 1);
    let nobody = Ask { subjects: Vec::new(), ..ask(Kind::Erase, "user_id:x") };
    assert!(matches!(house.rights.request(nobody), Err(RightsError::Subjects)));
    let crowd = vec![Subject::User("x".into()); MAX_SUBJECTS + 1];
    let crowd = Ask { subjects: crowd, ..ask(Kind::Erase, "user_id:x") };
    assert!(matches!(house.rights.request(crowd), Err(RightsError::Subjects)));
    let named = Ask { id: Some("../x".into()), ..ask(Kind::Erase, "user_id:x") };
    assert!(matches!(house.rights.request(named), Err(RightsError::Id)));
    assert!(matches!(house.rights.request(ask(Kind::Restrict, "user_id:x")), Err(RightsError::NoConsents)));
    assert_eq!(house.rights.list(10).len(), 1);
}

/// Asks for five people's erasure while another one is under way, and gives the ids.
fn five_wait(house: &House) -> Vec<String> {
    for n in 0..5 {
        take(house, &format!("five-{n}"), Some(&format!("{GONE}-{n}")), &format!("device-of-gone-five-{n}"));
    }
    let shut = house.shelf.door.lock();
    let first = house.rights.request(ask(Kind::Erase, "user_id:nobody")).unwrap();
    while house.rights.status(&first).unwrap().stage != Stage::Running {
        std::thread::park_timeout(std::time::Duration::from_millis(1));
    }
    let five = (0..5).map(|n| ask(Kind::Erase, &format!("user_id:{GONE}-{n}")));
    let ids: Vec<String> = five.map(|ask| house.rights.request(ask).unwrap()).collect();
    drop(shut);
    ended(house, &first);
    ids
}

#[test]
fn erasures_that_wait_share_a_purge_and_each_has_its_receipt() {
    let root = tempfile::tempdir().unwrap();
    let house = open(root.path(), "data", 0);
    fill(&house);
    let ids = five_wait(&house);
    let receipts: Vec<Receipt> = ids.iter().map(|id| ended(&house, id).receipt.unwrap()).collect();
    assert_eq!(
        (house.shelf.erased.load(Ordering::Relaxed), house.store.purges()),
        (2, 2),
        "two rounds for six"
    );
    let mut prints = std::collections::BTreeSet::new();
    for (receipt, id) in receipts.iter().zip(&ids) {
        assert_eq!((&receipt.request, receipt.requests_together, receipt.prints.len()), (id, 5, 2));
        assert_eq!(receipt.found["profiles"], 5, "counted for all of them");
        assert_eq!(receipt.remarks["shelf"], "books that were lent stay where they are");
        assert_eq!(verify(&serde_json::to_vec(receipt).unwrap()).unwrap(), *receipt);
        prints.extend(receipt.prints.iter().cloned());
    }
    assert_eq!(prints.len(), 10, "each names its own people only");
    let data = closed(house);
    assert_eq!(hits(&data, &format!("{GONE}-")) + hits(&data, "gone-five"), 0);
    assert!(hits(&data, GONE) > 0 && hits(&data, STAYS) > 0);
}

#[test]
fn requests_of_other_kinds_keep_their_place_among_erasures() {
    let root = tempfile::tempdir().unwrap();
    let house = open(root.path(), "data", 0);
    fill(&house);
    let shut = house.shelf.door.lock();
    let whom = format!("user_id:{GONE}");
    let asks = [
        ask(Kind::Erase, "user_id:nobody"),
        ask(Kind::Export, &whom),
        ask(Kind::Erase, &whom),
        ask(Kind::Erase, "user_id:nobody-else"),
        ask(Kind::Export, &whom),
    ];
    let ids: Vec<String> = asks.into_iter().map(|ask| house.rights.request(ask).unwrap()).collect();
    drop(shut);
    let events = |id: &String| ended(&house, id).export.unwrap()["events"].as_array().unwrap().len();
    assert_eq!((events(&ids[1]), events(&ids[4])), (3, 0));
    assert_eq!(ended(&house, &ids[2]).receipt.unwrap().requests_together, 2);
}

#[test]
fn none_of_several_is_done_before_all_are_and_all_go_on_after_a_crash() {
    let root = tempfile::tempdir().unwrap();
    let house = open(root.path(), "data", 0);
    fill(&house);
    house.shelf.failures.store(2, Ordering::Relaxed);
    let ids = five_wait(&house);
    for id in &ids {
        let status = ended(&house, id);
        assert_eq!((status.stage, status.receipt), (Stage::Failed, None));
    }
    // What a crash leaves after the first of the receipts.
    let data = closed(house);
    let house = open(root.path(), "data", 0);
    ready(&house);
    let done: Vec<Receipt> = ids.iter().map(|id| house.rights.status(id).unwrap().receipt.unwrap()).collect();
    assert_eq!(house.store.purges(), 1, "one for all of them, and for the first one, which had failed too");
    assert!(done.iter().all(|receipt| receipt.requests_together == 6));
    for id in &ids[1..] {
        house.rights.shared.setup.blobs.delete(&receipt_name(id)).unwrap();
    }
    closed(house);
    let house = open(root.path(), "data", 0);
    ready(&house);
    for (id, before) in ids.iter().zip(&done) {
        let status = house.rights.status(id).unwrap();
        let receipt = status.receipt.unwrap();
        assert_eq!(status.stage, Stage::Finished);
        assert_eq!((receipt.requests_together == 4, &receipt == before), (id != &ids[0], id == &ids[0]));
    }
    closed(house);
    assert_eq!(hits(&data, &format!("{GONE}-")), 0);
}

/// What happened on one browser, at minutes; who is named signs in.
fn shared(house: &House, all: &[(&str, i64, Option<&str>)]) {
    for (mark, minute, user) in all {
        let at = NOW.plus(-UtcMillis::HOUR).plus(minute * UtcMillis::MINUTE);
        let kind = if user.is_some() { Call::Identify } else { Call::Track };
        let mut event = Event::new(kind, (*mark).into(), at, NOW);
        event.name = Some(format!("Looked {mark}"));
        (event.user_id, event.anonymous_id) = (user.map(Into::into), Some("the-kitchen-tablet".into()));
        block_on(house.pipeline.collect(&[event])).unwrap();
    }
}

#[test]
fn on_a_shared_browser_everybodys_own_turn_goes_with_them() {
    let root = tempfile::tempdir().unwrap();
    let house = open(root.path(), "data", 0);
    shared(
        &house,
        &[
            ("mark-of-bob-1", 0, None),
            ("mark-of-bob-2", 1, Some(STAYS)),
            ("mark-of-bob-3", 2, None),
            ("mark-of-gone-4", 10, Some(GONE)),
            ("mark-of-gone-5", 11, None),
            ("mark-of-gone-6", 19, None),
            ("mark-of-bob-7", 20, Some(STAYS)),
            ("mark-of-bob-8", 21, None),
        ],
    );
    let data = closed(house);
    copy(&data, &root.path().join("older"));
    let house = open(root.path(), "data", 0);
    let export = house.rights.request(ask(Kind::Export, &format!("user_id:{GONE}"))).unwrap();
    let export = ended(&house, &export).export.unwrap();
    assert_eq!(export["events"].as_array().map(Vec::len), Some(3), "{export}");
    let id = house.rights.request(ask(Kind::Erase, &format!("user_id:{GONE}"))).unwrap();
    let status = ended(&house, &id);
    assert_eq!((status.found["log_records"], status.receipt.unwrap().prints.len()), (3, 1));
    let check = |data: &Path| {
        assert_eq!(hits(data, "mark-of-gone") + hits(data, GONE), 0, "{}", data.display());
        for n in [1, 2, 3, 7, 8] {
            assert!(hits(data, &format!("mark-of-bob-{n}")) > 0, "{n} in {}", data.display());
        }
    };
    let data = closed(house);
    check(&data);
    // A crash after the rows were removed and before the log was: the state knows of no turn any more.
    let crashed = root.path().join("crashed");
    copy(&root.path().join("older"), &crashed);
    std::fs::remove_dir_all(crashed.join("state")).unwrap();
    copy(&data.join("state"), &crashed.join("state"));
    assert!(hits(&crashed, "mark-of-gone-5") > 0);
    for data in ["crashed", "older"] {
        let house = open(root.path(), data, 0);
        ready(&house);
        assert_eq!(house.rights.status(&id).unwrap().found["log_records"], 3);
        check(&closed(house));
    }
}

/// An event of a customer as Shopify's dialect makes them.
fn of_shop(house: &House, message: &str, user: Option<&str>, domain: &str) {
    let mut event = Event::new(Call::Track, message.into(), NOW, NOW);
    (event.name, event.user_id) = (Some(format!("Told {message}")), user.map(Into::into));
    let context = format!(r#"{{"shopify":{{"topic":"orders/create","shopDomain":"{domain}"}}}}"#);
    event.context = serde_json::from_str(&context).ok();
    block_on(house.pipeline.collect(&[event])).unwrap();
}

#[test]
fn a_shop_is_erased_once_somebody_confirms_it_and_a_restart_forgets_neither() {
    const KIOSK: &str = "kiosk.myshopify.com";
    let root = tempfile::tempdir().unwrap();
    let house = open(root.path(), "data", 0);
    fill(&house);
    of_shop(&house, "mark-of-kiosk-1", Some(GONE), KIOSK);
    of_shop(&house, "mark-of-kiosk-2", None, KIOSK);
    of_shop(&house, "mark-of-another", Some("somebody"), "another.myshopify.com");
    let shop = Some(KIOSK.to_owned());
    let whole = || Ask { shop: shop.clone(), subjects: Vec::new(), ..ask(Kind::EraseShop, "user_id:x") };
    assert!(matches!(house.rights.request(Ask { shop: None, ..whole() }), Err(RightsError::Subjects)));
    let id = house.rights.await_confirmation(whole()).unwrap();
    assert_eq!(house.rights.status(&id).unwrap().stage, Stage::AwaitingConfirmation);
    let data = closed(house);
    assert!(hits(&data, GONE) > 0);
    copy(&data, &root.path().join("older"));

    let house = open(root.path(), "data", 0);
    assert!(house.rights.is_ready(), "what nobody confirmed is not carried out");
    assert_eq!(house.rights.status(&id).unwrap().stage, Stage::AwaitingConfirmation);
    assert!(matches!(house.rights.confirm("another"), Err(RightsError::NothingToConfirm)));
    house.rights.confirm(&id).unwrap();
    assert!(matches!(house.rights.confirm(&id), Err(RightsError::NothingToConfirm)));
    let status = ended(&house, &id);
    assert_eq!((status.stage, &status.error, status.found["profiles"]), (Stage::Finished, &None, 1));
    let receipt = status.receipt.unwrap();
    assert_eq!(verify(&serde_json::to_vec(&receipt).unwrap()).unwrap().prints.len(), 3);
    let check = |data: &Path| {
        assert_eq!(hits(data, GONE) + hits(data, "mark-of-kiosk") + hits(data, "device-of-gone"), 0);
        assert!(hits(data, STAYS) > 0 && hits(data, "mark-of-another") > 0);
    };
    check(&closed(house));
    // The older copy has nothing of the confirmation; the ledger has.
    let house = open(root.path(), "older", 0);
    ready(&house);
    assert_eq!(house.rights.status(&id).unwrap().stage, Stage::Finished);
    check(&closed(house));
}
