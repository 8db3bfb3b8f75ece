//! `/v1/outbox`: what others are told, what failed, and asking for it again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use tradewind_webhooks::{EndpointView, FailedView, OutboxError, Retried};
use utoipa::ToSchema;

use crate::auth::check_api_key;
use crate::extract::{Path, Query};
use crate::problem::{Code, Problem, ProblemDocument};
use crate::state::Api;

/// Failed deliveries of an answer, unless the query says otherwise.
const PAGE: usize = 50;
/// The most of them.
const MAX_PAGE: usize = 1_000;

/// Which failed deliveries are wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct OutboxQuery {
    endpoint: Option<String>,
    limit: Option<usize>,
}

/// An endpoint and how it is doing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointOut {
    name: String,
    /// Scheme, host and port of its address.
    origin: String,
    /// The events that it wants.
    events: Vec<String>,
    /// `active`; `in_trouble`, when it is left alone for a while; `stopped`, since it answered 410; `halted`, when
    /// nothing is delivered to anybody.
    state: &'static str,
    /// Deliveries that wait for it, those under way included.
    waiting: usize,
    /// Deliveries that are not tried again by themselves.
    failed: usize,
    /// Deliveries that arrived, since the endpoint is known.
    delivered: u64,
    /// Failed ones that were lost to the limits.
    lost: u64,
    /// When the last one arrived, RFC 3339.
    last_delivered_at: Option<String>,
    /// Until when it is left alone, RFC 3339.
    quiet_until: Option<String>,
}

impl From<EndpointView> for EndpointOut {
    fn from(view: EndpointView) -> Self {
        Self {
            name: view.name,
            origin: view.origin,
            events: view.topics,
            state: view.state,
            waiting: view.waiting,
            failed: view.failed,
            delivered: view.delivered,
            lost: view.lost,
            last_delivered_at: view.delivered_at.map(tradewind_kernel::UtcMillis::to_rfc3339),
            quiet_until: view.quiet_until.map(tradewind_kernel::UtcMillis::to_rfc3339),
        }
    }
}

/// A delivery that failed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailedDeliveryOut {
    /// Its `webhook-id`.
    id: String,
    endpoint: String,
    /// The type in its body, such as `event.order_completed`.
    #[serde(rename = "type")]
    kind: String,
    /// When it was first due, RFC 3339.
    made_at: String,
    /// When it failed, RFC 3339.
    failed_at: String,
    attempts: usize,
    /// The last answer's status; null without an answer.
    status: Option<u16>,
    /// Why it failed, in snake case.
    cause: String,
    /// The same in words.
    detail: String,
}

impl From<FailedView> for FailedDeliveryOut {
    fn from(view: FailedView) -> Self {
        Self {
            id: view.id,
            endpoint: view.endpoint,
            kind: view.kind,
            made_at: view.taken_at.to_rfc3339(),
            failed_at: view.failed_at.to_rfc3339(),
            attempts: view.attempts,
            status: view.status,
            cause: view.cause,
            detail: view.detail,
        }
    }
}

/// What others are told.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct OutboxOut {
    /// As they are configured; empty when none is.
    endpoints: Vec<EndpointOut>,
    /// Newest first.
    failed: Vec<FailedDeliveryOut>,
}

/// A delivery that was asked for again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetriedOut {
    id: String,
    /// Whether it waits already, so that nothing was done now.
    already: bool,
}

/// `GET /v1/outbox`
#[utoipa::path(get, path = "/v1/outbox", tag = "outbox",
    params(("endpoint" = Option<String>, Query, description = "only failed deliveries to this one"),
        ("limit" = Option<usize>, Query, description = "at most so many failed ones: 50, up to 1,000")),
    responses((status = 200, body = OutboxOut), (status = 401, body = ProblemDocument)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    Query(query): Query<OutboxQuery>,
    headers: HeaderMap,
) -> Result<Json<OutboxOut>, Problem> {
    check_api_key(&api, &headers)?;
    let Some(outbox) = &api.outbox else { return Ok(Json(OutboxOut::default())) };
    let limit = query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
    let failed = outbox.failed(query.endpoint.as_deref(), limit).map_err(|e| unread(&e))?;
    Ok(Json(OutboxOut {
        endpoints: outbox.endpoints().into_iter().map(Into::into).collect(),
        failed: failed.into_iter().map(Into::into).collect(),
    }))
}

/// `POST /v1/outbox/{id}/retry`
#[utoipa::path(post, path = "/v1/outbox/{id}/retry", tag = "outbox",
    params(("id" = String, Path, description = "a webhook-id, as the list has it")),
    responses((status = 200, body = RetriedOut), (status = 401, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub(crate) async fn retry(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<RetriedOut>, Problem> {
    check_api_key(&api, &headers)?;
    let retried = match &api.outbox {
        Some(outbox) => outbox.retry(&id).map_err(|e| unread(&e))?,
        None => Retried::Unknown,
    };
    match retried {
        Retried::Now => Ok(Json(RetriedOut { id, already: false })),
        Retried::Already => Ok(Json(RetriedOut { id, already: true })),
        Retried::Unknown => {
            let detail = "no delivery of this id failed or waits: it has arrived, or is too old";
            Err(Problem::new(Code::NotFound, detail))
        }
        Retried::Stopped(endpoint) => {
            let detail =
                format!("'{endpoint}' answered 410 and gets nothing until its url or its secrets are others");
            Err(Problem::new(Code::WebhookStopped, detail))
        }
        Retried::NotConfigured(endpoint) => {
            let detail =
                format!("'{endpoint}' is not configured any more, so nothing can be delivered to it");
            Err(Problem::new(Code::WebhookStopped, detail))
        }
    }
}

fn unread(error: &OutboxError) -> Problem {
    tracing::error!(%error, "the books of the outbox could not be used");
    Problem::new(Code::Internal, "the books of the outbox could not be used; see the program's log")
}
