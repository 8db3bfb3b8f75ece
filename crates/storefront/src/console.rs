//! The console: what the engine takes in, knows of this browser and answers, and why.
//!
//! `/console` is a plain page. Its script follows `/console/stream`, which sends the panels that have changed
//! about once a second, as JSON of panel name to HTML. A stream ends after [`STREAM_LIFE`] and the browser
//! comes back by itself, so that a server that is told to stop waits no longer than that.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use minijinja::context;
use minijinja::value::Serde;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};
use xxhash_rust::xxh3::xxh3_64;

use crate::engine::Pulse;
use crate::render::{self, Visitor};
use crate::state::{App, Shared};
use crate::view::Link;
use crate::visit::Visit;

pub(crate) mod live;
mod panels;
pub(crate) mod profile;

/// How often the stream looks for changes.
const TICK: Duration = Duration::from_secs(1);
/// How long one stream lasts.
const STREAM_LIFE: Duration = Duration::from_secs(60);
/// How long the console waits for a profile.
const PROFILE_BUDGET: Duration = Duration::from_secs(1);
/// The panels; each is a macro in `panels.html` with the view of the same name.
const PANELS: [&str; 4] = ["figures", "events", "profile", "decisions"];

/// `GET /console`.
pub(crate) async fn show(State(app): State<Shared>, visit: Visitor) -> Response {
    let views = gather(&app, &visit).await;
    let drawn: Vec<(&str, String)> =
        PANELS.iter().filter_map(|panel| Some((*panel, draw(&app, panel, &views)?))).collect();
    let own = context! {
        title => "Console",
        own_href => "/console",
        other => Serde(Link::new("Live profile", "/console/live")),
        script => app.assets.hrefs().console_js.as_str(),
        subject => views.subject,
        panels => drawn.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
    };
    page(&app, &visit, "console.html", own)
}

/// A page of the console, with what all of them show.
fn page(app: &App, visit: &Visit, name: &str, own: minijinja::Value) -> Response {
    let context = context! { site => Serde(&app.site), assets => Serde(app.assets.hrefs()), ..own };
    match app.templates.draw(name, context) {
        Some(html) => render::html_response(html),
        None => render::problem(
            app,
            visit,
            StatusCode::INTERNAL_SERVER_ERROR,
            "The console could not be drawn",
            "It is our fault and has been logged.",
        ),
    }
}

/// Server-sent events, which nothing on the way may keep.
fn sent(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let no_store =
        [(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")];
    (no_store, Sse::new(events).keep_alive(KeepAlive::default())).into_response()
}

/// The answer where there is no place left for one more who follows.
fn full() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "30")]).into_response()
}

/// `GET /console/stream`.
pub(crate) async fn stream(State(app): State<Shared>, visit: Visitor) -> Response {
    let Ok(permit) = Arc::clone(&app.streams).try_acquire_owned() else { return full() };
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let until = Instant::now() + STREAM_LIFE;
    let follower = Follower { app, visit: Arc::clone(&visit), ticks, until, seen: [0; 4], _permit: permit };
    sent(stream::unfold(follower, |mut follower| async {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    }))
}

/// One console that follows the stream.
struct Follower {
    app: Shared,
    visit: Arc<Visit>,
    ticks: Interval,
    until: Instant,
    seen: [u64; 4],
    _permit: OwnedSemaphorePermit,
}

impl Follower {
    /// The panels that changed since the last tick; `None` at the end of the stream's life.
    async fn next(&mut self) -> Option<Event> {
        self.ticks.tick().await;
        if Instant::now() >= self.until {
            return None;
        }
        let views = gather(&self.app, &self.visit).await;
        let mut changed = serde_json::Map::new();
        for (panel, seen) in PANELS.iter().zip(&mut self.seen) {
            let Some(html) = draw(&self.app, panel, &views) else { continue };
            let hash = xxh3_64(html.as_bytes());
            if std::mem::replace(seen, hash) != hash {
                changed.insert((*panel).to_owned(), html.into());
            }
        }
        let data = serde_json::Value::Object(changed).to_string();
        Some(Event::default().event("panels").retry(TICK).data(data))
    }
}

/// What the panels show.
struct Views {
    subject: String,
    figures: minijinja::Value,
    events: minijinja::Value,
    profile: minijinja::Value,
    decisions: minijinja::Value,
}

async fn gather(app: &App, visit: &Visit) -> Views {
    let subject = visit.subject();
    let pulse: Pulse = app.engine.pulse();
    let known = timeout(PROFILE_BUDGET, app.engine.profile(&subject)).await;
    let known = known.inspect_err(|_| tracing::warn!("a profile did not come in time")).ok().flatten();
    let shop = app.shop();
    Views {
        figures: Serde(panels::figures(&pulse)).into(),
        events: Serde(panels::events(&pulse, visit)).into(),
        decisions: Serde(panels::decisions(&pulse, visit, &shop)).into(),
        profile: Serde(known.map(|known| profile::tree(&known, &shop))).into(),
        subject: subject.to_string(),
    }
}

fn draw(app: &App, panel: &str, views: &Views) -> Option<String> {
    let view = match panel {
        "figures" => &views.figures,
        "events" => &views.events,
        "profile" => &views.profile,
        _ => &views.decisions,
    };
    app.templates.draw("panels.html", context! { panel => panel, view => view })
}
