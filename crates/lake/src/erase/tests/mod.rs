use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::PathBuf;

use serde_json::Value;
use serde_json::value::RawValue;
use tradewind_events::{Event, Kind};
use tradewind_kernel::UtcMillis;
use tradewind_pipeline::Turn;
use tradewind_ports::{Offset, Record, SqlEngine, SqlForm, block_on};

use super::*;
use crate::testing::{NOON, event, holders, limits, none, open, record, runtime};
use crate::upkeep::Upkeep;
use crate::{DeltaSql, erase_at_rest, rows};

const DAYS: i64 = 3;
const NAMES: [&str; 8] = [
    "Product Viewed",
    "Product Added",
    "Order Completed",
    "Products Searched",
    "Promotion Viewed",
    "Checkout Started",
    "Size Guide Opened",
    "Product List Viewed",
];

/// Somebody whose ids, and everything else that is told of them, can be found again.
struct Person {
    user: String,
    anonymous: String,
    mark: String,
}

fn random() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

impl Person {
    fn new() -> Self {
        Self { user: random(), anonymous: random(), mark: random() }
    }

    fn marks(&self) -> [&str; 3] {
        [&self.user, &self.anonymous, &self.mark]
    }

    fn whose(&self) -> Whose {
        Whose::new([format!("u:{}", self.user), format!("a:{}", self.anonymous)])
    }

    /// What they do on one day, in every family: under one id, the other, or both.
    fn events(&self, day: i64, round: usize) -> Vec<Event> {
        let at = NOON + day * UtcMillis::DAY;
        let told = format!(
            r#"{{"order_id":"{0}","query":"{0}","products":[{{"product_id":"a"}},{{"product_id":"b","variant":"{0}"}}]}}"#,
            self.mark
        );
        let mut events: Vec<Event> =
            NAMES.iter().map(|name| event(&format!("{}{round}{name}", self.mark), name, at, &told)).collect();
        let mut identify = event(&format!("{}-i", self.mark), "", at, "{}");
        identify.kind = Kind::Identify;
        identify.traits = Some(RawValue::from_string(format!(r#"{{"name":"{}"}}"#, self.mark)).unwrap());
        events.push(identify);
        for (event, which) in events.iter_mut().zip(round..) {
            event.user_id = (which % 3 != 0).then(|| self.user.clone());
            event.anonymous_id = (which % 3 != 1).then(|| self.anonymous.clone());
        }
        let mut alias = event("alias", "", at, "{}");
        (alias.kind, alias.anonymous_id) = (Kind::Alias, None);
        alias.previous_id = Some(if round.is_multiple_of(2) { &self.user } else { &self.anonymous }.clone());
        events.push(alias);
        events
    }

    fn decision(&self, round: usize) -> Vec<u8> {
        let subject = match round % 2 {
            0 => format!("user_id:{}", self.user),
            _ => format!("anonymous_id:{}", self.anonymous),
        };
        let json = format!(
            r#"{{"id":"d","t":{NOON},"s":"{subject}","us":9,"p":[{{"n":"home.for_you","s":[["a",0.5,"popularity"]]}}]}}"#
        );
        [&[3, 1], json.as_bytes()].concat()
    }
}

/// Two people and all they did, and a lake of it.
struct Shop {
    dir: tempfile::TempDir,
    ann: Person,
    bob: Person,
    log: Vec<Record>,
    /// Which records are Ann's.
    hers: Vec<usize>,
}

impl Shop {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir, ann: Person::new(), bob: Person::new(), log: Vec::new(), hers: Vec::new() }
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Both do everything on each day.
    fn go_on(&mut self, round: usize) {
        for (person, is_ann) in [(&self.ann, true), (&self.bob, false)] {
            let events = (0..DAYS).flat_map(|day| person.events(day, round));
            let mut records: Vec<Vec<u8>> = events.map(|event| record(0, &event).bytes.to_vec()).collect();
            records.push(person.decision(round));
            for bytes in records {
                if is_ann {
                    self.hers.push(self.log.len());
                }
                self.log.push(Record { offset: self.log.len() as Offset, bytes: bytes.into() });
            }
        }
    }

    /// Carries what the lake has not.
    async fn carry(&self, writer: &mut LakeWriter) {
        writer.take(&self.log, &none()).unwrap();
        writer.commit().await.unwrap();
    }

    /// A lake with commits that are merged and others that are not.
    async fn filled(&mut self) -> LakeWriter {
        let mut writer = open(self.root()).await;
        for round in 0..4 {
            self.go_on(round);
            self.carry(&mut writer).await;
            if round == 2 {
                let merged = writer.merge(Upkeep { keep_days: None, merge_at: 2 }).await.unwrap();
                assert!(merged.merged_files > 0);
            }
        }
        writer
    }

    /// The log as the erasure leaves it.
    fn blank(&mut self) {
        for &place in &self.hers {
            let length = self.log[place].bytes.len();
            self.log[place].bytes = vec![0; length].into();
        }
    }
}

/// Every row of every table, in an order that does not depend on files.
fn all_rows(engine: &DeltaSql) -> BTreeMap<&'static str, Vec<String>> {
    let rows_of = |table: &str| {
        let answer = block_on(engine.query(&format!("select * from {table}"), SqlForm::Json)).unwrap();
        let rows: Vec<Value> = serde_json::from_slice(&answer.body).unwrap();
        let mut rows: Vec<String> = rows.iter().map(Value::to_string).collect();
        rows.sort();
        rows
    };
    rows::tables().into_iter().map(|(name, _)| (name, rows_of(name))).collect()
}

/// The rows without hers, and how many were hers.
fn without(
    mut rows: BTreeMap<&'static str, Vec<String>>,
    ann: &Person,
) -> (BTreeMap<&'static str, Vec<String>>, u64) {
    let mut hers = 0;
    for (name, rows) in &mut rows {
        let before = rows.len();
        rows.retain(|row| !ann.marks().iter().any(|mark| row.contains(mark)));
        hers += (before - rows.len()) as u64;
        assert!(*name == "products" || (!rows.is_empty() && rows.len() < before), "{name} is not tried");
    }
    (rows, hers)
}

fn everything(root: &Path) -> BTreeMap<&'static str, Vec<String>> {
    all_rows(&DeltaSql::open(root, limits()).unwrap())
}

