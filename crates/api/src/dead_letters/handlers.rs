//! `/v1/dead-letters`: list, inspect, re-drive, drop.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use tradewind_events::personal::text::said_without;
use tradewind_pipeline::{KeptLetter, Note, PipelineError};

use super::again::read_again;
use super::answers::{
    FailedOut, LetterOut, LettersOut, ListQuery, RedriveIn, RedriveManyIn, RedrivenManyOut, RedrivenOut,
};
use super::fingerprint;
use crate::auth::{check_api_key, given_api_key};
use crate::body::{parse, read_json};
use crate::collect::handlers::not_collected;
use crate::extract::{Path, Query};
use crate::problem::{Code, FieldError, Problem, ProblemDocument};
use crate::state::Api;

/// How long a request waits for what was taken before it to be applied.
const PATIENCE: Duration = Duration::from_secs(5);
/// Letters of a page, unless the query says otherwise.
const PAGE: usize = 50;
/// The most letters of a page, and of one re-drive.
const MAX_PAGE: usize = 1_000;
/// Letters re-driven at once, unless the body says otherwise.
const AT_ONCE: usize = 100;

/// `GET /v1/dead-letters`
#[utoipa::path(get, path = "/v1/dead-letters", tag = "dead letters",
    params(("cause" = Option<String>, Query, description = "only of this cause, such as id_missing"),
        ("state" = Option<String>, Query, description = "waiting (the default), redriven or all"),
        ("before" = Option<u64>, Query, description = "only with ids below this"),
        ("limit" = Option<usize>, Query, description = "at most so many: 50, up to 1,000")),
    responses((status = 200, body = LettersOut), (status = 401, body = ProblemDocument)))]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Json<LettersOut>, Problem> {
    check_api_key(&api, &headers)?;
    let resolved = match query.state.as_deref() {
        None | Some("waiting") => Some(false),
        Some("redriven") => Some(true),
        Some("all") => None,
        Some(_) => {
            return Err(Problem::new(Code::InvalidRequest, "state is none of waiting, redriven and all"));
        }
    };
    api.pipeline.settled(PATIENCE).await;
    let limit = query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
    let wanted = |kept: &KeptLetter| {
        resolved.is_none_or(|r| r == kept.is_resolved)
            && query.cause.as_ref().is_none_or(|c| *c == kept.letter.code)
    };
    let found = api.pipeline.dead_letters(query.before, limit, wanted).map_err(|e| unread(&e))?;
    let next = found.last().map(|(id, _)| *id).filter(|_| found.len() == limit);
    let totals = api.pipeline.dead_letter_totals().map_err(|e| unread(&e))?.into();
    Ok(Json(LettersOut { letters: found.into_iter().map(LetterOut::short).collect(), next, totals }))
}

/// `GET /v1/dead-letters/{id}`
#[utoipa::path(get, path = "/v1/dead-letters/{id}", tag = "dead letters",
    params(("id" = u64, Path, description = "as the list has it")),
    responses((status = 200, body = LetterOut), (status = 404, body = ProblemDocument)))]
pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    Path(id): Path<u64>,
    headers: HeaderMap,
) -> Result<Json<LetterOut>, Problem> {
    check_api_key(&api, &headers)?;
    api.pipeline.settled(PATIENCE).await;
    Ok(Json(LetterOut::whole(id, find(&api, id)?)))
}

/// `POST /v1/dead-letters/{id}/redrive`
#[utoipa::path(post, path = "/v1/dead-letters/{id}/redrive", tag = "dead letters",
    params(("id" = u64, Path, description = "as the list has it")),
    request_body(content = serde_json::Value, description = "{\"payload\": the message as it should have been}, or nothing"),
    responses((status = 200, body = RedrivenOut), (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument)))]
pub(crate) async fn redrive(
    State(api): State<Arc<Api>>,
    Path(id): Path<u64>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<RedrivenOut>, Problem> {
    check_api_key(&api, &headers)?;
    let RedriveIn { payload } = read_body(&headers, body).await?;
    let fixed = payload.as_ref().map(|payload| payload.get());
    let outcome = redrive_all(&api, &by(&headers), &[id], fixed).await?.pop();
    match outcome.unwrap_or(Outcome::Gone) {
        Outcome::Redriven(redriven) => Ok(Json(redriven)),
        Outcome::Gone => Err(no_letter(id)),
        Outcome::Failed(failed) => {
            let pointer = if fixed.is_some() { "/payload" } else { "" };
            let error =
                FieldError { pointer: pointer.into(), code: failed.cause, detail: failed.detail.clone() };
            let detail = format!("letter {id} still cannot be processed: {}", failed.detail);
            Err(Problem::new(Code::RedriveFailed, detail).with_errors(vec![error]))
        }
    }
}

/// `POST /v1/dead-letters/redrive`: the newest ones that wait.
#[utoipa::path(post, path = "/v1/dead-letters/redrive", tag = "dead letters",
    request_body(content = serde_json::Value, description = "{\"cause\": only of this cause, \"limit\": at most so many}"),
    responses((status = 200, body = RedrivenManyOut), (status = 400, body = ProblemDocument)))]
