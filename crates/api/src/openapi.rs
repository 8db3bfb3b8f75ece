//! The OpenAPI 3.1 document, made from the code.

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::OpenApi;

use crate::{collect, decide, operate, profiles, sql};

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
        decide::decide,
        profiles::profile,
        operate::stats,
        sql::query,
        operate::livez,
        operate::readyz,
        operate::metrics
    ),
    tags(
        (name = "decide", description = "What to show"),
        (name = "collect", description = "Events in"),
        (name = "sql", description = "Questions over everything that happened"),
        (name = "profiles", description = "What is known of a shopper"),
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
