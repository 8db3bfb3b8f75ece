//! Reading what clients send rather than what the specification says: numbers as strings, ids as numbers.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The longest id, name or label that is kept, in characters; longer ones are cut.
const MAX_TEXT: usize = 1_024;

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(s) if !s.trim().is_empty() => Some(s.trim().chars().take(MAX_TEXT).collect()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => s.trim().parse().ok(),
        _ => None,
    }
    .filter(|n| n.is_finite())
}

/// Text or a number as text; anything else, or blank, as none.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(text_of(&Value::deserialize(deserializer)?))
}

/// A number or a number in text; anything else as none.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(number_of(&Value::deserialize(deserializer)?))
}

/// A list, of which the items that read as `T` are kept; anything but a list as none.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> Deserialize<'a>,
{
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(items) => {
            Some(items.into_iter().filter_map(|i| serde_json::from_value(i).ok()).collect())
        }
        _ => None,
    })
}
