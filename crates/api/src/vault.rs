//! The vault at the API's boundary: what is personal goes into it before anything is kept, whom an identifier
//! names is looked up in it, and the few who may open it.
//!
//! Keys for `/v1/vault` are a list of their own (`vault.api_keys`): an API key alone opens nothing. Every
//! opening, finding or not, is a line of the log with the target `audit`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use tradewind_events::Event;
use tradewind_events::personal::text::said_without;
use tradewind_kernel::Subject;
use tradewind_people::vault::Identifier;
use tradewind_pipeline::Letter;
use tradewind_pipeline::vault::{KeysReport, Renamed, Rewrapped, Vault, VaultError};
use utoipa::ToSchema;

use crate::auth::{given_api_key, same};
use crate::collect::handlers::not_collected;
use crate::dead_letters::fingerprint;
use crate::extract::{Path, Query};
use crate::problem::{Code, Problem, ProblemDocument};
use crate::state::Api;

impl Api {
    /// Takes events of this program's own pages: on success what is personal is in the vault, and the rest is
    /// durable in the log.
    ///
    /// # Errors
    /// [`Problem`]; then none of them was taken.
    pub async fn collect(&self, mut events: Vec<Event>) -> Result<(), Problem> {
        self.protect(&mut events).await?;
        self.pipeline.collect(&events).await.map_err(not_collected)
    }

    /// A subject as events have it.
    #[must_use]
    pub fn subject(&self, subject: Subject) -> Subject {
        match &self.vault {
            Some(vault) => vault.subject(subject),
            None => subject,
        }
    }

    /// Takes what is personal out of events, durably. Ask it before anything of them is kept.
    pub(crate) async fn protect(&self, events: &mut [Event]) -> Result<(), Problem> {
        match &self.vault {
            Some(vault) => vault.protect(events).await.map_err(not_collected),
            None => Ok(()),
        }
    }

    /// The same for a letter's payload, its envelope and what is said of it.
    pub(crate) async fn protect_letter(&self, letter: &mut Letter) -> Result<(), Problem> {
        let Some(vault) = &self.vault else { return Ok(()) };
        letter.detail = said_without(&letter.detail);
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&letter.payload).is_ok();
        if let Some(left) = vault.protect_message(&letter.payload).await.map_err(not_collected)? {
            letter.payload = left;
            // Only its shape is left.
            letter.cut |= !is_json;
        }
        let Some(envelope) = &letter.envelope else { return Ok(()) };
        if let Some(left) = vault.protect_message(envelope.get()).await.map_err(not_collected)? {
            letter.envelope = serde_json::value::RawValue::from_string(left).ok();
        }
        Ok(())
    }

    /// What may be shown of a message that is not kept.
    pub(crate) fn shown(&self, json: &str) -> String {
        let left = self.vault.as_ref().map(|vault| vault.shown(json).unwrap_or(Some(String::new())));
        left.flatten().unwrap_or_else(|| json.to_owned())
    }
}

/// Whom a path names: `user_id:…`, `anonymous_id:…`, `email:…` or `phone:…`.
///
/// # Errors
/// [`Problem`] when it names nobody, or nobody is known by it.
pub(crate) fn subject_of(api: &Api, text: &str) -> Result<Subject, Problem> {
    let kind = match text.split_once(':') {
        Some(("email", _)) => Identifier::Email,
        Some(("phone", _)) => Identifier::Phone,
        _ => {
            let subject = Subject::parse(text);
            let subject = subject
                .map_err(|e| Problem::new(Code::InvalidRequest, format!("{e}, email:… or phone:…")))?;
            return Ok(api.subject(subject));
        }
    };
    let nobody = || Problem::new(Code::NotFound, "nobody is known by this identifier");
    let vault = api.vault.as_ref().ok_or_else(nobody)?;
    let raw = text.split_once(':').map_or("", |(_, raw)| raw);
    let found = vault.find(kind, raw).map_err(|e| unread(&e))?;
    found.into_iter().next().ok_or_else(nobody)
}

fn unread(error: &VaultError) -> Problem {
    tracing::error!(%error, "the vault could not be read");
    Problem::new(Code::Internal, "the vault could not be read; see the program's log")
}

