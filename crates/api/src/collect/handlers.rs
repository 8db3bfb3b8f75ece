//! The collector's endpoints.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tradewind_events::{Event, Kind, Origin};
use tradewind_kernel::UtcMillis;
use tradewind_pipeline::CollectError;
use utoipa::ToSchema;

use super::message::{Batch, Message};
use super::parse::{Envelope, Parsed, parse};
use crate::auth::{check_api_key, check_write_key};
use crate::body::{Inbound, read_json};
use crate::dead_letters::{Dialect, Refused, Shared, Source, Verdict, take_in};
use crate::enrich::{Peer, Sender};
use crate::extract::Query;
use crate::privacy::{SUPPRESSED, unsuppressed};
use crate::problem::{Code, FieldError, Problem, ProblemDocument};
use crate::state::{Api, Rejected};

/// The most messages of one batch.
pub(crate) const MAX_BATCH: usize = 2_500;
/// The most that a batch's context may come to, in bytes, counted once for each message that it goes under.
pub(crate) const MAX_SHARED_BYTES: usize = 8 << 20;

/// How long the view of rejected events waits for what was just refused.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long it may take until somebody has made room on the disk.
const ROOM_MAY_COME: Duration = Duration::from_secs(10);
/// Messages read before others get a turn: large batches keep neither refusals nor decisions waiting.
const READ_AT_A_TIME: usize = 64;

/// What the query may say.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct CollectQuery {
    #[serde(default)]
    strict: Option<String>,
    #[serde(default, rename = "writeKey")]
    pub(crate) write_key: Option<String>,
}

impl CollectQuery {
    fn is_strict(&self) -> bool {
        self.strict.as_deref().is_some_and(|s| s != "0" && s != "false")
    }
}

/// What the collector answers when something was wrong with single events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Taken {
    pub(crate) success: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) rejected: Vec<FieldError>,
}

/// `POST /v1/batch`; also what RudderStack's browser SDK sends when its page closes, the key in the query.
#[utoipa::path(post, path = "/v1/batch", tag = "collect", request_body = serde_json::Value,
    params(("strict" = Option<u8>, Query, description = "1 refuses a batch with any bad event")),
    responses((status = 200, body = Taken, description = "durable, but for the events named"),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 408, body = ProblemDocument), (status = 413, body = ProblemDocument),
        (status = 429, body = ProblemDocument), (status = 503, body = ProblemDocument)))]
