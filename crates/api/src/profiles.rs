//! `GET /v1/profiles/{subject}`: what is known of one shopper.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use tradewind_kernel::{Purpose, Subject};
use tradewind_people::consent::{
    AdsSharing, Analytics, Experimentation, ForPurpose, MarketingEmail, MarketingPush, MarketingSms,
    ModelTraining, Permitted, Personalization,
};
use tradewind_people::{Action, Profile};
use tradewind_pipeline::{Items, Lookup};
use utoipa::ToSchema;

mod priors;
mod stream;
mod traits;

pub(crate) use priors::{__path_priors, priors};
pub use stream::ProfileFeed;
pub(crate) use stream::{__path_follow, MAX_FEEDS, follow};
pub(crate) use traits::{__path_list, list, permitted};

use crate::auth::check_api_key;
use crate::extract::{Path, Query};
use crate::identity::PersonOut;
use crate::problem::{Code, Problem, ProblemDocument};
use crate::state::Api;
use crate::vault::subject_of;

/// How long a read waits for the subject's latest events.
const PATIENCE: Duration = Duration::from_millis(500);

/// A product touched.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TouchOut {
    product_id: String,
    /// `click`, `view`, `wish`, `add` or `buy`.
    action: &'static str,
    /// RFC 3339.
    at: String,
}

/// A product in the cart.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CartLineOut {
    product_id: String,
    quantity: u32,
}

/// The current session, or the last.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionOut {
    started_at: String,
    last_at: String,
    events: u32,
    /// Whether it still goes on: at most 30 minutes since the last event.
    active: bool,
    /// The products in it, as models see them, oldest first.
    items: Vec<String>,
}

/// What is known of one shopper.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileOut {
    /// `user_id:…` or `anonymous_id:…`: the user, where the anonymous id asked for belongs to one.
    subject: String,
    /// Where this is a person of several users, merged by command: all of them, whose profiles this joins.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonOut>,
    first_seen: String,
    last_seen: String,
    /// Events applied, each once.
    events: u64,
    sessions: u32,
    orders: u32,
    refunds: u32,
    /// What the orders earned, in minor units by currency.
    revenue_minor: BTreeMap<String, i64>,
    /// Products touched, counted by action.
    actions: BTreeMap<&'static str, u64>,
    session: Option<SessionOut>,
    cart: Vec<CartLineOut>,
    /// Products touched, newest first, at most 64.
    recent: Vec<TouchOut>,
    /// Products bought, newest first, at most 128.
    bought: Vec<String>,
    /// What is concluded of them, by the names that `GET /v1/traits` declares; those that are missing, or not
    /// permitted, are left out.
    traits: BTreeMap<&'static str, serde_json::Value>,
    /// What first visits of others who came the same way let expect, where this profile has no evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    priors: Option<priors::PriorsOut>,
    /// The audiences that they are in, by name.
    audiences: Vec<String>,
}

/// What the query may say.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ProfileQuery {
    #[serde(default)]
    purpose: Option<String>,
}

/// `GET /v1/profiles/{subject}`
#[utoipa::path(get, path = "/v1/profiles/{subject}", tag = "profiles",
    params(("subject" = String, Path, description = "user_id:…, anonymous_id:…, email:… or phone:…"),
        ("purpose" = Option<String>, Query, description = "what it is read for; personalization if absent")),
    responses((status = 200, body = ProfileOut), (status = 400, body = ProblemDocument),
        (status = 403, body = ProblemDocument, description = "there is no consent to the purpose"), (status = 404, body = ProblemDocument)))]
