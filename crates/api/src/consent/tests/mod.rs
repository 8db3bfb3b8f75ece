//! Over HTTP: what is said in whatever form holds in the very next answer.

use std::sync::Arc;

use serde_json::{Value, json};
use tradewind_ports::StateStore;
use tradewind_ports::testing::Watched;

use crate::admission::AdmissionSettings;
use crate::dialects::testing::Shop;

fn put(shop: &Shop, subject: &str, body: &Value) -> (u16, Value) {
    let (status, text) = shop.send("PUT", &format!("/v1/consent/{subject}"), &[], body.to_string());
    (status, serde_json::from_str(&text).unwrap())
}

fn get(shop: &Shop, path: &str) -> (u16, Value) {
    let (status, text) = shop.send("GET", path, &[], "");
    (status, serde_json::from_str(&text).unwrap())
}

fn view(shop: &Shop, id: &str, headers: &[(&str, &str)], context: &Value) {
    let body = json!({
        "writeKey": "k", "anonymousId": id, "event": "Product Viewed",
        "properties": {"product_id": "p"}, "context": context
    });
    let headers: Vec<_> = headers.iter().copied().chain([("content-type", "application/json")]).collect();
    let (status, text) = shop.send("POST", "/v1/track", &headers, body.to_string());
    assert_eq!(status, 200, "{text}");
    shop.counts();
}

fn reasons(shop: &Shop, id: &str) -> Value {
    let ask = json!({"subject": {"anonymousId": id}, "placements": [{"name": "home.recently_viewed"}]});
    let (status, text) = shop.post("/v1/decide", &ask.to_string());
    assert_eq!(status, 200, "{text}");
    let answer: Value = serde_json::from_str(&text).unwrap();
    let placement = &answer["placements"][0];
    json!([placement["degradedReasons"], placement["slots"].as_array().map(Vec::len)])
}

#[test]
fn a_choice_holds_in_the_next_answer_and_is_in_the_history() {
    let shop = Shop::open();
    view(&shop, "ann", &[], &json!({}));
    assert_eq!(reasons(&shop, "ann"), json!([null, 1]));
    let choice = json!({
        "purposes": {"personalization": false, "marketing_email": true}, "source": "preference_center",
        "notice": {"id": "banner", "version": "7", "hash": "abc"}
    });
    let (status, answer) = put(&shop, "anonymous_id:ann", &choice);
    assert_eq!(status, 200, "{answer}");
    let purposes = &answer["purposes"];
    assert_eq!(purposes["personalization"]["allowed"], false);
    assert_eq!(purposes["personalization"]["signals"], json!(["api"]));
    assert_eq!(
        (&purposes["marketing_email"]["basis"], &purposes["analytics"]["basis"]),
        (&json!("said"), &json!("rule"))
    );
    assert_eq!(reasons(&shop, "ann"), json!([["no_consent"], 0]));
    let (status, refused) = get(&shop, "/v1/profiles/anonymous_id:ann");
    assert_eq!((status, &refused["code"]), (403, &json!("no-consent")));
    assert_eq!(get(&shop, "/v1/profiles/anonymous_id:ann?purpose=analytics").0, 200);
    assert_eq!(get(&shop, "/v1/profiles/anonymous_id:ann?purpose=spying").0, 400);
    let (_, history) = get(&shop, "/v1/consent/anonymous_id:ann/history");
    let change = &history["changes"][0];
    assert_eq!(change["denied"], json!(["personalization"]));
    assert_eq!((&change["source"], &change["notice"]["version"]), (&json!("preference_center"), &json!("7")));
    let again = put(&shop, "anonymous_id:ann", &json!({"purposes": {"personalization": true}}));
    assert_eq!(
        again.1["purposes"]["personalization"]["allowed"], false,
        "the clock stands still, and a no counts"
    );
}

#[test]
fn odd_choices_are_refused_and_nothing_is_kept() {
    let shop = Shop::open();
    for (body, pointer) in [
        (json!({"purposes": {}}), Some("/purposes")),
        (json!({"purposes": {"spying": true}}), Some("/purposes/spying")),
        (json!({"purposes": {"analytics": true}, "source": "x".repeat(121)}), Some("/source")),
        (json!({"purposes": {"analytics": "yes"}}), None),
        (json!({"purposes": {"analytics": true}, "subject": "x"}), None),
    ] {
        let (status, problem) = put(&shop, "user_id:u", &body);
        assert_eq!((status, &problem["code"]), (400, &json!("invalid-request")), "{body}");
        assert_eq!(problem["errors"][0]["pointer"].as_str(), pointer, "{body}");
    }
    assert_eq!(put(&shop, "nobody", &json!({"purposes": {"analytics": true}})).0, 400);
    assert_eq!(get(&shop, "/v1/consent/user_id:u/history").1["changes"], json!([]));
    assert_eq!(get(&shop, "/.well-known/gpc.json").1["gpc"], true);
}

