//! Feast's feature server, as its SDK of 0.67 speaks to it: `online_store: {type: remote, path: …}`.
//!
//! - `POST /get-online-features`: values by column (`online`).
//! - `POST /push`, `POST /write-to-online-store`: rows in (`write`).
//! - `POST /materialize`, `POST /materialize-incremental`: views over the lake's SQL (`materialize`).
//! - `POST /search`, `POST /retrieve-online-documents`: refused, since there is no index of vectors yet.
//! - `GET /v1/feast/repo.tar.gz`: definitions for `feast apply` (`repo`).
//!
//! Every error on Feast's paths is what its client expects: a JSON text that contains JSON, with the class of
//! the exception to raise. [`encode_errors`] lies around everything else, so that a refusal of the gate, a
//! panic or a wrong method is encoded too.

mod error;
mod materialize;
mod online;
pub(crate) mod repo;
mod rows;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::state::Api;
use error::FeastError;
pub(crate) use write::rows_of_body;

/// The paths on which Feast's client listens.
const PATHS: [&str; 7] = [
    "/get-online-features",
    "/push",
    "/write-to-online-store",
    "/materialize",
    "/materialize-incremental",
    "/search",
    "/retrieve-online-documents",
];

/// The largest problem that is encoded anew, in bytes.
const MAX_PROBLEM_BYTES: usize = 64 << 10;

/// Puts Feast's path for searching vectors into a router, unless the demo shop has one of that name: its client
/// then asks the older path.
pub(crate) fn search_route(routes: Router<Arc<Api>>) -> Router<Arc<Api>> {
    routes.route("/search", post(search))
}

/// Puts the other paths of this module into a router.
pub(crate) fn routes(routes: Router<Arc<Api>>) -> Router<Arc<Api>> {
    routes
        .route("/get-online-features", post(online::get_online_features))
        .route("/push", post(write::push))
        .route("/write-to-online-store", post(write::write))
        .route("/materialize", post(materialize::materialize))
        .route("/materialize-incremental", post(materialize::materialize))
        .route("/retrieve-online-documents", post(search))
        .route("/v1/feast/repo.tar.gz", get(repo::serve))
}

/// `POST /search`
async fn search() -> FeastError {
    FeastError::unsupported("there is no search by vectors yet: read embeddings as features of a float_list")
}

/// Makes Feast's errors of problem documents, on Feast's paths.
pub(crate) async fn encode_errors(request: Request, next: Next) -> Response {
    let is_feast = request.method() == axum::http::Method::POST && PATHS.contains(&request.uri().path());
    let response = next.run(request).await;
    let is_problem = |r: &Response| {
        r.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json")
    };
    if !is_feast || !is_problem(&response) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let document = axum::body::to_bytes(body, MAX_PROBLEM_BYTES).await.unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    let encoded = FeastError::of_problem(parts.status, &document).into_response();
    let (encoded, body) = encoded.into_parts();
    parts.headers.extend(encoded.headers);
    Response::from_parts(parts, body)
}
