//! Reading what is left of JSON in which single values do not read.
//!
//! JSON can hold what Rust's types cannot: a number such as `1e999`, or one name twice in an object. One
//! such value must not lose the event, so everything else is read and it alone becomes null; of two values
//! with one name the last counts. This is the slow way round, for what the direct reading refused.

use serde_json::Value;
use serde_json::value::RawValue;

/// Levels of nesting that are read; what lies deeper becomes null.
const MAX_DEPTH: usize = 32;

/// The value, with null for whatever does not read.
pub(crate) fn salvage(raw: &RawValue) -> Value {
    level(raw, 0)
}

fn level(raw: &RawValue, depth: usize) -> Value {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{' | b'[') if depth == MAX_DEPTH => Value::Null,
        Some(b'{') => match serde_json::from_str::<Fields<'_>>(text) {
            Ok(Fields(fields)) => {
                Value::Object(fields.into_iter().map(|(name, raw)| (name, level(raw, depth + 1))).collect())
            }
            Err(_) => Value::Null,
        },
        Some(b'[') => match serde_json::from_str::<Vec<&RawValue>>(text) {
            Ok(items) => Value::Array(items.into_iter().map(|raw| level(raw, depth + 1)).collect()),
            Err(_) => Value::Null,
        },
        _ => serde_json::from_str(text).unwrap_or_default(),
    }
}

/// An object's fields in their order, with names that come twice.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vec<(String, &'de RawValue)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Visitor).map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &str) {
        let raw = RawValue::from_string(json.to_owned()).unwrap();
        assert_eq!(salvage(&raw), serde_json::from_str::<Value>(expected).unwrap(), "{json}");
    }

    #[test]
    fn only_what_does_not_read_is_lost() {
        check(r#"{"a":1e999,"b":[1,1e999,{"c":2}],"d":"x"}"#, r#"{"a":null,"b":[1,null,{"c":2}],"d":"x"}"#);
        check(r#"{"a":1,"a":2}"#, r#"{"a":2}"#);
        check("1e999", "null");
        check(r#" "text" "#, r#""text""#);
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        let raw = RawValue::from_string(deep).unwrap();
        assert!(salvage(&raw).is_array());
    }
}