fn files(root: &Path) -> Vec<PathBuf> {
    let mut files = place::files_below(root, "").unwrap();
    files.sort();
    files
}

#[test]
fn no_file_holds_anything_of_somebody_erased_and_everybody_else_stays_and_goes_on() {
    let mut shop = Shop::new();
    let mut writer = runtime().block_on(shop.filled());
    let engine = DeltaSql::open(shop.root(), limits()).unwrap();
    let (others, hers) = without(all_rows(&engine), &shop.ann);
    let in_log = holders(shop.root(), &shop.ann.marks());
    assert!(
        in_log.iter().any(|path| path.extension().is_some_and(|e| e == "json")),
        "the test finds nothing"
    );
    assert!(in_log.iter().filter(|path| path.extension().is_some_and(|e| e == "parquet")).count() > 30);

    let next = shop.log.len() as Offset;
    let runtime = runtime();
    assert_eq!(runtime.block_on(writer.erase(&shop.ann.whose())).unwrap(), hers);
    assert_eq!(holders(shop.root(), &shop.ann.marks()), Vec::<PathBuf>::new());
    assert_eq!(all_rows(&engine), others, "the engine that knew the older version");
    assert_eq!(everything(shop.root()), others);

    // Again: nobody is found, and no file changes.
    let before = files(shop.root());
    assert_eq!(runtime.block_on(writer.erase(&shop.ann.whose())).unwrap(), 0);
    assert_eq!(files(shop.root()), before);

    // The same writer goes on, and so does the next one, also where it reads the whole log again.
    shop.blank();
    let bob_alone = Shop { ann: Person::new(), ..shop };
    let mut shop = bob_alone;
    shop.go_on(4);
    runtime.block_on(async {
        assert_eq!(writer.position(), next);
        shop.carry(&mut writer).await;
        drop(writer);
        let more = everything(shop.root());
        shop.carry(&mut open(shop.root()).await).await;
        std::fs::remove_file(shop.root().join("POSITION")).unwrap();
        let mut writer = open(shop.root()).await;
        assert_eq!(writer.position(), 0);
        shop.carry(&mut writer).await;
        drop(writer);
        assert_eq!(everything(shop.root()), more);
        let (old_others, _) = without(more, &shop.ann);
        assert!(others.iter().all(|(name, rows)| rows.iter().all(|row| old_others[name].contains(row))));
    });
}

