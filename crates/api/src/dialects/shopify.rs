//! Shopify's webhooks: `POST /webhooks/shopify`.
//!
//! The signature is checked before the body is read. Each topic then becomes changes of the catalog or events;
//! all of it is durable when the `200` is sent. What cannot be taken now is answered with 429 or 503, and
//! Shopify comes again; what can never be taken is answered with 200 and shown at `/v1/rejected`, since
//! Shopify gives up a subscription whose deliveries keep failing.
//!
//! Shopify delivers at least once, late, and in any order. An event's message id is that of the merchant's event
//! (`X-Shopify-Event-Id`) with the topic and what it is about, so neither a delivery that comes again nor a second subscription
//! counts twice; an order counts once for ever, whichever of its topics tells of it. The catalog takes nothing
//! that is older than what it has. The time of an event is the payload's own.
//!
//! Who: `userId` is the customer's id. A browser is joined by its anonymous id, where the shop's theme puts it
//! into the cart as the attribute `_tradewind_anonymous_id`; else the cart's token stands in for it, and an
//! order that has both a token and a customer links them.

mod buying;
mod customers;
mod goods;
mod orders;
mod payload;
mod privacy;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use tradewind_catalog::Change;
use tradewind_events::{Event, Kind};
use tradewind_kernel::{Currency, UtcMillis};

use super::draft::{Draft, Fields, Item, deliver, events_of, read_body, text_of};
use super::webhook::SignedBody;
use crate::body::{Inbound, read_json, read_signed};
use crate::collect::handlers::not_collected;
use crate::collect::parse::{MAX_EVENT_BYTES, Parsed, Reject};
use crate::dead_letters::{Dialect, Shared, Source};
use crate::measures;
use crate::privacy::hand_over;
use crate::problem::{Code, Problem};
use crate::state::Api;
use payload::{hashed, time};

/// Shopify gives up on an answer after 5 s; we say before that we could not.
const PATIENCE: Duration = Duration::from_millis(4_500);
/// The longest topic that names an event, in characters.
const MAX_TOPIC: usize = 80;
const SIGNATURE: SignedBody =
    SignedBody { header: "x-shopify-hmac-sha256", setting: "collect.shopify_secrets" };

/// One delivery, but for its payload.
#[derive(Debug, Clone)]
struct Notice {
    /// What it is about, such as `orders/create`.
    topic: String,
    /// The shop's `….myshopify.com`.
    shop: Option<String>,
    /// What is the same for all deliveries of one thing that happened.
    event: String,
    /// What it happened to; one action of a merchant may be about many.
    thing: String,
    /// When it happened, where the payload does not say.
    triggered: UtcMillis,
    received: UtcMillis,
}

/// What a delivery says.
#[derive(Debug)]
enum Said {
    /// Something of the catalog.
    Goods(Vec<Change>),
    /// Something of a person.
    Events(Vec<Draft>),
    /// Something that is kept, and belongs to nobody's profile.
    Record(Box<Event>),
    /// Somebody's right, which is carried out, and what is kept of it.
    Right(Box<Event>, tradewind_govern::Ask),
    /// The erasure of a whole shop, which the configuration says what becomes of, and what is kept of it.
    Whole(Box<Event>, tradewind_govern::Ask),
}

type Heard = Result<Said, Reject>;

/// `POST /webhooks/shopify`
pub(crate) async fn receive(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    body: Inbound,
) -> Result<StatusCode, Problem> {
    let (raw, body) = read_signed(body).await?;
    SIGNATURE.check(&api.settings.shopify_secrets, &headers, &raw)?;
    // What is signed is not compressed: only the bounds are left to check.
    let json = read_json(&HeaderMap::new(), body).await?;
    api.admission.charge("", 1)?;
    let payload: Fields = read_body(&json, "webhook of Shopify; ask for JSON")?;
    let text = std::str::from_utf8(&json).unwrap_or_default();
    let notice = Notice::read(&headers, &payload, text, api.now())?;
    match tokio::time::timeout(PATIENCE, take(&api, &notice, payload, text)).await {
        Ok(taken) => taken.map(|()| StatusCode::OK),
        Err(_) => Err(Problem::new(Code::Overloaded, "the disk did not answer in time; send it again")),
    }
}

/// Reads a delivery as [`receive`] does, its signature not looked at: what it changes of the catalog, and its
/// events.
pub(crate) fn read_all(
    headers: &HeaderMap,
    json: &str,
    received: UtcMillis,
    currency: Currency,
) -> Result<(Vec<Change>, Vec<Parsed>), Problem> {
    let payload: Fields = read_body(json.as_bytes(), "webhook of Shopify; ask for JSON")?;
    let notice = Notice::read(headers, &payload, json, received)?;
    Ok(match hear(currency, &notice, payload).1 {
        Ok(Said::Goods(changes)) => (changes, Vec::new()),
        Ok(Said::Record(event) | Said::Right(event, _) | Said::Whole(event, _)) => {
            (Vec::new(), vec![Ok(*event)])
        }
        Ok(Said::Events(drafts)) => {
            let item = |draft| Item { index: 0, source: json, draft: Ok(draft) };
            (Vec::new(), events_of(drafts.into_iter().map(item).collect(), received))
        }
        Err(reject) => (Vec::new(), vec![Err(reject)]),
    })
}

