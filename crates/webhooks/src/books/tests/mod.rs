//! The books alone: what is taken over, in which order it is tried, and what is left of it after a restart.

use std::path::Path;

use tradewind_embedded::FjallStore;
use tradewind_pipeline::Effect;

use super::*;
use crate::body::tests::effect;
use crate::endpoint::tests::settings;
use crate::row::text_of;

const NOW: UtcMillis = UtcMillis::new(1_795_000_000_000);
const OK: Outcome = Outcome::Answer { status: 200, retry_after_ms: None };

fn answer(status: u16) -> Outcome {
    Outcome::Answer { status, retry_after_ms: None }
}

fn endpoints(urls: &[(&str, &str)]) -> Vec<Endpoint> {
    Endpoint::all(urls.iter().map(|(name, url)| settings(name, url)).collect()).unwrap()
}

fn open(dir: &Path, urls: &[(&str, &str)], end: Offset) -> Books {
    let store = Arc::new(FjallStore::open(dir, 1 << 20).unwrap());
    Books::open(store, endpoints(urls), end, NOW).unwrap()
}

const CRM: (&str, &str) = ("crm", "https://crm.example/");
const ERP: (&str, &str) = ("erp", "https://erp.example/");

/// Effects of the records from `range`, one each.
fn page(range: std::ops::Range<Offset>) -> OutboxPage {
    let one = |offset: Offset| {
        let effect: Effect = effect(&format!("m{offset}"));
        (offset, effect.id(offset), effect)
    };
    OutboxPage { upto: range.end, effects: range.map(one).collect() }
}

/// Takes all attempts that may be made now, as texts of endpoint and message.
fn jobs(books: &mut Books, now: UtcMillis) -> Vec<Job> {
    std::iter::from_fn(|| books.next(now).unwrap()).collect()
}

fn named(jobs: &[Job]) -> Vec<String> {
    let name = |job: &Job| match &job.delivery.effect {
        Effect::EventHappened(event) => format!("{} {}", job.endpoint.name, event.message_id),
        Effect::AudienceMoved(moved) => panic!("nobody defined {moved:?}"),
    };
    let mut names: Vec<String> = jobs.iter().map(name).collect();
    names.sort();
    names
}

fn settle_all(books: &mut Books, outcome: &Outcome, now: UtcMillis) -> usize {
    let jobs = jobs(books, now);
    let count = jobs.len();
    jobs.into_iter().for_each(|job| books.settle(job, outcome, now).unwrap());
    count
}

#[test]
fn each_effect_goes_to_each_endpoint_once_however_often_it_is_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut books = open(dir.path(), &[CRM, ERP], 0);
    books.take_over(&page(0..2), NOW).unwrap();
    books.take_over(&page(0..2), NOW).unwrap();
    let first = jobs(&mut books, NOW);
    assert_eq!(named(&first), ["crm m0", "crm m1", "erp m0", "erp m1"]);
    let ids: BTreeSet<_> = first.iter().map(|job| job.id).collect();
    assert_eq!(ids.len(), 4);
    first.into_iter().for_each(|job| books.settle(job, &OK, NOW).unwrap());
    // A crash before the state had removed them: the same page once more.
    drop(books);
    let mut books = open(dir.path(), &[CRM, ERP], 99);
    books.take_over(&page(0..3), NOW).unwrap();
    assert_eq!(named(&jobs(&mut books, NOW)), ["crm m2", "erp m2"]);
    assert_eq!((books.desks[0].account.delivered, books.cursor()), (2, 3));
}

#[test]
fn an_endpoint_gets_nothing_of_what_was_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut books = open(dir.path(), &[CRM], 5);
    assert_eq!(books.cursor(), 5);
    books.take_over(&page(3..7), NOW).unwrap();
    assert_eq!(named(&jobs(&mut books, NOW)), ["crm m5", "crm m6"]);
    drop(books);
    let mut books = open(dir.path(), &[CRM, ERP], 9);
    assert_eq!(settle_all(&mut books, &OK, NOW), 2, "what was under way is made again");
    books.take_over(&page(7..11), NOW).unwrap();
    let names = named(&jobs(&mut books, NOW));
    assert_eq!(names, ["crm m10", "crm m7", "crm m8", "crm m9", "erp m10", "erp m9"]);
    drop(books);
    // Away from the configuration and back: it begins anew.
    drop(open(dir.path(), &[CRM], 11));
    let mut books = open(dir.path(), &[ERP], 20);
    assert_eq!((books.desks[0].account.since, settle_all(&mut books, &OK, NOW)), (20, 2));
}

