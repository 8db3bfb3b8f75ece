//! The ledger through the pipeline: what is said holds at once, survives, and keeps whoever refused out.

use std::path::Path;
use std::sync::Arc;

use tradewind_embedded::{FjallStore, LogOptions, SegmentLog};
use tradewind_events::{ConsentStamp, Event, EventName};
use tradewind_kernel::{FixedClock, Purpose, Purposes, Subject, UtcMillis};
use tradewind_people::consent::{Analytics, ModelTraining, Personalization, Policy, Region};
use tradewind_ports::testing::Watched;
use tradewind_ports::{EventLog, StateStore, block_on};

use super::Lookup;
use crate::pipeline::tests::{LIMITS, NOW, anonymous, open, settle, take, viewed};
use crate::{Entry, Pipeline, Settings, state_digest};

fn set(purposes: &[Purpose]) -> Purposes {
    purposes.iter().copied().collect()
}

/// The event with what its sender said.
fn says(mut event: Event, granted: &[Purpose], denied: &[Purpose]) -> Event {
    let (granted, denied) = (set(granted), set(denied));
    event.consent = Some(Box::new(ConsentStamp { granted, denied, signals: 1, ..ConsentStamp::default() }));
    event
}

fn after(mut event: Event, minutes: i64) -> Event {
    event.occurred_at = event.occurred_at.plus(minutes * UtcMillis::MINUTE);
    event
}

fn is_found(pipeline: &Pipeline, id: &str) -> bool {
    matches!(pipeline.profile::<Personalization>(&anonymous(id)).unwrap(), Lookup::Found(..))
}

fn is_refused(pipeline: &Pipeline, id: &str) -> bool {
    matches!(pipeline.profile::<Personalization>(&anonymous(id)).unwrap(), Lookup::Refused(_))
}

#[test]
fn a_word_holds_at_once_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    take(&pipeline, &[viewed("1", "ann", "p"), viewed("2", "bob", "p")]);
    assert!(is_found(&pipeline, "ann"), "nobody was asked, and no region is known");
    take(&pipeline, &[says(viewed("3", "ann", "q"), &[Purpose::Analytics], &[Purpose::Personalization])]);
    assert!(is_refused(&pipeline, "ann") && is_found(&pipeline, "bob"));
    assert!(matches!(pipeline.profile::<Analytics>(&anonymous("ann")).unwrap(), Lookup::Found(..)));
    drop(pipeline);
    let pipeline = open(dir.path(), NOW);
    assert!(is_refused(&pipeline, "ann"));
    take(&pipeline, &[after(says(viewed("4", "ann", "q"), &[Purpose::Personalization], &[]), 1)]);
    assert!(is_found(&pipeline, "ann"));
    let (_, record) = pipeline.consent(&anonymous("ann")).unwrap();
    let ids: Vec<String> = record.unwrap().history().iter().map(|c| c.message_id.clone()).collect();
    assert_eq!(ids, ["3", "4"]);
}

#[test]
fn who_is_where_consent_comes_first_is_nobody_until_asked() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let in_region = |mut event: Event, region: &str| {
        event.consent =
            Some(Box::new(ConsentStamp { region: Some(region.into()), ..ConsentStamp::default() }));
        event
    };
    take(&pipeline, &[in_region(viewed("1", "ann", "p"), "DE"), in_region(viewed("2", "bob", "p"), "US-CA")]);
    assert!(is_refused(&pipeline, "ann") && is_found(&pipeline, "bob"));
    let mut sessions = 0;
    pipeline.each_session(|_, _| sessions += 1).unwrap();
    assert_eq!(sessions, 1, "only one may be learned from");
}

#[test]
fn what_a_browser_refused_its_user_refuses_too() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let mut login = viewed("3", "device", "p");
    login.user_id = Some("ann".into());
    let user = says(
        Event { user_id: Some("ann".into()), anonymous_id: None, ..viewed("1", "-", "p") },
        &[Purpose::Personalization, Purpose::ModelTraining],
        &[],
    );
    let device = says(viewed("2", "device", "p"), &[Purpose::ModelTraining], &[Purpose::Personalization]);
    take(&pipeline, &[user, device, login]);
    let (subject, standing) = pipeline.standing(&anonymous("device")).unwrap();
    assert_eq!(subject, Subject::User("ann".into()));
    assert!(!standing.allows(Purpose::Personalization) && standing.allows(Purpose::ModelTraining));
}

