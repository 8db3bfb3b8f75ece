//! The router: which path goes where, and what every answer carries.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post, put};
use tower_http::catch_panic::CatchPanicLayer;
use tradewind_events::Kind;

use crate::admission::gate::admit;
use crate::body::Inbound;
use crate::collect::handlers::{self, CollectQuery};
use crate::collect::{rudder_config, segment_settings};
use crate::dead_letters::handlers as dead_letters;
use crate::dialects::{cloudevents, ga4, posthog, shopify, snowplow};
use crate::enrich::Peer;
use crate::extract::Query;
use crate::problem::{Code, Problem};
use crate::state::Api;
use crate::{
    audiences, consent, data_map, decide, docs, feast, features, identity, openapi, operate, outbox, privacy,
    profiles, retention, schemas, sql, trace, vault,
};

/// Paths on which browsers of other origins may send events.
const COLLECTING: [&str; 11] = [
    "/v1/",
    "/beacon/",
    "/sourceConfig",
    "/docs/errors",
    "/batch",
    "/capture",
    "/e/",
    "/i/v0/e",
    "/flags",
    "/com.snowplowanalytics.snowplow/",
    "/mp/",
];

/// Everything that the API serves. `more` (a storefront, say) is served beside it under the same roof, and
/// answers with its own fallback what neither knows.
pub fn router(api: Arc<Api>, more: Option<Router>) -> Router {
    let mut routes = other_dialects(events(Router::new()));
    routes = operation(features(people(decisions(routes))));
    routes = feast::routes(routes);
    if more.is_none() {
        routes = feast::search_route(routes);
    }
    let routes = routes.route("/v1/{*path}", any(nothing_here));
    let routes = routes.method_not_allowed_fallback(wrong_method).with_state(Arc::clone(&api));
    let routes = match more {
        Some(more) => routes.merge(more),
        None => routes.fallback(nothing_here),
    };
    routes
        .layer(middleware::from_fn_with_state(Arc::clone(&api), admit))
        .layer(middleware::from_fn_with_state(api, cors))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(feast::encode_errors))
        .layer(middleware::from_fn(trace::observe))
}

type Routes = Router<Arc<Api>>;

/// What Segment's and RudderStack's clients send to, and what they ask.
fn events(routes: Routes) -> Routes {
    let mut routes = routes
        .route("/v1/batch", post(handlers::batch))
        .route("/v1/b", post(handlers::batch))
        .route("/v1/import", post(handlers::import))
        .route("/beacon/v1/batch", post(handlers::batch))
        .route("/v1/m", post(handlers::discard))
        .route("/v1/projects/{write_key}/settings", get(segment_settings))
        .route("/sourceConfig", get(rudder_config))
        .route("/sourceConfig/", get(rudder_config));
    let kinds = [
        (Kind::Track, ["/v1/track", "/v1/t"]),
        (Kind::Identify, ["/v1/identify", "/v1/i"]),
        (Kind::Page, ["/v1/page", "/v1/p"]),
        (Kind::Screen, ["/v1/screen", "/v1/s"]),
        (Kind::Group, ["/v1/group", "/v1/g"]),
        (Kind::Alias, ["/v1/alias", "/v1/a"]),
    ];
    for (kind, paths) in kinds {
        for path in paths {
            let take =
                move |State(api): State<Arc<Api>>,
                      Query(query): Query<CollectQuery>,
                      peer: Peer,
                      headers: HeaderMap,
                      body: Inbound| handlers::one(api, kind, query, (peer, headers), body);
            routes = routes.route(path, post(take));
        }
    }
    routes
}

/// What other vendors' clients send to.
fn other_dialects(mut routes: Routes) -> Routes {
    routes = routes.route("/v1/cloudevents", post(cloudevents::receive));
    routes = routes.route("/com.snowplowanalytics.snowplow/tp2", post(snowplow::receive));
    routes = routes.route("/webhooks/shopify", post(shopify::receive));
    routes = routes.route("/i", get(snowplow::pixel));
    routes = routes.route("/mp/collect", post(ga4::collect));
    routes = routes.route("/debug/mp/collect", post(ga4::debug));
    for path in ["/batch", "/batch/"] {
        routes = routes.route(path, post(posthog::batch));
    }
    for path in ["/capture", "/capture/", "/e/", "/i/v0/e/"] {
        routes = routes.route(path, post(posthog::capture));
    }
    routes.route("/flags", post(posthog::flags)).route("/flags/", post(posthog::flags))
}

/// What to show, and to whom.
fn decisions(routes: Routes) -> Routes {
    routes
        .route("/v1/decide", post(decide::decide))
        .route("/v1/profiles/{subject}", get(profiles::profile))
        .route("/v1/profiles/{subject}/stream", get(profiles::follow))
        .route("/v1/profiles/search", post(audiences::search))
        .route("/v1/audiences", get(audiences::list))
        .route("/v1/audiences/preview", post(audiences::preview))
        .route("/v1/audiences/{name}", get(audiences::show).put(audiences::put).delete(audiences::remove))
        .route("/v1/traits", get(profiles::list))
        .route("/v1/priors", get(profiles::priors))
}

