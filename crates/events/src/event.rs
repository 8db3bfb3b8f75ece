//! The canonical event and its stored form.
//!
//! Stored as one byte of version, then JSON with short keys: readable with any tool, open to new fields.
//! Version 1 is the only one so far.

use serde::de::Error;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tradewind_kernel::{Subject, UtcMillis};

use crate::{ConsentStamp, Enrichment};

/// The version byte that [`Event::encode`] writes.
const FORMAT_VERSION: u8 = 1;

/// The six kinds of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Something was done; `name` says what.
    Track,
    /// Who somebody is; `traits` say what is known.
    Identify,
    /// A web page was seen.
    Page,
    /// An app's screen was seen.
    Screen,
    /// Somebody belongs to a group.
    Group,
    /// Two ids are one person.
    Alias,
}

/// Where an event came from; it decides for how long its message id is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The collector: a repeated message id is dropped for 7 days.
    #[default]
    Live,
    /// A file: a repeated message id is dropped for ever, so that importing twice changes nothing.
    Import,
}

/// One thing that happened, as it is kept for ever.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// The client's id of this message; two with one id are one event. At most 100 characters.
    #[serde(rename = "id")]
    pub message_id: String,
    /// Which of the six kinds.
    #[serde(rename = "k")]
    pub kind: Kind,
    /// A track event's canonical name, a page's or a screen's name.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The shop's id of the person.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The browser's id.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    /// The id that an alias replaces.
    #[serde(rename = "pr", default, skip_serializing_if = "Option::is_none")]
    pub previous_id: Option<String>,
    /// The group that a group message names.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// When it happened, the client's clock corrected.
    #[serde(rename = "t")]
    pub occurred_at: UtcMillis,
    /// When it happened by the client's own clock, where that says otherwise.
    #[serde(rename = "ot", default, skip_serializing_if = "Option::is_none")]
    pub original_at: Option<UtcMillis>,
    /// When it reached us.
    #[serde(rename = "r")]
    pub received_at: UtcMillis,
    /// Where it came from.
    #[serde(rename = "o", default)]
    pub origin: Origin,
    /// Its properties, as sent.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<Box<RawValue>>,
    /// What is said of the person or group, as sent.
    #[serde(rename = "tr", default, skip_serializing_if = "Option::is_none")]
    pub traits: Option<Box<RawValue>>,
    /// Where and how it happened (page, campaign, device, consent), as sent.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Box<RawValue>>,
    /// What the collector made out of the context.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub enriched: Option<Box<Enrichment>>,
    /// The consent in force, as far as the event told when it was accepted; none where it told nothing.
    #[serde(rename = "cs", default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Box<ConsentStamp>>,
}

/// A stored event that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Written by a newer program.
    #[error(
        "the event has format version {0}, and this program reads up to {FORMAT_VERSION}: run a newer one"
    )]
    Version(u8),
    /// No bytes at all.
    #[error("the event is empty")]
    Empty,
    /// Not the JSON that was expected.
    #[error("the event does not read: {0}")]
    Json(#[from] serde_json::Error),
}

impl Event {
    /// An event with only what every event has.
    #[must_use]
    pub fn new(kind: Kind, message_id: String, occurred_at: UtcMillis, received_at: UtcMillis) -> Self {
        Self {
            message_id,
            kind,
            name: None,
            user_id: None,
            anonymous_id: None,
            previous_id: None,
            group_id: None,
            occurred_at,
            original_at: None,
            received_at,
            origin: Origin::Live,
            properties: None,
            traits: None,
            context: None,
            enriched: None,
            consent: None,
        }
    }

    /// Whom it is about: the user where one is named, else the anonymous id.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        Subject::from_ids(self.user_id.as_deref(), self.anonymous_id.as_deref())
    }

    /// About how many bytes the stored form has.
    #[must_use]
    pub fn size_hint(&self) -> usize {
        let raw = |field: &Option<Box<RawValue>>| field.as_ref().map_or(0, |r| r.get().len());
        256 + raw(&self.properties) + raw(&self.traits) + raw(&self.context)
    }

    /// The stored form.
    ///
    /// # Errors
    /// Only what `serde_json` cannot write, which no event made by this program holds.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = Vec::with_capacity(self.size_hint());
        self.encode_to(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes the stored form to the end of `bytes`.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_to(&self, bytes: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        bytes.push(FORMAT_VERSION);
        serde_json::to_writer(bytes, self)
    }

    /// Reads the stored form, of this or an earlier version.
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes are of a newer version or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(serde_json::from_slice(body_of(bytes)?)?)
    }
}

/// The JSON after the version byte.
pub(crate) fn body_of(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    match bytes.split_first() {
        None => Err(DecodeError::Empty),
        Some((&FORMAT_VERSION, json)) if json.trim_ascii_start().starts_with(b"{") => Ok(json),
        // A list would be read by position, and by each reader in its own way.
        Some((&FORMAT_VERSION, _)) => Err(DecodeError::Json(Error::custom("it is no object"))),
        Some((&version, _)) => Err(DecodeError::Version(version)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event as version 1 wrote it; this program and every later one must read it.
    const FIXTURE_V1: &[u8] = b"\x01{\"id\":\"m1\",\"k\":\"track\",\"n\":\"Product Viewed\",\"a\":\"an1\",\"t\":1000,\"r\":2000,\"o\":\"live\",\"p\":{\"product_id\":\"p1\"}}";

    #[test]
    fn version_1_still_reads_and_writes_the_same() {
        let event = Event::decode(FIXTURE_V1).unwrap();
        assert_eq!((event.name.as_deref(), event.occurred_at.get()), (Some("Product Viewed"), 1000));
        assert_eq!(event.subject(), Some(Subject::Anonymous("an1".into())));
        assert_eq!(event.encode().unwrap(), FIXTURE_V1);
    }

    /// An event with its stamp, as version 1 writes it.
    const STAMPED_V1: &[u8] = b"\x01{\"id\":\"m1\",\"k\":\"page\",\"a\":\"an1\",\"t\":1000,\"r\":2000,\"o\":\"live\",\"cs\":{\"g\":2,\"d\":128,\"f\":3,\"p\":1,\"s\":5,\"re\":\"DE\",\"w\":\"x\"}}";

    #[test]
    fn a_stamp_reads_and_writes_the_same() {
        let event = Event::decode(STAMPED_V1).unwrap();
        let stamp = event.consent.as_deref().unwrap();
        assert_eq!((stamp.granted.bits(), stamp.denied.bits(), stamp.in_force.bits()), (2, 128, 3));
        assert_eq!((stamp.policy, stamp.signals, stamp.region.as_deref()), (1, 5, Some("DE")));
        assert_eq!(event.encode().unwrap(), STAMPED_V1);
        assert_eq!(crate::EventView::decode(STAMPED_V1).unwrap().consent, event.consent);
    }

    #[test]
    fn damage_is_an_error() {
        assert!(matches!(Event::decode(b""), Err(DecodeError::Empty)));
        assert!(matches!(Event::decode(b"\x09{}"), Err(DecodeError::Version(9))));
        assert!(matches!(Event::decode(&FIXTURE_V1[..40]), Err(DecodeError::Json(_))));
        let list = br#"_["m","track",null,null,"a",null,1,2]"#.map(|b| if b == b'_' { 1 } else { b });
        assert!(matches!(crate::EventView::decode(&list), Err(DecodeError::Json(_))), "a list is no event");
    }
}
