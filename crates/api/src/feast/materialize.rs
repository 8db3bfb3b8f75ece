//! `POST /materialize` and `POST /materialize-incremental`: the rows of views over the lake's SQL.
//!
//! Views that are pushed or computed are always current, so that there is nothing to do for them. A view over
//! SQL is asked for its rows with `start_ts < event_timestamp ≤ end_ts`; rows that are there already change
//! nothing. One run takes as many rows as a query may answer (`lake.sql_max_rows`).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_features::{Source, View};
use tradewind_kernel::UtcMillis;
use tradewind_ports::{SqlEngine, SqlForm};

use super::error::FeastError;
use super::rows::{read_ask, row_of};
use super::write::put;
use crate::body::Inbound;
use crate::sql::NO_LAKE;
use crate::state::Api;

#[derive(Deserialize)]
struct Materialize {
    #[serde(default)]
    start_ts: Option<String>,
    #[serde(default)]
    end_ts: Option<String>,
    #[serde(default)]
    feature_views: Option<Vec<String>>,
}

/// `POST /materialize`, `POST /materialize-incremental`
pub(super) async fn materialize(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Response, Response> {
    let ask: Materialize = read_ask(&api, &headers, body).await?;
    let views = views_of(&api, ask.feature_views.as_deref()).map_err(IntoResponse::into_response)?;
    let start = time(ask.start_ts.as_deref()).map_err(IntoResponse::into_response)?;
    let end = time(ask.end_ts.as_deref()).map_err(IntoResponse::into_response)?;
    let (start, end) = (start.unwrap_or_default(), end.unwrap_or_else(|| api.now()));
    for view in views {
        let Source::Sql(query) = &view.spec.source else { continue };
        let Some(engine) = &api.sql else {
            return Err(FeastError::unsupported(NO_LAKE).into_response());
        };
        let records =
            records(engine.as_ref(), query, start, end).await.map_err(IntoResponse::into_response)?;
        let now = api.now();
        let rows =
            records.iter().map(|record| row_of(&view, now, |name| record.get(name).map(|cell| &**cell)));
        let rows = rows.collect::<Result<_, _>>().map_err(IntoResponse::into_response)?;
        put(&api, vec![(Arc::clone(&view), rows)]).await?;
    }
    Ok(StatusCode::OK.into_response())
}

/// The views that are meant: those that are named, else all.
fn views_of(api: &Api, names: Option<&[String]>) -> Result<Vec<Arc<View>>, FeastError> {
    let registry = api.pipeline.feature_registry();
    let Some(names) = names else { return Ok(registry.newest().cloned().collect()) };
    let view = |name: &String| registry.view(name, None).cloned().ok_or_else(|| FeastError::no_view(name));
    names.iter().map(view).collect()
}

fn time(text: Option<&str>) -> Result<Option<UtcMillis>, FeastError> {
    text.map(|t| UtcMillis::parse(t).map_err(|e| FeastError::bad(e.to_string()))).transpose()
}

async fn records(
    engine: &dyn SqlEngine,
    query: &str,
    start: UtcMillis,
    end: UtcMillis,
) -> Result<Vec<BTreeMap<String, Box<RawValue>>>, FeastError> {
    let query = format!(
        "SELECT * FROM ({}) AS q WHERE q.event_timestamp > TIMESTAMP '{}' AND q.event_timestamp <= TIMESTAMP '{}'",
        query.trim().trim_end_matches(';'),
        start.to_rfc3339(),
        end.to_rfc3339()
    );
    let answer = engine.query(&query, SqlForm::Json).await.map_err(|e| FeastError::bad(e.to_string()))?;
    if answer.is_truncated {
        let words = format!("the query gives more than {} rows: materialize a shorter time", answer.rows);
        return Err(FeastError::bad(words));
    }
    serde_json::from_slice(&answer.body).map_err(|e| FeastError::body(&e))
}