pub(crate) async fn batch(
    State(api): State<Arc<Api>>,
    Query(query): Query<CollectQuery>,
    peer: Peer,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Response, Problem> {
    let sender = Sender::of(&api, &headers, peer);
    take_batch(&api, &query, &headers, body, (Origin::Live, sender)).await
}

/// `POST /v1/import`: a batch of history, its message ids remembered for ever.
pub(crate) async fn import(
    State(api): State<Arc<Api>>,
    Query(query): Query<CollectQuery>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Response, Problem> {
    let sender = Sender::of_history(&api.enricher);
    take_batch(&api, &query, &headers, body, (Origin::Import, sender)).await
}

async fn take_batch(
    api: &Api,
    query: &CollectQuery,
    headers: &HeaderMap,
    body: Inbound,
    (origin, sender): (Origin, Sender<'_>),
) -> Result<Response, Problem> {
    let bytes = read_json(headers, body).await?;
    let batch: Batch<'_> = serde_json::from_slice(&bytes).map_err(|e| not_a_batch(&e))?;
    let key = check_write_key(api, headers, [batch.write_key.get(), query.write_key.as_deref()])?;
    check_batch(&batch)?;
    api.admission.charge(&key, batch.batch.len())?;
    let items: Vec<&str> = batch.batch.iter().map(|raw| raw.get()).collect();
    take(api, &items, &envelope_of(&batch, api.now(), (origin, sender)), query.is_strict(), &key).await
}

/// Refuses a batch of no messages, of too many, or of a context that is too large to go under each of them.
fn check_batch(batch: &Batch<'_>) -> Result<(), Problem> {
    let count = batch.batch.len();
    if count == 0 {
        return Err(Problem::new(Code::BatchInvalid, "the batch is empty; send at least one message"));
    }
    if count > MAX_BATCH {
        let detail = format!("the batch has {count} messages, and {MAX_BATCH} are the most");
        return Err(Problem::new(Code::BatchTooLong, detail));
    }
    let shared = batch.context.map_or(0, |context| context.get().len());
    if shared.saturating_mul(count) > MAX_SHARED_BYTES {
        let detail = format!(
            "the batch's context of {shared} bytes goes under each of {count} messages, and that is over \
             {MAX_SHARED_BYTES} bytes; send smaller batches, or the context with the messages"
        );
        return Err(Problem::new(Code::BatchInvalid, detail));
    }
    Ok(())
}

fn envelope_of<'a>(
    batch: &Batch<'a>,
    received: UtcMillis,
    (origin, sender): (Origin, Sender<'a>),
) -> Envelope<'a> {
    let sent = batch.sent_at.get().and_then(|text| UtcMillis::parse(text).ok());
    Envelope { received, sent, context: batch.context, origin, kind: None, sender }
}

/// Reads a batch as [`batch`] does.
pub(crate) fn read_batch(bytes: &[u8], received: UtcMillis, origin: Origin) -> Result<Vec<Parsed>, Problem> {
    let batch: Batch<'_> = serde_json::from_slice(bytes).map_err(|e| not_a_batch(&e))?;
    check_batch(&batch)?;
    let envelope = envelope_of(&batch, received, (origin, Sender::nobody()));
    Ok(batch.batch.iter().map(|raw| parse(raw.get(), &envelope)).collect())
}

fn not_a_batch(error: &serde_json::Error) -> Problem {
    if error.is_data() {
        Problem::new(Code::BatchInvalid, format!("the body is no batch: {error}; send {{\"batch\":[…]}}"))
    } else {
        Problem::new(Code::InvalidJson, format!("the body is not JSON: {error}"))
    }
}

/// `POST /v1/{track,identify,page,screen,group,alias}` and the browser SDK's `/v1/{t,i,p,s,g,a}`; the
/// router gives each its own `kind`.
pub(crate) async fn one(
    api: Arc<Api>,
    kind: Kind,
    query: CollectQuery,
    (peer, headers): (Peer, HeaderMap),
    body: Inbound,
) -> Result<Response, Problem> {
    let bytes = read_json(&headers, body).await?;
    let message: Message<'_> = serde_json::from_slice(&bytes).map_err(|e| not_a_message(&e))?;
    let key = check_write_key(&api, &headers, [message.write_key.get(), query.write_key.as_deref()])?;
    api.admission.charge(&key, 1)?;
    let envelope = lone(api.now(), kind, Sender::of(&api, &headers, peer));
    let json = std::str::from_utf8(&bytes).unwrap_or_default();
    take(&api, &[json], &envelope, query.is_strict(), &key).await
}

fn lone(received: UtcMillis, kind: Kind, sender: Sender<'_>) -> Envelope<'_> {
    Envelope { received, sent: None, context: None, origin: Origin::Live, kind: Some(kind), sender }
}

/// Reads a message that comes alone, as [`one`] does.
pub(crate) fn read_one(json: &str, received: UtcMillis, kind: Kind) -> Parsed {
    parse(json, &lone(received, kind, Sender::nobody()))
}

fn not_a_message(error: &serde_json::Error) -> Problem {
    if error.is_data() {
        Problem::new(Code::InvalidRequest, format!("the body is no message: {error}"))
    } else {
        Problem::new(Code::InvalidJson, format!("the body is not JSON: {error}"))
    }
}

/// Reads messages; of more than a few at a time no more batches than there are cores, so that whoever wants
/// an answer at once waits behind so many, and not behind all that came before.
async fn read<'a>(
    api: &Api,
    items: &[&'a str],
    envelope: &Envelope<'_>,
    strict: bool,
) -> (Vec<Event>, Vec<Refused<'a>>) {
    let is_long = items.len() >= READ_AT_A_TIME;
    let _turn = if is_long { api.admission.turn_to_read().await } else { None };
    let (mut events, mut bad) = (Vec::with_capacity(items.len()), Vec::new());
    for (index, json) in items.iter().enumerate() {
        if index % READ_AT_A_TIME == READ_AT_A_TIME - 1 {
            tokio::task::yield_now().await;
        }
        let parsed = parse(json, envelope).and_then(|event| api.schemas.admit(event, strict));
        match parsed.and_then(|event| unsuppressed(api, event)) {
            Ok(event) => events.push(event),
            Err(reject) => bad.push(Refused { index, json, reject }),
        }
    }
    (events, bad)
}

/// Takes the good messages, names the bad ones and keeps them as dead letters.
async fn take(
    api: &Api,
    items: &[&str],
    envelope: &Envelope<'_>,
    strict: bool,
    key: &str,
) -> Result<Response, Problem> {
    let (mut events, bad) = read(api, items, envelope, strict).await;
    let nothing_fits = events.is_empty() && bad.iter().any(|one| one.reject.structural);
    // Of whom nothing is taken is no fault of the sender's.
    let refused = nothing_fits || (strict && bad.iter().any(|one| one.reject.code != SUPPRESSED));
    let shared = || Shared {
        sent: envelope.sent,
        origin: envelope.origin,
        kind: envelope.kind,
        around: envelope.context.map(ToOwned::to_owned),
        hash: None,
    };
    let (dialect, received) = (Dialect::Segment, envelope.received);
    let source = Source { dialect, received, key, shared: &shared };
    let verdict = if refused { Verdict::Refused } else { Verdict::Taken };
    take_in(api, &source, &mut events, &bad, verdict).await?;
    if verdict == Verdict::Taken {
        api.schemas.watch(&events);
    }
    if bad.is_empty() {
        let mut response = (StatusCode::OK, r#"{"success":true}"#).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        return Ok(response);
    }
    let named = |one: Refused<'_>| FieldError {
        pointer: format!("/batch/{}", one.index),
        code: one.reject.code.to_owned(),
        detail: one.reject.message,
    };
    let rejected: Vec<FieldError> = bad.into_iter().map(named).collect();
    if refused {
        let detail =
            format!("{} of {} events were rejected, and none was taken", rejected.len(), items.len());
        return Err(Problem::new(Code::EventsRejected, detail).with_errors(rejected));
    }
    Ok(Json(Taken { success: true, rejected }).into_response())
}

pub(crate) fn not_collected(error: CollectError) -> Problem {
    match error {
        CollectError::Overloaded => Problem::new(Code::Overloaded, error.to_string()),
        CollectError::Full(_) => Problem::new(Code::StorageFull, error.to_string()).after(ROOM_MAY_COME),
        CollectError::Stopped => Problem::new(Code::Stopped, error.to_string()),
        CollectError::TooLarge(detail) => Problem::new(Code::BodyTooLarge, detail),
    }
}

/// `POST /v1/m`: the browser SDK's measurements of itself, which nobody here needs.
pub(crate) async fn discard() -> StatusCode {
    StatusCode::OK
}

/// `GET /v1/rejected`
#[utoipa::path(get, path = "/v1/rejected", tag = "collect",
    responses((status = 200, body = Vec<Rejected>, description = "newest first, at most 1,000")))]
pub(crate) async fn rejected(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
) -> Result<Json<Vec<Rejected>>, Problem> {
    check_api_key(&api, &headers)?;
    api.pipeline.settled(PATIENCE).await;
    Ok(Json(api.rejects()))
}
