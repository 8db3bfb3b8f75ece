//! Declarations, quality, lineage and training sets over HTTP.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tradewind_ports::{BoxFuture, SqlAnswer, SqlEngine, SqlError, SqlForm};

use crate::dialects::testing::Shop;

/// An engine that gives the same rows to every query, and remembers the last one.
struct StandIn {
    rows: Value,
    is_truncated: bool,
    asked: Mutex<String>,
}

impl StandIn {
    fn of(rows: Value) -> Arc<Self> {
        Arc::new(Self { rows, is_truncated: false, asked: Mutex::default() })
    }
}

impl SqlEngine for StandIn {
    fn query<'a>(&'a self, sql: &'a str, form: SqlForm) -> BoxFuture<'a, Result<SqlAnswer, SqlError>> {
        sql.clone_into(&mut self.asked.lock().unwrap());
        assert_eq!(form, SqlForm::Json);
        let rows = self.rows.as_array().map_or(0, Vec::len) as u64;
        let answer = SqlAnswer {
            body: self.rows.to_string().into_bytes(),
            rows,
            is_truncated: self.is_truncated,
            took: Duration::ZERO,
        };
        Box::pin(async move { Ok(answer) })
    }
}

fn put(shop: &Shop, path: &str, body: &Value) {
    let (status, text) = shop.send("PUT", path, &[("content-type", "application/json")], body.to_string());
    assert_eq!(status, 200, "{text}");
}

fn get(shop: &Shop, path: &str) -> Value {
    serde_json::from_str(&shop.send("GET", path, &[], "").1).unwrap()
}

fn ask(shop: &Shop, body: &Value) -> (u16, Value) {
    let (status, text) = shop.post("/v1/features/training-set", &body.to_string());
    (status, serde_json::from_str(&text).unwrap())
}

/// A view over the lake, of a purpose.
fn habits(shop: &Shop, purpose: &str) {
    let view = json!({"entity": "subject", "features": [{"name": "visits", "type": "int64"}],
        "source": {"sql": "select subject, visits, event_timestamp from habits;"}, "purpose": purpose});
    put(shop, "/v1/features/views/habits", &view);
}

fn track(shop: &Shop, who: &str, event: &str, consent: &Value) {
    let body = json!({"userId": who, "event": event, "context": {"consent": consent},
        "properties": {"product_id": "p"}});
    let headers = [("authorization", "Basic azo="), ("content-type", "application/json")];
    let (status, text) = shop.send("POST", "/v1/track", &headers, body.to_string());
    assert_eq!(status, 200, "{text}");
    shop.counts();
}

/// Says what somebody agrees to.
fn choose(shop: &Shop, who: &str, categories: &Value) {
    track(shop, who, "Consent Preference Updated", &json!({"categoryPreferences": categories}));
}

fn names(made: &Value) -> Vec<&str> {
    made["rows"].as_array().unwrap().iter().map(|row| row["subject"].as_str().unwrap_or("")).collect()
}

#[test]
fn who_does_not_agree_is_in_no_training_set_from_the_moment_on() {
    let row = |who: &str| json!({"subject": who, "bought": 1, "event_timestamp": "2026-01-01T00:00:00Z", "visits": 3});
    let engine = StandIn::of(json!([row("ada"), row("user_id:bob"), row("anonymous_id:cleo"), row("ada")]));
    let shop = Shop::over(Arc::clone(&engine) as Arc<dyn SqlEngine>);
    habits(&shop, "personalization");
    let body = json!({"entities": "select subject, bought, event_timestamp from orders", "features": ["habits:visits"]});
    let (status, made) = ask(&shop, &body);
    assert_eq!(
        (status, names(&made)),
        (200, vec!["ada", "user_id:bob", "anonymous_id:cleo", "ada"]),
        "{made}"
    );
    assert_eq!(made["columns"], json!(["bought", "event_timestamp", "subject", "visits"]));
    assert_eq!(made["features"], json!(["habits@v1:visits"]));
    assert_eq!(made["purposes"], json!(["model_training", "personalization"]));
    let asked = engine.asked.lock().unwrap().clone();
    assert!(
        asked.contains("from orders) AS q")
            && asked.contains("(select subject, visits, event_timestamp from habits) f"),
        "{asked}"
    );
    // One withdraws training, the other what the feature is for.
    choose(&shop, "ada", &json!({"model_training": false}));
    choose(&shop, "bob", &json!({"personalization": false}));
    let (_, made) = ask(&shop, &body);
    assert_eq!((names(&made), &made["leftOut"]), (vec!["anonymous_id:cleo"], &json!(3)), "{made}");
}

#[test]
fn a_row_is_also_about_the_user_whom_its_columns_name() {
    let rows = json!([{"product": "p", "user_id": "ada", "rate": 0.5}, {"product": "p", "user_id": null, "rate": 0.5}]);
    let shop = Shop::over(StandIn::of(rows));
    let view = json!({"entity": "product", "features": [{"name": "rate", "type": "double"}],
        "source": {"sql": "select * from rates"}, "purpose": "analytics"});
    put(&shop, "/v1/features/views/rates", &view);
    let body = json!({"entities": "select * from product_events", "features": ["rates"]});
    assert_eq!(ask(&shop, &body).1["rowCount"], 2);
    choose(&shop, "ada", &json!({"model_training": false}));
    let (_, made) = ask(&shop, &body);
    assert_eq!((&made["rowCount"], &made["leftOut"]), (&json!(1), &json!(1)));
}