/// Who is who, what people agreed to, what names them, and their rights.
fn people(routes: Routes) -> Routes {
    routes
        .route("/v1/identity/merge", post(identity::merge))
        .route("/v1/identity/split", post(identity::split))
        .route("/v1/identity/{subject}", get(identity::show))
        .route("/v1/vault/{subject}", get(vault::unseal))
        .route("/v1/vault-keys", get(vault::keys))
        .route("/v1/vault-keys/rotate", post(vault::rotate))
        .route("/v1/consent/{subject}", get(consent::show).put(consent::put))
        .route("/v1/consent/{subject}/history", get(consent::history))
        .route("/.well-known/gpc.json", get(consent::gpc))
        .route("/v1/privacy/requests", get(privacy::list).post(privacy::request))
        .route("/v1/privacy/requests/{id}", get(privacy::show))
        .route("/v1/privacy/requests/{id}/confirm", post(privacy::confirm))
        .route("/v1/privacy/data-map", get(data_map::show))
        .route("/v1/privacy/retention", get(retention::show))
}

/// The feature store, but for what Feast's own client asks.
fn features(routes: Routes) -> Routes {
    routes
        .route("/v1/features", get(features::list))
        .route("/v1/features/training-set", post(features::training_set))
        .route("/v1/features/{name}", get(features::show))
        .route("/v1/features/{name}/lineage", get(features::lineage))
        .route("/v1/features/views/{name}", put(features::put_view))
        .route("/v1/features/services/{name}", put(features::put_service))
}

/// What those who run the program look at, and the documents.
fn operation(routes: Routes) -> Routes {
    routes
        .route("/v1/rejected", get(handlers::rejected))
        .route("/v1/dead-letters", get(dead_letters::list))
        .route("/v1/dead-letters/redrive", post(dead_letters::redrive_many))
        .route("/v1/dead-letters/{id}", get(dead_letters::show).delete(dead_letters::drop_one))
        .route("/v1/dead-letters/{id}/redrive", post(dead_letters::redrive))
        .route("/v1/outbox", get(outbox::list))
        .route("/v1/outbox/{id}/retry", post(outbox::retry))
        .route("/v1/schemas", get(schemas::list))
        .route("/v1/schemas/findings", get(schemas::findings))
        .route("/v1/schemas/{event}", get(schemas::show))
        .route("/v1/stats", get(operate::stats))
        .route("/v1/sql", post(sql::query))
        .route("/livez", get(operate::livez))
        .route("/healthz", get(operate::livez))
        .route("/health", get(operate::livez))
        .route("/readyz", get(operate::readyz))
        .route("/metrics", get(operate::metrics))
        .route("/openapi.json", get(openapi::serve))
        .route("/docs", get(docs::reference))
        .route("/docs/errors/{code}", get(docs::error_page))
}

async fn nothing_here(request: Request) -> Problem {
    let path: String = request.uri().path().chars().take(200).collect();
    Problem::new(Code::NotFound, format!("there is nothing at {path}; /docs lists what there is"))
}

async fn wrong_method(request: Request) -> Problem {
    let detail = format!("{} does not work here; /docs lists what does", request.method());
    Problem::new(Code::MethodNotAllowed, detail)
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request's handler panicked");
    Problem::new(Code::Internal, "the request could not be handled; this is a bug, please report it")
        .into_response()
}

/// Answers preflights, and lets allowed origins read what the collector answers.
async fn cors(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let collecting = COLLECTING.iter().any(|prefix| path.starts_with(prefix));
    let origin = request.headers().get(header::ORIGIN).filter(|_| collecting).cloned();
    let Some(origin) = origin else {
        if request.method() == Method::OPTIONS && collecting {
            return StatusCode::NO_CONTENT.into_response();
        }
        return next.run(request).await;
    };
    let known = &api.settings.allowed_origins;
    let allowed = known.is_empty() || known.iter().any(|o| o == "*" || o.as_bytes() == origin.as_bytes());
    let preflight = request.method() == Method::OPTIONS;
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    if allowed {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        let exposed = HeaderValue::from_static("Retry-After, X-Request-Id");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        if preflight {
            allow_preflight(headers);
        }
    }
    response
}

fn allow_preflight(headers: &mut HeaderMap) {
    let fixed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            // Those from sentat on are RudderStack's, the last four on its retries only.
            "authorization, content-type, content-encoding, x-api-key, x-retry-count, anonymousid, traceparent, \
             sentat, rsa-retry-attempt, rsa-retry-reason, rsa-since-first-attempt, rsa-since-last-attempt",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