/// Bob is to go; the browser is Ann's on the first day and his on the second, and names nobody on any.
#[test]
fn on_a_shared_browser_the_rows_of_ones_turn_go() {
    let dir = tempfile::tempdir().unwrap();
    let at = |day: i64| UtcMillis::new(NOON + day * UtcMillis::DAY);
    let seen = |(offset, day): (Offset, i64)| {
        let mut seen = event(&format!("m{offset}"), "Product Viewed", at(day).get(), r#"{"product_id":"a"}"#);
        (seen.user_id, seen.anonymous_id) = (None, Some("tablet".into()));
        record(offset, &seen)
    };
    let log: Vec<Record> = (0..).zip([0, 1, 1, 2]).map(seen).collect();
    let mut writer = runtime().block_on(open(dir.path()));
    writer.take(&log, &none()).unwrap();
    let turn = Turn { anonymous: "tablet".into(), from: at(1), until: at(2) };
    let whose = Whose::new(["u:bob".to_owned()]).with_turns([turn]);
    assert_eq!(runtime().block_on(writer.erase(&whose)).unwrap(), 2);
    drop(writer);
    let left = everything(dir.path());
    let views: Vec<&String> = left.values().flatten().filter(|row| row.contains("tablet")).collect();
    assert_eq!(views.len(), 2, "{views:?}");
}

#[test]
fn what_was_cut_short_between_the_rows_and_the_files_is_mended_by_the_same_call() {
    let mut shop = Shop::new();
    let runtime = runtime();
    let mut writer = runtime.block_on(shop.filled());
    let (others, hers) = without(everything(shop.root()), &shop.ann);
    assert_eq!(runtime.block_on(writer.remove_rows(&shop.ann.whose())).unwrap(), hers);
    drop(writer);
    assert_eq!(everything(shop.root()), others);
    assert!(!holders(shop.root(), &shop.ann.marks()).is_empty());

    // What a torn commit and a writer that was killed left.
    std::fs::write(shop.root().join("browse/_delta_log/00000000000000000009.torn"), &shop.ann.mark).unwrap();
    std::fs::write(shop.root().join("browse/day=2026-01-15/part-lost.parquet.tmp"), &shop.ann.mark).unwrap();
    assert_eq!(erase_at_rest(shop.root(), &shop.ann.whose()).unwrap(), 0);
    assert_eq!(holders(shop.root(), &shop.ann.marks()), Vec::<PathBuf>::new());
    assert_eq!(everything(shop.root()), others);
}

#[test]
fn a_lake_that_is_not_there_holds_nobody_and_a_newer_programs_table_is_told() {
    let mut shop = Shop::new();
    let nowhere = shop.root().join("nowhere");
    assert_eq!(erase_at_rest(&nowhere, &shop.ann.whose()).unwrap(), 0);
    assert!(!nowhere.exists());

    let mut writer = runtime().block_on(async {
        let mut writer = open(shop.root()).await;
        shop.go_on(0);
        // Not committed: the erasure does that.
        writer.take(&shop.log, &none()).unwrap();
        writer
    });
    std::fs::create_dir_all(shop.root().join("newer/_delta_log")).unwrap();
    let told = runtime().block_on(writer.erase(&shop.ann.whose())).unwrap_err().to_string();
    assert!(told.contains("newer"), "{told}");
    assert_eq!(holders(shop.root(), &shop.ann.marks()), Vec::<PathBuf>::new());
    assert!(!holders(shop.root(), &shop.bob.marks()).is_empty());
}
