//! `GET /v1/privacy/retention`: each class of data, how long it is kept, and how that goes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use tradewind_govern::Standing;
use tradewind_kernel::UtcMillis;
use utoipa::ToSchema;

use crate::auth::check_api_key;
use crate::problem::{Code, Problem, ProblemDocument};
use crate::state::Api;

/// A class of data.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RetentionOut {
    /// Its name.
    class: &'static str,
    /// What is in it.
    holds: &'static str,
    /// The setting of days that bounds it; empty where none does.
    setting: &'static str,
    /// How many days that is; 0 for ever, none where no setting bounds it or where the server does not keep it.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    /// What ends it without a setting, or beside one.
    ends: &'static str,
    /// Who removes what is too old.
    enforced_by: &'static str,
    /// When the oldest of it was written, as of the last look; RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_at: Option<String>,
    /// When something was removed last, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_at: Option<String>,
    /// How much that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_count: Option<u64>,
    /// When it is looked at next, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_run_at: Option<String>,
    /// Why the last look failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl From<Standing> for RetentionOut {
    fn from(one: Standing) -> Self {
        Self {
            class: one.keep.as_str(),
            holds: one.keep.holds(),
            setting: one.keep.setting(),
            days: one.days,
            ends: one.keep.ends(),
            enforced_by: one.keep.enforced_by(),
            oldest_at: one.oldest.map(UtcMillis::to_rfc3339),
            removed_at: one.removed.map(|removed| removed.at.to_rfc3339()),
            removed_count: one.removed.map(|removed| removed.count),
            next_run_at: one.next_run.map(UtcMillis::to_rfc3339),
            error: one.error,
        }
    }
}

/// `GET /v1/privacy/retention`
#[utoipa::path(get, path = "/v1/privacy/retention", tag = "privacy",
    responses((status = 200, body = Vec<RetentionOut>), (status = 401, body = ProblemDocument),
        (status = 503, body = ProblemDocument)))]
pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
) -> Result<Json<Vec<RetentionOut>>, Problem> {
    check_api_key(&api, &headers)?;
    let none = || Problem::new(Code::Stopped, "this server keeps no account of retention");
    let retention = api.retention.get().ok_or_else(none)?;
    Ok(Json(retention.standing().into_iter().map(RetentionOut::from).collect()))
}
