//! Seeing in: health, metrics, counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::check_api_key;
use crate::measures;
use crate::problem::{Code, Problem, ProblemDocument};
use crate::state::Api;

/// Upper bounds of the buckets of every duration, in seconds.
const SECONDS: &[f64] =
    &[0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Upper bounds of the buckets of the age of features: a second to a month, in seconds.
const AGES: &[f64] = &[1.0, 10.0, 60.0, 600.0, 3_600.0, 21_600.0, 86_400.0, 604_800.0, 2_592_000.0];

/// Installs the recorder that `/metrics` reads; once in a process.
///
/// # Errors
/// [`BuildError`] when another recorder is installed.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), SECONDS)?
        .set_buckets_for_metric(Matcher::Full("tradewind_features_age_seconds".into()), AGES)?
        .install_recorder()?;
    measures::describe();
    Ok(handle)
}

/// `GET /livez`: the process answers.
#[utoipa::path(get, path = "/livez", tag = "operate", responses((status = 200, description = "alive")))]
pub(crate) async fn livez() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the process can take events and apply them.
#[utoipa::path(get, path = "/readyz", tag = "operate",
    responses((status = 200, description = "ready"), (status = 503, body = ProblemDocument)))]
pub(crate) async fn readyz(State(api): State<Arc<Api>>) -> Result<&'static str, Problem> {
    if api.pipeline.is_ready() {
        crate::privacy::check_ready(&api)?;
        Ok("ok\n")
    } else if api.pipeline.is_healthy() {
        Err(Problem::new(Code::Stopped, "what the log held at the start is still being applied"))
    } else {
        Err(Problem::new(Code::Stopped, "the projection has stopped; see the program's log"))
    }
}

/// `GET /metrics`: Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operate", responses((status = 200, body = String)))]
pub(crate) async fn metrics(State(api): State<Arc<Api>>) -> impl IntoResponse {
    let text = match &api.prometheus {
        Some(handle) => {
            if let Ok(totals) = api.pipeline.dead_letter_totals() {
                measures::letters_waiting(totals.waiting);
            }
            api.admission.measure();
            handle.run_upkeep();
            handle.render()
        }
        None => "# no recorder is installed\n".to_owned(),
    };
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

/// The engine in numbers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stats {
    /// Events applied, each once, since the data directory began.
    events_total: u64,
    /// The same by name or kind.
    events_by_name: BTreeMap<String, u64>,
    /// Events rejected since the start of the process.
    rejected_total: u64,
    /// Durable records that are not applied yet.
    lag_records: u64,
    products: usize,
    /// Product ids ever named.
    items: u32,
    sessions: usize,
    clicks: usize,
    /// The version of the trained models at work.
    model_version: Option<String>,
}

/// `GET /v1/stats`
#[utoipa::path(get, path = "/v1/stats", tag = "operate",
    responses((status = 200, body = Stats), (status = 401, body = ProblemDocument)))]
pub(crate) async fn stats(State(api): State<Arc<Api>>, headers: HeaderMap) -> Result<Json<Stats>, Problem> {
    check_api_key(&api, &headers)?;
    let pulse = api.pipeline.pulse(api.now());
    let counts = api.pipeline.counts();
    let live = api.pipeline.live();
    let sessions = live.sessions.read();
    Ok(Json(Stats {
        events_total: counts.iter().map(|c| c.1).sum(),
        events_by_name: counts.into_iter().collect(),
        rejected_total: api.rejected_total(),
        lag_records: pulse.lag_events,
        products: live.catalog.load().len(),
        items: live.items.read().len(),
        sessions: sessions.sessions(),
        clicks: sessions.clicks(),
        model_version: api.decider.models().map(|m| m.version.to_string()),
    }))
}
