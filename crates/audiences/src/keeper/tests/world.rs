//! A pipeline with a worker on a directory of its own, and what must hold of the two.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use tradewind_embedded::{FjallStore, LogOptions, SegmentLog};
use tradewind_events::{ConsentStamp, Event, Kind};
use tradewind_kernel::{Clock, Currency, FixedClock, Purpose, Purposes, Subject, UtcMillis};
use tradewind_people::consent::Personalization;
use tradewind_people::identity::Command;
use tradewind_people::traits::Context;
use tradewind_pipeline::{
    AudienceSpec, Crossing, Effect, GateTargets, LetterLimits, Lookup, Outlet, Pipeline, Settings, Whose,
    state_digest,
};
use tradewind_ports::block_on;

use crate::keeper::Worker;
use crate::rule::{Asker, Rule};

/// Half past midnight.
pub(super) const BEGIN: UtcMillis = UtcMillis::new(20_775 * UtcMillis::DAY + 30 * UtcMillis::MINUTE);

pub(super) struct World {
    dir: tempfile::TempDir,
    pub(super) clock: Arc<FixedClock>,
    running: Option<(Arc<Pipeline>, Worker)>,
    messages: u32,
}

fn open(dir: &tempfile::TempDir, clock: &Arc<FixedClock>) -> Arc<Pipeline> {
    let log = SegmentLog::open(&dir.path().join("log"), LogOptions::default()).unwrap();
    let settings = Settings {
        currency: Currency::EUR,
        popularity_half_life_ms: UtcMillis::DAY,
        max_lag_records: 1_000_000,
        gate: GateTargets::default(),
        dead_letters: LetterLimits { max_letters: 12, max_bytes: 1 << 20 },
    };
    let topics = [Crossing::Entered, Crossing::Exited].map(|crossing| crossing.topic().to_owned());
    let clock: Arc<dyn Clock> = Arc::<FixedClock>::clone(clock);
    let (log, state, outlet) = (Arc::new(log), Arc::new(store(dir)), Outlet::new(topics, 0));
    Arc::new(Pipeline::open_with(Arc::default(), log, state, clock, settings, outlet).unwrap())
}

fn store(dir: &tempfile::TempDir) -> FjallStore {
    FjallStore::open(&dir.path().join("state"), 8 << 20).unwrap()
}

/// Waits until everything is applied.
pub(super) fn drain(pipeline: &Pipeline) {
    let mut applied = pipeline.applications();
    while pipeline.lag() > 0 {
        assert!(pipeline.is_healthy());
        block_on(applied.changed()).unwrap();
    }
}

pub(super) fn user(n: u8) -> Subject {
    Subject::User(format!("user-{n}"))
}

pub(super) fn device(n: u8) -> Subject {
    Subject::Anonymous(format!("device-{n}"))
}

