//! What can be told, its id, and how it is stored.

use serde::{Deserialize, Serialize};
use tradewind_events::{Commerce, EventView, Origin};
use tradewind_kernel::{Currency, Money, Subject, UtcMillis};
use tradewind_ports::Offset;
use xxhash_rust::xxh3::Xxh3;

use crate::live::damaged;
use crate::pipeline::PipelineError;

/// The version byte of a row, before its JSON.
const ROW_VERSION: u8 = 1;
/// Products of one event that are told.
const MAX_PRODUCTS: usize = 100;

/// Something that others are to be told. A closed set: what comes to it gets a variant, an arm in each function
/// below, and is handed to `Plan::effect` where it happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A watched event was applied for the first time.
    EventHappened(Box<EventHappened>),
    /// Somebody went into an audience, or out of it.
    AudienceMoved(Box<AudienceMoved>),
}

/// Who went in or out, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AudienceMoved {
    /// The audience's name.
    pub audience: String,
    /// Its number.
    pub id: u32,
    /// The revision of its definition.
    pub revision: u32,
    /// Who it is.
    pub subject: Subject,
    /// Which way.
    pub crossing: Crossing,
    /// When that was decided.
    pub at: UtcMillis,
}

/// Which way somebody went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Crossing {
    /// In.
    Entered,
    /// Out.
    Exited,
}

impl Crossing {
    /// What somebody asks for who wants to be told: the names that Segment's engagement tools use.
    #[must_use]
    pub const fn topic(self) -> &'static str {
        match self {
            Self::Entered => "Audience Entered",
            Self::Exited => "Audience Exited",
        }
    }
}

/// An event, as far as others may know it: no traits, no context, and of its person the id only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventHappened {
    /// Its name in the vocabulary's spelling.
    pub name: String,
    /// The message's id.
    pub message_id: String,
    /// Whose it is; an anonymous id that belongs to a user is told as that user.
    pub subject: Option<Subject>,
    /// When it happened, by the corrected clock.
    pub occurred_at: UtcMillis,
    /// When it was taken in.
    pub received_at: UtcMillis,
    /// The order that it is about.
    pub order_id: Option<String>,
    /// The products that it names, at most 100.
    pub products: Vec<ProductLine>,
    /// How many more it names.
    pub products_left_out: usize,
    /// What the shop earned by it.
    pub revenue: Option<Money>,
}

/// A product that an event names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductLine {
    /// Its id.
    pub id: String,
    /// How many.
    pub quantity: u32,
    /// The price of one.
    pub price: Option<Money>,
}

/// What tells an effect from every other, and is the same whenever its record is applied again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub [u8; 16]);

impl std::fmt::Display for EffectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl EffectId {
    /// The id that these parts make, in this order.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Xxh3::new();
        for part in parts {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.digest128().to_be_bytes())
    }
}

impl Effect {
    /// What somebody who wants such effects asks for: for an event its name.
    #[must_use]
    pub fn topic(&self) -> &str {
        match self {
            Self::EventHappened(event) => &event.name,
            Self::AudienceMoved(moved) => moved.crossing.topic(),
        }
    }

    /// Its id, as an effect of the record at `offset`: made of the offset, the kind and what it is about. Two
    /// effects of one record must differ in the last two.
    #[must_use]
    pub fn id(&self, offset: Offset) -> EffectId {
        let id;
        let (kind, about) = match self {
            Self::EventHappened(event) => ("event", event.message_id.as_bytes()),
            Self::AudienceMoved(moved) => {
                id = moved.id.to_be_bytes();
                (moved.crossing.topic(), &id[..])
            }
        };
        EffectId::of(&[&offset.to_be_bytes(), kind.as_bytes(), about])
    }

    /// As it is stored.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] when it cannot be written as JSON.
    pub fn encode(&self) -> Result<Vec<u8>, PipelineError> {
        let mut bytes = vec![ROW_VERSION];
        serde_json::to_writer(&mut bytes, self).map_err(|e| damaged("an effect", &e))?;
        Ok(bytes)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] when it does not read, or is of a newer version.
    pub fn decode(bytes: &[u8]) -> Result<Self, PipelineError> {
        match bytes {
            [ROW_VERSION, json @ ..] => serde_json::from_slice(json).map_err(|e| damaged("an effect", &e)),
            _ => Err(damaged("an effect", &"it is of another version; run a newer program")),
        }
    }
}

impl EventHappened {
    /// What is told of an event, `None` for one of the shop's history. `owner` is the key of the profile that it
    /// changes.
    pub(crate) fn of(
        event: &EventView<'_>,
        name: &str,
        owner: Option<&str>,
        commerce: Option<&Commerce>,
        currency: Currency,
    ) -> Option<Self> {
        if event.origin != Origin::Live {
            return None;
        }
        let products = commerce.map_or(&[][..], |commerce| &commerce.products);
        let currency = commerce.map_or(currency, |commerce| commerce.currency);
        let line = |product: &tradewind_events::ProductRef| ProductLine {
            id: product.id().unwrap_or_default().to_owned(),
            quantity: crate::plan::quantity(product),
            price: product.price(currency),
        };
        Some(Self {
            name: name.to_owned(),
            message_id: event.message_id.to_string(),
            subject: owner.and_then(subject_of),
            occurred_at: event.occurred_at,
            received_at: event.received_at,
            order_id: commerce.and_then(|commerce| commerce.order_id.clone()),
            products: products.iter().take(MAX_PRODUCTS).map(line).collect(),
            products_left_out: products.len().saturating_sub(MAX_PRODUCTS),
            revenue: commerce.and_then(|commerce| commerce.revenue),
        })
    }
}

/// The subject behind a profile's key.
pub(crate) fn subject_of(key: &str) -> Option<Subject> {
    match key.split_once(':')? {
        ("u", id) => Some(Subject::User(id.to_owned())),
        ("a", id) => Some(Subject::Anonymous(id.to_owned())),
        _ => None,
    }
}
