//! An engine over a few dozen products in memory: for the tests and the `preview` example.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tradewind_catalog::{CatalogSnapshot, Product, Stock, Variant};
use tradewind_events::{Commerce, Event};
use tradewind_kernel::{Clock, Currency, Money, Subject, UtcMillis, fresh_id};
use tradewind_storefront::{BoxFuture, Engine, LatestEvent, Pulse};

use super::art;

/// How the engine fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// It takes events and decides.
    Well,
    /// It refuses events and answers nonsense.
    Broken,
}

/// The engine.
pub(crate) struct Memory {
    catalog: Arc<CatalogSnapshot>,
    clock: Arc<dyn Clock>,
    health: Health,
    events: Mutex<Vec<Event>>,
    asked: Mutex<Vec<Value>>,
    decisions: Mutex<Vec<Value>>,
    choices: Mutex<Vec<(Subject, Value)>>,
    erased: Mutex<Vec<Subject>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Department, category, colour, price in cents, title.
const GOODS: &str = include_str!("goods.txt");

/// The products of `goods.txt`, numbered from `p01`.
pub(crate) fn goods() -> Vec<Product> {
    GOODS.lines().filter(|line| !line.is_empty()).enumerate().map(|(at, line)| product(at, line)).collect()
}

fn product(at: usize, line: &str) -> Product {
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    let brands = ["Fjellvind", "Halyard & Co", "North Meadow", "Osk", "Tarn"];
    let price = Money::new(fields[3].parse().unwrap_or(1_000), Currency::EUR);
    let sizes = ["S", "M", "L"].map(|size| Variant {
        sku: format!("p{:02}-{size}", at + 1),
        title: size.to_owned(),
        price: (size == "L").then(|| Money::new(price.minor + 500, price.currency)),
        stock: vec![Stock { location: "main".into(), quantity: if at.is_multiple_of(5) { 1 } else { 20 } }],
        ..Variant::default()
    });
    let worn = fields[0] == "Clothing";
    Product {
        id: format!("p{:02}", at + 1),
        title: fields[4].to_owned(),
        description: format!(
            "{} made to be used for years, not for a season.\nWe tested it through a winter on the coast and changed what did not hold.",
            fields[4]
        ),
        category_path: vec![fields[0].to_owned(), fields[1].to_owned()],
        brand: Some(brands[at % brands.len()].to_owned()),
        price: Some(price),
        attributes: BTreeMap::from([
            ("color".to_owned(), fields[2].to_owned()),
            ("weight_g".to_owned(), (120 + at * 37 % 900).to_string()),
        ]),
        variants: if worn { sizes.to_vec() } else { Vec::new() },
        ..Product::default()
    }
}

impl Memory {
    /// An engine over these products.
    pub(crate) fn new(products: Vec<Product>, clock: Arc<dyn Clock>, health: Health) -> Self {
        let numbered = (0u32..).zip(products.into_iter().map(Arc::new));
        Self {
            catalog: Arc::new(CatalogSnapshot::build(numbered)),
            clock,
            health,
            events: Mutex::default(),
            asked: Mutex::default(),
            decisions: Mutex::default(),
            choices: Mutex::default(),
            erased: Mutex::default(),
        }
    }

    fn is_withheld(&self, subject: &Subject) -> bool {
        self.said(subject).is_some_and(|said| said["purposes"]["personalization"] == false)
    }

    /// What a subject said last.
    fn said(&self, subject: &Subject) -> Option<Value> {
        let choices = lock(&self.choices);
        choices.iter().rfind(|(whose, _)| whose == subject).map(|(_, choice)| choice.clone())
    }

    /// The choices that were made, the oldest first.
    pub(crate) fn choices(&self) -> Vec<(Subject, Value)> {
        lock(&self.choices).clone()
    }

    /// Who was erased.
    pub(crate) fn erased(&self) -> Vec<Subject> {
        lock(&self.erased).clone()
    }

    /// The events that were taken in, the oldest first.
    pub(crate) fn events(&self) -> Vec<Event> {
        lock(&self.events).clone()
    }

    /// What was asked, the oldest first.
    pub(crate) fn asked(&self) -> Vec<Value> {
        lock(&self.asked).clone()
    }

