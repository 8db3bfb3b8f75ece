//! What visits leave behind.

use std::collections::HashSet;

use tradewind_events::{Kind, Origin};

use super::{Browser, properties};

#[tokio::test]
async fn a_click_is_recorded_before_the_view_and_known_to_the_decision() {
    let mut browser = Browser::new();
    browser.get("/p/p26?from=dec-1&slot=home.for_you.3&utm_source=news&utm_campaign=spring").await;
    assert_eq!(browser.recorded()[..3], ["Product", "Product Clicked", "Product Viewed"]);
    let click = properties(&browser.last("Product Clicked"));
    assert_eq!(
        (&click["decision_id"], &click["placement"], &click["position"], &click["product_id"]),
        (&"dec-1".into(), &"home.for_you".into(), &3.into(), &"p26".into())
    );
    let asked = browser.engine.asked().pop().unwrap();
    assert_eq!(asked["placements"][1]["name"], "product.similar");
    assert_eq!(asked["placements"][1]["anchors"][0], "p26");
    assert_eq!(asked["context"]["category"], "Kitchen > Mugs");
    browser.get("/p/p27?from=%3Cscript%3E&slot=x").await;
    assert_eq!(browser.recorded().iter().filter(|name| *name == "Product Clicked").count(), 1);
}

#[tokio::test]
async fn events_are_canonical_and_complete() {
    let mut browser = Browser::new()
        .with("user-agent", "Mozilla/5.0 Test")
        .with("accept-language", "da-DK,da;q=0.8")
        .with("referer", "http://shop.test/");
    browser.get("/p/p26?utm_source=news&utm_campaign=spring").await;
    let event = browser.last("Product Viewed");
    let context: serde_json::Value = serde_json::from_str(event.context.as_ref().unwrap().get()).unwrap();
    assert_eq!(context["page"]["url"], "http://shop.test/p/p26?utm_source=news&utm_campaign=spring");
    assert_eq!(
        (&context["page"]["path"], &context["page"]["title"]),
        (&"/p/p26".into(), &"Double Wall Mug".into())
    );
    assert_eq!((&context["userAgent"], &context["locale"]), (&"Mozilla/5.0 Test".into(), &"da-DK".into()));
    assert_eq!(context["campaign"], serde_json::json!({"name": "spring", "source": "news"}));
    assert_eq!((event.kind, event.origin, event.occurred_at), (Kind::Track, Origin::Live, event.received_at));
    let seen = properties(&event);
    assert_eq!((&seen["price"], &seen["currency"]), (&203.1.into(), &"EUR".into()));
    assert_eq!(event.anonymous_id.as_deref(), browser.cookie("tw_anon"));
    browser.get("/c/camping").await;
    let list = properties(&browser.last("Product List Viewed"));
    assert_eq!((&list["list_id"], &list["products"][9]["position"]), (&"camping".into(), &10.into()));
    browser.get("/search?q=mug").await;
    assert_eq!(properties(&browser.last("Products Searched"))["query"], "mug");
    browser.get("/cart").await;
    let ids: Vec<_> = browser.engine.events().into_iter().map(|event| event.message_id).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
}

#[tokio::test]
async fn robots_heads_and_prefetches_leave_nothing() {
    let check = async |name: &'static str, value: &str, decisions: usize| {
        let mut browser = Browser::new().with(name, value);
        let page = browser.get("/").await;
        page.shows(&["Departments"]);
        assert_eq!((browser.recorded().len(), browser.engine.asked().len()), (0, decisions), "{value}");
    };
    check("user-agent", "Mozilla/5.0 (compatible; bingbot/2.0)", 0).await;
    check("sec-purpose", "prefetch", 1).await;
    let mut browser = Browser::new();
    let head = browser.send("HEAD", "/", None).await;
    assert_eq!((head.status.as_u16(), head.body.len(), browser.recorded().len()), (200, 0, 0));
    assert_eq!(browser.cookie("tw_anon"), None);
}

#[tokio::test]
async fn the_browsers_id_stays() {
    let mut browser = Browser::new();
    let first = browser.get("/").await;
    let cookie = first.header("set-cookie").to_owned();
    for part in ["tw_anon=", "HttpOnly", "SameSite=Lax", "Max-Age=31536000", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(browser.get("/").await.header("set-cookie"), "");
}

#[tokio::test]
async fn what_a_decision_put_on_a_page_is_recorded_with_its_positions() {
    let mut browser = Browser::new();
    let page = browser.get("/p/p26").await;
    let events = browser.engine.events();
    let impressions: Vec<_> = events
        .iter()
        .filter(|e| e.name.as_deref() == Some("Recommendations Viewed"))
        .map(properties)
        .collect();
    let placements: Vec<_> = impressions.iter().map(|shown| shown["placement"].as_str().unwrap()).collect();
    assert_eq!(placements, ["product.bought_together", "product.similar"]);
    for shown in &impressions {
        let (id, placement) = (shown["decision_id"].as_str().unwrap(), shown["placement"].as_str().unwrap());
        let products = shown["products"].as_array().unwrap();
        assert!(!products.is_empty() && shown["list_id"] == placement);
        for (position, product) in (1..).zip(products) {
            assert_eq!(product["position"], position, "{shown}");
            // What is recorded is what is there, and a click on it says the same.
            let link = format!(
                "/p/{}?from={id}&amp;slot={placement}.{position}",
                product["product_id"].as_str().unwrap()
            );
            page.shows(&[&link]);
        }
    }
    assert_eq!(browser.recorded().last().map(String::as_str), Some("Recommendations Viewed"));
    let event = browser.last("Recommendations Viewed");
    assert_eq!(event.anonymous_id.as_deref(), browser.cookie("tw_anon"));
}

#[tokio::test]
async fn plain_content_is_no_impression_of_a_decision() {
    let mut browser = Browser::at(super::memory::goods(), super::Health::Broken);
    browser.get("/").await.shows(&["From the shop"]);
    assert!(browser.recorded().iter().all(|name| name != "Recommendations Viewed"));
}
