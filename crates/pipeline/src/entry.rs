//! What a log record is: one byte of kind, then the body in the kind's own versioned form.

use tradewind_catalog::{Change, Product};
use tradewind_events::{DecodeError, Event};
use tradewind_features::{CodecError, FeatureNote};
use tradewind_people::identity::Command;

use crate::audiences::AudienceNote;
use crate::dead_letters::{NOTE_VERSION, Note};

/// A record of the log.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every record is an event; a box would cost each an allocation"
)]
pub enum Entry<'a> {
    /// Something that a shopper did.
    Event(Event),
    /// A product as it is from now on.
    Product(Box<Product>),
    /// A decision that was answered, in `decide`'s own form; kept for learning and audit, it changes no state.
    Decision(&'a [u8]),
    /// What became of something that could not be processed.
    DeadLetter(Box<Note>),
    /// A change of the catalog that counts only where nothing newer is known.
    Change(Box<Change>),
    /// What this was is erased; nothing of it is left.
    Erased,
    /// An explicit command about who is who.
    Identity(Box<Command>),
    /// Rows or declarations of the feature store.
    Features(Box<FeatureNote>),
    /// A definition of an audience, or who goes in and out.
    Audience(Box<AudienceNote>),
}

/// What [`EventLog::erase`](tradewind_ports::EventLog::erase) leaves. No kind may ever have this number.
const ERASED: u8 = 0;
const EVENT: u8 = 1;
const PRODUCT: u8 = 2;
const DECISION: u8 = 3;
const DEAD_LETTER: u8 = 5;
const CHANGE: u8 = 4;
const IDENTITY: u8 = 6;
const FEATURES: u8 = 7;
const AUDIENCE: u8 = 8;
/// How the body begins of a note that is about somebody.
const ABOUT_SOMEBODY: &[u8] = br#"{"moved""#;
/// The version byte of a product's body, JSON.
const PRODUCT_VERSION: u8 = 1;
/// The version byte of a change's body, JSON.
const CHANGE_VERSION: u8 = 1;
/// The version byte of a note about audiences, JSON.
const AUDIENCE_VERSION: u8 = 1;
/// The version byte of a command's body, JSON.
const IDENTITY_VERSION: u8 = 1;

/// A record that this program cannot read.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The event's body.
    #[error(transparent)]
    Event(#[from] DecodeError),
    /// The product's body.
    #[error("the product does not read: {0}")]
    Product(serde_json::Error),
    /// The body of a note about a dead letter.
    #[error("the note about a dead letter does not read: {0}")]
    Note(serde_json::Error),
    /// The change's body.
    #[error("the change of the catalog does not read: {0}")]
    Change(serde_json::Error),
    /// The command's body.
    #[error("the command about identities does not read: {0}")]
    Identity(serde_json::Error),
    /// The body of a note about features.
    #[error("the note about features does not read: {0}")]
    Features(CodecError),
    /// The body of a note about audiences.
    #[error("the note about an audience does not read: {0}")]
    Audience(serde_json::Error),
    /// The kind itself.
    #[error("the record is of kind {0:?}, which this program does not know: run a newer one")]
    Kind(Option<u8>),
}

/// The record of an event.
pub(crate) fn of_event(event: &Event) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = Vec::with_capacity(1 + event.size_hint());
    bytes.push(EVENT);
    event.encode_to(&mut bytes)?;
    Ok(bytes)
}

/// The record of a product.
pub(crate) fn of_product(product: &Product) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = vec![PRODUCT, PRODUCT_VERSION];
    serde_json::to_writer(&mut bytes, product)?;
    Ok(bytes)
}

/// The record of a change of the catalog.
pub(crate) fn of_change(change: &Change) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = vec![CHANGE, CHANGE_VERSION];
    serde_json::to_writer(&mut bytes, change)?;
    Ok(bytes)
}

/// The record of a command about identities.
pub(crate) fn of_command(command: &Command) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = vec![IDENTITY, IDENTITY_VERSION];
    serde_json::to_writer(&mut bytes, command)?;
    Ok(bytes)
}

/// The record of a note about audiences.
pub(crate) fn of_audience(note: &AudienceNote) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = vec![AUDIENCE, AUDIENCE_VERSION];
    serde_json::to_writer(&mut bytes, note)?;
    Ok(bytes)
}

/// The record of a decision, its body made by the caller.
pub(crate) fn of_decision(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + body.len());
    bytes.push(DECISION);
    bytes.extend_from_slice(body);
    bytes
}

/// The record of a note about a dead letter.
pub(crate) fn of_note(note: &Note) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = vec![DEAD_LETTER, NOTE_VERSION];
    serde_json::to_writer(&mut bytes, note)?;
    Ok(bytes)
}

/// The record of a note about features.
pub(crate) fn of_features(note: &FeatureNote) -> Vec<u8> {
    let mut bytes = vec![FEATURES];
    note.encode_to(&mut bytes);
    bytes
}

