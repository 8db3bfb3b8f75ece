//! Reading what clients send rather than what the specification says: numbers as strings, ids as numbers.
//!
//! What does not read as the type that is wanted counts as absent; nothing here ever fails on valid JSON.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::salvage::salvage;

/// The longest id, name or label that is kept, in characters; longer ones are cut.
const MAX_TEXT: usize = 1_024;

/// Takes every type of JSON value; by default each counts as absent.
trait Lenient: Default {
    fn of_str(_: &str) -> Self {
        Self::default()
    }
    fn of_f64(_: f64) -> Self {
        Self::default()
    }
    fn of_integer(number: impl ToString, as_float: f64) -> Self;
}

impl Lenient for Option<String> {
    fn of_str(text: &str) -> Self {
        let text = text.trim();
        let end = text.char_indices().nth(MAX_TEXT).map_or(text.len(), |(at, _)| at);
        (!text.is_empty()).then(|| text[..end].to_owned())
    }

    fn of_f64(number: f64) -> Self {
        Some(number.to_string())
    }

    fn of_integer(number: impl ToString, _: f64) -> Self {
        Some(number.to_string())
    }
}

impl Lenient for Option<f64> {
    fn of_str(text: &str) -> Self {
        text.trim().parse().ok().filter(|n: &f64| n.is_finite())
    }

    fn of_f64(number: f64) -> Self {
        Some(number).filter(|n| n.is_finite())
    }

    fn of_integer(_: impl ToString, as_float: f64) -> Self {
        Some(as_float)
    }
}

struct LenientVisitor<T>(PhantomData<T>);

impl<'de, T: Lenient> Visitor<'de> for LenientVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::of_str(text))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Ok(T::of_f64(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "a number as large as that is approximate anyway")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(T::of_integer(number, number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "a number as large as that is approximate anyway")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        Ok(T::of_integer(number, number as f64))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<T, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }
}

/// Text or a number as text; anything else, or blank, as none.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(LenientVisitor(PhantomData))
}

/// A number or a number in text; anything else as none.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    deserializer.deserialize_any(LenientVisitor(PhantomData))
}

/// What is anything at all, as JSON text where it is no text; null and blank as none.
pub(crate) fn any_as_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(text) => Lenient::of_str(&text),
        other => Some(other.to_string()).filter(|json| json.len() <= MAX_TEXT),
    })
}

/// A list, of which the objects that read as `T` are kept, the first 2,000 of them; anything but a list as none.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(ListVisitor(PhantomData))
}

/// The visits to what is neither a list nor an object.
macro_rules! scalars_count_as_absent {
    () => {
        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    };
}

/// At most this many items of one list are kept.
const MAX_ITEMS: usize = 2_000;

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(ObjectOrNot(item)) = items.next_element::<ObjectOrNot<T>>()? {
            kept.extend(item.filter(|_| kept.len() < MAX_ITEMS));
        }
        Ok(Some(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    scalars_count_as_absent!();
}

/// An item of a list: an object read as `T`, or anything else, which is passed over.
struct ObjectOrNot<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ObjectOrNot<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor(PhantomData)).map(Self)
    }
}

struct ItemVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ItemVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Some)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    scalars_count_as_absent!();
}

/// Properties read as `T`, whose fields must be read by this module. What the direct reading refuses, such
/// as a number beyond any range or a name that comes twice, is left out and the rest read all the same.
#[inline]
pub(crate) fn properties<T: DeserializeOwned + Default>(raw: &RawValue) -> T {
    if !raw.get().starts_with('{') {
        // A list would be read by the order of the fields.
        return T::default();
    }
    match serde_json::from_str(raw.get()) {
        Ok(read) => read,
        Err(_) => what_is_left(raw),
    }
}

#[cold]
fn what_is_left<T: DeserializeOwned + Default>(raw: &RawValue) -> T {
    serde_json::from_value(salvage(raw)).unwrap_or_default()
}
