use std::collections::BTreeSet;

use serde_json::{Value, json};
use tradewind_events::{Enrichment, Kind};
use tradewind_kernel::UtcMillis;

use super::*;
use crate::durable::faults;
use crate::testing::{NOON, event, none, number, open, record, rows, runtime};
use crate::upkeep::Upkeep;

const DAY: i64 = UtcMillis::DAY;

/// Records that go to five tables, over three days.
fn mixed(first: Offset, count: u64) -> Vec<Record> {
    let names = ["Product Viewed", "Product Added", "Order Completed", "Products Searched"];
    let one = |offset: Offset| {
        let at = NOON + i64::try_from(offset % 3).unwrap() * DAY;
        let name = names[usize::try_from(offset % 4).unwrap()];
        let properties = r#"{"order_id":"o","products":[{"product_id":"a","price":1.5},{"product_id":"b"}]}"#;
        record(offset, &event(&format!("m{offset}"), name, at, properties))
    };
    (first..first + count).map(one).collect()
}

fn offsets(root: &Path) -> Vec<i64> {
    let told = rows(root, r#"select "offset" as o from events order by o"#);
    told.iter().map(|row| row["o"].as_i64().unwrap()).collect()
}

#[test]
fn a_crash_between_two_tables_commits_writes_nothing_twice_and_loses_nothing() {
    // 12 records of 4 tables and of their lines: five commits, so a stop before, between and after them.
    for stop_after in 0..=5 {
        let dir = tempfile::tempdir().unwrap();
        runtime().block_on(async {
            let mut writer = open(dir.path()).await;
            writer.take(&mixed(0, 8), &none()).unwrap();
            writer.commit().await.unwrap();
            writer.take(&mixed(8, 12), &none()).unwrap();
            writer.commit_tables(stop_after).await.unwrap();
            drop(writer);

            let mut writer = open(dir.path()).await;
            assert_eq!(writer.position(), 8);
            // It is read again with more behind it, in other pieces.
            writer.take(&mixed(8, 5), &none()).unwrap();
            writer.take(&mixed(10, 14), &none()).unwrap();
            writer.commit().await.unwrap();
            assert_eq!(writer.position(), 24);
        });
        assert_eq!(offsets(dir.path()), (0..24).collect::<Vec<_>>(), "stopped after {stop_after}");
        assert_eq!(number(dir.path(), "select count(*) from order_lines"), 12);
        assert_eq!(number(dir.path(), r#"select count(distinct "offset" * 10 + line) from order_lines"#), 12);
    }
}

#[test]
fn without_its_position_the_lake_goes_through_the_log_again() {
    let dir = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let mut writer = open(dir.path()).await;
        writer.take(&mixed(0, 10), &none()).unwrap();
        writer.commit().await.unwrap();
        std::fs::remove_file(dir.path().join("POSITION")).unwrap();
        let mut writer = open(dir.path()).await;
        assert_eq!(writer.position(), 0);
        writer.take(&mixed(0, 12), &none()).unwrap();
        writer.commit().await.unwrap();
    });
    assert_eq!(offsets(dir.path()), (0..12).collect::<Vec<_>>());
}

#[test]
fn duplicates_and_what_does_not_read_are_left_out() {
    let dir = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let mut writer = open(dir.path()).await;
        let mut records = mixed(0, 10);
        records[4].bytes = vec![1, 9].into();
        writer.take(&records, &Repetitions::of_records(vec![2, 3, 7])).unwrap();
        assert_eq!(writer.commit().await.unwrap().rows, 6 + 2);
        assert_eq!(writer.position(), 10);
    });
    assert_eq!(offsets(dir.path()), [0, 1, 5, 6, 8, 9]);
}

