//! The demo storefront over the engine.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use serde_json::Value;
use tradewind_api::{
    Api, ProfileFeed, answer_json, choose_json, consent_json, decision_json, privacy_json, profile_json,
};
use tradewind_catalog::{CatalogSnapshot, Product};
use tradewind_events::Event;
use tradewind_govern::Kind;
use tradewind_kernel::{Subject, UtcMillis};
use tradewind_storefront::{BoxFuture, Engine, Follow, LatestEvent, Pulse, Site};

use crate::config::Shop;

/// Decisions that the console shows.
const SHOWN_DECISIONS: usize = 60;
/// How long the console waits for a browser's latest events.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long somebody waits for what is held of them, or for its end.
const RIGHTS_PATIENCE: Duration = Duration::from_secs(30);

/// What the storefront looks like.
#[derive(Debug, Clone, Default)]
pub(crate) struct Art {
    /// The shop's name; the configured one if empty.
    pub(crate) name: String,
    /// One sentence below the name.
    pub(crate) tagline: String,
    /// The picture on top of the home page.
    pub(crate) hero: String,
}

/// The storefront's pages over an API.
pub(crate) fn router(api: Arc<Api>, art: Art, shop: &Shop) -> Router {
    let name = if art.name.is_empty() { shop.name.clone() } else { art.name };
    let tagline = if art.tagline.is_empty() {
        "Everything in this shop arranges itself around you.".to_owned()
    } else {
        art.tagline
    };
    let site = Site::new(name, tagline, shop.currency);
    tradewind_storefront::router(Arc::new(Behind { api, hero: art.hero }), site)
}

/// A profile that the console follows.
struct Followed(ProfileFeed);

impl Follow for Followed {
    fn next(&mut self) -> BoxFuture<'_, Option<Value>> {
        Box::pin(self.0.next())
    }
}

/// The engine behind the storefront.
struct Behind {
    api: Arc<Api>,
    hero: String,
}

impl Behind {
    /// Hands a request of privacy over and waits for its end.
    async fn ask_for(&self, kind: Kind, subject: &Subject) -> Result<Value, String> {
        let asked = privacy_json(&self.api, kind, subject, RIGHTS_PATIENCE).await;
        let ended = asked.map_err(|problem| problem.detail)?;
        match ended["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(ended),
        }
    }
}

impl Engine for Behind {
    fn catalog(&self) -> Arc<CatalogSnapshot> {
        self.api.pipeline.live().catalog.load_full()
    }

    fn collect(&self, mut events: Vec<Event>) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            self.api.enrich_own(&mut events);
            self.api.collect(events).await.map_err(|problem| problem.detail)
        })
    }

    fn decide(&self, ask: Value) -> BoxFuture<'_, Value> {
        Box::pin(async move {
            answer_json(&self.api, &ask).await.unwrap_or_else(|problem| {
                tracing::error!(detail = problem.detail, "the storefront's own request was refused");
                Value::Null
            })
        })
    }

    fn profile(&self, subject: &Subject) -> BoxFuture<'_, Option<Value>> {
        let subject = self.api.subject(subject.clone());
        Box::pin(async move {
            let (Subject::User(id) | Subject::Anonymous(id)) = &subject;
            self.api.pipeline.caught_up(&[id], PATIENCE).await;
            profile_json(&self.api, &subject)
        })
    }

    fn follow(&self, subject: &Subject) -> Option<Box<dyn Follow>> {
        let subject = self.api.subject(subject.clone());
        let feed = ProfileFeed::new(Arc::clone(&self.api), subject)?;
        Some(Box::new(Followed(feed)))
    }

    fn consent(&self, subject: &Subject) -> BoxFuture<'_, Option<Value>> {
        let subject = subject.clone();
        Box::pin(async move { consent_json(&self.api, &subject).await.ok() })
    }

    fn choose(&self, subject: &Subject, choice: Value) -> BoxFuture<'_, Result<(), String>> {
        let subject = subject.clone();
        Box::pin(async move {
            let kept = choose_json(&self.api, &subject, choice).await;
            kept.map(|_| ()).map_err(|problem| problem.detail)
        })
    }

    fn export(&self, subject: &Subject) -> BoxFuture<'_, Result<Value, String>> {
        let subject = subject.clone();
        Box::pin(async move {
            let mut ended = self.ask_for(Kind::Export, &subject).await?;
            match ended["export"].take() {
                Value::Null => Err("the export did not end in time".to_owned()),
                export => Ok(export),
            }
        })
    }

    fn erase(&self, subject: &Subject) -> BoxFuture<'_, Result<String, String>> {
        let subject = subject.clone();
        Box::pin(async move {
            let ended = self.ask_for(Kind::Erase, &subject).await?;
            Ok(ended["id"].as_str().unwrap_or_default().to_owned())
        })
    }

    fn picture(&self, product: &Product) -> String {
        tradewind_simulator::picture(product)
    }

    fn hero(&self) -> String {
        self.hero.clone()
    }

    fn pulse(&self) -> Pulse {
        let pulse = self.api.pipeline.pulse(self.api.now());
        let event = |e: tradewind_pipeline::LatestEvent| LatestEvent {
            at: e.at,
            subject: e.subject,
            name: e.name,
            detail: e.detail,
        };
        let decisions = self.api.decider.recent();
        Pulse {
            events_total: pulse.events_total,
            events_per_second: pulse.events_per_second,
            history: pulse.history,
            latest_events: pulse.latest_events.into_iter().map(event).collect(),
            decisions: decisions.iter().take(SHOWN_DECISIONS).map(|d| decision_json(d)).collect(),
            rejected_total: self.api.rejected_total(),
            lag_events: pulse.lag_events,
        }
    }

    fn now(&self) -> UtcMillis {
        self.api.now()
    }
}
