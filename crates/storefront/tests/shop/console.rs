//! The console and its stream.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use futures_util::StreamExt;
use tower::ServiceExt;

use super::{Browser, StatusCode};

#[tokio::test]
async fn the_console_tells_this_browser_from_others() {
    let mut other = Browser::new();
    other.get("/").await;
    let mut browser = Browser { cookies: Vec::new(), headers: Vec::new(), ..other };
    browser.get("/console").await.shows(&["Nothing is known of this browser yet"]);
    browser.get("/p/p26?from=d&slot=home.trending.1").await;
    let page = browser.get("/console").await;
    page.shows(&[
        "Events per second",
        "<rect ",
        "http-equiv=\"refresh\"",
        "Product Clicked",
        "Double Wall Mug",
        "<b>You</b>",
        "product.similar",
        "Because you viewed",
        "degraded: model_missing",
        "Recently viewed",
        "src=\"/media/",
    ]);
    let at = |part: &str| page.body.find(part).unwrap();
    assert!(at("<b>You</b>") < at("home.trending</h3>"), "own decisions come first");
    assert!(browser.recorded().iter().all(|name| name != "Console"), "looking at it records nothing");
}

#[tokio::test]
async fn the_stream_sends_panels() {
    let browser = Browser::new();
    let request = Request::get("/console/stream").body(Body::empty()).unwrap();
    let response = browser.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let first = tokio::time::timeout(Duration::from_secs(5), body.next()).await.unwrap().unwrap().unwrap();
    let text = String::from_utf8(first.to_vec()).unwrap();
    assert!(text.starts_with("event: panels") && text.contains("\"figures\":\"<div"), "{text}");
}

#[tokio::test]
async fn the_live_profile_is_whole_without_a_script() {
    let mut browser = Browser::new();
    browser
        .get("/console/live")
        .await
        .shows(&["Nothing is known of this shopper yet", "http-equiv=\"refresh\""]);
    browser.get("/p/p26").await;
    let page = browser.get("/console/live").await;
    page.shows(&["What this visit is for", "No visit goes on.", "id=\"live-category_affinity\"", "Traits"]);
    page.shows(&["<li class=\"chip\" data-name=\"campers\">campers</li>", "&lt;b&gt;&quot;</li>"]);
    let other = browser.get("/console/live?subject=user_id:nobody").await;
    other.shows(&["data-subject=\"user_id:nobody\"", "Nothing is known of this shopper yet"]);
}
