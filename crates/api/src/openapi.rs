//! The OpenAPI 3.1 document, made from the code.

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::OpenApi;

use crate::{
    audiences, collect, consent, data_map, dead_letters, decide, feast, features, identity, operate, outbox,
    privacy, profiles, retention, schemas, sql, vault,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tradewind",
        description = "Takes in a shop's events and answers what to show this shopper in this place now. \
            The collector speaks Segment's HTTP tracking API: besides /v1/batch there are \
            /v1/{track,identify,page,screen,group,alias} with one message each. Errors are problem documents \
            (RFC 9457) whose type is the address of a page about them."
    ),
    paths(
        collect::handlers::batch,
        collect::handlers::rejected,
        dead_letters::handlers::list,
        dead_letters::handlers::show,
        dead_letters::handlers::redrive,
        dead_letters::handlers::redrive_many,
        dead_letters::handlers::drop_one,
        outbox::list,
        outbox::retry,
        decide::decide,
        profiles::profile,
        identity::show,
        identity::merge,
        identity::split,
        vault::unseal,
        consent::show,
        consent::put,
        consent::history,
        profiles::follow,
        profiles::list,
        profiles::priors,
        audiences::search,
        audiences::preview,
        audiences::list,
        audiences::show,
        audiences::put,
        audiences::remove,
        features::list,
        features::training_set,
        features::show,
        features::lineage,
        features::put_view,
        features::put_service,
        feast::repo::serve,
        privacy::request,
        privacy::show,
        privacy::list,
        privacy::confirm,
        data_map::show,
        retention::show,
        schemas::list,
        schemas::show,
        schemas::findings,
        operate::stats,
        sql::query,
        operate::livez,
        operate::readyz,
        operate::metrics
    ),
    tags(
        (name = "decide", description = "What to show"),
        (name = "collect", description = "Events in"),
        (name = "dead letters", description = "What could not be processed"),
        (name = "outbox", description = "What others are told"),
        (name = "sql", description = "Questions over everything that happened"),
        (name = "profiles", description = "What is known of a shopper"),
        (name = "identity", description = "Who is who"),
        (name = "vault", description = "What is sealed, for the few who may open it"),
        (name = "consent", description = "What a shopper agrees to"),
        (name = "audiences", description = "Groups of shoppers, by rules over traits"),
        (name = "features", description = "The feature store: views, services, lineage"),
        (name = "privacy", description = "The rights of people"),
        (name = "schemas", description = "What events should look like, and what they lack"),
        (name = "operate", description = "Health, metrics, counts")
    )
)]
struct Document;

/// The calls that take one message each, at `/v1/<call>`.
const SINGLE: [&str; 6] = ["track", "identify", "page", "screen", "group", "alias"];

/// The document. One handler serves the six single calls, so their paths are made from the batch's.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    let batch = document.paths.paths.get("/v1/batch").cloned();
    for (call, mut path) in SINGLE.into_iter().zip(std::iter::repeat(batch)) {
        let Some(operation) = path.as_mut().and_then(|p| p.post.as_mut()) else { continue };
        operation.operation_id = Some(call.to_owned());
        operation.summary = Some(format!("`POST /v1/{call}`: one {call} message in Segment's form"));
        document.paths.paths.extend(path.map(|path| (format!("/v1/{call}"), path)));
    }
    document
}

/// `GET /openapi.json`
pub(crate) async fn serve() -> impl IntoResponse {
    let json = document().to_pretty_json().unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], json)
}
