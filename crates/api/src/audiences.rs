//! Audiences over HTTP: their definitions ([`define`]), how many people a rule fits, and who they are.
//!
//! Previews and searches read the profiles as of the last checkpoint, about a second ago, each with what its own
//! subject permits. A preview asks the rule about [`SAMPLE`] profiles, and passes over all to choose them. A
//! search by rule looks at [`MAX_LOOKED`] profiles at most, one by audience at [`MAX_MEMBERS_LOOKED`] people who
//! are in any, and both say where to go on.

mod define;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use tradewind_audiences::{Asker, Estimate, IsWhole, Rule, RuleError};
use tradewind_kernel::{Purpose, Purposes, Subject};
use tradewind_people::Profile;
use tradewind_people::traits::Context;
use tradewind_pipeline::{Membership, PipelineError};
use utoipa::ToSchema;

use crate::auth::check_api_key;
use crate::body::read_json;
use crate::problem::{Code, FieldError, Problem, ProblemDocument};
use crate::profiles::permitted;
use crate::state::Api;

pub(crate) use define::{__path_list, __path_put, __path_remove, __path_show, list, put, remove, show};

/// Profiles that a preview looks at.
const SAMPLE: usize = 2_000;
/// Profiles that one search looks at.
const MAX_LOOKED: u64 = 20_000;
/// People in audiences that one search looks at.
const MAX_MEMBERS_LOOKED: u64 = 200_000;
/// Subjects of one page, at most.
const MAX_PAGE: usize = 200;
/// Subjects of one page where none is asked for.
const USUAL_PAGE: usize = 50;

/// A rule to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewRequest {
    /// An expression of CEL over traits, such as `orders >= 2 && category_affinity["Camping"] > 0.4`.
    rule: String,
}

/// How many people a rule fits.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewOut {
    /// The traits that the rule reads.
    traits: Vec<&'static str>,
    /// The purposes that must be permitted for somebody to fit.
    purposes: Vec<&'static str>,
    /// Profiles that there are.
    population: u64,
    /// Profiles that were looked at.
    sampled: u64,
    /// Those of them that fit.
    matched: u64,
    /// People that it fits, as is likeliest.
    size: u64,
    /// The lower end of the 95 % interval; the size itself where everybody was looked at.
    size_low: u64,
    /// The upper end.
    size_high: u64,
    elapsed_ms: u64,
}

/// Whom to search for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchRequest {
    /// An expression of CEL over traits.
    #[serde(default)]
    rule: Option<String>,
    /// Instead of a rule, the name of an audience.
    #[serde(default)]
    audience: Option<String>,
    /// Subjects of the page: 50 if absent, at most 200.
    #[serde(default)]
    limit: Option<usize>,
    /// `next` of the page before.
    #[serde(default)]
    after: String,
}

/// A page of people whom a rule fits, or who are in an audience.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchOut {
    /// `user_id:…` or `anonymous_id:…`.
    subjects: Vec<String>,
    /// Profiles, or people in any audience, that were looked at for this page.
    looked: u64,
    /// Where the next page begins; null when there is none. A page may have fewer subjects than were asked
    /// for, even none, and still have a next one.
    next: Option<String>,
}

/// `POST /v1/audiences/preview`: how many people a rule fits.
#[utoipa::path(post, path = "/v1/audiences/preview", tag = "audiences", request_body = PreviewRequest,
    responses((status = 200, body = PreviewOut), (status = 400, body = ProblemDocument)))]
pub(crate) async fn preview(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<PreviewOut>, Problem> {
    check_api_key(&api, &headers)?;
    let request: PreviewRequest = read(&headers, body).await?;
    let rule = compile(&request.rule)?;
    blocking(move || estimate(&api, &rule)).await.map(Json)
}

/// `POST /v1/profiles/search`: the people whom a rule fits, or who are in an audience, by pages.
#[utoipa::path(post, path = "/v1/profiles/search", tag = "profiles", request_body = SearchRequest,
    responses((status = 200, body = SearchOut), (status = 400, body = ProblemDocument),
        (status = 404, body = ProblemDocument, description = "there is no such audience")))]
pub(crate) async fn search(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<SearchOut>, Problem> {
    check_api_key(&api, &headers)?;
    let request: SearchRequest = read(&headers, body).await?;
    match (&request.rule, &request.audience) {
        (Some(rule), None) => {
            let rule = compile(rule)?;
            blocking(move || find(&api, &rule, &request)).await.map(Json)
        }
        (None, Some(name)) => {
            let audience = api.pipeline.audiences().get(name).cloned();
            let audience = audience.ok_or_else(|| define::unknown(name))?;
            blocking(move || members(&api, audience.id, &audience.spec.name, &request)).await.map(Json)
        }
        _ => Err(Problem::new(Code::InvalidRequest, "name either a rule or an audience")),
    }
}

async fn read<T: serde::de::DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    let body = read_json(headers, body).await?;
    serde_json::from_slice(&body).map_err(|e| Problem::new(Code::InvalidRequest, e.to_string()))
}

fn compile(rule: &str) -> Result<Rule, Problem> {
    Rule::compile(rule).map_err(|error: RuleError| {
        let (code, detail) = (error.code().to_owned(), error.to_string());
        let field = FieldError { pointer: "/rule".into(), code, detail: detail.clone() };
        Problem::new(Code::InvalidRequest, detail).with_errors(vec![field])
    })
}

