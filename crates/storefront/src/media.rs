//! Pictures and assets, with the headers that let browsers keep them.
//!
//! Assets carry a hash of their content in their address and are kept for a year. Pictures are kept for a day
//! and then asked for again by their hash (`ETag`).

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use crate::state::Shared;

/// What a browser may do inside a picture that is opened by itself: nothing but draw.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// One file of the program.
#[derive(Debug)]
struct Asset {
    name: String,
    media_type: &'static str,
    body: &'static str,
}

impl Asset {
    fn new(stem: &str, extension: &str, media_type: &'static str, body: &'static str) -> Self {
        let name = format!("{stem}-{:016x}.{extension}", xxh3_64(body.as_bytes()));
        Self { name, media_type, body }
    }
}

/// Style sheets, scripts and the mark.
#[derive(Debug)]
pub(crate) struct Assets {
    files: [Asset; 5],
    hrefs: Hrefs,
}

/// The addresses of the assets.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Hrefs {
    shop_css: String,
    console_css: String,
    pub(crate) console_js: String,
    pub(crate) live_js: String,
    mark: String,
}

impl Assets {
    /// Hashes the files.
    pub(crate) fn new() -> Self {
        let files = [
            Asset::new("shop", "css", "text/css; charset=utf-8", include_str!("../assets/shop.css")),
            Asset::new("console", "css", "text/css; charset=utf-8", include_str!("../assets/console.css")),
            Asset::new(
                "console",
                "js",
                "text/javascript; charset=utf-8",
                concat!(include_str!("../assets/follow.js"), include_str!("../assets/console.js")),
            ),
            Asset::new(
                "live",
                "js",
                "text/javascript; charset=utf-8",
                concat!(include_str!("../assets/follow.js"), include_str!("../assets/live.js")),
            ),
            Asset::new("mark", "svg", "image/svg+xml", include_str!("../assets/mark.svg")),
        ];
        let [shop_css, console_css, console_js, live_js, mark] =
            files.each_ref().map(|file| format!("/assets/{}", file.name));
        Self { hrefs: Hrefs { shop_css, console_css, console_js, live_js, mark }, files }
    }

    /// Their addresses.
    pub(crate) fn hrefs(&self) -> &Hrefs {
        &self.hrefs
    }
}

/// `GET /assets/{file}`.
pub(crate) async fn asset(State(app): State<Shared>, file: Result<Path<String>, PathRejection>) -> Response {
    let wanted = file.map(|Path(name)| name).unwrap_or_default();
    let Some(asset) = app.assets.files.iter().find(|asset| asset.name == wanted) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kept = "public, max-age=31536000, immutable";
    ([(header::CONTENT_TYPE, asset.media_type), (header::CACHE_CONTROL, kept)], asset.body).into_response()
}

/// `GET /media/{file}`: `hero.svg`, or a product's id and `.svg`.
pub(crate) async fn picture(
    State(app): State<Shared>,
    headers: HeaderMap,
    file: Result<Path<String>, PathRejection>,
) -> Response {
    let wanted = file.map(|Path(name)| name).unwrap_or_default();
    let Some(id) = wanted.strip_suffix(".svg") else { return StatusCode::NOT_FOUND.into_response() };
    let shop = app.shop();
    let svg = match shop.product(id) {
        _ if id == "hero" => app.engine.hero(),
        Some(product) => app.engine.picture(product),
        None => return StatusCode::NOT_FOUND.into_response(),
    };
    let tag = format!("\"{:016x}\"", xxh3_64(svg.as_bytes()));
    let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|sent| {
        sent.to_str().is_ok_and(|sent| sent.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
    });
    let kept: [(HeaderName, &str); 3] = [
        (header::CACHE_CONTROL, "public, max-age=86400, stale-while-revalidate=604800"),
        (header::ETAG, &tag),
        (header::CONTENT_SECURITY_POLICY, PICTURE_POLICY),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    (kept, [(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response()
}