#[test]
fn signals_of_every_kind_reach_the_ledger() {
    let shop = Shop::open();
    let allowed = |id: &str, purpose: &str| {
        let (_, consent) = get(&shop, &format!("/v1/consent/anonymous_id:{id}"));
        let one = &consent["purposes"][purpose];
        (one["allowed"] == true, one["signals"].to_string())
    };
    let browser = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0");
    view(
        &shop,
        "segment",
        &[],
        &json!({"consent": {"categoryPreferences": {"Analytics": true, "Functional": false}}}),
    );
    assert_eq!(allowed("segment", "personalization"), (false, r#"["segment"]"#.into()));
    assert!(allowed("segment", "analytics").0);
    view(
        &shop,
        "rudder",
        &[],
        &json!({"consentManagement": {"allowedConsentIds": ["C0003"], "deniedConsentIds": ["C0004"]}}),
    );
    assert_eq!(allowed("rudder", "ads_sharing"), (false, r#"["rudderstack"]"#.into()));
    view(&shop, "gpc", &[browser, ("sec-gpc", "1")], &json!({}));
    assert_eq!(allowed("gpc", "ads_sharing"), (false, r#"["gpc"]"#.into()));
    assert!(allowed("gpc", "personalization").0);
    let none = "CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA.IDKQA4AAgAKAGQAygAAA";
    view(&shop, "tcf", &[browser, ("cookie", &format!("a=b; euconsent-v2={none}"))], &json!({}));
    assert_eq!(allowed("tcf", "personalization"), (false, r#"["tcf"]"#.into()));
    let (_, history) = get(&shop, "/v1/consent/anonymous_id:tcf/history");
    assert_eq!(history["changes"][0]["raw"], none, "what was said is there to be read again");
    view(
        &shop,
        "both",
        &[browser, ("sec-gpc", "1")],
        &json!({"consent": {"categoryPreferences":
        {"Analytics": true, "Functional": true, "Advertising": true}}}),
    );
    assert_eq!(allowed("both", "ads_sharing"), (false, r#"["segment","gpc"]"#.into()), "the strictest wins");
    view(&shop, "zone", &[browser], &json!({"timezone": "Europe/Berlin"}));
    let (_, consent) = get(&shop, "/v1/consent/anonymous_id:zone");
    assert_eq!((&consent["region"], &consent["rule"]), (&json!("DE"), &json!("opt_in")));
    assert_eq!(reasons(&shop, "zone"), json!([["no_consent"], 0]));
    // A context that is no JSON of a known form, but speaks of consent, says no.
    let twice = r#"{"writeKey":"k","anonymousId":"twice","event":"E","context":{"consent":{},"consent":{}}}"#;
    assert_eq!(shop.post("/v1/track", twice).0, 200);
    shop.counts();
    assert!(!allowed("twice", "personalization").0);
}

#[test]
fn who_denies_analytics_is_in_no_profile_and_counts() {
    let shop = Shop::open();
    view(&shop, "ann", &[], &json!({"consent": {"categoryPreferences": {"Analytics": false}}}));
    let counts = shop.counts();
    assert!(counts.contains(&("Product Viewed".to_owned(), 1)), "{counts:?}");
    assert!(shop.profile("anonymous_id:ann").is_none());
    let (_, consent) = get(&shop, "/v1/consent/anonymous_id:ann");
    assert_eq!(consent["purposes"]["analytics"]["allowed"], false);
}

#[test]
fn without_the_ledger_no_answer_is_personal() {
    let mut watched = None;
    let shop = Shop::with(AdmissionSettings::default(), 1_000_000, |store| {
        let ledger = store.table("consent").unwrap();
        let store = Arc::new(Watched::new(store));
        watched = Some((Arc::clone(&store), ledger));
        store
    });
    let (store, ledger) = watched.unwrap();
    let ids: Vec<String> = (0..50).map(|n| format!("s{n}")).collect();
    ids.iter().for_each(|id| view(&shop, id, &[], &json!({})));
    let personal = |expected: &Value| ids.iter().filter(|id| reasons(&shop, id) == *expected).count();
    assert_eq!(personal(&json!([null, 1])), ids.len());
    store.break_table(ledger);
    assert_eq!(personal(&json!([["profile_unreadable"], 0])), ids.len());
    assert_eq!(get(&shop, "/v1/profiles/anonymous_id:s1").0, 500);
    assert_eq!(get(&shop, "/v1/consent/anonymous_id:s1").0, 500);
    store.mend();
    assert_eq!(personal(&json!([null, 1])), ids.len());
}
