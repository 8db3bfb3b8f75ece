use proptest::prelude::*;
use serde_json::{Value, json};
use tradewind_events::{Enrichment, Event, Origin};
use tradewind_kernel::UtcMillis;

use super::*;
use crate::collect::parse::{Envelope, parse};

mod mmdb;

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";
/// A Saturday, and a holiday in Germany.
const AT: &str = "2026-10-03T12:30:00Z";

struct Case {
    enricher: Enricher,
    user_agent: Option<&'static str>,
    address: Option<&'static str>,
}

impl Case {
    fn new() -> Self {
        let geo = GeoDatabase::from_bytes(mmdb::database()).unwrap();
        Self { enricher: Enricher::new(Some(geo)), user_agent: None, address: None }
    }

    #[track_caller]
    fn event(&self, message: &Value) -> Event {
        let is_device = self.user_agent.is_some_and(|a| !tradewind_events::enrich::is_server_agent(a));
        let place = self.address.and_then(|a| self.enricher.place(a.parse().unwrap()));
        let (user_agent, hints) = (self.user_agent, Hints::default());
        let sender = Sender {
            enricher: &self.enricher,
            user_agent,
            hints,
            is_device,
            place,
            opts_out: false,
            tc_cookie: None,
        };
        let received = UtcMillis::parse(AT).unwrap();
        let origin = Origin::Live;
        let envelope = Envelope { received, sent: None, context: None, origin, kind: None, sender };
        parse(&message.to_string(), &envelope).unwrap()
    }

    #[track_caller]
    fn of(&self, context: &Value) -> Enrichment {
        let message = json!({"type": "track", "event": "x", "anonymousId": "a", "context": context});
        self.event(&message).enriched.map(|boxed| *boxed).unwrap_or_default()
    }
}

fn words(enriched: &Enrichment) -> [&str; 5] {
    let all = [&enriched.device, &enriched.os, &enriched.browser, &enriched.country, &enriched.region];
    all.map(|word| word.as_deref().unwrap_or("-"))
}

#[test]
fn a_browsers_context_says_it_all() {
    let context = json!({
        "userAgent": IPHONE, "locale": "en-US", "timezone": "Europe/Berlin",
        "page": {"url": "https://shop.example/?utm_source=Spring&utm_medium=email", "referrer": "https://mail.google.com/"},
        "campaign": {"source": "Spring", "medium": "email"},
    });
    let expected = Enrichment {
        device: Some("phone".into()),
        os: Some("iOS".into()),
        browser: Some("Safari".into()),
        channel: Some("email".into()),
        source: Some("spring".into()),
        country: Some("DE".into()),
        local_hour: Some(14),
        weekday: Some(6),
        holiday: Some("German Unity Day".into()),
        season: Some("autumn".into()),
        ..Enrichment::default()
    };
    assert_eq!(Case::new().of(&context), expected);
    // The second time from what is kept of the first.
    let case = Case::new();
    assert_eq!(case.of(&context), case.of(&context));
}

#[test]
fn an_event_that_tells_nothing_gets_nothing() {
    let message = json!({"type": "track", "event": "x", "anonymousId": "a"});
    assert_eq!(Case::new().event(&message).enriched, None);
    for odd in [json!({}), json!({"page": 3, "userAgent": [], "campaign": "x", "locale": {}, "app": null})] {
        assert_eq!(Case::new().of(&odd), Enrichment::default(), "{odd}");
    }
}

#[test]
fn headers_speak_of_the_shopper_only_where_the_shoppers_device_sends() {
    let browser = Case { user_agent: Some(CHROME), address: Some("203.0.113.7"), ..Case::new() };
    assert_eq!(words(&browser.of(&json!({"x": 1}))), ["desktop", "Windows", "Chrome", "DE", "BY"]);
    let library = json!({"library": {"name": "@segment/analytics-node"}});
    assert_eq!(words(&browser.of(&library)), ["server", "-", "-", "-", "-"]);
    let passed_on =
        json!({"library": {"name": "analytics-python"}, "userAgent": IPHONE, "ip": "198.51.100.9"});
    assert_eq!(words(&browser.of(&passed_on)), ["phone", "iOS", "Safari", "FR", "-"]);
    let axios = Case { user_agent: Some("axios/1.7.7"), address: Some("203.0.113.7"), ..Case::new() };
    assert_eq!(words(&axios.of(&json!({"x": 1}))), ["server", "-", "-", "-", "-"]);
    assert_eq!(words(&axios.of(&json!({"userAgent": CHROME}))), ["desktop", "Windows", "Chrome", "-", "-"]);
    let rudder = json!({"type": "track", "event": "x", "userId": "u", "channel": "server"});
    let enriched = browser.event(&rudder).enriched.unwrap();
    assert_eq!(words(&enriched), ["server", "-", "-", "-", "-"]);
    let snowplow = json!({"app": {"platform": "srv"}});
    assert_eq!(words(&browser.of(&snowplow)), ["server", "-", "-", "-", "-"]);
}