pub(crate) async fn profile(
    State(api): State<Arc<Api>>,
    Path(subject): Path<String>,
    Query(query): Query<ProfileQuery>,
    headers: HeaderMap,
) -> Result<Json<ProfileOut>, Problem> {
    check_api_key(&api, &headers)?;
    let subject = subject_of(&api, &subject)?;
    let (Subject::User(id) | Subject::Anonymous(id)) = &subject;
    api.pipeline.caught_up(&[id], PATIENCE).await;
    let purpose = query.purpose.as_deref().map_or(Ok(Purpose::Personalization), Purpose::parse);
    match purpose.map_err(|e| Problem::new(Code::InvalidRequest, e.to_string()))? {
        Purpose::Analytics => read::<Analytics>(&api, &subject),
        Purpose::Personalization => read::<Personalization>(&api, &subject),
        Purpose::ModelTraining => read::<ModelTraining>(&api, &subject),
        Purpose::Experimentation => read::<Experimentation>(&api, &subject),
        Purpose::MarketingEmail => read::<MarketingEmail>(&api, &subject),
        Purpose::MarketingSms => read::<MarketingSms>(&api, &subject),
        Purpose::MarketingPush => read::<MarketingPush>(&api, &subject),
        Purpose::AdsSharing => read::<AdsSharing>(&api, &subject),
    }
}

fn read<P: ForPurpose>(api: &Api, subject: &Subject) -> Result<Json<ProfileOut>, Problem> {
    let found = api.pipeline.profile::<P>(subject).map_err(|error| {
        tracing::error!(%error, "a profile could not be read");
        Problem::new(Code::Internal, "the profile could not be read; see the program's log")
    })?;
    match found {
        Lookup::Found(subject, profile) => Ok(Json(profile_of(api, &subject, &profile))),
        Lookup::Unknown => Err(Problem::new(Code::NotFound, format!("nothing is known of {subject}"))),
        Lookup::Refused(refusal) => Err(Problem::new(Code::NoConsent, refusal.to_string())),
    }
}

/// A profile as the endpoint answers it for personalization; `None` when nothing is known, there is no consent,
/// or it does not read.
#[must_use]
pub fn profile_json(api: &Api, subject: &Subject) -> Option<serde_json::Value> {
    let (subject, profile) =
        api.pipeline.profile::<Personalization>(&api.subject(subject.clone())).ok()?.found()?;
    serde_json::to_value(profile_of(api, &subject, &profile)).ok()
}

fn profile_of<P: ForPurpose>(
    api: &Api,
    subject: &Subject,
    profile: &Permitted<P, Arc<Profile>>,
) -> ProfileOut {
    let traits = traits::of(api, profile, traits::permitted(api, subject));
    let priors = priors::of(api, profile, &traits);
    let items = api.pipeline.live().items.read();
    let id = |items: &Items, item: u32| items.id(item).map_or_else(String::new, ToString::to_string);
    let now = api.now();
    ProfileOut {
        subject: subject.to_string(),
        person: api.pipeline.person(subject).ok().flatten().map(|person| PersonOut::from(&*person)),
        first_seen: profile.first_seen.to_rfc3339(),
        last_seen: profile.last_seen.to_rfc3339(),
        events: profile.events,
        sessions: profile.sessions,
        orders: profile.orders,
        refunds: profile.refunds,
        revenue_minor: profile.revenue_minor.clone(),
        actions: profile
            .actions
            .iter()
            .filter_map(|(&action, &count)| Some((Action::try_from(action).ok()?.as_str(), count)))
            .collect(),
        session: profile.session.as_ref().map(|session| SessionOut {
            started_at: session.started_at.to_rfc3339(),
            last_at: session.last_at.to_rfc3339(),
            events: session.events,
            active: session.holds(now),
            items: session.items.iter().map(|&item| id(&items, item)).collect(),
        }),
        cart: profile
            .cart
            .iter()
            .map(|l| CartLineOut { product_id: id(&items, l.item), quantity: l.quantity })
            .collect(),
        recent: profile
            .recent
            .iter()
            .rev()
            .map(|t| TouchOut {
                product_id: id(&items, t.item),
                action: t.action.as_str(),
                at: t.at.to_rfc3339(),
            })
            .collect(),
        bought: profile.bought.iter().rev().map(|&item| id(&items, item)).collect(),
        traits,
        priors,
        audiences: audiences_of(api, subject),
    }
}

/// The audiences that a person is in; none where that cannot be read.
fn audiences_of(api: &Api, subject: &Subject) -> Vec<String> {
    let found = api.pipeline.audiences_of(subject);
    found.inspect_err(|error| tracing::error!(%error, "a membership could not be read")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
