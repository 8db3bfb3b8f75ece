//! What the tests of this crate share.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use tradewind_events::{Event, Kind};
use tradewind_kernel::{Currency, UtcMillis};
use tradewind_pipeline::Repetitions;
use tradewind_ports::{Offset, Record, SqlEngine, SqlForm, block_on};

use crate::{DeltaSql, LakeWriter, SqlLimits};

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
