//! Profiles as they are asked for, followed and searched.

use serde_json::{Value, json};
use tradewind_kernel::UtcMillis;

use super::*;
use crate::dialects::testing::{RECEIVED, Shop};

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

/// Sends one event of an anonymous shopper, and waits until it is applied.
#[track_caller]
fn track(shop: &Shop, who: &str, event: &str, properties: &Value) {
    let body = json!({"anonymousId": who, "event": event, "properties": properties, "context": {"userAgent": PHONE}});
    let headers = [("authorization", "Basic azo="), ("content-type", "application/json")];
    let (status, text) = shop.send("POST", "/v1/track", &headers, body.to_string());
    assert_eq!(status, 200, "{text}");
    shop.counts();
}

fn tent(price: f64) -> Value {
    json!({"product_id": format!("t{price}"), "name": "Tent", "category": "Camping > Tents", "brand": "Hearth", "price": price})
}

fn get(shop: &Shop, path: &str) -> Value {
    serde_json::from_str(&shop.send("GET", path, &[], "").1).unwrap()
}

fn ask(shop: &Shop, path: &str, body: &Value) -> Value {
    serde_json::from_str(&shop.post(path, &body.to_string()).1).unwrap()
}

#[test]
fn traits_follow_from_events() {
    let shop = Shop::open();
    for price in [100.0, 200.0, 800.0] {
        track(&shop, "a", "Product Viewed", &tent(price));
    }
    track(&shop, "a", "Product Added", &tent(100.0));
    track(&shop, "a", "Quiz Answered", &json!({"category": "Kitchen", "brand": ["Fell"], "price_max": 49.9}));
    let traits = get(&shop, "/v1/profiles/anonymous_id:a")["traits"].clone();
    // Three views and an add: 6 of 10; an answer: 8 of 12.
    let affinity = json!({"Kitchen": 0.667, "Camping": 0.6, "Camping > Tents": 0.6});
    assert_eq!(traits["category_affinity"], affinity, "{traits}");
    assert_eq!(traits["brand_affinity"], json!({"Fell": 0.667, "Hearth": 0.6}));
    assert_eq!(
        (&traits["device_class"], &traits["stated_price_max_minor"]),
        (&json!("phone"), &json!(4_990))
    );
    assert_eq!(traits["session_adds"], 1);
    let declared = get(&shop, "/v1/traits");
    let names: Vec<&str> =
        declared["traits"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert!(traits.as_object().unwrap().keys().all(|name| names.contains(&name.as_str())), "{names:?}");
}

#[test]
fn a_feed_tells_each_change_and_follows_to_the_user() {
    let shop = Shop::open();
    let subject = Subject::parse("anonymous_id:a").unwrap();
    let mut feed = ProfileFeed::new(Arc::clone(&shop.api), subject).unwrap();
    assert_eq!(shop.wait(feed.next()), Some(Value::Null));
    track(&shop, "b", "Product Viewed", &tent(5.0));
    track(&shop, "a", "Product Viewed", &tent(5.0));
    let first = shop.wait(feed.next()).unwrap();
    assert_eq!((&first["events"], &first["traits"]["last_category"]), (&json!(1), &json!("Camping > Tents")));
    track(&shop, "a", "Product Viewed", &tent(6.0));
    track(&shop, "a", "Product Added", &tent(6.0));
    let later = shop.wait(feed.next()).unwrap();
    assert_eq!((&later["events"], &later["traits"]["session_adds"]), (&json!(3), &json!(1)));
    let identify = json!({"anonymousId": "a", "userId": "u"}).to_string();
    shop.send("POST", "/v1/identify", &[("authorization", "Basic azo=")], identify);
    assert_eq!(shop.wait(feed.next()).unwrap()["subject"], "user_id:u");
}

#[test]
fn a_feed_empties_without_consent_and_fills_when_it_is_given_to_the_user() {
    let shop = Shop::open();
    track(&shop, "a", "Product Viewed", &tent(5.0));
    let identify = json!({"anonymousId": "a", "userId": "u"}).to_string();
    shop.send("POST", "/v1/identify", &[("authorization", "Basic azo=")], identify);
    shop.counts();
    // Asked for by the anonymous id, which now is the user's.
    let mut feed =
        ProfileFeed::new(Arc::clone(&shop.api), Subject::parse("anonymous_id:a").unwrap()).unwrap();
    assert_eq!(shop.wait(feed.next()).unwrap()["subject"], "user_id:u");
    // An hour before the clock's time, so that the choice after it is the later one.
    let no = json!({"userId": "u", "event": "Segment Consent Preference Updated",
        "timestamp": RECEIVED.plus(-UtcMillis::HOUR).to_rfc3339(),
        "context": {"consent": {"purposes": {"personalization": false}}}});
    shop.send("POST", "/v1/track", &[("authorization", "Basic azo=")], no.to_string());
    assert_eq!(shop.wait(feed.next()), Some(Value::Null));
    let mut late =
        ProfileFeed::new(Arc::clone(&shop.api), Subject::parse("anonymous_id:a").unwrap()).unwrap();
    assert_eq!(shop.wait(late.next()), Some(Value::Null));
    let yes = json!({"purposes": {"personalization": true}}).to_string();
    assert_eq!(shop.send("PUT", "/v1/consent/user_id:u", &[], yes).0, 200);
    for feed in [&mut feed, &mut late] {
        // The wait is shorter than the time after which a feed looks by itself.
        assert_eq!(shop.wait(feed.next()).unwrap()["subject"], "user_id:u");
    }
}

#[test]
fn feeds_are_bounded_and_a_place_comes_back() {
    let shop = Shop::open();
    let feed = || ProfileFeed::new(Arc::clone(&shop.api), Subject::User("u".into()));
    let mut feeds: Vec<_> = (0..MAX_FEEDS).map_while(|_| feed()).collect();
    assert_eq!(feeds.len(), MAX_FEEDS);
    let (status, text) = shop.send("GET", "/v1/profiles/user_id:u/stream", &[], "");
    assert!(status == 429 && text.contains("profiles are followed already"), "{status} {text}");
    feeds.pop();
    assert!(feed().is_some());
}

#[test]
fn a_rule_is_sized_and_searched() {
    let shop = Shop::open();
    for n in 0..30 {
        track(&shop, &format!("p{n:02}"), "Product Viewed", &tent(5.0));
        if n % 3 == 0 {
            track(&shop, &format!("p{n:02}"), "Product Added", &tent(5.0));
        }
    }
    let rule = "category_affinity['Camping'] >= 0.5";
    let sized = ask(&shop, "/v1/audiences/preview", &json!({"rule": rule}));
    assert_eq!(
        (&sized["population"], &sized["size"], &sized["sizeHigh"]),
        (&json!(30), &json!(10), &json!(10))
    );
    assert_eq!(
        (&sized["traits"], &sized["purposes"]),
        (&json!(["category_affinity"]), &json!(["personalization"]))
    );
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = ask(&shop, "/v1/profiles/search", &json!({"rule": rule, "limit": 4, "after": after}));
        found.extend(page["subjects"].as_array().unwrap().iter().map(|s| s.as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        next.clone_into(&mut after);
    }
    let expected: Vec<String> = (0..30).step_by(3).map(|n| format!("anonymous_id:p{n:02}")).collect();
    assert_eq!(found, expected);
    let wrong = ask(&shop, "/v1/audiences/preview", &json!({"rule": "order > 1"}));
    assert!(wrong["detail"].as_str().unwrap().contains("did you mean 'orders'?"), "{wrong}");
}
