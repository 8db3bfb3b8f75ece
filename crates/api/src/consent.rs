//! `/v1/consent/{subject}`: what a person agrees to, since when and why, and the way to change it.
//!
//! A change goes the way of every event, as a `Segment Consent Preference Updated` with the purposes in its
//! context: so it is in the log, and a rebuild finds it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::to_raw_value};
use tradewind_events::{Event, EventName, Kind};
use tradewind_kernel::{Purpose, Purposes, Subject, UtcMillis, fresh_id};
use tradewind_people::consent::{Change, Record, SignalKind, SignalKinds};
use utoipa::ToSchema;

use crate::auth::check_api_key;
use crate::body::{Inbound, parse, read_json};
use crate::collect::handlers::not_collected;
use crate::collect::parse::MAX_ID;
use crate::extract::Path;
use crate::problem::{Code, FieldError, Problem, ProblemDocument};
use crate::state::Api;

/// How long a read waits for the subject's latest events, and a change until it holds.
const PATIENCE: Duration = Duration::from_millis(2_000);
/// The longest text that says where a choice was made, or what was shown, in characters.
const MAX_WORD: usize = 120;

/// What holds for one purpose, and why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PurposeOut {
    /// Whether data may be used for it.
    allowed: bool,
    /// `said` where the person said so, `rule` where nobody asked and the rule of the region decides.
    basis: &'static str,
    /// When it was said, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// By which signals: `segment`, `rudderstack`, `gpc`, `consent_mode`, `tcf`, `gpp`, `ucp`, `shopify`, `api`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signals: Vec<&'static str>,
}

/// What a person agrees to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsentOut {
    /// Under whom it is kept: the user, where the anonymous id asked for belongs to one.
    subject: String,
    /// Where the person was last, if that is known: `DE`, `US-CA`.
    region: Option<String>,
    /// The rule that decides where nobody asked: `opt_in`, `opt_out`, `other` or `off`.
    rule: &'static str,
    /// The version of the rules.
    policy_version: u32,
    /// By purpose.
    purposes: BTreeMap<&'static str, PurposeOut>,
}

/// What was shown before the choice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct NoticeBody {
    /// The shop's name for the text.
    id: String,
    /// Its version.
    #[serde(default)]
    version: String,
    /// A hash of what was shown.
    #[serde(default)]
    hash: String,
}

/// A choice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentIn {
    /// What is allowed (true) or forbidden (false), by purpose; what is not named stays as it is.
    purposes: BTreeMap<String, bool>,
    /// Where the choice was made, such as `preference_center`.
    #[serde(default)]
    source: Option<String>,
    /// What was shown.
    #[serde(default)]
    notice: Option<NoticeBody>,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeOut {
    at: String,
    received_at: String,
    granted: Vec<&'static str>,
    denied: Vec<&'static str>,
    signals: Vec<&'static str>,
    policy_version: u32,
    /// The message that said so; the log has it whole.
    message_id: String,
    /// What the signals said, shortened.
    raw: String,
    source: String,
    notice: Option<NoticeBody>,
}

/// What changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryOut {
    subject: String,
    /// Changes that are no longer kept.
    forgotten: u64,
    /// Newest first, at most 64.
    changes: Vec<ChangeOut>,
}