#[test]
fn what_cannot_be_made_is_told_with_what_to_do() {
    let shop = Shop::open();
    habits(&shop, "personalization");
    let entities = "select * from orders";
    let check = |shop: &Shop, body: &Value, code: &str, words: &str| {
        let (_, told) = ask(shop, body);
        assert_eq!(told["code"], code, "{told}");
        assert!(told["detail"].as_str().unwrap().contains(words), "{told}");
    };
    let asked = json!({"entities": entities, "features": ["habits:visits"]});
    check(&shop, &asked, "sql-unavailable", "lake.enabled");
    let profile = json!({"entities": entities, "features": ["subject_profile:orders"]});
    check(&shop, &profile, "invalid-request", "no history in the lake");
    check(&shop, &json!({"entities": entities}), "invalid-request", "features or a service");
    check(&shop, &json!({"entities": " ", "features": ["habits"]}), "invalid-request", "entities");
    check(&shop, &json!({"entities": entities, "features": ["nobody"]}), "invalid-request", "does not exist");
    let many = StandIn { rows: json!([]), is_truncated: true, asked: Mutex::default() };
    let shop = Shop::over(Arc::new(many));
    habits(&shop, "personalization");
    check(&shop, &asked, "sql-limit", "lake.sql_max_rows");
    let sessions = json!({"entity": "session", "features": [{"name": "n", "type": "int64"}],
        "source": {"sql": "select * from sessions"}, "purpose": "personalization"});
    put(&shop, "/v1/features/views/visits", &sessions);
    let asked = json!({"entities": entities, "features": ["visits"]});
    check(&shop, &asked, "invalid-request", "which person");
}

#[test]
fn each_feature_tells_how_often_it_was_missing() {
    let shop = Shop::open();
    track(&shop, "ada", "Product Viewed", &json!({}));
    let read = json!({"features": ["subject_profile:events", "subject_profile:top_brand"],
        "entities": {"subject": ["ada", "nobody"]}});
    for _ in 0..2 {
        assert_eq!(shop.post("/get-online-features", &read.to_string()).0, 200);
    }
    let shown = get(&shop, "/v1/features/subject_profile");
    let view = &shown["versions"][0];
    let of = |name: &str| {
        let features = view["features"].as_array().unwrap();
        features.iter().find(|f| f["name"] == name).unwrap().clone()
    };
    assert_eq!((&of("events")["reads"], &of("events")["missingRate"]), (&json!(4), &json!(0.5)));
    assert_eq!(of("top_brand")["missingRate"], 1.0);
    assert!(of("orders").get("reads").is_none(), "nobody asked");
    assert!(view["ageSeconds"].as_f64().is_some(), "{}", view["ageSeconds"]);
    assert_eq!(of("top_brand")["purpose"], "personalization");
}

#[test]
fn lineage_shows_the_models_at_work() {
    let shop = Shop::open();
    let of = |name: &str| get(&shop, &format!("/v1/features/{name}/lineage"));
    let names = |found: &Value| -> Vec<String> {
        let live = found["liveModels"].as_array().unwrap();
        live.iter().map(|model| model["name"].as_str().unwrap().to_owned()).collect()
    };
    let viewed = of("event:Product%20Viewed");
    assert_eq!(names(&viewed), ["session_knn", "popularity", "priors"], "{viewed}");
    let back = of("session_knn");
    let sources: Vec<&str> =
        back["upstream"].as_array().unwrap().iter().map(|n| n["name"].as_str().unwrap()).collect();
    assert!(
        sources.contains(&"event:Order Completed") && !sources.contains(&"event:Order Refunded"),
        "{sources:?}"
    );
}

#[test]
fn priors_stand_where_a_profile_has_nothing() {
    let shop = Shop::open();
    for n in 0..60 {
        track(&shop, &format!("u{n}"), "Product Viewed", &json!({}));
    }
    track(&shop, "cold", "Products Searched", &json!({}));
    let priors = get(&shop, "/v1/profiles/user_id:cold")["priors"].clone();
    assert_eq!(
        (&priors["source"], &priors["people"]),
        (&json!("channel_and_country"), &json!(61)),
        "{priors}"
    );
    let stands_for = priors["standsFor"].as_array().unwrap();
    assert!(
        stands_for.contains(&json!("price_band")) && !stands_for.contains(&json!("session_intents")),
        "{priors}"
    );
    assert!(priors["orderProbability"].as_f64().unwrap() < 0.03, "nobody orders: {priors}");
    let asked = get(&shop, "/v1/priors?channel=email&country=gb");
    assert_eq!(
        (&asked["source"], &asked["channel"], &asked["country"]),
        (&json!("shop"), &json!("email"), &json!("GB"))
    );
    let wrong = get(&shop, "/v1/priors?channel=pigeon");
    assert!(wrong["detail"].as_str().unwrap().contains("referral"), "{wrong}");
}

#[test]
fn an_embedding_of_another_length_is_refused() {
    let shop = Shop::open();
    let view = json!({"entity": "product", "features": [{"name": "look", "type": "float_list", "dimensions": 3}],
        "source": {"push": "looks"}, "purpose": "personalization"});
    put(&shop, "/v1/features/views/looks", &view);
    let write = |vector: Value| {
        let df = json!({"product": ["p"], "event_timestamp": ["2026-11-20T20:43:03Z"], "look": [vector]});
        shop.post("/write-to-online-store", &json!({"feature_view_name": "looks", "df": df}).to_string())
    };
    let (status, text) = write(json!([0.1, 0.2]));
    assert!(status == 400 && text.contains("3 numbers"), "{status} {text}");
    assert_eq!(write(json!([0.5, 0.25, -1.0])).0, 200);
    let read = json!({"features": ["looks:look"], "entities": {"product": ["p"]}});
    let (_, text) = shop.post("/get-online-features", &read.to_string());
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["results"][1]["values"], json!([[0.5, 0.25, -1.0]]));
}