/// Checks a key that may open the vault, and gives its fingerprint.
fn check_vault_key(api: &Api, headers: &HeaderMap) -> Result<String, Problem> {
    let known = &api.settings.vault_keys;
    if known.is_empty() {
        let detail = "vault.api_keys of the configuration is empty, so that nobody may open the vault";
        return Err(Problem::new(Code::VaultForbidden, detail));
    }
    let Some(given) = given_api_key(headers) else {
        let detail = "send a key of vault.api_keys as Authorization: Bearer … or as X-API-Key";
        return Err(Problem::new(Code::MissingApiKey, detail));
    };
    if known.iter().any(|key| same(key, given)) {
        return Ok(fingerprint(given));
    }
    tracing::warn!(target: "audit", by = fingerprint(given), "a key that may not open the vault was refused");
    Err(Problem::new(Code::VaultForbidden, "this key is not among vault.api_keys of the configuration"))
}

fn vault_of(api: &Api) -> Result<Arc<Vault>, Problem> {
    api.vault.clone().ok_or_else(|| Problem::new(Code::NotFound, "this server has no vault"))
}

/// What is sealed of a person, opened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnsealedOut {
    /// `user_id:…` or `anonymous_id:…`, as events have it.
    subject: String,
    /// The latest value of each field, by the path that it came with.
    fields: BTreeMap<String, String>,
}

/// `GET /v1/vault/{subject}`
#[utoipa::path(get, path = "/v1/vault/{subject}", tag = "vault",
    params(("subject" = String, Path, description = "user_id:…, anonymous_id:…, email:… or phone:…")),
    responses((status = 200, body = UnsealedOut), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(crate) async fn unseal(
    State(api): State<Arc<Api>>,
    Path(subject): Path<String>,
    headers: HeaderMap,
) -> Result<Json<UnsealedOut>, Problem> {
    let by = check_vault_key(&api, &headers)?;
    let vault = vault_of(&api)?;
    let subject = subject_of(&api, &subject).inspect_err(|problem| {
        tracing::warn!(target: "audit", by, why = problem.code.as_str(), "the vault was asked in vain");
    })?;
    let found = vault.unseal(&subject).map_err(|e| unread(&e))?;
    tracing::warn!(target: "audit", by, %subject, fields = found.len(), "the vault was opened");
    if found.is_empty() {
        return Err(Problem::new(Code::NotFound, format!("the vault holds nothing of {subject}")));
    }
    let fields = found.into_iter().map(|field| (field.field, field.value.as_str().to_owned())).collect();
    Ok(Json(UnsealedOut { subject: subject.to_string(), fields }))
}

/// `GET /v1/vault-keys`
pub(crate) async fn keys(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
) -> Result<Json<KeysReport>, Problem> {
    check_vault_key(&api, &headers)?;
    let vault = vault_of(&api)?;
    let report = tokio::task::spawn_blocking(move || vault.keys()).await;
    Ok(Json(report.map_err(|_| unread(&VaultError::Stopped))?.map_err(|e| unread(&e))?))
}

/// What is rotated.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct RotateQuery {
    /// `master`, also without it, or `pseudonyms`.
    #[serde(default)]
    what: Option<String>,
}

/// What came of a rotation.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum RotatedOut {
    Master(Rewrapped),
    Pseudonyms(Renamed),
}

/// `POST /v1/vault-keys/rotate`
pub(crate) async fn rotate(
    State(api): State<Arc<Api>>,
    Query(query): Query<RotateQuery>,
    headers: HeaderMap,
) -> Result<Json<RotatedOut>, Problem> {
    let by = check_vault_key(&api, &headers)?;
    let vault = vault_of(&api)?;
    let what = query.what.as_deref().unwrap_or("master").to_owned();
    tracing::warn!(target: "audit", by, what, "keys of the vault are rotated");
    let rotated = tokio::task::spawn_blocking(move || match what.as_str() {
        "master" => vault.rotate_master().map(RotatedOut::Master).map(Some),
        "pseudonyms" => vault.rotate_pseudonyms().map(RotatedOut::Pseudonyms).map(Some),
        _ => Ok(None),
    });
    match rotated.await.map_err(|_| unread(&VaultError::Stopped))? {
        Ok(Some(rotated)) => Ok(Json(rotated)),
        Ok(None) => Err(Problem::new(Code::InvalidRequest, "what is master or pseudonyms")),
        Err(VaultError::Masters(why)) => Err(Problem::new(Code::MasterKeys, why)),
        Err(error) => Err(unread(&error)),
    }
}