impl<'a> Entry<'a> {
    /// Whether a record is an event, and then its body, which [`EventView`](tradewind_events::EventView) reads
    /// without copying it.
    #[must_use]
    pub fn event_body(bytes: &'a [u8]) -> Option<&'a [u8]> {
        bytes.strip_prefix(&[EVENT])
    }

    /// Whether a record tells of nobody: of the catalog, or what an audience is.
    pub(crate) fn is_of_nobody(bytes: &[u8]) -> bool {
        match bytes {
            [PRODUCT | CHANGE, ..] => true,
            [AUDIENCE, _, body @ ..] => !body.starts_with(ABOUT_SOMEBODY),
            _ => false,
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`EntryError`] when it is damaged, or of a newer program.
    pub fn read(bytes: &'a [u8]) -> Result<Self, EntryError> {
        match bytes {
            [EVENT, body @ ..] => Ok(Self::Event(Event::decode(body)?)),
            [PRODUCT, PRODUCT_VERSION, body @ ..] => {
                serde_json::from_slice(body).map(Self::Product).map_err(EntryError::Product)
            }
            [DECISION, body @ ..] => Ok(Self::Decision(body)),
            [DEAD_LETTER, NOTE_VERSION, body @ ..] => {
                serde_json::from_slice(body).map(Self::DeadLetter).map_err(EntryError::Note)
            }
            [CHANGE, CHANGE_VERSION, body @ ..] => serde_json::from_slice(body)
                .map(|change| Self::Change(Box::new(change)))
                .map_err(EntryError::Change),
            [ERASED, ..] => Ok(Self::Erased),
            [IDENTITY, IDENTITY_VERSION, body @ ..] => serde_json::from_slice(body)
                .map(|command| Self::Identity(Box::new(command)))
                .map_err(EntryError::Identity),
            [FEATURES, body @ ..] => FeatureNote::decode(body)
                .map(|note| Self::Features(Box::new(note)))
                .map_err(EntryError::Features),
            [AUDIENCE, AUDIENCE_VERSION, body @ ..] => serde_json::from_slice(body)
                .map(|note| Self::Audience(Box::new(note)))
                .map_err(EntryError::Audience),
            _ => Err(EntryError::Kind(bytes.first().copied())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A product's record as version 1 wrote it; this program and every later one must read it.
    const PRODUCT_V1: &[u8] = br#"__{"id":"p","title":"Mug","category_path":["Home","Mugs"],"price":{"minor":1250,"currency":"EUR"},"availability":"in_stock","origin":"feed","updated_at":7}"#;

    #[test]
    fn version_1_of_a_product_still_reads() {
        let mut bytes = PRODUCT_V1.to_vec();
        bytes[..2].copy_from_slice(&[2, 1]);
        let Ok(Entry::Product(product)) = Entry::read(&bytes) else { panic!("it does not read") };
        assert_eq!((product.title.as_str(), product.price.unwrap().minor), ("Mug", 1250));
        assert_eq!(of_product(&product).unwrap(), bytes);
    }

    /// Changes of the catalog as version 1 wrote them; this program and every later one must read them.
    const CHANGES_V1: [&str; 3] = [
        r#"{"product":{"id":"p","title":"Mug","variants":[{"sku":"s","title":"","inventory":{"item":"i","total":3,"total_at":9}}],"availability":"in_stock","origin":"feed","updated_at":9}}"#,
        r#"{"withdrawn":{"id":"p","at":10}}"#,
        r#"{"stock":{"item":"i","level":{"location":"x","quantity":3,"at":11}}}"#,
    ];

    #[test]
    fn version_1_of_a_change_still_reads_and_writes_the_same() {
        for json in CHANGES_V1 {
            let bytes = [&[4, 1], json.as_bytes()].concat();
            let Ok(Entry::Change(change)) = Entry::read(&bytes) else { panic!("{json} does not read") };
            assert_eq!(of_change(&change).unwrap(), bytes, "{json}");
        }
    }

    /// Commands as version 1 wrote them; this program and every later one must read them.
    const COMMANDS_V1: [&str; 4] = [
        r#"{"merge":{"into":"ada","from":"bob","reason":"same card","at":9}}"#,
        r#"{"split":{"one":"ada","other":"bob","reason":"a mistake","at":10}}"#,
        r#"{"contact":{"node":{"email":"5eed"},"owner":{"user":"ada"},"source":"m1","at":11}}"#,
        r#"{"erase":{"node":{"anonymous":"d"},"at":12,"suppress":true}}"#,
    ];

    #[test]
    fn version_1_of_a_command_still_reads_and_writes_the_same() {
        for json in COMMANDS_V1 {
            let bytes = [&[6, 1], json.as_bytes()].concat();
            let Ok(Entry::Identity(command)) = Entry::read(&bytes) else { panic!("{json} does not read") };
            assert_eq!(of_command(&command).unwrap(), bytes, "{json}");
        }
    }

    /// Notes about audiences as version 1 wrote them; this program and every later one must read them.
    const AUDIENCES_V1: [&str; 4] = [
        r#"{"put":{"spec":{"name":"vip","rule":"orders >= 5","description":"","purpose":"marketing_email"},"at":9}}"#,
        r#"{"delete":{"name":"vip","at":10}}"#,
        r#"{"evaluated":{"audience":1,"revision":2}}"#,
        r#"{"moved":{"subject":"user_id:ada","entered":[1],"exited":[2],"at":11}}"#,
    ];

    #[test]
    fn version_1_of_a_note_about_audiences_still_reads_and_writes_the_same() {
        for json in AUDIENCES_V1 {
            let bytes = [&[8, 1], json.as_bytes()].concat();
            let Ok(Entry::Audience(note)) = Entry::read(&bytes) else { panic!("{json} does not read") };
            assert_eq!(of_audience(&note).unwrap(), bytes, "{json}");
            assert_eq!(Entry::is_of_nobody(&bytes), !json.contains("moved"), "{json}");
        }
    }

    #[test]
    fn what_is_of_no_known_kind_is_an_error() {
        assert!(matches!(Entry::read(&[9, 1]), Err(EntryError::Kind(Some(9)))));
        assert!(matches!(Entry::read(&[]), Err(EntryError::Kind(None))));
        assert!(matches!(Entry::read(&[2, 9, b'{']), Err(EntryError::Kind(Some(2)))));
        assert!(matches!(Entry::read(&of_decision(b"any")), Ok(Entry::Decision(b"any"))));
    }
}
