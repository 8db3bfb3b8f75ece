//! `/v1/identity`: who is who, and the two commands that only a privileged caller gives: merge and split.

mod answers;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use tradewind_kernel::Subject;
use tradewind_people::identity::{Command, Node};
use tradewind_pipeline::PipelineError;

pub(crate) use answers::PersonOut;
use answers::{IdentityOut, MergeIn, SplitIn};

use crate::auth::check_api_key;
use crate::body::{Inbound, parse, read_json};
use crate::collect::handlers::not_collected;
use crate::extract::Path;
use crate::problem::{Code, FieldError, Problem, ProblemDocument};
use crate::state::Api;

/// How long a request waits for what was taken before it to be applied.
const PATIENCE: Duration = Duration::from_secs(5);
/// Users that one person may be: a profile of more would take long to put together.
const MAX_USERS: usize = 32;
/// Characters of a reason.
const MAX_REASON: usize = 500;

/// `GET /v1/identity/{subject}`
#[utoipa::path(get, path = "/v1/identity/{subject}", tag = "identity",
    params(("subject" = String, Path, description = "user_id:… or anonymous_id:…")),
    responses((status = 200, body = IdentityOut), (status = 400, body = ProblemDocument),
        (status = 404, body = ProblemDocument)))]
pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    Path(subject): Path<String>,
    headers: HeaderMap,
) -> Result<Json<IdentityOut>, Problem> {
    check_api_key(&api, &headers)?;
    let subject = Subject::parse(&subject).map_err(|e| Problem::new(Code::InvalidRequest, e.to_string()))?;
    let (Subject::User(id) | Subject::Anonymous(id)) = &subject;
    api.pipeline.caught_up(&[id], PATIENCE).await;
    picture(&api, &subject)
}

/// `POST /v1/identity/merge`: two users are one person from now on. Each keeps its own profile underneath.
#[utoipa::path(post, path = "/v1/identity/merge", tag = "identity", request_body = MergeIn,
    responses((status = 200, body = IdentityOut), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(crate) async fn merge(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Json<IdentityOut>, Problem> {
    check_api_key(&api, &headers)?;
    let MergeIn { into, from, reason } = read(&headers, body).await?;
    let (into, from) = (user("/into", &into)?, user("/from", &from)?);
    let reason = checked_reason(reason)?;
    if into == from {
        return Err(wrong("/from", "same_user", "names the same user as into"));
    }
    api.pipeline.caught_up(&[&into, &from], PATIENCE).await;
    let mut users = Vec::new();
    for user in [&into, &from] {
        let subject = Subject::User(user.clone());
        picture(&api, &subject).map(drop)?;
        let person = api.pipeline.person(&subject).map_err(|e| unread(&e))?;
        users.extend(person.map_or_else(|| vec![user.clone()], |person| person.users.clone()));
    }
    users.sort_unstable();
    users.dedup();
    if users.len() > MAX_USERS {
        let detail = format!("together they are {} users; one person may be {MAX_USERS}", users.len());
        return Err(wrong("/from", "too_many_users", &detail));
    }
    let at = api.now();
    give(&api, vec![Command::Merge { into: into.clone(), from, reason, at }]).await?;
    picture(&api, &Subject::User(into))
}

/// `POST /v1/identity/split`: a user who was merged is a person of its own again, or no longer one with `from`.
#[utoipa::path(post, path = "/v1/identity/split", tag = "identity", request_body = SplitIn,
    responses((status = 200, body = IdentityOut), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument)))]
pub(crate) async fn split(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Json<IdentityOut>, Problem> {
    check_api_key(&api, &headers)?;
    let SplitIn { subject, from, reason } = read(&headers, body).await?;
    let one = user("/subject", &subject)?;
    let from = from.map(|from| user("/from", &from)).transpose()?;
    let reason = checked_reason(reason)?;
    api.pipeline.caught_up(&[&one], PATIENCE).await;
    let merged = api.pipeline.merged_with(&one);
    let others: Vec<String> =
        merged.into_iter().filter(|other| from.as_ref().is_none_or(|from| from == other)).collect();
    if others.is_empty() {
        let (pointer, detail) = match from {
            Some(_) => ("/from", "no merge joins these two users directly: see GET /v1/identity"),
            None => ("/subject", "this user is merged with nobody"),
        };
        return Err(wrong(pointer, "not_merged", detail));
    }
    let at = api.now();
    let split = |other| Command::Split { one: one.clone(), other, reason: reason.clone(), at };
    give(&api, others.into_iter().map(split).collect()).await?;
    picture(&api, &Subject::User(one))
}

fn picture(api: &Api, subject: &Subject) -> Result<Json<IdentityOut>, Problem> {
    let found = api.pipeline.identity(&Node::from(subject)).map_err(|e| unread(&e))?;
    match found {
        Some(picture) => Ok(Json(IdentityOut::new(subject, picture))),
        None => Err(Problem::new(Code::NotFound, format!("nothing is known of {subject}"))),
    }
}

/// Hands commands over, and waits until they are applied.
async fn give(api: &Api, commands: Vec<Command>) -> Result<(), Problem> {
    api.pipeline.command_identities(&commands).await.map_err(not_collected)?;
    let ids: Vec<&str> = commands.iter().flat_map(Command::ids).collect();
    if api.pipeline.caught_up(&ids, PATIENCE).await {
        return Ok(());
    }
    Err(Problem::new(Code::Overloaded, "it is durable and will be applied, which takes long just now"))
}

async fn read<T: serde::de::DeserializeOwned>(headers: &HeaderMap, body: Inbound) -> Result<T, Problem> {
    let bytes = read_json(headers, body).await?;
    parse(&bytes, "the body does not read")
}

fn wrong(pointer: &str, code: &str, detail: &str) -> Problem {
    let error = FieldError { pointer: pointer.into(), code: code.into(), detail: detail.into() };
    Problem::new(Code::InvalidRequest, format!("{pointer}: {detail}")).with_errors(vec![error])
}

/// A user's id, from `user_id:…`.
fn user(pointer: &str, text: &str) -> Result<String, Problem> {
    match Subject::parse(text) {
        Ok(Subject::User(id)) => Ok(id),
        _ => Err(wrong(pointer, "not_a_user", "is not user_id:…; only users are merged and split")),
    }
}

fn checked_reason(reason: String) -> Result<String, Problem> {
    let length = reason.trim().chars().count();
    if (1..=MAX_REASON).contains(&length) {
        return Ok(reason);
    }
    Err(wrong("/reason", "reason_missing", "says in 1 to 500 characters who wants it and why"))
}

fn unread(error: &PipelineError) -> Problem {
    tracing::error!(%error, "an identity could not be read");
    Problem::new(Code::Internal, "the identity could not be read; see the program's log")
}
