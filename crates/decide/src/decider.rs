//! Gathering and recording around the pure middle.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use tradewind_kernel::{Deadline, Subject, fresh_id};
use tradewind_models::Trained;
use tradewind_people::Profile;
use tradewind_people::consent::{Permitted, Personalization};
use tradewind_pipeline::{Lookup, Pipeline, PipelineError};

use crate::answer::{Decision, PlacementAnswer};
use crate::ask::Ask;
use crate::ladder::{Inputs, decide};
use crate::sources::Scratch;
use crate::{measures, record};

/// Decisions kept for the console.
const RECENT: usize = 200;
/// Working memories kept for reuse.
const SCRATCHES: usize = 16;

/// Answers decisions.
pub struct Decider {
    pipeline: Arc<Pipeline>,
    trained: ArcSwapOption<Trained>,
    scratches: Mutex<Vec<Scratch>>,
    recent: Mutex<VecDeque<Arc<Decision>>>,
}

/// A profile that may be used to choose what to show.
type Own = Permitted<Personalization, Arc<Profile>>;

/// What was found of the subject in time.
struct Gathered {
    profile: Option<Own>,
    subject: String,
    late: Vec<&'static str>,
}

impl Decider {
    /// A decider over what the pipeline has learned, without trained models yet.
    #[must_use]
    pub fn new(pipeline: Arc<Pipeline>) -> Self {
        Self {
            pipeline,
            trained: ArcSwapOption::empty(),
            scratches: Mutex::default(),
            recent: Mutex::default(),
        }
    }

    /// Puts trained models to work, or takes them away; decisions under way keep those they began with.
    pub fn use_models(&self, trained: Option<Arc<Trained>>) {
        self.trained.store(trained);
    }

    /// The trained models at work.
    #[must_use]
    pub fn models(&self) -> Option<Arc<Trained>> {
        self.trained.load_full()
    }

    /// Answers one call. It never fails; what could not be used is named in the answer.
    pub async fn answer(&self, ask: &Ask) -> Arc<Decision> {
        let began = Instant::now();
        let gathered = self.gather(ask).await;
        let placements = self.decide(ask, &gathered);
        self.record(gathered.subject, placements, began)
    }

    /// Waits for the subject's own latest events, then reads the profile.
    async fn gather(&self, ask: &Ask) -> Gathered {
        let deadline = Deadline::in_ms(ask.budget_ms);
        let mut late = Vec::new();
        let Some(subject) = &ask.subject else {
            return Gathered { profile: None, subject: String::new(), late };
        };
        let (Subject::User(id) | Subject::Anonymous(id)) = subject;
        let ids: Vec<&str> = std::iter::once(id.as_str()).chain(ask.anonymous_id.as_deref()).collect();
        if !self.pipeline.caught_up(&ids, deadline.remaining() / 2).await {
            late.push("profile_late");
        }
        let profile = match self.profile(subject, ask.anonymous_id.as_deref()) {
            Ok(Lookup::Found(_, profile)) => Some(profile),
            Ok(Lookup::Unknown) => None,
            Ok(Lookup::Refused(_)) => {
                // The answer is for whoever stands in this place, and its record names nobody.
                late.push("no_consent");
                return Gathered { profile: None, subject: String::new(), late };
            }
            Err(error) => {
                tracing::error!(%error, "a profile could not be read");
                late.push("profile_unreadable");
                None
            }
        };
        Gathered { profile, subject: subject.to_string(), late }
    }

    /// The profile of the subject; that of the anonymous id where a user id was given that is not known yet.
    /// Where both are given, both have to agree.
    fn profile(
        &self,
        subject: &Subject,
        anonymous: Option<&str>,
    ) -> Result<Lookup<Personalization, Arc<Profile>>, PipelineError> {
        let found = self.pipeline.profile::<Personalization>(subject)?;
        let Some(anonymous) = anonymous else { return Ok(found) };
        let of_browser =
            self.pipeline.profile::<Personalization>(&Subject::Anonymous(anonymous.to_owned()))?;
        Ok(match (found, of_browser) {
            (Lookup::Refused(refusal), _) | (_, Lookup::Refused(refusal)) => Lookup::Refused(refusal),
            (Lookup::Unknown, of_browser) => of_browser,
            (found, _) => found,
        })
    }

    fn decide(&self, ask: &Ask, gathered: &Gathered) -> Vec<PlacementAnswer> {
        let live = self.pipeline.live();
        let (catalog, trending, trained) = (live.catalog.load(), live.trending.load(), self.trained.load());
        let mut scratch = self.scratches.lock().pop().unwrap_or_default();
        let placements = decide(
            &Inputs {
                now: self.pipeline.clock().now(),
                ask,
                profile: gathered.profile.as_ref().map(|own| own.as_ref().map(|profile| &**profile)),
                items: &live.items.read(),
                catalog: &catalog,
                sessions: &live.sessions.read(),
                trained: trained.as_deref(),
                trending: &trending,
                category: ask.category.as_deref(),
                late: &gathered.late,
            },
            &mut scratch,
        );
        let mut scratches = self.scratches.lock();
        if scratches.len() < SCRATCHES {
            scratches.push(scratch);
        }
        placements
    }

    fn record(&self, subject: String, placements: Vec<PlacementAnswer>, began: Instant) -> Arc<Decision> {
        let now = self.pipeline.clock().now();
        let elapsed: Duration = began.elapsed();
        measures::decided(&placements, elapsed);
        let decision = Arc::new(Decision {
            id: fresh_id(now),
            at: now,
            subject,
            model_version: self.trained.load().as_ref().map(|t| t.version.clone()),
            elapsed_us: u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
            placements,
        });
        match record::encode(&decision) {
            Ok(body) => self.pipeline.log_decision(&body),
            Err(error) => tracing::error!(%error, "a decision could not be written to the log"),
        }
        let mut recent = self.recent.lock();
        recent.push_front(Arc::clone(&decision));
        recent.truncate(RECENT);
        decision
    }

    /// Takes decisions for these subjects, in [`Subject`]'s text form, out of the latest ones, and gives how
    /// many they were.
    pub fn forget(&self, is_theirs: impl Fn(&str) -> bool) -> usize {
        let mut recent = self.recent.lock();
        let before = recent.len();
        recent.retain(|decision| !is_theirs(&decision.subject));
        before - recent.len()
    }

    /// The latest decisions, newest first, at most 200.
    #[must_use]
    pub fn recent(&self) -> Vec<Arc<Decision>> {
        self.recent.lock().iter().cloned().collect()
    }
}