#[test]
fn of_a_redriven_letters_events_those_that_count_are_there() {
    let dir = tempfile::tempdir().unwrap();
    let one = |id: &str| event(id, "Product Viewed", NOON, "{}");
    let events = [one("known"), one("new"), one("newer")];
    let note = json!({"redriven": {"id": 0, "at": NOON, "by": "me", "events": events}}).to_string();
    let redriven = |offset| Record { offset, bytes: [&[5, 1], note.as_bytes()].concat().into() };
    runtime().block_on(async {
        let mut writer = open(dir.path()).await;
        let repeated = Repetitions::of_records(vec![2]).with_events(1, vec![0]);
        writer.take(&[record(0, &one("known")), redriven(1), redriven(2)], &repeated).unwrap();
        writer.commit().await.unwrap();
    });
    let ids = rows(dir.path(), r#"select message_id as m from browse order by "offset", m"#);
    assert_eq!(ids, [json!({"m": "known"}), json!({"m": "new"}), json!({"m": "newer"})]);
}

/// A sync of something whose path holds `part` fails; gives the data files that the failed try left behind.
async fn fail_once(root: &Path, part: &'static str) -> BTreeSet<PathBuf> {
    let mut writer = open(root).await;
    writer.take(&mixed(0, 12), &none()).unwrap();
    writer.commit().await.unwrap();
    let before = files(root, "browse");
    writer.take(&mixed(12, 12), &none()).unwrap();
    faults::fail_next(root, part);
    let failed = writer.commit().await.unwrap_err().to_string();
    assert!(faults::all_done(root) && failed.contains("fails for a test"), "{part}: {failed}");
    assert_eq!(place::read_position(root).unwrap(), 12, "{part}");
    files(root, "browse").difference(&before).cloned().collect()
}

#[test]
fn what_could_not_be_synced_is_written_anew_under_another_name() {
    // A data file, the folder of its day, a commit, the folder of commits, the position, the lake's folder.
    for part in [
        "browse/day=2026-01-15/part",
        "browse/day=2026-01-15",
        "browse/_delta_log/0",
        "browse/_delta_log",
        "POSITION",
        "",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let left = runtime().block_on(async {
            let left = fail_once(dir.path(), part).await;
            let mut writer = open(dir.path()).await;
            assert_eq!(writer.position(), 12);
            writer.take(&mixed(12, 15), &none()).unwrap();
            writer.commit().await.unwrap();
            left
        });
        assert_eq!(offsets(dir.path()), (0..27).collect::<Vec<_>>(), "{part}");
        assert_eq!(number(dir.path(), "select count(*) from order_lines"), 14, "{part}");
        let commits = dir.path().join("browse/_delta_log");
        let commits = std::fs::read_dir(commits).unwrap().map(|e| e.unwrap().path());
        let told: String =
            commits.filter(|p| p.is_file()).map(|p| std::fs::read_to_string(p).unwrap()).collect();
        if part.starts_with("browse") {
            for file in left {
                let name = file.file_name().unwrap().to_str().unwrap();
                assert!(!told.contains(name), "{part}: {name} is referred to");
            }
        }
    }
}

#[test]
fn a_merge_whose_sync_fails_leaves_the_small_files_in_place() {
    let upkeep = Upkeep { keep_days: None, merge_at: 2 };
    for part in ["browse/day", "browse/_delta_log/0"] {
        let dir = tempfile::tempdir().unwrap();
        runtime().block_on(async {
            let mut writer = open(dir.path()).await;
            for round in 0..2 {
                writer.take(&mixed(round * 12, 12), &none()).unwrap();
                writer.commit().await.unwrap();
            }
            faults::fail_next(dir.path(), part);
            writer.merge(upkeep).await.unwrap_err();
            assert!(faults::all_done(dir.path()));
            assert_eq!(offsets(dir.path()), (0..24).collect::<Vec<_>>(), "{part}");
            let mut writer = open(dir.path()).await;
            assert!(writer.merge(upkeep).await.unwrap().merged_files >= 6);
        });
        assert_eq!(offsets(dir.path()), (0..24).collect::<Vec<_>>(), "{part}");
    }
}

#[test]
fn what_an_event_says_is_typed() {
    let dir = tempfile::tempdir().unwrap();
    let mut order = event(
        "order-1",
        "Order Completed",
        NOON,
        r#"{"order_id":7,"currency":"usd","revenue":"30.10","products":[
            {"product_id":"a","price":10.05,"quantity":2,"category":"Home > Mugs","position":3},
            {"sku":"b","price":10}]}"#,
    );
    order.user_id = Some("u1".into());
    order.enriched = Some(Box::new(Enrichment {
        device: Some("phone".into()),
        channel: Some("paid".into()),
        country: Some("NL".into()),
        local_hour: Some(13),
        ..Enrichment::default()
    }));
    let view = event("view-1", "Product Viewed", NOON, r#"{"product_id":"a","price":10.05,"position":2}"#);
    let mut page = event("page-1", "Home", NOON, r#"{"path":"/own"}"#);
    page.kind = Kind::Page;
    let list = event(
        "list-1",
        "Product List Viewed",
        NOON,
        r#"{"products":[{"product_id":"a","position":1},{"product_id":"c","position":2}]}"#,
    );
    let decision = br#"{"id":"d1","t":1768478400000,"s":"user_id:u1","us":9,"p":[{"n":"home.for_you","s":[["a",0.5,"popularity"],["b",0.25,"static"]]}]}"#;
    let mut records: Vec<Record> =
        [order, view, page, list].iter().zip(0..).map(|(e, offset)| record(offset, e)).collect();
    records.push(Record { offset: 4, bytes: [&[3, 1], &decision[..]].concat().into() });
    let product = br#"{"id":"a","title":"Mug","category_path":["Home"],"price":{"minor":1005,"currency":"EUR"},"updated_at":1768478400000}"#;
    records.push(Record { offset: 5, bytes: [&[2, 1], &product[..]].concat().into() });
    runtime().block_on(async {
        let mut writer = open(dir.path()).await;
        writer.take(&records, &none()).unwrap();
        writer.commit().await.unwrap();
    });
    let ask = |sql: &str| rows(dir.path(), sql).remove(0);
    assert_eq!(
        ask("select user_id, order_id, revenue_minor, currency, device, channel, country, local_hour, \
             product_id, product_count, cast(day as varchar) as day, cast(occurred_at as varchar) as at from orders"),
        json!({"user_id": "u1", "order_id": "7", "revenue_minor": 3010, "currency": "USD", "device": "phone",
            "channel": "paid", "country": "NL", "local_hour": 13, "product_id": null, "product_count": 2,
            "day": "2026-01-15", "at": "2026-01-15T12:00:00Z"})
    );
    assert_eq!(
        rows(
            dir.path(),
            "select line, product_id, price_minor, quantity, category, position from order_lines order by line"
        ),
        [
            json!({"line": 1, "product_id": "a", "price_minor": 1005, "quantity": 2.0, "category": "Home > Mugs", "position": 3}),
            json!({"line": 2, "product_id": "b", "price_minor": 1000, "quantity": null, "category": null, "position": null}),
        ]
    );
    let viewed = ask("select product_id, price_minor, position from browse where name = 'Product Viewed'");
    assert_eq!(viewed, json!({"product_id": "a", "price_minor": 1005, "position": 2}));
    assert_eq!(ask("select page_path from browse where kind = 'page'"), json!({"page_path": "/own"}));
    assert_eq!(ask("select sum(position) as p, count(*) as n from impressions"), json!({"p": 3, "n": 2}));
    assert_eq!(
        ask("select placement, user_id, anonymous_id, slots from decisions"),
        json!({"placement": "home.for_you", "user_id": "u1", "anonymous_id": null, "slots": 2})
    );
    assert_eq!(
        ask("select product_id, score, source from decision_slots where position = 2"),
        json!({"product_id": "b", "score": 0.25, "source": "static"})
    );
    assert_eq!(ask("select title, price_minor from products"), json!({"title": "Mug", "price_minor": 1005}));
}

#[test]
fn a_newer_program_adds_columns_and_an_older_one_leaves_them_be() {
    let dir = tempfile::tempdir().unwrap();
    let newer = rows::tables();
    let mut older = newer.clone();
    for (_, columns) in &mut older {
        columns.retain(|column| column.name != "page_path" && column.name != "quantity");
    }
    let write = async |tables: &[(&'static str, Vec<ColumnType>)], first| {
        let mut writer =
            LakeWriter::open_with(dir.path(), tradewind_kernel::Currency::EUR, tables).await.unwrap();
        let properties = r#"{"product_id":"a","quantity":3}"#;
        let one = event(&format!("m{first}"), "Product Viewed", NOON, properties);
        writer.take(&[record(first, &one)], &none()).unwrap();
        writer.commit().await.unwrap();
    };
    let quantities = || {
        let told = rows(dir.path(), r#"select quantity from browse order by "offset""#);
        told.iter().map(|row| row["quantity"].clone()).collect::<Vec<_>>()
    };
    runtime().block_on(write(&older, 0));
    assert_eq!(number(dir.path(), "select count(*) from browse"), 1);
    runtime().block_on(write(&newer, 1));
    assert_eq!(quantities(), [Value::Null, json!(3.0)]);
    runtime().block_on(write(&older, 2));
    assert_eq!(quantities()[..2], [Value::Null, json!(3.0)]);
    assert_eq!(number(dir.path(), "select count(*) from browse"), 3);
}

/// Data files on the disk, without Delta's own.
fn files(root: &Path, table: &str) -> BTreeSet<PathBuf> {
    let days = std::fs::read_dir(root.join(table)).unwrap().map(|e| e.unwrap().path());
    let days = days.filter(|p| p.file_name().unwrap().to_str().unwrap().starts_with("day="));
    days.flat_map(|day| std::fs::read_dir(day).unwrap().map(|e| e.unwrap().path())).collect()
}

#[test]
fn merging_keeps_every_row_and_tidying_drops_old_days_and_lost_files() {
    let dir = tempfile::tempdir().unwrap();
    let upkeep = Upkeep { keep_days: Some(1), merge_at: 3 };
    runtime().block_on(async {
        let mut writer = open(dir.path()).await;
        for round in 0..3 {
            writer.take(&mixed(round * 12, 12), &none()).unwrap();
            writer.commit().await.unwrap();
        }
        assert_eq!(files(dir.path(), "browse").len(), 9);
        let report = writer.merge(upkeep).await.unwrap();
        assert!(report.merged_files >= 4 * 9, "{report:?}");
        assert_eq!(writer.merge(upkeep).await.unwrap().merged_files, 0);
        assert_eq!(offsets(dir.path()), (0..36).collect::<Vec<_>>());

        // What a writer that was killed left behind, two days ago.
        let lost = dir.path().join("browse/day=2026-01-15/part-lost.parquet");
        let file = std::fs::File::create(&lost).unwrap();
        let now = std::fs::metadata(&lost).unwrap().modified().unwrap();
        file.set_modified(now - std::time::Duration::from_secs(2 * 86_400)).unwrap();
        let before = files(dir.path(), "browse");

        // The 17th is today: the 16th stays, the 15th goes.
        let report = writer.tidy(upkeep, UtcMillis::new(NOON + 2 * DAY)).await.unwrap();
        assert_eq!((report.dropped_days, report.removed_files), (5, 1), "{report:?}");
        let after = files(dir.path(), "browse");
        assert_eq!(before.difference(&after).collect::<Vec<_>>(), [&lost]);
        let kept: Vec<i64> = (0..36).filter(|offset| offset % 3 != 0).collect();
        assert_eq!(offsets(dir.path()), kept);

        // It goes on where it was.
        writer.take(&mixed(36, 12), &none()).unwrap();
        writer.commit().await.unwrap();
        drop(writer);
        assert_eq!(open(dir.path()).await.position(), 48);
    });
    assert_eq!(number(dir.path(), "select count(*) from events"), 24 + 12);
}