pub(crate) async fn redrive_many(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<RedrivenManyOut>, Problem> {
    check_api_key(&api, &headers)?;
    let RedriveManyIn { cause, limit } = read_body(&headers, body).await?;
    let limit = limit.unwrap_or(AT_ONCE).clamp(1, MAX_PAGE);
    settled(&api).await?;
    let wanted = |kept: &KeptLetter| {
        !kept.is_resolved && cause.as_ref().is_none_or(|cause| *cause == kept.letter.code)
    };
    let found = api.pipeline.dead_letters(None, limit, wanted).map_err(|e| unread(&e))?;
    let ids: Vec<u64> = found.into_iter().map(|(id, _)| id).collect();
    let mut out = RedrivenManyOut::default();
    for ids in ids.chunks(AT_ONCE) {
        for outcome in redrive_all(&api, &by(&headers), ids, None).await? {
            match outcome {
                Outcome::Redriven(redriven) => out.redriven += usize::from(!redriven.already),
                Outcome::Failed(failed) => out.failed.push(failed),
                Outcome::Gone => {}
            }
        }
    }
    Ok(Json(out))
}

/// `DELETE /v1/dead-letters/{id}`
#[utoipa::path(delete, path = "/v1/dead-letters/{id}", tag = "dead letters",
    params(("id" = u64, Path, description = "as the list has it")),
    responses((status = 204, description = "dropped"), (status = 404, body = ProblemDocument)))]
pub(crate) async fn drop_one(
    State(api): State<Arc<Api>>,
    Path(id): Path<u64>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    check_api_key(&api, &headers)?;
    let _held = api.desk.one_by_one.lock().await;
    settled(&api).await?;
    find(&api, id)?;
    let note = Note::Dropped { id, at: api.now(), by: by(&headers) };
    api.pipeline.note_letters(&[note]).await.map_err(not_collected)?;
    settled(&api).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What became of a letter.
enum Outcome {
    Redriven(RedrivenOut),
    Failed(FailedOut),
    Gone,
}

/// Re-drives letters one request at a time, and says of each what the projection made of it.
async fn redrive_all(api: &Api, by: &str, ids: &[u64], fixed: Option<&str>) -> Result<Vec<Outcome>, Problem> {
    let _held = api.desk.one_by_one.lock().await;
    settled(api).await?;
    let (mut notes, mut outcomes) = (Vec::new(), Vec::with_capacity(ids.len()));
    for &id in ids {
        let Some(kept) = api.pipeline.dead_letter(id).map_err(|e| unread(&e))? else {
            outcomes.push(Outcome::Gone);
            continue;
        };
        if kept.is_resolved {
            outcomes.push(Outcome::Redriven(RedrivenOut { id, already: true, message_ids: Vec::new() }));
            continue;
        }
        let (at, by) = (api.now(), by.to_owned());
        match read_again(api, id, &kept.letter, fixed) {
            Ok(mut events) => {
                api.protect(&mut events).await?;
                let message_ids = events.iter().map(|event| event.message_id.clone()).collect();
                outcomes.push(Outcome::Redriven(RedrivenOut { id, already: false, message_ids }));
                notes.push(Note::Redriven { id, at, by, events });
            }
            Err(reject) => {
                let (code, detail) = (reject.code.to_owned(), said_without(&reject.message));
                let failed = FailedOut { id, cause: code.clone(), detail: detail.clone() };
                outcomes.push(Outcome::Failed(failed));
                notes.push(Note::Failed { id, at, by, code, detail });
            }
        }
    }
    if !notes.is_empty() {
        api.pipeline.note_letters(&notes).await.map_err(not_collected)?;
        settled(api).await?;
    }
    outcomes.into_iter().map(|outcome| confirmed(api, outcome)).collect()
}

/// The outcome, as the projection has it: a letter may have been pushed out, or its events may be poison.
fn confirmed(api: &Api, outcome: Outcome) -> Result<Outcome, Problem> {
    let Outcome::Redriven(redriven) = outcome else { return Ok(outcome) };
    let Some(kept) = api.pipeline.dead_letter(redriven.id).map_err(|e| unread(&e))? else {
        return Ok(Outcome::Gone);
    };
    if kept.is_resolved {
        return Ok(Outcome::Redriven(redriven));
    }
    let last = kept.history.last();
    Ok(Outcome::Failed(FailedOut {
        id: redriven.id,
        cause: last.and_then(|attempt| attempt.code.clone()).unwrap_or_default(),
        detail: last.map(|attempt| attempt.detail.clone()).unwrap_or_default(),
    }))
}

async fn settled(api: &Api) -> Result<(), Problem> {
    if api.pipeline.settled(PATIENCE).await {
        return Ok(());
    }
    let code = if api.pipeline.is_healthy() { Code::Overloaded } else { Code::Stopped };
    Err(Problem::new(code, "what was taken is not applied yet; ask again, which changes nothing twice"))
}

fn find(api: &Api, id: u64) -> Result<KeptLetter, Problem> {
    api.pipeline.dead_letter(id).map_err(|e| unread(&e))?.ok_or_else(|| no_letter(id))
}

fn no_letter(id: u64) -> Problem {
    Problem::new(Code::NotFound, format!("there is no dead letter {id}; it may have been dropped"))
}

fn unread(error: &PipelineError) -> Problem {
    tracing::error!(%error, "the dead letters could not be read");
    Problem::new(Code::Internal, "the dead letters could not be read; see the program's log")
}

/// Who asks: the fingerprint of the API key, or that there was none.
fn by(headers: &HeaderMap) -> String {
    given_api_key(headers).map_or_else(|| "(no key)".to_owned(), fingerprint)
}

/// A body that may be left out.
async fn read_body<T: DeserializeOwned + Default>(headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    let bytes = read_json(headers, body).await?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(T::default());
    }
    parse(&bytes, "the body does not read")
}
