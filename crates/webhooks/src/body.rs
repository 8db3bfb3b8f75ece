//! The body that an effect is told in: `{"type", "timestamp", "data"}`.
//!
//! Amounts are in minor units. Of the person it tells the id only. It stays below 20 KB but for ids that are very
//! long: at most 100 products are named.

use serde::Serialize;
use tradewind_kernel::Subject;
use tradewind_pipeline::{AudienceMoved, Crossing, Effect, EventHappened};

#[derive(Serialize)]
struct Body<T> {
    #[serde(rename = "type")]
    kind: String,
    timestamp: String,
    data: T,
}

/// Of an audience: which, and who.
#[derive(Serialize)]
struct Crossed<'a> {
    audience: &'a str,
    revision: u32,
    subject: SubjectOut<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    event: &'a str,
    message_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<SubjectOut<'a>>,
    received_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<&'a str>,
    products: Vec<ProductOut<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    products_left_out: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    revenue_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum SubjectOut<'a> {
    UserId(&'a str),
    AnonymousId(&'a str),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProductOut<'a> {
    product_id: &'a str,
    quantity: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_minor: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The type of an effect, such as `event.order_completed`: of `[a-z0-9_.]`.
pub(crate) fn type_of(effect: &Effect) -> String {
    match effect {
        Effect::EventHappened(event) => format!("event.{}", word(&event.name)),
        Effect::AudienceMoved(moved) => match moved.crossing {
            Crossing::Entered => "audience.entered".to_owned(),
            Crossing::Exited => "audience.exited".to_owned(),
        },
    }
}

/// A name in snake case; what is neither a letter nor a digit of ASCII becomes `_`.
fn word(name: &str) -> String {
    let snake = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    name.chars().map(snake).collect()
}

/// The bytes that are posted.
pub(crate) fn body_of(effect: &Effect) -> Vec<u8> {
    match effect {
        Effect::EventHappened(event) => event_body(type_of(effect), event),
        Effect::AudienceMoved(moved) => crossing_body(type_of(effect), moved),
    }
}

fn subject_out(subject: &Subject) -> SubjectOut<'_> {
    match subject {
        Subject::User(id) => SubjectOut::UserId(id),
        Subject::Anonymous(id) => SubjectOut::AnonymousId(id),
    }
}

fn crossing_body(kind: String, moved: &AudienceMoved) -> Vec<u8> {
    let AudienceMoved { audience, revision, subject, at, .. } = moved;
    let data = Crossed { audience, revision: *revision, subject: subject_out(subject) };
    serde_json::to_vec(&Body { kind, timestamp: at.to_rfc3339(), data }).unwrap_or_default()
}

fn event_body(kind: String, event: &EventHappened) -> Vec<u8> {
    let products = event.products.iter().map(|line| ProductOut {
        product_id: &line.id,
        quantity: line.quantity,
        price_minor: line.price.map(|price| price.minor),
    });
    let priced = event.products.iter().find_map(|line| line.price.as_ref());
    let data = Data {
        event: &event.name,
        message_id: &event.message_id,
        subject: event.subject.as_ref().map(subject_out),
        received_at: event.received_at.to_rfc3339(),
        order_id: event.order_id.as_deref(),
        products: products.collect(),
        products_left_out: event.products_left_out,
        revenue_minor: event.revenue.map(|revenue| revenue.minor),
        currency: event.revenue.as_ref().or(priced).map(|money| money.currency.as_str()),
    };
    let body = Body { kind, timestamp: event.occurred_at.to_rfc3339(), data };
    serde_json::to_vec(&body).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests;