#[test]
fn attempts_follow_the_schedule_and_then_it_has_failed_until_somebody_asks() {
    let dir = tempfile::tempdir().unwrap();
    let mut books = open(dir.path(), &[CRM], 0);
    books.take_over(&page(0..1), NOW).unwrap();
    let (mut now, mut attempts) = (NOW, 0);
    while let Some(at) = books.wakes_at() {
        assert!(books.next(at.plus(-1)).unwrap().is_none());
        now = at;
        attempts += settle_all(&mut books, &answer(500), now);
    }
    let days = now.since(NOW) / UtcMillis::DAY;
    assert_eq!((attempts, days, books.desks[0].failed.len()), (10, 3, 1));
    let (_, id) = books.desks[0].failed.first().copied().unwrap();
    let failed = books.delivery(id).unwrap().unwrap();
    let last = failed.last.unwrap();
    assert_eq!((last.cause.as_str(), last.status, failed.attempts), ("server_error", Some(500), 10));
    drop(books);
    let mut books = open(dir.path(), &[CRM], 0);
    assert_eq!((books.wakes_at(), books.desks[0].failed.len()), (None, 1));
    assert_eq!(books.ask_again(id, now).unwrap(), Asked::Now);
    assert_eq!(books.ask_again(id, now).unwrap(), Asked::Already);
    let again = books.next(now).unwrap().unwrap();
    assert_eq!((text_of(again.id), again.delivery.attempts), (text_of(id), 0));
    books.settle(again, &OK, now).unwrap();
    assert_eq!(books.ask_again(id, now).unwrap(), Asked::Unknown);
    assert_eq!((books.desks[0].failed.len(), books.desks[0].account.delivered), (0, 1));
}

#[test]
fn an_endpoint_in_trouble_is_asked_with_one_at_a_time_and_others_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut books = open(dir.path(), &[CRM, ERP], 0);
    books.take_over(&page(0..20), NOW).unwrap();
    let first = jobs(&mut books, NOW);
    assert_eq!(first.len(), 8, "four at each");
    let (crm, erp): (Vec<_>, Vec<_>) = first.into_iter().partition(|job| job.endpoint.name == "crm");
    let wait = Outcome::Answer { status: 429, retry_after_ms: Some(60_000) };
    crm.into_iter().for_each(|job| books.settle(job, &wait, NOW).unwrap());
    assert!(books.desks[0].quiet_until.since(NOW) >= 60_000);
    erp.into_iter().for_each(|job| books.settle(job, &OK, NOW).unwrap());
    let names = named(&jobs(&mut books, NOW));
    assert!(names.len() == 4 && names.iter().all(|name| name.starts_with("erp")), "{names:?}");
    let later = books.desks[0].quiet_until;
    let probe: Vec<_> = jobs(&mut books, later).into_iter().filter(|j| j.endpoint.name == "crm").collect();
    assert_eq!(probe.len(), 1);
    probe.into_iter().for_each(|job| books.settle(job, &OK, later).unwrap());
    assert_eq!(jobs(&mut books, later).iter().filter(|j| j.endpoint.name == "crm").count(), 4);
}

