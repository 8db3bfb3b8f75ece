//! A demo shop and a first console page, drawn on the server and fully usable without JavaScript.
//!
//! [`router`] is all there is to call: give it an [`Engine`] and a [`Site`]. The shop records what visitors do
//! as canonical events, then asks for decisions, so that a page already knows of the click that led to it.
//! No page depends on the engine's health: without an answer it shows plain catalog content. A banner asks what may
//! be done with what visitors do; the answer is the engine's to keep.
//!
//! Limits: forms of at most 16 KiB, carts of 40 lines, 64 consoles that follow the stream, one second for
//! each call to the engine. Pages load nothing from elsewhere and run no script but the console's own.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};

mod cart;
mod consent;
mod console;
mod cookies;
mod engine;
mod media;
mod pages;
mod rails;
mod record;
mod render;
mod shop;
mod site;
mod state;
mod text;
mod view;
mod visit;

pub use cookies::Told;
pub use engine::{BoxFuture, Engine, Follow, LatestEvent, Pulse};
pub use site::Site;

use pages::{account, cart as cart_page, category, checkout, home, order, privacy, product, search};
use render::Visitor;
use state::{App, Shared};

/// The largest form, in bytes.
const MAX_FORM_BYTES: usize = 16 * 1024;

/// What a page may load: its own files, nothing else, and no script or style within it.
const PAGE_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The shop and the console over an engine.
///
/// It answers `/`, `/c/…`, `/p/…`, `/search`, `/cart…`, `/checkout`, `/order/…`, `/account…`, `/privacy…`,
/// `/media/…`, `/assets/…` and `/console…`, and has a fallback of its own: a router that it is merged with must have none.
pub fn router<E: Engine>(engine: Arc<E>, site: Site) -> Router {
    let app: Shared = Arc::new(App::new(engine, site));
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/c/{*slug}", get(category::show))
        .route("/p/{id}", get(product::show))
        .route("/search", get(search::show))
        .route("/cart", get(cart_page::show))
        .route("/cart/add", post(cart_page::add))
        .route("/cart/update", post(cart_page::update))
        .route("/cart/remove", post(cart_page::remove))
        .route("/checkout", get(checkout::show).post(checkout::submit))
        .route("/order/{id}", get(order::show))
        .route("/account", get(account::show))
        .route("/account/sign-in", post(account::sign_in))
        .route("/account/sign-out", post(account::sign_out))
        .route("/privacy", get(privacy::show))
        .route("/privacy/choices", post(privacy::choose))
        .route("/privacy/download", post(privacy::download))
        .route("/privacy/delete", post(privacy::delete))
        .route("/console", get(console::show))
        .route("/console/stream", get(console::stream))
        .route("/console/live", get(console::live::show))
        .route("/console/live/stream", get(console::live::stream))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), visit::read));
    let files =
        Router::new().route("/media/{file}", get(media::picture)).route("/assets/{file}", get(media::asset));
    pages.merge(files).layer(middleware::from_fn(harden)).with_state(app)
}

async fn nothing_here(State(app): State<Shared>, visit: Visitor) -> Response {
    render::not_found(&app, &visit)
}

async fn wrong_method(State(app): State<Shared>, visit: Visitor) -> Response {
    let detail = "This address only takes what a form on one of our pages sends.";
    render::problem(&app, &visit, StatusCode::METHOD_NOT_ALLOWED, "Not that way", detail)
}

/// Puts the security headers on every response that has not set its own.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in headers {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
