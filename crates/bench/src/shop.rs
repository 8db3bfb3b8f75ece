//! The demo shop that decisions are made for, with shoppers in the midst of a session.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::client::{Client, request};
use crate::error::BenchError;
use crate::rng::Rng;
use crate::server::Server;

/// Days of the simulated history.
const DAYS: &str = "30";
/// Shoppers with a session of 3 to 6 clicks.
const SHOPPERS: usize = 2_000;
/// Products that are looked for to click on.
const WANTED_PRODUCTS: usize = 500;

/// One shopper's requests.
pub(crate) struct Shopper {
    /// One placement of 12 slots.
    pub(crate) home: Vec<u8>,
    /// Three placements of a product's page.
    pub(crate) product: Vec<u8>,
    /// Five features of the profile, in Feast's form.
    pub(crate) features: Vec<u8>,
}

/// Fills the empty folder `data_dir` with the simulated shop and trains.
pub(crate) fn prepare(executable: &Path, data_dir: &Path) -> Result<(), BenchError> {
    std::fs::create_dir_all(data_dir).map_err(BenchError::io("make the data directory"))?;
    let done = Command::new(executable)
        .args(["demo", "--no-serve", "--days", DAYS, "--data-dir"])
        .arg(data_dir)
        .current_dir(data_dir)
        .stdin(Stdio::null())
        .output()
        .map_err(BenchError::io("fill the demo shop"))?;
    if done.status.success() {
        return Ok(());
    }
    let log = String::from_utf8_lossy(&done.stderr).into_owned();
    Err(BenchError::NotServing { program: executable.to_owned(), log })
}

/// Products that resemble each other, as the server itself tells: a shopper clicks from one to the next.
struct Aisles {
    next: BTreeMap<String, Vec<String>>,
    all: Vec<String>,
}

fn post(client: &mut Client, path: &'static str, body: &Value) -> Result<Value, BenchError> {
    let headers = [("content-type", "application/json"), ("authorization", "Basic YmVuY2g6")];
    let answer = client.exchange(&request("POST", path, &headers, body.to_string().as_bytes()))?;
    if answer.status != 200 {
        let body = String::from_utf8_lossy(&answer.body[..answer.body.len().min(500)]).into_owned();
        return Err(BenchError::Refused { path, status: answer.status, body });
    }
    serde_json::from_slice(answer.body).map_err(|_| BenchError::Answer("it is no JSON"))
}

fn products_of(decision: &Value) -> Vec<String> {
    let slots = decision["placements"][0]["slots"].as_array().into_iter().flatten();
    slots.filter_map(|slot| slot["productId"].as_str().map(str::to_owned)).collect()
}

fn explore(client: &mut Client) -> Result<Aisles, BenchError> {
    let trending = json!({"placements": [{"name": "home.trending", "limit": 100}]});
    let mut all = products_of(&post(client, "/v1/decide", &trending)?);
    let mut next = BTreeMap::new();
    let mut at = 0;
    while let Some(id) = all.get(at).cloned() {
        let ask = json!({"placements": [{"name": "product.similar", "limit": 20, "anchors": [&id]}]});
        let similar = products_of(&post(client, "/v1/decide", &ask)?);
        for one in &similar {
            if all.len() < WANTED_PRODUCTS && !all.contains(one) {
                all.push(one.clone());
            }
        }
        next.insert(id, similar);
        at += 1;
    }
    Ok(Aisles { next, all })
}

/// Sends shoppers into the shop, and makes their requests.
pub(crate) fn shoppers(server: &Server) -> Result<Vec<Shopper>, BenchError> {
    let mut client = server.connect()?;
    let aisles = explore(&mut client)?;
    if aisles.all.is_empty() {
        return Err(BenchError::Answer("the demo shop shows no products"));
    }
    let mut rng = Rng::new(3);
    let (mut shoppers, mut batch) = (Vec::with_capacity(SHOPPERS), Vec::new());
    for number in 0..SHOPPERS {
        let id = format!("bench-shopper-{number}");
        let mut product = &aisles.all[rng.skewed(aisles.all.len())];
        for click in 0..3 + rng.below(4) {
            if click > 0 {
                let similar = aisles.next.get(product).filter(|s| !s.is_empty());
                product = similar.map_or(product, |s| &s[rng.below(s.len())]);
            }
            batch.push(json!({
                "type": "track", "event": "Product Viewed", "anonymousId": id,
                "messageId": format!("{id}-{click}"), "properties": {"product_id": product},
            }));
        }
        if batch.len() >= 500 || number + 1 == SHOPPERS {
            post(&mut client, "/v1/batch", &json!({"batch": std::mem::take(&mut batch)}))?;
        }
        shoppers.push(shopper(&id, product));
    }
    server.drained()?;
    Ok(shoppers)
}

fn shopper(id: &str, product: &str) -> Shopper {
    let ask = |placements: Value| {
        let body = json!({"subject": {"anonymousId": id}, "placements": placements}).to_string();
        request("POST", "/v1/decide", &[("content-type", "application/json")], body.as_bytes())
    };
    let names = ["orders", "events", "last_seen", "is_first_time_shopper", "session_product_ids"];
    let features = json!({
        "features": names.map(|name| format!("subject_profile:{name}")),
        "entities": {"subject": [format!("anonymous_id:{id}")]},
    });
    let features = features.to_string();
    let kind = [("content-type", "application/json")];
    Shopper {
        features: request("POST", "/get-online-features", &kind, features.as_bytes()),
        home: ask(json!([{"name": "home.for_you", "limit": 12}])),
        product: ask(json!([
            {"name": "product.similar", "limit": 12, "anchors": [product]},
            {"name": "product.bought_together", "limit": 4, "anchors": [product]},
            {"name": "home.recently_viewed", "limit": 8},
        ])),
    }
}