#[test]
fn who_denies_analytics_counts_and_is_named_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    take(&pipeline, &[viewed("1", "ann-secret", "p")]);
    let mut order = says(viewed("2", "ann-secret", "p"), &[], &[Purpose::Analytics]);
    order.name = Some("Order Completed".into());
    order.user_id = Some("user-secret".into());
    order.traits = serde_json::from_str(r#"{"email":"trait-secret"}"#).ok();
    order.context =
        serde_json::from_str(r#"{"page":"page-secret","consent":{"categoryPreferences":{}}}"#).ok();
    order.properties = serde_json::from_str(
        r#"{"order_id":"order-secret","revenue":9.5,"currency":"EUR","note":"note-secret",
            "products":[{"product_id":"p","quantity":2,"name":"name-secret"}]}"#,
    )
    .ok();
    take(&pipeline, &[order.clone()]);
    let count = |name: &str| pipeline.counts().into_iter().find(|(n, _)| n == name).map_or(0, |(_, c)| c);
    assert_eq!((count("Order Completed"), count("Product Viewed")), (1, 1));
    let events: Vec<Event> = logged(dir.path(), &pipeline);
    let [_, bare, choice] = events.as_slice() else { panic!("{} records", events.len()) };
    assert_eq!((bare.message_id.as_str(), bare.subject()), ("2", None));
    let text = String::from_utf8(bare.encode().unwrap()).unwrap();
    assert!(
        !text.contains("secret") && text.contains("\"revenue\":9.5") && text.contains("\"quantity\":2"),
        "{text}"
    );
    assert_eq!(choice.name.as_deref(), Some(EventName::ConsentPreferenceUpdated.as_str()));
    assert_eq!(
        (choice.user_id.as_deref(), choice.anonymous_id.as_deref()),
        (Some("user-secret"), Some("ann-secret"))
    );
    let text = String::from_utf8(choice.encode().unwrap()).unwrap();
    assert!(!["trait-", "page-", "order-", "note-", "name-"].iter().any(|w| text.contains(w)), "{text}");
    // The second time the ledger knows, and nothing is written under a name.
    order.message_id = "3".into();
    take(&pipeline, &[order]);
    assert_eq!(logged(dir.path(), &pipeline).len(), 4);
    // What does not say so by itself is not folded into a profile either.
    take(&pipeline, &[viewed("4", "ann-secret", "q")]);
    let found = pipeline.profile::<Personalization>(&anonymous("ann-secret")).unwrap().found().unwrap();
    assert_eq!(found.1.events, 1, "only what was before");
    assert_eq!(count("Product Viewed"), 2);
}

fn logged(dir: &Path, pipeline: &Pipeline) -> Vec<Event> {
    settle(pipeline);
    let mut reader = pipeline.inner.log.reader(0).unwrap();
    let mut events = Vec::new();
    loop {
        let records = reader.read(1 << 20).unwrap();
        if records.is_empty() {
            return events;
        }
        for record in records {
            match Entry::read(&record.bytes) {
                Ok(Entry::Event(event)) => events.push(event),
                other => panic!("{other:?} in {}", dir.display()),
            }
        }
    }
}

#[test]
fn a_withdrawal_takes_its_sessions_out_of_training() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let count = |pipeline: &Pipeline| {
        let mut subjects = Vec::new();
        pipeline.each_session(|_, record| subjects.push(record.subject_hash)).unwrap();
        subjects.len()
    };
    let mut login = viewed("3", "device", "p");
    login.user_id = Some("ann".into());
    take(&pipeline, &[viewed("1", "device", "p"), viewed("2", "bob", "p"), login]);
    assert_eq!(count(&pipeline), 2);
    let user = Event { user_id: Some("ann".into()), anonymous_id: None, ..viewed("4", "-", "q") };
    take(&pipeline, &[says(user, &[], &[Purpose::ModelTraining])]);
    assert_eq!(count(&pipeline), 1, "also what was done before the user was known");
    let clicks = pipeline.live().sessions.read().clicks();
    let later = Event { user_id: Some("ann".into()), anonymous_id: None, ..viewed("5", "-", "r") };
    take(&pipeline, &[later]);
    assert_eq!(pipeline.live().sessions.read().clicks(), clicks, "nor is it learned live");
}

