//! `POST /push` and `POST /write-to-online-store`: rows in.
//!
//! The body has a data frame by column: the join keys, `event_timestamp`, every feature, perhaps `created`.
//! Other columns are not looked at. All rows are taken or none. Once it is answered the rows are durable, and
//! the next read has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use tradewind_features::{NewRow, Source, View};
use tradewind_kernel::UtcMillis;

use super::error::FeastError;
use super::rows::{read_ask, row_of};
use crate::body::Inbound;
use crate::collect::handlers::not_collected;
use crate::state::Api;

/// Cells as they came: numbers are read to the last bit.
type Frame = BTreeMap<String, Vec<Box<RawValue>>>;

#[derive(Deserialize)]
struct Push {
    push_source_name: String,
    df: Frame,
    #[serde(default)]
    to: To,
}

/// Where a push goes.
#[derive(Deserialize, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum To {
    #[default]
    Online,
    Offline,
    OnlineAndOffline,
}

#[derive(Deserialize)]
struct Write {
    feature_view_name: String,
    df: Frame,
}

/// `POST /push`
pub(super) async fn push(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Response, Response> {
    let push: Push = read_ask(&api, &headers, body).await?;
    if push.to == To::Offline {
        let words = "rows are kept in the log as they come: push them online, or online_and_offline";
        return Err(FeastError::unsupported(words).into_response());
    }
    let registry = api.pipeline.feature_registry();
    let views: Vec<Arc<View>> = registry.pushed_by(&push.push_source_name).cloned().collect();
    if views.is_empty() {
        return Err(FeastError::no_push_source(&push.push_source_name).into_response());
    }
    let now = api.now();
    let rows: Result<Vec<_>, FeastError> =
        views.into_iter().map(|view| Ok((Arc::clone(&view), rows_of(&view, &push.df, now)?))).collect();
    put(&api, rows.map_err(IntoResponse::into_response)?).await?;
    Ok(StatusCode::OK.into_response())
}

/// `POST /write-to-online-store`
pub(super) async fn write(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Response, Response> {
    let write: Write = read_ask(&api, &headers, body).await?;
    let registry = api.pipeline.feature_registry();
    let view =
        registry.look_up(&write.feature_view_name).map_err(|e| FeastError::of_plan(&e).into_response())?.view;
    if !matches!(view.spec.source, Source::Push(_) | Source::Sql(_)) {
        let words = format!("{} is computed from what is known; nobody writes it", view.versioned());
        return Err(FeastError::bad(words).into_response());
    }
    let rows = rows_of(&view, &write.df, api.now()).map_err(IntoResponse::into_response)?;
    put(&api, vec![(view, rows)]).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], "null").into_response())
}

/// Hands rows over, all or none.
pub(super) async fn put(api: &Api, rows: Vec<(Arc<View>, Vec<NewRow>)>) -> Result<(), Response> {
    api.pipeline.put_feature_rows(rows).await.map_err(|e| not_collected(e).into_response())
}

/// The rows of a body that writes, for one view; `None` when it does not read.
pub(crate) fn rows_of_body(body: &[u8], view: &View, received: UtcMillis) -> Option<Vec<NewRow>> {
    let write: Write = serde_json::from_slice(body).ok()?;
    rows_of(view, &write.df, received).ok()
}

/// The rows of a data frame, for one view.
fn rows_of(view: &View, df: &Frame, now: UtcMillis) -> Result<Vec<NewRow>, FeastError> {
    let count = df.values().next().map_or(0, Vec::len);
    if df.values().any(|column| column.len() != count) {
        return Err(FeastError::bad("all columns of df have the same length"));
    }
    (0..count)
        .map(|n| row_of(view, now, |name| df.get(name).and_then(|column| column.get(n)).map(|cell| &**cell)))
        .collect()
}
