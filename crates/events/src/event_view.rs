//! A stored event, read without copying it: for readers of the log that pass over millions.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tradewind_kernel::{Subject, UtcMillis};

use crate::ConsentStamp;
use crate::event::{DecodeError, Event, Kind, Origin, body_of};

/// What a fold needs of an [`Event`](crate::Event), borrowed from its stored form. The fields are the event's.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each field is documented at the event's field of the same name")]
pub struct EventView<'a> {
    #[serde(rename = "id", deserialize_with = "text")]
    pub message_id: Cow<'a, str>,
    #[serde(rename = "k")]
    pub kind: Kind,
    #[serde(rename = "n", default, deserialize_with = "optional_text")]
    pub name: Option<Cow<'a, str>>,
    #[serde(rename = "u", default, deserialize_with = "optional_text")]
    pub user_id: Option<Cow<'a, str>>,
    #[serde(rename = "a", default, deserialize_with = "optional_text")]
    pub anonymous_id: Option<Cow<'a, str>>,
    #[serde(rename = "pr", default, deserialize_with = "optional_text")]
    pub previous_id: Option<Cow<'a, str>>,
    #[serde(rename = "t")]
    pub occurred_at: UtcMillis,
    #[serde(rename = "r")]
    pub received_at: UtcMillis,
    #[serde(rename = "o", default)]
    pub origin: Origin,
    #[serde(rename = "p", default, borrow)]
    pub properties: Option<&'a RawValue>,
    #[serde(rename = "c", default, borrow)]
    pub context: Option<&'a RawValue>,
    #[serde(rename = "cs", default)]
    pub consent: Option<Box<ConsentStamp>>,
    #[serde(rename = "e", default, borrow)]
    pub enriched: Option<EnrichmentView<'a>>,
}

/// What a fold needs of an [`Enrichment`](crate::Enrichment). The fields are the enrichment's.
#[derive(Debug, Clone, Default, Deserialize)]
#[expect(missing_docs, reason = "each field is documented at the enrichment's field of the same name")]
pub struct EnrichmentView<'a> {
    #[serde(rename = "d", default, deserialize_with = "optional_text", borrow)]
    pub device: Option<Cow<'a, str>>,
    #[serde(rename = "ch", default, deserialize_with = "optional_text", borrow)]
    pub channel: Option<Cow<'a, str>>,
    #[serde(rename = "co", default, deserialize_with = "optional_text", borrow)]
    pub country: Option<Cow<'a, str>>,
}

/// A text that borrows where it has no escapes; serde itself would copy every optional one.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    Ok(Text::deserialize(deserializer)?.0)
}

fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    Ok(Option::<Text<'de>>::deserialize(deserializer)?.map(|text| text.0))
}

impl<'a> From<&'a Event> for EventView<'a> {
    fn from(event: &'a Event) -> Self {
        let text = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
        Self {
            message_id: Cow::Borrowed(&event.message_id),
            kind: event.kind,
            name: text(&event.name),
            user_id: text(&event.user_id),
            anonymous_id: text(&event.anonymous_id),
            previous_id: text(&event.previous_id),
            occurred_at: event.occurred_at,
            received_at: event.received_at,
            origin: event.origin,
            properties: event.properties.as_deref(),
            context: event.context.as_deref(),
            consent: event.consent.clone(),
            enriched: event.enriched.as_deref().map(|known| EnrichmentView {
                device: text(&known.device),
                channel: text(&known.channel),
                country: text(&known.country),
            }),
        }
    }
}

impl<'a> EventView<'a> {
    /// Reads the stored form, of this or an earlier version.
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes are of a newer version or damaged.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Ok(serde_json::from_slice(body_of(bytes)?)?)
    }

    /// Whom it is about: the user where one is named, else the anonymous id.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        Subject::from_ids(self.user_id.as_deref(), self.anonymous_id.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_the_event_says() {
        let mut event = Event::new(Kind::Track, "m\"1".into(), UtcMillis::new(5), UtcMillis::new(7));
        event.origin = Origin::Import;
        (event.name, event.anonymous_id) = (Some("Größe".into()), Some("a\\b\n".into()));
        (event.user_id, event.previous_id) = (Some("u".into()), Some("p".into()));
        event.properties = serde_json::from_str(r#"{"x":[1]}"#).ok();
        let enriched =
            crate::Enrichment { device: Some("phone".into()), gpc: Some(true), ..Default::default() };
        event.enriched = Some(Box::new(enriched));
        let bytes = event.encode().unwrap();
        let view = EventView::decode(&bytes).unwrap();
        assert_eq!((&*view.message_id, view.kind, view.origin), ("m\"1", Kind::Track, Origin::Import));
        assert_eq!((view.name.as_deref(), view.anonymous_id.as_deref()), (Some("Größe"), Some("a\\b\n")));
        assert_eq!((view.subject(), view.previous_id.as_deref()), (event.subject(), Some("p")));
        assert_eq!((view.occurred_at.get(), view.received_at.get()), (5, 7));
        assert_eq!(view.properties.unwrap().get(), r#"{"x":[1]}"#);
        let enriched = view.enriched.as_ref().unwrap();
        assert_eq!((enriched.device.as_deref(), enriched.country.as_deref()), (Some("phone"), None));
        assert!(matches!(view.user_id, Some(Cow::Borrowed("u"))));
        let bare = Event::new(Kind::Page, "b".into(), UtcMillis::new(1), UtcMillis::new(1)).encode().unwrap();
        let bare = EventView::decode(&bare).unwrap();
        assert!(bare.name.is_none() && bare.subject().is_none() && bare.properties.is_none());
        assert!(matches!(EventView::decode(b"\x09{}"), Err(DecodeError::Version(9))));
    }
}