impl Notice {
    fn read(headers: &HeaderMap, payload: &Fields, text: &str, received: UtcMillis) -> Result<Self, Problem> {
        let header = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?.trim();
            (!value.is_empty()).then(|| value.chars().take(128).collect::<String>())
        };
        let Some(topic) = header("x-shopify-topic") else {
            return Err(Problem::new(Code::InvalidRequest, "X-Shopify-Topic is missing"));
        };
        let event = header("x-shopify-event-id").or_else(|| header("x-shopify-webhook-id"));
        let triggered = header("x-shopify-triggered-at").and_then(|t| UtcMillis::parse(&t).ok());
        Ok(Self {
            topic: topic.chars().take(MAX_TOPIC).collect(),
            shop: header("x-shopify-shop-domain"),
            event: event.unwrap_or_else(|| hashed(&[text])),
            thing: ["id", "token", "customer_id"]
                .iter()
                .find_map(|name| text_of(payload, name))
                .unwrap_or_else(|| hashed(&[text])),
            triggered: triggered.unwrap_or(received).min(received),
            received,
        })
    }

    /// The id of the only event of this delivery: the same for every delivery of what happened.
    fn message_id(&self) -> String {
        let id = format!("shopify:{}:{}:{}", self.event, self.topic, self.thing);
        if id.chars().nth(100).is_none() { id } else { hashed(&[&id]) }
    }

    /// A draft of an event of this delivery, at the time that the payload names.
    fn draft(&self, kind: Kind, payload: &Fields, times: &[&str]) -> Draft {
        let mut draft = Draft::new(kind);
        draft.message_id = Some(self.message_id());
        draft.original = Some(times.iter().find_map(|name| time(payload, name)).unwrap_or(self.triggered));
        let about = [("topic", Some(&self.topic)), ("shopDomain", self.shop.as_ref())];
        let about = about.into_iter().filter_map(|(name, v)| Some((name.to_owned(), v?.as_str().into())));
        draft.context.insert("shopify".to_owned(), Fields::from_iter(about).into());
        draft
    }

    /// An event that belongs to nobody's profile.
    fn record(&self, name: &str, properties: &Fields) -> Said {
        let mut event = Event::new(Kind::Track, self.message_id(), self.triggered, self.received);
        event.name = Some(name.to_owned());
        event.properties = serde_json::value::to_raw_value(properties).ok();
        let about = self.draft(Kind::Track, properties, &[]).context;
        event.context = serde_json::value::to_raw_value(&about).ok();
        Said::Record(Box::new(event))
    }
}

async fn take(api: &Arc<Api>, notice: &Notice, payload: Fields, source: &str) -> Result<(), Problem> {
    let (topic, said) = hear(api.pipeline.currency(), notice, payload);
    measures::webhook(topic);
    let draft = match said {
        Ok(Said::Goods(changes)) => {
            return api.pipeline.change_catalog(&changes).await.map_err(not_collected);
        }
        Ok(Said::Right(event, ask)) => {
            let status = hand_over(api, ask).await?;
            tracing::info!(request = %status.id, kind = status.kind.as_str(), "a privacy request of Shopify is carried out");
            return api.pipeline.collect(std::slice::from_ref(&*event)).await.map_err(not_collected);
        }
        Ok(Said::Whole(event, ask)) => {
            privacy::redact_shop(api, ask).await?;
            return api.pipeline.collect(std::slice::from_ref(&*event)).await.map_err(not_collected);
        }
        Ok(Said::Record(event)) => {
            return api.collect(vec![*event]).await;
        }
        Ok(Said::Events(drafts)) => drafts.into_iter().map(Ok).collect(),
        Err(reject) => vec![Err(reject)],
    };
    let items = draft.into_iter().map(|draft| Item { index: 0, source, draft }).collect();
    let (dialect, received) = (Dialect::Shopify, notice.received);
    let source = Source { dialect, received, key: "", shared: &Shared::default };
    deliver(api, &source, items).await.map(|_| ())
}

/// What a delivery says, and its topic as one of a closed set.
fn hear(currency: Currency, notice: &Notice, payload: Fields) -> (&'static str, Heard) {
    match notice.topic.as_str() {
        "products/create" | "products/update" => ("products", goods::product(notice, &payload, currency)),
        "products/delete" => ("products", goods::deleted(notice, &payload)),
        "inventory_levels/update" | "inventory_levels/connect" => {
            ("inventory", goods::level(notice, &payload))
        }
        "orders/create" | "orders/paid" => ("orders", orders::completed(notice, &payload)),
        "orders/updated" => ("orders", orders::updated(notice, &payload)),
        "orders/cancelled" => ("orders", orders::cancelled(notice, &payload)),
        "refunds/create" => ("refunds", orders::refunded(notice, &payload)),
        "carts/create" | "carts/update" => ("carts", buying::cart(notice, &payload)),
        "checkouts/create" => ("checkouts", buying::checkout_started(notice, &payload)),
        "checkouts/update" => ("checkouts", buying::checkout_step(notice, &payload)),
        "customers/create" | "customers/update" => ("customers", customers::known(notice, &payload)),
        "customers_marketing_consent/update"
        | "customers/marketing_consent_update"
        | "customers_email_marketing_consent/update"
        | "customers/email_marketing_consent_update" => ("consent", customers::known(notice, &payload)),
        "customers/data_request" | "customers/redact" | "shop/redact" => {
            ("privacy", privacy::requested(notice, payload))
        }
        _ => ("other", Ok(other(notice, payload))),
    }
}

/// A topic that nothing is made of: kept under its own name.
fn other(notice: &Notice, payload: Fields) -> Said {
    let name = format!("shopify/{}", notice.topic);
    let size = serde_json::to_vec(&payload).map_or(usize::MAX, |bytes| bytes.len());
    if size <= MAX_EVENT_BYTES {
        return notice.record(&name, &payload);
    }
    let mut short = Fields::from_iter([("truncated_bytes".to_owned(), size.into())]);
    short.extend(payload.into_iter().filter(|(name, _)| name == "id"));
    notice.record(&name, &short)
}

#[cfg(test)]
mod tests;
