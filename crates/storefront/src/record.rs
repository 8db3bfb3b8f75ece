//! What a visit leaves behind: canonical Segment Ecommerce v2 events.
//!
//! A page gathers its events in a [`Record`] and sends them in one call, before it asks for decisions; what the
//! decisions put on it follows in a second one, before the page is sent.
//! Sending never fails a page: what goes wrong is a line in the log.

use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tradewind_catalog::{Product, Variant};
use tradewind_events::{Event, EventName, Kind};
use tradewind_kernel::{Money, fresh_id};

use crate::cart::Cart;
use crate::rails::{Rail, Slot};
use crate::shop::Shop;
use crate::state::App;
use crate::text;
use crate::visit::Visit;

/// How long a page waits for its events to be durable.
const COLLECT_BUDGET: Duration = Duration::from_secs(1);

/// The events of one visit, in the order in which they happened.
pub(crate) struct Record<'a> {
    visit: &'a Visit,
    title: String,
    events: Vec<Event>,
}

impl<'a> Record<'a> {
    /// A record of a visit to a page with this title.
    pub(crate) fn of(visit: &'a Visit, title: &str) -> Self {
        Self { visit, title: title.to_owned(), events: Vec::new() }
    }

    /// The page was seen.
    pub(crate) fn page(mut self, name: &str) -> Self {
        let mut event = self.event(Kind::Page);
        event.name = Some(name.to_owned());
        event.properties = raw(&self.page_properties());
        self.events.push(event);
        self
    }

    /// Something was done.
    pub(crate) fn track(mut self, name: &EventName, properties: &Value) -> Self {
        let mut event = self.event(Kind::Track);
        event.name = Some(name.as_str().to_owned());
        event.properties = raw(properties);
        self.events.push(event);
        self
    }

    /// As [`Record::track`], under an id that makes a repetition the same event.
    pub(crate) fn track_once(self, message_id: &str, name: &EventName, properties: &Value) -> Self {
        let mut record = self.track(name, properties);
        if let Some(event) = record.events.last_mut() {
            message_id.clone_into(&mut event.message_id);
        }
        record
    }

    /// The recommendation that led to this product, if one did.
    pub(crate) fn click(self, product: &Product) -> Self {
        let Some(click) = self.visit.click.as_ref() else { return self };
        let mut properties = product_ref(product, None);
        properties.insert("decision_id".into(), json!(click.decision_id));
        properties.insert("placement".into(), json!(click.placement));
        properties.insert("position".into(), json!(click.position));
        properties.insert("list_id".into(), json!(click.placement));
        self.track(&EventName::ProductClicked, &Value::Object(properties))
    }