impl World {
    pub(super) fn new() -> Self {
        let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(FixedClock::new(BEGIN)));
        let pipeline = open(&dir, &clock);
        let running = Some((Arc::clone(&pipeline), Worker::new(pipeline)));
        Self { dir, clock, running, messages: 0 }
    }

    pub(super) fn pipeline(&self) -> &Arc<Pipeline> {
        &self.running.as_ref().unwrap().0
    }

    pub(super) fn wait(&self, ms: i64) {
        self.clock.set(self.clock.now().plus(ms));
    }

    pub(super) fn settle(&mut self) {
        drain(self.pipeline());
        self.running.as_mut().unwrap().1.settle().unwrap();
    }

    pub(super) fn turn(&mut self) {
        drain(self.pipeline());
        let (pipeline, worker) = self.running.as_mut().unwrap();
        let touched = pipeline.touched(std::time::Duration::ZERO, 2);
        worker.turn(touched).unwrap();
    }

    /// An event of these ids; what it says of consent, granted and denied.
    pub(super) fn send(&mut self, ids: &[Subject], name: &str, said: Option<(Purposes, Purposes)>) {
        self.messages += 1;
        let now = self.clock.now();
        let mut event = Event::new(Kind::Track, format!("m{}", self.messages), now, now);
        event.name = Some(name.into());
        for id in ids {
            match id {
                Subject::User(id) => event.user_id = Some(id.clone()),
                Subject::Anonymous(id) => event.anonymous_id = Some(id.clone()),
            }
        }
        let properties =
            r#"{"product_id":"p","order_id":"o","revenue":25.5,"products":[{"product_id":"p"}]}"#;
        event.properties = serde_json::from_str(properties).ok();
        event.consent = said.map(|(granted, denied)| {
            Box::new(ConsentStamp { granted, denied, signals: 1, ..ConsentStamp::default() })
        });
        block_on(self.pipeline().collect(&[event])).unwrap();
    }

    pub(super) fn command(&self, command: Command) {
        block_on(self.pipeline().command_identities(&[command])).unwrap();
    }

    pub(super) fn put(&self, name: &str, rule: &str, purpose: Purpose) {
        let spec = AudienceSpec { name: name.into(), rule: rule.into(), description: String::new(), purpose };
        within_runtime(self.pipeline().put_audience(spec)).unwrap();
        drain(self.pipeline());
    }

    pub(super) fn delete(&self, name: &str) {
        within_runtime(self.pipeline().delete_audience(name)).unwrap();
    }

    pub(super) fn erase(&self, subject: &Subject) {
        drain(self.pipeline());
        let keys = self.pipeline().keys_of(subject).unwrap();
        self.pipeline().erase(&Whose::new(keys)).unwrap();
    }

    pub(super) fn restart(&mut self) {
        self.running = None;
        let pipeline = open(&self.dir, &self.clock);
        drain(&pipeline);
        self.running = Some((Arc::clone(&pipeline), Worker::new(pipeline)));
    }

    /// Makes the state anew from the log; gives whether it is the same to the byte, and tells the same.
    pub(super) fn rebuild(&mut self) -> bool {
        drain(self.pipeline());
        self.pipeline().sync().unwrap();
        let told = self.told();
        self.running = None;
        let lived = state_digest(&store(&self.dir), self.clock.now()).unwrap();
        std::fs::remove_dir_all(self.dir.path().join("state")).unwrap();
        self.restart();
        self.pipeline().sync().unwrap();
        let told_again = self.told();
        self.running = None;
        let made = state_digest(&store(&self.dir), self.clock.now()).unwrap();
        self.restart();
        lived == made && told == told_again
    }

    /// What others are told, in its order: of which audience, by number and name, whom, and its id.
    pub(super) fn told(&self) -> Vec<(u32, String, Subject, Crossing, String)> {
        let page = self.pipeline().outbox(0, 100_000).unwrap();
        let read = |(_, id, effect): (u64, tradewind_pipeline::EffectId, Effect)| match effect {
            Effect::AudienceMoved(moved) => {
                (moved.id, moved.audience, moved.subject, moved.crossing, id.to_string())
            }
            Effect::EventHappened(event) => panic!("nobody wants {event:?}"),
        };
        page.effects.into_iter().map(read).collect()
    }

    /// What the rules say of a subject's person, asked from scratch: who that is, and the audiences.
    pub(super) fn expected(&self, subject: &Subject) -> Option<(Subject, Vec<String>)> {
        let pipeline = self.pipeline();
        let Lookup::Found(holder, profile) = pipeline.profile::<Personalization>(subject).unwrap() else {
            return None;
        };
        let allowed = pipeline.standing(subject).unwrap().1.allowed();
        let word = |word| pipeline.word(word);
        let context = Context { now: self.clock.now(), word: &word, currency: Currency::EUR };
        let asker = Asker::new();
        let audiences = pipeline.audiences();
        let fits = audiences.all().filter(|one| {
            let rule = Rule::compile(&one.spec.rule).unwrap();
            allowed.contains(one.spec.purpose) && asker.fits(&rule, &profile, &context, allowed)
        });
        Some((holder, fits.map(|one| one.spec.name.clone()).collect()))
    }

    /// Checks that everything is as the rules say.
    pub(super) fn check(&self, subjects: &[Subject]) {
        let pipeline = self.pipeline();
        let mut people: BTreeMap<Subject, Vec<String>> = BTreeMap::new();
        for subject in subjects {
            let expected = self.expected(subject);
            let names = expected.as_ref().map_or(&[][..], |(_, names)| names);
            assert_eq!(pipeline.audiences_of(subject).unwrap(), names, "{subject}");
            people.extend(expected);
        }
        pipeline.sync().unwrap();
        let audiences = pipeline.audiences();
        for audience in audiences.all() {
            let of = |names: &Vec<String>| names.contains(&audience.spec.name);
            let size = people.values().filter(|names| of(names)).count() as u64;
            assert_eq!(audiences.size(audience.id), size, "{audience:?}");
            assert!(!audience.is_evaluating(), "{audience:?}");
        }
        let mut rows = BTreeSet::new();
        let row = |key: &str, row: &tradewind_pipeline::Membership| {
            if row.ids().any(|id| audiences.by_id(id).is_some()) {
                rows.insert(key.to_owned());
            }
            ControlFlow::Continue(())
        };
        pipeline.each_member("", row).unwrap();
        let members = people.iter().filter(|(_, names)| !names.is_empty()).map(|(holder, _)| holder.key());
        assert_eq!(rows, members.collect());
        self.check_told(&people);
    }

    /// Whoever was told to be in is in, whoever was told to be out is out, and nobody was told twice.
    fn check_told(&self, people: &BTreeMap<Subject, Vec<String>>) {
        let mut inside: BTreeSet<(u32, Subject)> = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for (audience, _, subject, crossing, id) in self.told() {
            assert!(ids.insert(id));
            let place = (audience, subject);
            match crossing {
                Crossing::Entered => assert!(inside.insert(place.clone()), "{place:?} entered twice"),
                Crossing::Exited => assert!(inside.remove(&place), "{place:?} exited twice"),
            }
        }
        let audiences = self.pipeline().audiences();
        // Of a deleted audience nobody is told out; another one of its name is another one.
        inside.retain(|(id, _)| audiences.by_id(*id).is_some());
        let told = people.iter().flat_map(|(who, names)| {
            let of = names.iter().filter_map(|name| audiences.get(name)).filter(|one| one.is_told());
            of.map(move |one| (one.id, who.clone()))
        });
        assert_eq!(inside, told.collect());
    }
}

fn within_runtime<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(task)
}