    /// Products that a subject looked at, the latest first.
    fn viewed(&self, anonymous_id: &str) -> Vec<String> {
        let mut viewed = Vec::new();
        for event in lock(&self.events).iter().rev() {
            let is_view = event.name.as_deref() == Some("Product Viewed");
            if is_view && event.anonymous_id.as_deref() == Some(anonymous_id) {
                let read = Commerce::read(event.properties.as_deref(), Currency::EUR);
                viewed.extend(read.products.first().and_then(|p| p.id()).map(str::to_owned));
            }
        }
        let mut seen = std::collections::HashSet::new();
        viewed.retain(|id: &String| seen.insert(id.clone()));
        viewed
    }

    fn slots(&self, name: &str, anchors: &[String], viewed: &[String]) -> Vec<Value> {
        let all: Vec<&Arc<Product>> = self.catalog.iter().map(|(_, product)| product).collect();
        let of = |id: &String| all.iter().find(|p| p.id == *id);
        let near = |id: &String| -> Vec<(String, String)> {
            let Some(anchor) = of(id) else { return Vec::new() };
            let alike = all.iter().filter(|p| p.category_path == anchor.category_path && p.id != *id);
            alike.map(|p| (p.id.clone(), format!("because you viewed {}", anchor.title))).collect()
        };
        let spread = |step: usize, why: &str| -> Vec<(String, String)> {
            (0..all.len()).map(|n| (all[n * step % all.len()].id.clone(), why.to_owned())).collect()
        };
        let (source, chosen) = match name {
            "home.recently_viewed" => {
                ("recency", viewed.iter().map(|id| (id.clone(), "you viewed it".to_owned())).collect())
            }
            "home.for_you" => ("session_knn", viewed.iter().flat_map(near).collect()),
            "product.similar" => ("session_knn", anchors.iter().flat_map(near).collect()),
            "home.trending" => ("popularity", spread(7, "bought 38 times in the last 24 hours")),
            _ => ("co_purchase", spread(11, "often bought in the same order")),
        };
        let slot = |(at, (id, why)): (usize, &(String, String))| {
            let score = 0.97f64.powi(i32::try_from(at * 3).unwrap_or(0));
            json!({"position": at + 1, "productId": id, "score": score, "source": source, "reasons": [why]})
        };
        let mut seen = std::collections::HashSet::new();
        let chosen: Vec<_> = chosen.into_iter().filter(|(id, _)| seen.insert(id.clone())).collect();
        chosen.iter().enumerate().map(slot).collect()
    }

    fn answer(&self, ask: &Value) -> Value {
        let anonymous_id = ask["subject"]["anonymousId"].as_str().unwrap_or_default();
        let is_withheld = self.is_withheld(&Subject::Anonymous(anonymous_id.to_owned()));
        let viewed = if is_withheld { Vec::new() } else { self.viewed(anonymous_id) };
        let id = fresh_id(self.clock.now());
        let placement = |wanted: &Value| {
            let name = wanted["name"].as_str().unwrap_or_default();
            let anchors: Vec<String> = serde_json::from_value(wanted["anchors"].clone()).unwrap_or_default();
            let limit = usize::try_from(wanted["limit"].as_u64().unwrap_or(12)).unwrap_or(12);
            let is_for_nobody = is_withheld && name == "home.for_you";
            let filled = if is_for_nobody { "home.trending" } else { name };
            let mut slots = self.slots(filled, &anchors, &viewed);
            slots.truncate(limit);
            let degraded = name == "product.bought_together";
            let mut why = if degraded { vec!["model_missing"] } else { Vec::new() };
            why.extend(is_withheld.then_some("no_consent"));
            let degraded = !why.is_empty();
            json!({"name": name, "degraded": degraded, "degradedReasons": why, "slots": slots})
        };
        let placements: Vec<Value> =
            ask["placements"].as_array().into_iter().flatten().map(placement).collect();
        let answer = json!({"decisionId": id, "placements": placements});
        let subject = ask["subject"]["userId"].as_str().map_or_else(
            || Subject::Anonymous(anonymous_id.to_owned()),
            |user| Subject::User(user.to_owned()),
        );
        let mut logged = answer.clone();
        logged["at"] = json!(self.clock.now().to_rfc3339());
        logged["subject"] = json!(subject.to_string());
        logged["elapsedMicros"] = json!(1_840);
        lock(&self.decisions).insert(0, logged);
        answer
    }
}

impl Engine for Memory {
    fn catalog(&self) -> Arc<CatalogSnapshot> {
        Arc::clone(&self.catalog)
    }