    /// Rails were drawn: for each that a decision filled, its products in the positions that it gave them.
    pub(crate) fn shown<'r>(
        mut self,
        shop: &Shop,
        rails: impl IntoIterator<Item = &'r Option<Rail>>,
    ) -> Self {
        let decided = |rail: &&Rail| !rail.decision_id.is_empty() && !rail.slots.is_empty();
        for rail in rails.into_iter().flatten().filter(decided) {
            let product = |slot: &Slot| {
                let mut properties = product_ref(shop.product(&slot.product_id)?, None);
                properties.insert("position".into(), json!(slot.position));
                Some(Value::Object(properties))
            };
            let products: Vec<Value> = rail.slots.iter().filter_map(product).collect();
            let impression = json!({
                "decision_id": rail.decision_id,
                "placement": rail.placement,
                "list_id": rail.placement,
                "products": products,
            });
            self = self.track(&EventName::RecommendationsViewed, &impression);
        }
        self
    }

    /// Somebody said who they are.
    pub(crate) fn identify(mut self, user_id: &str) -> Self {
        let mut event = self.event(Kind::Identify);
        event.user_id = Some(user_id.to_owned());
        event.traits = user_id.contains('@').then(|| raw(&json!({ "email": user_id }))).flatten();
        self.events.push(event);
        self
    }

    /// Hands the events to the engine and waits until they are kept, unless the visit is not recorded.
    pub(crate) async fn send(self, app: &App) {
        if !self.visit.is_recorded() || self.events.is_empty() {
            return;
        }
        let count = self.events.len();
        match tokio::time::timeout(COLLECT_BUDGET, app.engine.collect(self.events)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(count, error, "events of a page were not collected"),
            Err(_) => tracing::warn!(count, "events of a page were not collected in time"),
        }
    }

    fn event(&self, kind: Kind) -> Event {
        let now = self.visit.now;
        let mut event = Event::new(kind, fresh_id(now), now, now);
        event.user_id.clone_from(&self.visit.user_id);
        event.anonymous_id = Some(self.visit.anonymous_id.clone());
        event.context = raw(&self.context());
        event
    }

    fn page_properties(&self) -> Value {
        let visit = self.visit;
        json!({
            "url": format!("{}{}{}", visit.root, visit.path, visit.search),
            "path": visit.path,
            "search": visit.search,
            "referrer": visit.referrer,
            "title": self.title,
        })
    }

    fn context(&self) -> Value {
        let visit = self.visit;
        let mut context = json!({
            "page": self.page_properties(),
            "userAgent": visit.user_agent,
            "library": { "name": "tradewind-storefront", "version": env!("CARGO_PKG_VERSION") },
        });
        if let Some(locale) = &visit.locale {
            context["locale"] = json!(locale);
        }
        if visit.opts_out {
            context["consent"] = json!({ "gpc": true });
        }
        if !visit.campaign.is_empty() {
            let named = visit.campaign.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
            context["campaign"] = Value::Object(named.collect());
        }
        context
    }
}

fn raw(value: &Value) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(value).ok()
}

fn put_price(properties: &mut Map<String, Value>, price: Option<Money>) {
    if let Some(price) = price {
        properties.insert("price".into(), json!(text::major(price)));
        properties.insert("currency".into(), json!(price.currency));
    }
}

/// A product as an event names it; `variant` where one was chosen.
pub(crate) fn product_ref(product: &Product, variant: Option<&Variant>) -> Map<String, Value> {
    let mut properties = Map::new();
    properties.insert("product_id".into(), json!(product.id));
    properties.insert("name".into(), json!(product.title));
    if let Some(variant) = variant {
        properties.insert("sku".into(), json!(variant.sku));
        properties.insert("variant".into(), json!(variant.title));
    }
    if !product.category_path.is_empty() {
        properties.insert("category".into(), json!(product.category()));
    }
    if let Some(brand) = &product.brand {
        properties.insert("brand".into(), json!(brand));
    }
    put_price(&mut properties, variant.and_then(|v| v.price).or(product.price));
    properties
}

/// The products of a list with their positions, the first of which is `first`.
pub(crate) fn listed(shop: &Shop, items: &[u32], first: usize) -> Vec<Value> {
    let products = items.iter().enumerate().filter_map(|(at, &item)| Some((at, shop.get(item)?)));
    let line = |(at, product): (usize, &std::sync::Arc<Product>)| {
        let mut properties = product_ref(product, None);
        properties.insert("position".into(), json!(first + at));
        Value::Object(properties)
    };
    products.map(line).collect()
}

/// One line of a cart as an event names it.
pub(crate) fn cart_line(
    shop: &Shop,
    product_id: &str,
    sku: &str,
    quantity: u32,
) -> Option<Map<String, Value>> {
    let product = shop.product(product_id)?;
    let variant = product.variants.iter().find(|variant| variant.sku == sku);
    let mut properties = product_ref(product, variant);
    properties.insert("quantity".into(), json!(quantity));
    Some(properties)
}

/// All lines of a cart as an event names them.
pub(crate) fn cart_lines(shop: &Shop, cart: &Cart) -> Vec<Value> {
    let lines = cart.lines().iter();
    lines
        .filter_map(|line| cart_line(shop, &line.product_id, &line.sku, line.quantity).map(Value::Object))
        .collect()
}