/// `GET /v1/consent/{subject}`
#[utoipa::path(get, path = "/v1/consent/{subject}", tag = "consent",
    params(("subject" = String, Path, description = "user_id:… or anonymous_id:…")),
    responses((status = 200, body = ConsentOut), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(crate) async fn show(
    State(api): State<Arc<Api>>,
    Path(subject): Path<String>,
    headers: HeaderMap,
) -> Result<Json<ConsentOut>, Problem> {
    check_api_key(&api, &headers)?;
    Ok(Json(read(&api, &parsed(&subject)?).await?))
}

/// `GET /v1/consent/{subject}/history`
#[utoipa::path(get, path = "/v1/consent/{subject}/history", tag = "consent",
    params(("subject" = String, Path, description = "user_id:… or anonymous_id:…")),
    responses((status = 200, body = HistoryOut), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(crate) async fn history(
    State(api): State<Arc<Api>>,
    Path(subject): Path<String>,
    headers: HeaderMap,
) -> Result<Json<HistoryOut>, Problem> {
    check_api_key(&api, &headers)?;
    let (subject, record) = known(&api, &parsed(&subject)?).await?;
    let changes = record.iter().flat_map(|record| record.history().iter().rev().map(change_of)).collect();
    let forgotten = record.as_ref().map_or(0, |record| record.forgotten());
    Ok(Json(HistoryOut { subject: subject.to_string(), forgotten, changes }))
}

/// `PUT /v1/consent/{subject}`: answers once the choice is durable and holds.
#[utoipa::path(put, path = "/v1/consent/{subject}", tag = "consent", request_body = ConsentIn,
    params(("subject" = String, Path, description = "user_id:… or anonymous_id:…")),
    responses((status = 200, body = ConsentOut), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 429, body = ProblemDocument), (status = 503, body = ProblemDocument)))]
pub(crate) async fn put(
    State(api): State<Arc<Api>>,
    Path(subject): Path<String>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<Json<ConsentOut>, Problem> {
    check_api_key(&api, &headers)?;
    let subject = parsed(&subject)?;
    let bytes = read_json(&headers, body).await?;
    let choice: ConsentIn = parse(&bytes, "the choice does not read")?;
    Ok(Json(keep(&api, &subject, &choice).await?))
}

/// What a subject agrees to, its latest events included.
pub(crate) async fn read(api: &Api, subject: &Subject) -> Result<ConsentOut, Problem> {
    let (subject, record) = known(api, subject).await?;
    Ok(consent_of(api, &subject, record.as_deref()))
}

/// Keeps a choice durably and waits until it holds.
pub(crate) async fn keep(api: &Api, subject: &Subject, choice: &ConsentIn) -> Result<ConsentOut, Problem> {
    check(choice)?;
    let event = event_of(api, subject, choice);
    api.pipeline.collect(&[event]).await.map_err(not_collected)?;
    let (Subject::User(id) | Subject::Anonymous(id)) = subject;
    if !api.pipeline.caught_up(&[id], PATIENCE).await {
        let detail =
            "the choice is kept and will hold, but did not within 2 seconds; ask for it again shortly";
        return Err(Problem::new(Code::Overloaded, detail));
    }
    read(api, subject).await
}

/// `GET /.well-known/gpc.json`: that `Sec-GPC` is honoured.
pub(crate) async fn gpc() -> Json<Value> {
    Json(json!({ "gpc": true, "lastUpdate": "2026-11-21" }))
}

fn parsed(subject: &str) -> Result<Subject, Problem> {
    let subject = Subject::parse(subject).map_err(|e| Problem::new(Code::InvalidRequest, e.to_string()))?;
    let (Subject::User(id) | Subject::Anonymous(id)) = &subject;
    if id.trim() != id || id.chars().nth(MAX_ID).is_some() {
        let detail = format!("an id has at most {MAX_ID} characters, and no blanks around it");
        return Err(Problem::new(Code::InvalidRequest, detail));
    }
    Ok(subject)
}

async fn known(api: &Api, subject: &Subject) -> Result<(Subject, Option<Arc<Record>>), Problem> {
    let (Subject::User(id) | Subject::Anonymous(id)) = subject;
    api.pipeline.caught_up(&[id], PATIENCE).await;
    api.pipeline.consent(subject).map_err(|error| {
        tracing::error!(%error, "a record of consent could not be read");
        Problem::new(Code::Internal, "the record of consent could not be read; see the program's log")
    })
}

fn check(choice: &ConsentIn) -> Result<(), Problem> {
    let wrong = |pointer: String, code: &str, detail: String| {
        let error = FieldError { pointer, code: code.into(), detail: detail.clone() };
        Err(Problem::new(Code::InvalidRequest, detail).with_errors(vec![error]))
    };
    if choice.purposes.is_empty() {
        return wrong(
            "/purposes".into(),
            "purposes_missing",
            "purposes names none; name one at least".into(),
        );
    }
    for name in choice.purposes.keys() {
        if let Err(error) = Purpose::parse(name) {
            let name: String = name.chars().take(64).collect();
            return wrong(format!("/purposes/{name}"), "purpose_unknown", error.to_string());
        }
    }
    let notice = choice.notice.as_ref();
    let words = [
        ("/source", choice.source.as_deref()),
        ("/notice/id", notice.map(|n| n.id.as_str())),
        ("/notice/version", notice.map(|n| n.version.as_str())),
        ("/notice/hash", notice.map(|n| n.hash.as_str())),
    ];
    for (pointer, word) in words {
        if word.is_some_and(|word| word.chars().nth(MAX_WORD).is_some()) {
            return wrong(pointer.into(), "too_long", format!("it has over {MAX_WORD} characters"));
        }
    }
    Ok(())
}

impl Api {
    /// Notes, durably, that a subject agrees to nothing.
    ///
    /// # Errors
    /// [`Problem`] when it could not be taken.
    pub async fn deny_all(&self, subject: &Subject) -> Result<(), Problem> {
        let purposes = Purpose::ALL.iter().map(|purpose| (purpose.as_str().to_owned(), false)).collect();
        let choice = ConsentIn { purposes, source: Some("restriction".to_owned()), notice: None };
        let event = event_of(self, subject, &choice);
        self.pipeline.collect(&[event]).await.map_err(not_collected)
    }
}

/// The event of a choice.
fn event_of(api: &Api, subject: &Subject, choice: &ConsentIn) -> Event {
    let now = api.now();
    let mut event = Event::new(Kind::Track, fresh_id(now), now, now);
    event.name = Some(EventName::ConsentPreferenceUpdated.as_str().to_owned());
    match subject {
        Subject::User(id) => event.user_id = Some(id.clone()),
        Subject::Anonymous(id) => event.anonymous_id = Some(id.clone()),
    }
    let mut consent = json!({ "purposes": choice.purposes });
    if let Some(source) = &choice.source {
        consent["source"] = json!(source);
    }
    if let Some(notice) = &choice.notice {
        consent["notice"] = json!(notice);
    }
    event.context = to_raw_value(&json!({ "consent": consent })).ok();
    api.enricher.enrich_alone(&mut event);
    event
}

fn time(at: UtcMillis) -> String {
    at.to_rfc3339()
}

fn names(purposes: Purposes) -> Vec<&'static str> {
    purposes.iter().map(Purpose::as_str).collect()
}

