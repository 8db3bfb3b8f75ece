use deltalake_core::arrow::ipc::reader::StreamReader;
use deltalake_core::datafusion::common::TableReference;
use serde_json::json;
use tradewind_pipeline::Whose;
use tradewind_ports::block_on;

use super::*;
use crate::testing::{NOON, event, limits, none, number, open, record, rows, runtime};

fn filled() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let mut writer = open(dir.path()).await;
        let minutes = [0, 10, 45, 50, 200];
        let records: Vec<_> = (0..)
            .zip(minutes)
            .map(|(offset, minute)| {
                let at = NOON + minute * 60_000;
                record(
                    offset,
                    &event(&format!("m{offset}"), "Product Viewed", at, r#"{"product_id":"a, b"}"#),
                )
            })
            .collect();
        writer.take(&records, &none()).unwrap();
        writer.commit().await.unwrap();
    });
    dir
}

#[track_caller]
fn refused(engine: &DeltaSql, sql: &str) -> String {
    match block_on(engine.query(sql, SqlForm::Json)) {
        Err(SqlError::Query(told)) => told,
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn whatever_does_more_than_read_is_refused() {
    let dir = filled();
    let secret = dir.path().join("secret.csv");
    std::fs::write(&secret, "a\n1\n").unwrap();
    let engine = DeltaSql::open(dir.path(), limits()).unwrap();
    let (secret, folder) = (secret.display(), dir.path().display());
    for sql in [
        "create table t as select 1".to_owned(),
        "create view v as select 1".to_owned(),
        "drop table browse".to_owned(),
        "insert into browse select * from browse".to_owned(),
        "delete from browse".to_owned(),
        "update browse set name = 'x'".to_owned(),
        format!("copy browse to '{folder}/out.csv'"),
        format!("explain analyze copy browse to '{folder}/out.csv'"),
        format!("create external table t stored as csv location '{secret}'"),
        format!("select * from '{secret}'"),
        "set datafusion.execution.batch_size = 1".to_owned(),
        "prepare p as select 1".to_owned(),
        "begin".to_owned(),
        "select 1; drop table browse".to_owned(),
        "selekt".to_owned(),
        String::new(),
    ] {
        assert!(!refused(&engine, &sql).is_empty(), "{sql}");
    }
    assert!(refused(&engine, "drop table browse").contains("only reads"));
    assert!(refused(&engine, "select * from brows").contains("there are browse, carts"));
    assert!(refused(&engine, "select nope from browse").contains("nope"));
    assert!(!dir.path().join("out.csv").exists());
    assert_eq!(number(dir.path(), "select count(*) from browse"), 5);
}

#[test]
fn what_there_is_can_be_asked() {
    let dir = filled();
    let names: Vec<_> = rows(dir.path(), "show tables").iter().map(|r| r["table_name"].clone()).collect();
    assert!(names.contains(&json!("orders")) && names.contains(&json!("sessions")), "{names:?}");
    let described = rows(dir.path(), "describe browse");
    assert!(described.iter().any(|row| row["column_name"] == "price_minor"), "{described:?}");
    assert!(!rows(dir.path(), "explain select count(*) from browse").is_empty());
}

#[test]
fn sessions_end_after_half_an_hour_without_an_event() {
    let dir = filled();
    let told = rows(
        dir.path(),
        r#"select session_number as s, session_position as p, family from sessions order by "offset""#,
    );
    let places: Vec<_> =
        told.iter().map(|row| (row["s"].as_i64().unwrap(), row["p"].as_i64().unwrap())).collect();
    assert_eq!(places, [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)]);
    assert_eq!(told[0]["family"], "browse");
}

#[test]
fn answers_come_in_every_form() {
    let dir = filled();
    let engine = DeltaSql::open(dir.path(), limits()).unwrap();
    let sql = r#"select "offset", product_id, user_id from browse order by 1 limit 2"#;
    let ask = |form| block_on(engine.query(sql, form)).unwrap();
    let csv = String::from_utf8(ask(SqlForm::Csv).body).unwrap();
    assert_eq!(csv, "offset,product_id,user_id\n0,\"a, b\",\n1,\"a, b\",\n");
    let json: serde_json::Value = serde_json::from_slice(&ask(SqlForm::Json).body).unwrap();
    assert_eq!(json[1], json!({"offset": 1, "product_id": "a, b", "user_id": null}));
    let table = String::from_utf8(ask(SqlForm::Table).body).unwrap();
    assert!(table.contains("| 1      | a, b       |"), "{table}");
    let arrow = ask(SqlForm::Arrow);
    let read: Vec<_> = StreamReader::try_new(&arrow.body[..], None).unwrap().map(Result::unwrap).collect();
    assert_eq!((read.iter().map(RecordBatch::num_rows).sum::<usize>(), arrow.rows), (2, 2));
    let nothing = "select name from browse where false";
    let none = block_on(engine.query(nothing, SqlForm::Json)).unwrap();
    assert_eq!((none.body.as_slice(), none.rows), (&b"[]"[..], 0));
    let none = block_on(engine.query(nothing, SqlForm::Csv)).unwrap();
    assert_eq!(none.body, b"name\n");
}

#[test]
fn rows_beyond_the_limit_are_left_out_and_told() {
    let dir = filled();
    let engine = DeltaSql::open(dir.path(), SqlLimits { max_rows: 3, ..limits() }).unwrap();
    let answer = |sql| block_on(engine.query(sql, SqlForm::Json)).unwrap();
    let cut = answer("select * from browse");
    assert_eq!((cut.rows, cut.is_truncated), (3, true));
    assert_eq!(serde_json::from_slice::<Vec<serde_json::Value>>(&cut.body).unwrap().len(), 3);
    let whole = answer("select * from browse limit 3");
    assert_eq!((whole.rows, whole.is_truncated), (3, false));
}

#[test]
fn time_and_memory_are_bounded() {
    let dir = filled();
    let endless = "select sum(a.value * b.value) from generate_series(1, 100000000) a \
        cross join generate_series(1, 100000000) b";
    let limit = Duration::from_millis(50);
    let engine = DeltaSql::open(dir.path(), SqlLimits { timeout: limit, ..limits() }).unwrap();
    assert_eq!(block_on(engine.query(endless, SqlForm::Json)), Err(SqlError::TooSlow { limit }));
    // What was stopped holds no place.
    for _ in 0..2 * AT_ONCE {
        let _ = block_on(engine.query(endless, SqlForm::Json));
    }
    assert_eq!(engine.running.available_permits(), AT_ONCE);

    let engine = DeltaSql::open(dir.path(), SqlLimits { memory_mib: 1, ..limits() }).unwrap();
    let large = "select count(distinct value) from generate_series(1, 3000000)";
    assert_eq!(block_on(engine.query(large, SqlForm::Json)), Err(SqlError::TooLarge { limit_mib: 1 }));
    // The memory is given back.
    assert!(block_on(engine.query("select count(*) from browse", SqlForm::Json)).is_ok());
}

#[test]
fn a_query_sees_what_was_committed_before_it() {
    let dir = filled();
    let engine = DeltaSql::open(dir.path(), limits()).unwrap();
    let count = || {
        let answer = block_on(engine.query("select count(*) as n from browse", SqlForm::Json)).unwrap();
        serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap()[0]["n"].as_i64().unwrap()
    };
    assert_eq!(count(), 5);
    runtime().block_on(async {
        let mut writer = open(dir.path()).await;
        writer.take(&[record(5, &event("m5", "Product Viewed", NOON, "{}"))], &none()).unwrap();
        writer.commit().await.unwrap();
    });
    assert_eq!(count(), 6);
}

#[test]
fn without_a_lake_there_are_no_tables() {
    let dir = tempfile::tempdir().unwrap();
    let engine = DeltaSql::open(&dir.path().join("none"), limits()).unwrap();
    assert!(block_on(engine.query("select 1", SqlForm::Json)).is_ok());
    assert!(refused(&engine, "select * from events").contains("not found"));
}

#[test]
fn a_query_whose_files_an_erasure_takes_away_is_told_from_others_and_made_again() {
    let dir = filled();
    let engine = DeltaSql::open(dir.path(), limits()).unwrap();
    let context = SessionContext::new();
    runtime().block_on(async {
        engine.inner.shelf.register(&context, &[TableReference::bare("browse")]).await.unwrap();
        let mut writer = open(dir.path()).await;
        assert_eq!(writer.erase(&Whose::new(["a:browser-1".to_owned()])).await.unwrap(), 5);
        let under_way = context.sql("select name from browse").await.unwrap();
        let error = under_way.collect().await.unwrap_err();
        assert!(is_gone(&error), "{error}");
        let other = context.sql("select nothing from nowhere").await.unwrap_err();
        assert!(!is_gone(&other), "{other}");
    });
    let answer = block_on(engine.query("select count(*) as n from browse", SqlForm::Json)).unwrap();
    assert_eq!(answer.body, br#"[{"n":0}]"#);
}

#[test]
fn until_all_tables_are_there_one_is_told_to_try_again() {
    let dir = tempfile::tempdir().unwrap();
    let engine = DeltaSql::open(dir.path(), limits()).unwrap();
    let ask = |sql: &str| block_on(engine.query(sql, SqlForm::Json));
    assert_eq!(ask("select * from browse"), Err(SqlError::Starting));
    std::fs::create_dir_all(dir.path().join("browse/_delta_log")).unwrap();
    assert_eq!(ask("select * from browse"), Err(SqlError::Starting), "a folder is no table yet");
    assert_eq!(ask("select * from sessions"), Err(SqlError::Starting));
    assert!(ask("select 1").is_ok() && matches!(ask("selekt"), Err(SqlError::Query(_))));
}
