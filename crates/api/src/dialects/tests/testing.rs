//! What the dialects' tests share: a server on a directory of its own, and mutations of what clients send.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tower::ServiceExt;
use tradewind_decide::Decider;
use tradewind_embedded::{BlobFiles, FjallStore, LogOptions, SegmentLog};
use tradewind_events::Event;
use tradewind_govern::{Rights, Setup};
use tradewind_kernel::{Currency, FixedClock, Subject, UtcMillis};
use tradewind_people::Profile;
use tradewind_people::consent::Personalization;
use tradewind_pipeline::{LetterLimits, Pipeline, Settings};
use tradewind_ports::{SqlEngine, StateStore};

use crate::admission::AdmissionSettings;
use crate::dialects::draft::Draft;
use crate::enrich::Sender;
use crate::privacy::Shown;
use crate::state::{Api, ApiSettings};

/// When the tests' server receives everything: a minute after the captures were made.
pub(crate) const RECEIVED: UtcMillis = UtcMillis::new(1_795_207_420_000);

/// What the tests' Shopify signs with.
pub(crate) const SECRET: &str = "hush";

/// A server that knows the write key `k` only.
pub(crate) struct Shop {
    pub(crate) api: Arc<Api>,
    router: Router,
    runtime: tokio::runtime::Runtime,
    dir: tempfile::TempDir,
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self::with(AdmissionSettings::default(), 1_000_000, |store| Arc::new(store))
    }

    /// With bounds of its own, on a state that `wrap` may put something around.
    pub(crate) fn with(
        admission: AdmissionSettings,
        max_lag_records: u64,
        wrap: impl FnOnce(FjallStore) -> Arc<dyn StateStore>,
    ) -> Self {
        Self::with_lake(admission, max_lag_records, wrap, None)
    }

    /// One that answers SQL.
    pub(crate) fn over(sql: Arc<dyn SqlEngine>) -> Self {
        Self::with_lake(AdmissionSettings::default(), 1_000_000, |store| Arc::new(store), Some(sql))
    }

    fn with_lake(
        admission: AdmissionSettings,
        max_lag_records: u64,
        wrap: impl FnOnce(FjallStore) -> Arc<dyn StateStore>,
        sql: Option<Arc<dyn SqlEngine>>,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = SegmentLog::open(&dir.path().join("log"), LogOptions::default()).unwrap();
        let store = FjallStore::open(&dir.path().join("state"), 8 << 20).unwrap();
        let settings = Settings {
            currency: Currency::EUR,
            popularity_half_life_ms: UtcMillis::DAY,
            max_lag_records,
            gate: tradewind_pipeline::GateTargets::default(),
            dead_letters: LetterLimits::default(),
        };
        let clock = Arc::new(FixedClock::new(RECEIVED));
        let pipeline = Arc::new(Pipeline::open(Arc::new(log), wrap(store), clock, settings).unwrap());
        let decider = Arc::new(Decider::new(Arc::clone(&pipeline)));
        let settings = ApiSettings {
            write_keys: vec!["k".into()],
            shopify_secrets: vec!["new".into(), SECRET.into()],
            admission,
            ..ApiSettings::default()
        };
        let api = Arc::new(Api::new(pipeline, decider, settings, None).with_sql(sql));
        let router = crate::router(Arc::clone(&api), None);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { api, router, runtime, dir }
    }

    /// Lets it carry out the rights of people.
    pub(crate) fn keep_rights(&self) -> Arc<Rights> {
        let (pipeline, dir) = (Arc::clone(&self.api.pipeline), self.dir.path());
        let blobs = Arc::new(BlobFiles::new(dir.join("blobs")));
        let setup = Setup { pipeline, blobs, places: vec![Arc::new(Shown::new(&self.api))], consents: None };
        let rights = Arc::new(Rights::open(&dir.join("erasures"), setup).unwrap());
        self.api.use_rights(Arc::clone(&rights));
        rights
    }

    /// Sends a request, and returns the answer's status and text.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> (u16, String) {
        let (status, _, text) = self.answer(method, path, headers, body);
        (status, text)
    }

    /// The same with the answer's headers.
    pub(crate) fn answer(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> (u16, HeaderMap, String) {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |r, (name, value)| r.header(*name, *value));
        let request = request.body(body.into()).unwrap();
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            (parts.status.as_u16(), parts.headers, String::from_utf8_lossy(&body).into_owned())
        })
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> (u16, String) {
        self.send("POST", path, &[("content-type", "application/json")], body.to_owned())
    }

    /// What a future comes to, within ten seconds.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let patience = Duration::from_secs(10);
        self.runtime.block_on(async { tokio::time::timeout(patience, future).await.unwrap() })
    }

    /// The events applied, by name, once all are.
    pub(crate) fn counts(&self) -> Vec<(String, u64)> {
        assert!(self.runtime.block_on(self.api.pipeline.settled(Duration::from_secs(10))));
        self.api.pipeline.counts()
    }

    pub(crate) fn profile(&self, subject: &str) -> Option<Arc<Profile>> {
        self.counts();
        let subject = Subject::parse(subject).unwrap();
        let found = self.api.pipeline.profile::<Personalization>(&subject).unwrap();
        found.found().map(|(_, profile)| Arc::clone(&profile))
    }

    pub(crate) fn reject_codes(&self) -> Vec<String> {
        self.counts();
        self.api.rejects().into_iter().map(|r| r.code).collect()
    }
}