#[test]
fn after_410_nothing_is_sent_until_the_endpoint_is_another() {
    let dir = tempfile::tempdir().unwrap();
    let mut books = open(dir.path(), &[CRM], 0);
    books.take_over(&page(0..6), NOW).unwrap();
    let mut under_way = jobs(&mut books, NOW);
    assert_eq!(under_way.len(), 4);
    books.settle(under_way.remove(0), &answer(410), NOW).unwrap();
    books.settle(under_way.remove(0), &answer(500), NOW).unwrap();
    books.settle(under_way.remove(0), &OK, NOW).unwrap();
    let (_, id) = books.desks[0].failed.first().copied().unwrap();
    books.take_over(&page(6..8), NOW).unwrap();
    assert_eq!((books.wakes_at(), books.desks[0].failed.len()), (None, 4));
    assert_eq!(books.ask_again(id, NOW).unwrap(), Asked::Stopped("crm".into()));
    // The fourth was under way at a crash.
    drop(books);
    let mut books = open(dir.path(), &[CRM], 8);
    books.take_over(&page(8..9), NOW).unwrap();
    assert_eq!((books.wakes_at(), books.desks[0].waiting.len()), (None, 1));
    drop(books);
    let mut books = open(dir.path(), &[("crm", "https://crm.example/new")], 9);
    books.take_over(&page(9..10), NOW).unwrap();
    let names = named(&jobs(&mut books, NOW));
    assert!(names.len() == 2 && names.contains(&"crm m9".to_owned()), "{names:?}");
    assert_eq!(books.ask_again(id, NOW).unwrap(), Asked::Now);
}

#[test]
fn failed_ones_are_kept_for_thirty_days() {
    let dir = tempfile::tempdir().unwrap();
    let mut books = open(dir.path(), &[CRM], 0);
    books.take_over(&page(0..1), NOW).unwrap();
    settle_all(&mut books, &answer(410), NOW);
    let (empty, day) = (OutboxPage { upto: 1, effects: Vec::new() }, UtcMillis::DAY);
    books.take_over(&empty, NOW.plus(30 * day - 1)).unwrap();
    assert_eq!((books.desks[0].failed.len(), books.desks[0].account.lost), (1, 0));
    books.take_over(&empty, NOW.plus(30 * day)).unwrap();
    assert_eq!((books.desks[0].failed.len(), books.desks[0].account.lost), (0, 1));
    drop(books);
    assert_eq!(open(dir.path(), &[CRM], 0).desks[0].failed.len(), 0);
}

/// Effects of one user each, by the names of their messages.
fn page_of(users: &[&str]) -> OutboxPage {
    let one = |(offset, user): (usize, &&str)| {
        let Effect::EventHappened(mut event) = effect(&format!("m{offset}")) else { panic!("an event") };
        event.subject = Some(tradewind_kernel::Subject::User((*user).to_owned()));
        let effect = Effect::EventHappened(event);
        (offset as Offset, effect.id(offset as Offset), effect)
    };
    let effects: Vec<_> = users.iter().enumerate().map(one).collect();
    OutboxPage { upto: users.len() as Offset, effects }
}

#[test]
fn of_somebody_erased_nothing_waits_nothing_has_failed_and_nothing_under_way_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut books = open(dir.path(), &[CRM, ERP], 0);
    books.take_over(&page_of(&["ada", "bob", "ada", "ada", "ada", "ada", "ada"]), NOW).unwrap();
    let crm: Vec<_> = jobs(&mut books, NOW).into_iter().filter(|job| job.endpoint.name == "crm").collect();
    assert_eq!(named(&crm).len(), 4);
    let mut crm: std::collections::VecDeque<_> = crm.into();
    // One has failed for good, one waits for its next attempt, and two are under way.
    let failed = crm.pop_front().unwrap();
    books.desks[0].fail(failed.id, failed.delivery, NOW, books.tables, &mut Batch::default()).unwrap();
    let whose = tradewind_pipeline::Whose::new(["u:ada".to_owned()]);
    let theirs = whose.finder().unwrap();
    let mut held = 0;
    books.each_of(&theirs, |_, _| held += 1).unwrap();
    assert_eq!(held, 12);
    assert_eq!(books.remove(&theirs).unwrap(), 12);
    assert!(!books.is_settled());
    for job in crm {
        books.settle(job, &answer(500), NOW).unwrap();
    }
    let later = NOW.plus(UtcMillis::DAY);
    let left = jobs(&mut books, later);
    assert!(left.iter().all(|job| named(std::slice::from_ref(job))[0].ends_with("m1")), "{:?}", named(&left));
    assert_eq!(books.remove(&theirs).unwrap(), 0);
    drop(books);
    let mut books = open(dir.path(), &[CRM, ERP], 0);
    assert_eq!(named(&jobs(&mut books, later)), ["crm m1", "erp m1"]);
}