#[test]
fn the_surest_sign_of_the_place_counts() {
    let case = Case::new();
    let country = |context: Value| case.of(&context).country.unwrap_or_default();
    assert_eq!(country(json!({"ip": "203.0.113.7", "timezone": "Europe/Paris", "locale": "en-US"})), "DE");
    assert_eq!(country(json!({"ip": "2001:db8:7::9"})), "US");
    assert_eq!(country(json!({"ip": "192.0.2.1", "timezone": "Europe/Paris", "locale": "en-US"})), "FR");
    assert_eq!(country(json!({"location": {"country": "nl"}, "timezone": "Europe/Paris"})), "NL");
    assert_eq!(country(json!({"timezone": "UTC", "locale": "en-GB"})), "GB");
    assert_eq!(country(json!({"timezone": "No/Where", "locale": "en"})), "");
    let hour = |context: Value| case.of(&context).local_hour;
    assert_eq!(hour(json!({"ip": "2001:db8:7::9"})), Some(5), "the address's own zone");
    assert_eq!(hour(json!({"locale": "en-AU"})), Some(22), "the country's main zone");
    assert_eq!(hour(json!({"timezone": "Asia/Kolkata", "ip": "203.0.113.7"})), Some(18));
    assert_eq!(hour(json!({"timezone": "No/Where"})), None);
}

#[test]
fn a_page_that_begins_a_visit_is_direct() {
    let case = Case::new();
    let channel = |kind: &str, referrer: &str| {
        let context = json!({"page": {"url": "https://shop.example/", "referrer": referrer}});
        let message = json!({"type": kind, "event": "x", "anonymousId": "a", "context": context});
        case.event(&message).enriched.and_then(|e| e.channel)
    };
    assert_eq!(channel("page", "").as_deref(), Some("direct"));
    assert_eq!(channel("track", ""), None);
    assert_eq!(channel("page", "https://shop.example/cart"), None);
    assert_eq!(channel("page", "https://www.bing.com/").as_deref(), Some("search"));
    let properties = json!({"url": "https://shop.example/?gclid=x", "referrer": "", "path": "/"});
    let message = json!({"type": "page", "anonymousId": "a", "properties": properties});
    let enriched = case.event(&message).enriched.unwrap();
    assert_eq!((enriched.channel.as_deref(), enriched.source.as_deref()), (Some("paid"), Some("google")));
}

#[test]
fn addresses_serve_the_place_and_are_not_kept() {
    let message = json!({"type": "identify", "userId": "u", "context": {"ip": "203.0.113.7", "locale": "de"},
        "properties": {"$ip": "203.0.113.7", "zip": "10115"}, "traits": {"last_ip": "2001:db8:7::9"}});
    let event = Case::new().event(&message);
    let stored = String::from_utf8(event.encode().unwrap()).unwrap();
    assert!(!stored.contains("203.0.113.7") && !stored.contains("2001:db8:7::9"), "{stored}");
    assert!(
        stored.contains(r#""c":{"locale":"de"}"#) && stored.contains(r#""p":{"zip":"10115"}"#),
        "{stored}"
    );
    assert_eq!(event.traits.map(|t| t.get().to_owned()), None);
    assert_eq!(event.enriched.unwrap().country.as_deref(), Some("DE"));
    let posthog =
        json!({"type": "track", "event": "x", "userId": "u", "properties": {"$ip": "198.51.100.1"}});
    assert_eq!(Case::new().event(&posthog).enriched.unwrap().country.as_deref(), Some("FR"));
}

#[test]
fn what_is_no_database_is_told() {
    let error = GeoDatabase::from_bytes(b"PK\x03\x04".to_vec()).unwrap_err().to_string();
    assert!(error.contains("no geo database"), "{error}");
}

const ADDRESSES: [&str; 3] = ["203.0.113.7", "2001:db8::7", "203.0.113.7:80, 10.0.0.1"];

/// Objects and lists with names and values of which some are addresses and some look like it.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        prop::sample::select(ADDRESSES.to_vec()).prop_map(Value::from),
        prop::sample::select(vec!["", "10115", "1.2.3", "a \"ip\":\"b\"", "\\", "ä"]).prop_map(Value::from),
        any::<i16>().prop_map(Value::from),
        Just(Value::Null),
    ];
    let names = vec!["ip", "$ip", "client_ip", "IP Address", "zip", "note", "version", "a\"ip"];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let object = prop::collection::btree_map(prop::sample::select(names.clone()), inner.clone(), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            object.prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

/// The same rule, told another way.
fn without_addresses(value: Value) -> Value {
    fn is_address(value: &Value) -> bool {
        match value {
            Value::String(text) => ADDRESSES.contains(&text.as_str()),
            Value::Array(items) => items.iter().any(is_address),
            _ => false,
        }
    }
    let named = |name: &str| !["note", "version"].contains(&name);
    match value {
        Value::Array(items) => items.into_iter().map(without_addresses).collect(),
        Value::Object(members) => {
            let stays = members.into_iter().filter(|(name, value)| !(named(name) && is_address(value)));
            stays.map(|(name, value)| (name, without_addresses(value))).collect()
        }
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_json_its_addresses_go_and_nothing_else(value in any_json()) {
        let json = json!({ "note": value }).to_string();
        let left = address::taken_out(&json).map_or(json.clone(), |(left, _)| left);
        let expected = without_addresses(serde_json::from_str(&json).unwrap());
        prop_assert_eq!(serde_json::from_str::<Value>(&left).unwrap(), expected, "{}", json);
    }
}