/// The canonical event of a draft that is fine.
#[track_caller]
pub(crate) fn event_of(draft: Draft) -> Event {
    draft.into_event(RECEIVED, Sender::nobody()).unwrap()
}

/// An event's properties, traits or context, as a value.
#[track_caller]
pub(crate) fn value_of(raw: Option<&serde_json::value::RawValue>) -> Value {
    raw.map_or(Value::Null, |raw| serde_json::from_str(raw.get()).unwrap())
}

/// Puts odd values in the place of others, and swaps bytes, as a client at its worst would.
pub(crate) fn mutated(capture: &str, edits: &[(usize, usize)], flips: &[(usize, u8)]) -> Vec<u8> {
    let odd = [
        json!(null),
        json!(""),
        json!("x"),
        json!(-1),
        json!(1e308),
        json!(true),
        json!([]),
        json!({}),
        json!([null, {}]),
        json!({"a": {"b": []}}),
        json!("9".repeat(400)),
        json!("{\"schema\":3}"),
    ];
    let mut value: Value = serde_json::from_str(capture).unwrap();
    for (at, with) in edits {
        let mut left = at % 60;
        replace(&mut value, &mut left, &odd[with % odd.len()]);
    }
    let mut bytes = serde_json::to_vec(&value).unwrap();
    for (at, byte) in flips {
        let at = at % bytes.len();
        bytes[at] = *byte;
    }
    bytes
}

/// Replaces the node that comes `left` nodes after this one, parents first.
fn replace(value: &mut Value, left: &mut usize, with: &Value) -> bool {
    if *left == 0 {
        *value = with.clone();
        return true;
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|v| replace(v, left, with)),
        Value::Object(fields) => fields.values_mut().any(|v| replace(v, left, with)),
        _ => false,
    }
}

/// Sends mutated captures: the answer is never a failure of ours, and never a redirect.
pub(crate) fn never_fails(method: &str, path: &str, headers: &[(&str, &str)], captures: &[&str]) {
    let shop = Shop::open();
    let which = 0..captures.len();
    let edits = prop::collection::vec((any::<usize>(), any::<usize>()), 0..4);
    let flips = prop::collection::vec((any::<usize>(), any::<u8>()), 0..3);
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&(which, edits, flips), |(which, edits, flips)| {
            let body = mutated(captures[which], &edits, &flips);
            let (status, answer) = shop.send(method, path, headers, body.clone());
            let fine = matches!(status, 200..300 | 400..500);
            prop_assert!(fine, "{status} {answer} to {}", String::from_utf8_lossy(&body));
            Ok(())
        })
        .unwrap();
    assert!(shop.api.pipeline.is_healthy());
}