fn signals(kinds: SignalKinds) -> Vec<&'static str> {
    kinds.iter().map(SignalKind::as_str).collect()
}

fn consent_of(api: &Api, subject: &Subject, record: Option<&Record>) -> ConsentOut {
    let policy = api.pipeline.policy();
    let (standing, region) = (policy.standing(record), record.and_then(Record::region));
    let purposes = Purpose::ALL.map(|purpose| {
        let said = record.and_then(|record| record.choice(purpose));
        let out = PurposeOut {
            allowed: standing.allows(purpose),
            basis: if said.is_some() { "said" } else { "rule" },
            at: said.map(|choice| time(choice.at)),
            signals: said.map_or_else(Vec::new, |choice| signals(SignalKinds::from_bits(choice.kinds))),
        };
        (purpose.as_str(), out)
    });
    ConsentOut {
        subject: subject.to_string(),
        rule: policy.rule_of(region.as_ref()),
        region: region.map(|region| region.as_str().to_owned()),
        policy_version: policy.version(),
        purposes: purposes.into(),
    }
}

fn change_of(change: &Change) -> ChangeOut {
    ChangeOut {
        at: time(change.at),
        received_at: time(change.received_at),
        granted: names(Purposes::from_bits(change.granted)),
        denied: names(Purposes::from_bits(change.denied)),
        signals: signals(SignalKinds::from_bits(change.kinds)),
        policy_version: change.policy,
        message_id: change.message_id.clone(),
        raw: change.raw.clone(),
        source: change.source.clone(),
        notice: change.notice.as_ref().map(|notice| NoticeBody {
            id: notice.id.clone(),
            version: notice.version.clone(),
            hash: notice.hash.clone(),
        }),
    }
}

#[cfg(test)]
mod tests;