#[test]
fn a_rebuild_gives_the_same_ledger() {
    let (dir, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let events: Vec<Event> = (0..400)
        .map(|n: i64| {
            let purpose = Purpose::ALL[usize::try_from(n).unwrap() % 8];
            let event = after(viewed(&n.to_string(), &format!("s{}", n % 7), "p"), n * 37 % 100);
            let mut event =
                if n % 2 == 0 { says(event, &[purpose], &[]) } else { says(event, &[], &[purpose]) };
            event.user_id = (n % 11 == 0).then(|| format!("u{}", n % 3));
            event
        })
        .collect();
    let pipeline = open(dir.path(), NOW);
    for (n, batch) in events.chunks(9).enumerate() {
        block_on(pipeline.collect(batch)).unwrap();
        if n % 5 == 0 {
            settle(&pipeline);
        }
    }
    settle(&pipeline);
    let digest = state_digest(pipeline.inner.store.as_ref(), NOW).unwrap();
    drop(pipeline);
    std::fs::rename(dir.path().join("log"), again.path().join("log")).unwrap();
    let pipeline = open(again.path(), NOW);
    settle(&pipeline);
    assert_eq!(state_digest(pipeline.inner.store.as_ref(), NOW).unwrap(), digest);
}

/// Histories through the pipeline, each read checked against the words themselves.
#[test]
fn histories_through_the_pipeline_read_nothing_forbidden() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = open(dir.path(), NOW);
    let mut state = 7_u64;
    let mut dice = move |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let mut words: Vec<(String, i64, bool)> = Vec::new();
    let (mut reads, mut allowed) = (0, 0);
    for n in 0..600 {
        let subject = format!("s{}", dice(20));
        if dice(2) == 0 {
            let (minute, granted) = (dice(50).cast_signed(), dice(2) == 0);
            let event = after(viewed(&n.to_string(), &subject, "p"), minute);
            let purpose = [Purpose::Personalization];
            let event = if granted { says(event, &purpose, &[]) } else { says(event, &[], &purpose) };
            block_on(pipeline.collect(&[event])).unwrap();
            let applied = async { pipeline.caught_up(&[&subject], std::time::Duration::from_secs(60)).await };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            assert!(runtime.block_on(applied));
            words.push((subject, minute, granted));
        } else {
            let ours = words.iter().filter(|(s, ..)| *s == subject);
            let last = ours.clone().map(|(_, minute, _)| *minute).max();
            let may = ours.filter(|(_, minute, _)| Some(*minute) == last).all(|(.., granted)| *granted);
            assert_eq!(is_refused(&pipeline, &subject), !may, "{subject} after {words:?}");
            reads += 1;
            allowed += u32::from(may);
        }
    }
    assert!(reads > 200 && allowed > 50 && allowed < reads - 50, "{allowed} of {reads}");
}

#[test]
fn a_ledger_that_cannot_be_read_gives_nothing_out() {
    let dir = tempfile::tempdir().unwrap();
    take(&open(dir.path(), NOW), &[viewed("1", "ann", "p")]);
    let log: Arc<dyn EventLog> =
        Arc::new(SegmentLog::open(&dir.path().join("log"), LogOptions::default()).unwrap());
    let store = FjallStore::open(&dir.path().join("state"), 8 << 20).unwrap();
    let ledger = store.table("consent").unwrap();
    let store = Arc::new(Watched::new(store));
    let settings = Settings {
        currency: tradewind_kernel::Currency::EUR,
        popularity_half_life_ms: UtcMillis::DAY,
        max_lag_records: 1_000,
        dead_letters: LIMITS,
        gate: crate::GateTargets::default(),
    };
    let clock = Arc::new(FixedClock::new(NOW));
    let policy = Arc::new(Policy::default().with_default_region(Region::parse("US").ok()));
    let pipeline = Pipeline::open_under(policy, log, Arc::clone(&store) as _, clock, settings).unwrap();
    assert!(is_found(&pipeline, "ann"));
    store.break_table(ledger);
    assert!(pipeline.profile::<Personalization>(&anonymous("ann")).is_err());
    assert!(pipeline.profile::<ModelTraining>(&anonymous("ann")).is_err());
    assert!(pipeline.standing(&anonymous("ann")).is_err());
    store.mend();
    assert!(is_found(&pipeline, "ann"));
}