/// Does what reads the store on a thread that may wait.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let failed = || Problem::new(Code::Internal, "the profiles could not be read; see the program's log");
    tokio::task::spawn_blocking(work).await.map_err(|_| failed())?
}

/// The subject of a profile's key.
fn subject_of(key: &str) -> Option<Subject> {
    match key.split_at_checked(2)? {
        ("u:", id) => Some(Subject::User(id.to_owned())),
        ("a:", id) => Some(Subject::Anonymous(id.to_owned())),
        _ => None,
    }
}

/// Whether a rule fits a profile, with what its subject permits.
fn fits(
    api: &Api,
    (asker, rule): (&Asker, &Rule),
    context: &Context<'_>,
    key: &str,
    profile: &Profile,
) -> bool {
    let purposes = subject_of(key).map_or(Purposes::NONE, |subject| permitted(api, &subject));
    purposes.contains(Purpose::Personalization) && asker.fits(rule, profile, context, purposes)
}

fn unreadable(error: &PipelineError) -> Problem {
    tracing::error!(%error, "the profiles could not be read");
    Problem::new(Code::Internal, "the profiles could not be read; see the program's log")
}

fn estimate(api: &Api, rule: &Rule) -> Result<PreviewOut, Problem> {
    let began = Instant::now();
    let sample = api.pipeline.sample_profiles(SAMPLE).map_err(|error| unreadable(&error))?;
    let word = |word| api.pipeline.word(word);
    let context = Context { now: api.now(), word: &word, currency: api.pipeline.currency() };
    let asker = (&Asker::new(), rule);
    let fitting = sample.profiles.iter().filter(|(key, profile)| fits(api, asker, &context, key, profile));
    let (sampled, matched) = (sample.profiles.len() as u64, fitting.count() as u64);
    let is_whole = if sampled == sample.population { IsWhole::Yes } else { IsWhole::No };
    let found = Estimate::new(sampled, matched, is_whole);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of people"
    )]
    let people = |share: f64| (share * sample.population as f64).round() as u64;
    Ok(PreviewOut {
        traits: rule.traits().iter().map(|one| one.name).collect(),
        purposes: rule.purposes().iter().map(Purpose::as_str).collect(),
        population: sample.population,
        sampled,
        matched,
        size: people(found.share),
        size_low: people(found.low),
        size_high: people(found.high),
        elapsed_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

fn find(api: &Api, rule: &Rule, request: &SearchRequest) -> Result<SearchOut, Problem> {
    let (limit, after) = request.page()?;
    let (mut subjects, mut looked, mut next) = (Vec::new(), 0, None);
    let asker = (&Asker::new(), rule);
    let word = |word| api.pipeline.word(word);
    let context = Context { now: api.now(), word: &word, currency: api.pipeline.currency() };
    let look = |key: &str, profile: &Profile| {
        looked += 1;
        let subject = subject_of(key).map(|subject| subject.to_string());
        if fits(api, asker, &context, key, profile) {
            subjects.extend(subject.clone());
        }
        if subjects.len() < limit && looked < MAX_LOOKED {
            return ControlFlow::Continue(());
        }
        next = subject;
        ControlFlow::Break(())
    };
    api.pipeline.each_profile(&after, look).map_err(|error| unreadable(&error))?;
    Ok(SearchOut { subjects, looked, next })
}

/// The people who are in an audience now, and agree to it now.
fn members(api: &Api, id: u32, name: &str, request: &SearchRequest) -> Result<SearchOut, Problem> {
    let (limit, after) = request.page()?;
    let (mut subjects, mut looked, mut next, mut failed) = (Vec::new(), 0, None, None);
    let look = |key: &str, row: &Membership| {
        looked += 1;
        let subject = subject_of(key);
        if let Some(subject) = subject.as_ref().filter(|_| row.is_of(id)) {
            match api.pipeline.audiences_of(subject) {
                Ok(names) if names.iter().any(|one| one == name) => subjects.push(subject.to_string()),
                Ok(_) => {}
                Err(error) => failed = Some(error),
            }
        }
        if failed.is_none() && subjects.len() < limit && looked < MAX_MEMBERS_LOOKED {
            return ControlFlow::Continue(());
        }
        next = subject.map(|subject| subject.to_string());
        ControlFlow::Break(())
    };
    api.pipeline.each_member(&after, look).map_err(|error| unreadable(&error))?;
    match failed {
        Some(error) => Err(unreadable(&error)),
        None => Ok(SearchOut { subjects, looked, next }),
    }
}

impl SearchRequest {
    /// How many subjects a page has, and the key after which it begins.
    fn page(&self) -> Result<(usize, String), Problem> {
        let limit = self.limit.unwrap_or(USUAL_PAGE).clamp(1, MAX_PAGE);
        if self.after.is_empty() {
            return Ok((limit, String::new()));
        }
        let after = Subject::parse(&self.after);
        Ok((limit, after.map_err(|e| Problem::new(Code::InvalidRequest, e.to_string()))?.key()))
    }
}

#[cfg(test)]
mod tests;
