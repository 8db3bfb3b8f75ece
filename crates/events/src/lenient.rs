//! Reading what clients send rather than what the specification says: numbers as strings, ids as numbers.
//!
//! What does not read as the type that is wanted counts as absent; nothing here ever fails on valid JSON.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

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

/// A list, of which the items that read as `T` are kept; anything but a list as none.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> Deserialize<'a>,
{
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Array(items) => {
            Some(items.into_iter().filter_map(|i| serde_json::from_value(i).ok()).collect())
        }
        _ => None,
    })
}