    fn collect(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            if self.health == Health::Broken {
                return Err("the log is full".to_owned());
            }
            lock(&self.events).extend(events);
            Ok(())
        })
    }

    fn decide(&self, ask: Value) -> BoxFuture<'_, Value> {
        Box::pin(async move {
            lock(&self.asked).push(ask.clone());
            if self.health == Health::Broken { json!({"error": "down"}) } else { self.answer(&ask) }
        })
    }

    fn profile(&self, subject: &Subject) -> BoxFuture<'_, Option<Value>> {
        let subject = subject.clone();
        Box::pin(async move {
            if self.is_withheld(&subject) {
                return None;
            }
            let events = lock(&self.events).clone();
            let own: Vec<_> = events.iter().filter(|e| e.subject().as_ref() == Some(&subject)).collect();
            let last = own.last()?;
            let viewed = self.viewed(last.anonymous_id.as_deref().unwrap_or_default());
            Some(json!({
                "lastSeenAt": last.occurred_at.get(),
                "events": own.len(),
                "audiences": ["campers", "\"<b>\""],
                "recentlyViewed": viewed.iter().take(5).collect::<Vec<_>>(),
                "categoryAffinity": {"Camping > Tents": 0.62, "Clothing > Jackets": 0.24, "Kitchen": 0.14},
                "consent": {"analytics": true, "personalization": true, "marketing_email": false},
            }))
        })
    }

    fn consent(&self, subject: &Subject) -> BoxFuture<'_, Option<Value>> {
        let subject = subject.clone();
        Box::pin(async move {
            if self.health == Health::Broken {
                return None;
            }
            let said = self.said(&subject);
            let purposes =
                ["analytics", "personalization", "model_training", "experimentation", "ads_sharing"];
            let one = |name: &str| match &said {
                Some(said) => {
                    let at = "2026-11-21T10:07:58.123Z";
                    json!({"allowed": said["purposes"][name], "basis": "said", "at": at})
                }
                None => json!({"allowed": true, "basis": "rule"}),
            };
            let purposes: serde_json::Map<_, _> =
                purposes.iter().map(|name| ((*name).to_owned(), one(name))).collect();
            Some(json!({"subject": subject.to_string(), "purposes": purposes}))
        })
    }

    fn choose(&self, subject: &Subject, choice: Value) -> BoxFuture<'_, Result<(), String>> {
        let subject = subject.clone();
        Box::pin(async move {
            if self.health == Health::Broken {
                return Err("the log is full".to_owned());
            }
            lock(&self.choices).push((subject, choice));
            Ok(())
        })
    }

    fn export(&self, subject: &Subject) -> BoxFuture<'_, Result<Value, String>> {
        let subject = subject.clone();
        Box::pin(async move { Ok(json!({"subject": subject.to_string(), "events": self.events().len()})) })
    }

    fn erase(&self, subject: &Subject) -> BoxFuture<'_, Result<String, String>> {
        lock(&self.erased).push(subject.clone());
        Box::pin(async { Ok("request-1".to_owned()) })
    }

    fn picture(&self, product: &Product) -> String {
        art::picture(product)
    }

    fn hero(&self) -> String {
        art::hero()
    }

    fn pulse(&self) -> Pulse {
        let events = lock(&self.events);
        let now = self.clock.now();
        let mut history = vec![0u32; 60];
        for event in events.iter() {
            let ago = usize::try_from(now.since(event.received_at) / UtcMillis::SECOND).unwrap_or(usize::MAX);
            if ago < 60 {
                history[59 - ago] += 1;
            }
        }
        let detail = |event: &Event| {
            let read = Commerce::read(event.properties.as_deref(), Currency::EUR);
            let name = read.products.first().and_then(|p| p.name.clone());
            name.or(read.query).unwrap_or_default()
        };
        let latest = |event: &Event| LatestEvent {
            at: event.occurred_at,
            subject: event.subject().map(|s| s.to_string()).unwrap_or_default(),
            name: event.name.clone().unwrap_or_else(|| format!("{:?}", event.kind)),
            detail: detail(event),
        };
        Pulse {
            events_total: events.len() as u64,
            events_per_second: f64::from(history[50..].iter().sum::<u32>()) / 10.0,
            history,
            latest_events: events.iter().rev().take(50).map(latest).collect(),
            decisions: lock(&self.decisions).iter().take(20).cloned().collect(),
            rejected_total: 3,
            lag_events: 0,
        }
    }

    fn now(&self) -> UtcMillis {
        self.clock.now()
    }
}
