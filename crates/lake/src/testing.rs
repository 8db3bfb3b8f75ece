//! What the tests of this crate share.

use std::path::{Path, PathBuf};
use std::time::Duration;

use deltalake_core::arrow::util::pretty::pretty_format_batches;
use deltalake_core::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use serde_json::value::RawValue;
use tradewind_events::{Event, Kind};
use tradewind_kernel::{Currency, UtcMillis};
use tradewind_pipeline::Repetitions;
use tradewind_ports::{Offset, Record, SqlEngine, SqlForm, block_on};

use crate::{DeltaSql, LakeWriter, SqlLimits, place};

/// 2026-01-15T12:00:00Z.
pub(crate) const NOON: i64 = 1_768_478_400_000;

pub(crate) fn limits() -> SqlLimits {
    SqlLimits { memory_mib: 256, timeout: Duration::from_secs(600), max_rows: 10_000 }
}

/// An event of a browser at `at`.
pub(crate) fn event(id: &str, name: &str, at: i64, properties: &str) -> Event {
    let at = UtcMillis::new(at);
    let mut event = Event::new(Kind::Track, id.to_owned(), at, at);
    event.name = Some(name.to_owned());
    event.anonymous_id = Some("browser-1".into());
    event.properties = Some(RawValue::from_string(properties.to_owned()).unwrap());
    event
}

/// No repetitions.
pub(crate) fn none() -> Repetitions {
    Repetitions::default()
}

/// Its record, as the pipeline writes it.
pub(crate) fn record(offset: Offset, event: &Event) -> Record {
    Record { offset, bytes: bytes_of(event).into() }
}

pub(crate) fn bytes_of(event: &Event) -> Vec<u8> {
    let mut bytes = vec![1];
    event.encode_to(&mut bytes).unwrap();
    bytes
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

pub(crate) async fn open(root: &Path) -> LakeWriter {
    LakeWriter::open(root, Currency::EUR).await.unwrap()
}

/// The rows of a query.
pub(crate) fn rows(root: &Path, sql: &str) -> Vec<Value> {
    let engine = DeltaSql::open(root, limits()).unwrap();
    let answer = block_on(engine.query(sql, SqlForm::Json)).unwrap_or_else(|e| panic!("{sql}: {e}"));
    serde_json::from_slice(&answer.body).unwrap()
}

/// The one number that a query gives.
pub(crate) fn number(root: &Path, sql: &str) -> i64 {
    let rows = rows(root, sql);
    rows[0]
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap()
        .as_i64()
        .unwrap_or_else(|| panic!("{sql}: {rows:?}"))
}

/// The files below a lake's folder that hold one of these texts: in their name, in their bytes, or in a value
/// of any column where they are Parquet.
pub(crate) fn holders(root: &Path, marks: &[&str]) -> Vec<PathBuf> {
    let mut files = place::files_below(root, "").unwrap();
    files.retain(|path| {
        let mut text = path.display().to_string();
        text.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
        if path.extension().is_some_and(|e| e == "parquet") {
            text.push_str(&decoded(path));
        }
        marks.iter().any(|mark| text.contains(mark))
    });
    files
}

/// Every value of a Parquet file as text.
fn decoded(path: &Path) -> String {
    let file = std::fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batches = reader.collect::<Result<Vec<_>, _>>().unwrap();
    pretty_format_batches(&batches).unwrap().to_string()
}
