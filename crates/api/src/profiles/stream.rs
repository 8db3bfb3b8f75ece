//! `GET /v1/profiles/{subject}/stream`: a profile as it changes.
//!
//! Server-sent events named `profile`: the document of `GET /v1/profiles/{subject}` at once (`null` while
//! nothing is known, or there is no consent to personalization), then again after each change, some [`PAUSE`] after its event was applied at most; what
//! changes meanwhile is told once. A comment every 15 seconds keeps the connection. A stream ends with its
//! connection, or after [`LIFE`]; browsers come back by themselves.
//!
//! At most [`MAX_FEEDS`] at a time. Each wakes up with every batch that is applied, 40 times a second at
//! most, and then looks whether the profile is another one: a look into a map in memory, and while there are
//! audiences at one row.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tradewind_kernel::Subject;
use tradewind_people::Profile;
use tradewind_people::consent::{Permitted, Personalization};
use tradewind_pipeline::{Lookup, Mark, PipelineError};

use super::PATIENCE;
use crate::auth::check_api_key;
use crate::extract::Path;
use crate::problem::{Code, Problem, ProblemDocument};
use crate::state::Api;

/// Feeds at a time, streams and consoles together.
pub(crate) const MAX_FEEDS: usize = 256;
/// The least time between two looks.
const PAUSE: Duration = Duration::from_millis(25);
/// How long a stream lasts.
const LIFE: Duration = Duration::from_secs(600);
/// After this long without a change the profile is read and told anew if it reads otherwise: a session ends
/// by time.
const REFRESH: Duration = Duration::from_secs(15);

/// A profile that may be shown.
type Profiled = Permitted<Personalization, Arc<Profile>>;

/// A profile, followed.
pub struct ProfileFeed {
    api: Arc<Api>,
    asked: Subject,
    /// Whose profile it is: the user, where the anonymous id asked for belongs to one.
    whose: Subject,
    found: Option<Profiled>,
    told: Option<Value>,
    /// As both subjects were before the last look.
    marks: [Mark; 2],
    applied: watch::Receiver<u64>,
    _permit: OwnedSemaphorePermit,
}

impl ProfileFeed {
    /// Follows a subject's profile; `None` when too many are followed already.
    #[must_use]
    pub fn new(api: Arc<Api>, subject: Subject) -> Option<Self> {
        let permit = Arc::clone(&api.feeds).try_acquire_owned().ok()?;
        let applied = api.pipeline.applications();
        let marks = [api.pipeline.mark_of(&subject), api.pipeline.mark_of(&subject)];
        let whose = subject.clone();
        Some(Self { api, asked: subject, whose, found: None, told: None, marks, applied, _permit: permit })
    }

    /// The profile's document: at once the first time, `Null` if nothing is known; then after its next
    /// change. `None` when nothing will change any more.
    pub async fn next(&mut self) -> Option<Value> {
        if self.told.is_none() {
            let (Subject::User(id) | Subject::Anonymous(id)) = &self.asked;
            self.api.pipeline.caught_up(&[id], PATIENCE).await;
            self.applied.mark_unchanged();
            self.look()?;
            return self.document();
        }
        sleep(PAUSE).await;
        loop {
            let until = Instant::now() + REFRESH;
            if let Ok(None) = timeout_at(until, self.wait()).await {
                return None;
            }
            self.look()?;
            let before = self.told.take();
            let now = self.document()?;
            if before.as_ref() != Some(&now) {
                return Some(now);
            }
        }
    }

    /// Waits until the profile is another one; `None` when the pipeline has stopped.
    async fn wait(&mut self) -> Option<()> {
        loop {
            self.applied.changed().await.ok()?;
            if !self.api.pipeline.is_healthy() {
                return None;
            }
            if self.marks().iter().zip(&self.marks).any(|(now, before)| now.differs_from(before)) {
                return Some(());
            }
            sleep(PAUSE).await;
        }
    }

    /// Of the id asked for, which may come to belong to somebody, and of whose it is now.
    fn marks(&self) -> [Mark; 2] {
        [&self.asked, &self.whose].map(|subject| self.api.pipeline.mark_of(subject))
    }

    fn look(&mut self) -> Option<()> {
        self.marks = self.marks();
        let found = self.find();
        let found = found.inspect_err(|error| tracing::error!(%error, "a profile could not be read"));
        let (whose, profile) = found.ok()?;
        self.found = profile;
        if whose != self.whose {
            self.whose = whose;
            self.marks = self.marks();
        }
        Some(())
    }

    /// The profile and whose it is; the latter also while there is no consent, so that giving it is noticed.
    fn find(&self) -> Result<(Subject, Option<Profiled>), PipelineError> {
        let pipeline = &self.api.pipeline;
        Ok(match pipeline.profile::<Personalization>(&self.asked)? {
            Lookup::Found(whose, profile) => (whose, Some(profile)),
            Lookup::Unknown | Lookup::Refused(_) => (pipeline.consent(&self.asked)?.0, None),
        })
    }

    fn document(&mut self) -> Option<Value> {
        let document = match &self.found {
            Some(profile) => serde_json::to_value(super::profile_of(&self.api, &self.whose, profile)).ok()?,
            None => Value::Null,
        };
        self.told = Some(document.clone());
        Some(document)
    }
}

/// `GET /v1/profiles/{subject}/stream`
#[utoipa::path(get, path = "/v1/profiles/{subject}/stream", tag = "profiles",
    params(("subject" = String, Path, description = "user_id:… or anonymous_id:…")),
    responses((status = 200, content_type = "text/event-stream", description = "events named profile, each with the profile's document"),
        (status = 400, body = ProblemDocument), (status = 429, body = ProblemDocument)))]
pub(crate) async fn follow(
    State(api): State<Arc<Api>>,
    Path(subject): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    check_api_key(&api, &headers)?;
    let subject = Subject::parse(&subject).map_err(|e| Problem::new(Code::InvalidRequest, e.to_string()))?;
    let Some(feed) = ProfileFeed::new(api, subject) else {
        let detail = format!("{MAX_FEEDS} profiles are followed already; come back when one has ended");
        return Err(Problem::new(Code::Overloaded, detail));
    };
    let events = stream::unfold((feed, Instant::now() + LIFE), |(mut feed, end)| async move {
        let document = timeout_at(end, feed.next()).await.ok()??;
        let event = Event::default().event("profile").data(document.to_string());
        Some((Ok::<_, Infallible>(event), (feed, end)))
    });
    let no_store =
        [(header::CACHE_CONTROL, "no-store"), (HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((no_store, Sse::new(events).keep_alive(KeepAlive::default())).into_response())
}
