//! Values as JSON, the way Feast's clients read and write them: numbers of `double` and `float` always with a
//! decimal point or an exponent, since a client takes `1` for a whole number; bytes in base64; times in
//! seconds since 1970, read as text too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use serde_json::value::RawValue;
use tradewind_kernel::UtcMillis;

use crate::value::{Scalar, Value, ValueType};

/// A JSON value that is none of the type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given} is no {kind}")]
pub struct ValueError {
    given: String,
    kind: ValueType,
}

impl Value {
    /// Reads what a client sends; `null` is no value.
    ///
    /// # Errors
    /// [`ValueError`] when it is not of the type.
    pub fn of_json(kind: ValueType, json: &Json) -> Result<Option<Self>, ValueError> {
        let wrong = || ValueError { given: json.to_string().chars().take(80).collect(), kind };
        match json {
            Json::Null => Ok(None),
            Json::Array(values) if kind.is_list => {
                let one = |value| scalar_of(kind.scalar, value).ok_or_else(wrong);
                values.iter().map(one).collect::<Result<_, _>>().map(|values| Some(Self::List(values)))
            }
            _ if kind.is_list => Err(wrong()),
            _ => scalar_of(kind.scalar, json).map(Some).ok_or_else(wrong),
        }
    }

    /// Reads what a client sends, as text: numbers of `double` and `float` to the last bit, which a reader of JSON
    /// does not promise. `null` is no value.
    ///
    /// # Errors
    /// [`ValueError`] when it is not of the type.
    pub fn of_text(kind: ValueType, json: &str) -> Result<Option<Self>, ValueError> {
        let wrong = || ValueError { given: json.chars().take(80).collect(), kind };
        let read: Json = serde_json::from_str(json).map_err(|_| wrong())?;
        match (kind.scalar, &read) {
            (Scalar::Double | Scalar::Float, Json::Array(_)) if kind.is_list => {
                let parts: Vec<&RawValue> = serde_json::from_str(json).map_err(|_| wrong())?;
                let one = |part: &&RawValue| {
                    Self::of_text(ValueType::one(kind.scalar), part.get())?.ok_or_else(wrong)
                };
                parts.iter().map(one).collect::<Result<_, _>>().map(|values| Some(Self::List(values)))
            }
            (Scalar::Double, Json::Number(_)) if !kind.is_list => {
                json.trim().parse().map(|n| Some(Self::Double(n))).map_err(|_| wrong())
            }
            (Scalar::Float, Json::Number(_)) if !kind.is_list => {
                let number = json.trim().parse::<f32>().ok().filter(|n| n.is_finite());
                number.map(|n| Some(Self::Float(n))).ok_or_else(wrong)
            }
            _ => Self::of_json(kind, &read),
        }
    }

    /// Appends it as JSON. A number that is not finite is `null`, since JSON has none.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        // Writing into memory does not fail.
        let _ = match self {
            Self::Int(n) => serde_json::to_writer(out, n),
            Self::Double(n) => serde_json::to_writer(out, n),
            Self::Float(n) => serde_json::to_writer(out, n),
            Self::Text(text) => serde_json::to_writer(out, text),
            Self::Bool(yes) => serde_json::to_writer(out, yes),
            Self::Bytes(bytes) => serde_json::to_writer(out, &STANDARD.encode(bytes)),
            Self::List(values) => {
                out.push(b'[');
                for (n, value) in values.iter().enumerate() {
                    if n > 0 {
                        out.push(b',');
                    }
                    value.write_json(out);
                }
                out.push(b']');
                Ok(())
            }
        };
    }
}

fn scalar_of(scalar: Scalar, json: &Json) -> Option<Value> {
    match (scalar, json) {
        (Scalar::Int64, Json::Number(n)) => whole(n).map(Value::Int),
        (Scalar::UnixTimestamp, Json::Number(n)) => whole(n).map(Value::Int),
        (Scalar::UnixTimestamp, Json::String(text)) => {
            let at = UtcMillis::parse(text).ok()?;
            Some(Value::Int(at.get().div_euclid(UtcMillis::SECOND)))
        }
        (Scalar::Double, Json::Number(n)) => n.as_f64().map(Value::Double),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float has 32 bits; what is too large is infinite"
        )]
        (Scalar::Float, Json::Number(n)) => {
            n.as_f64().map(|n| n as f32).filter(|n| n.is_finite()).map(Value::Float)
        }
        (Scalar::String, Json::String(text)) => Some(Value::Text(text.clone())),
        (Scalar::Bool, Json::Bool(yes)) => Some(Value::Bool(*yes)),
        (Scalar::Bytes, Json::String(text)) => STANDARD.decode(text).ok().map(Value::Bytes),
        _ => None,
    }
}

/// A whole number, also when a data frame with gaps has made `7.0` of it.
fn whole(number: &serde_json::Number) -> Option<i64> {
    /// Doubles below this hold every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number within the range where doubles are exact"
    )]
    number
        .as_i64()
        .or_else(|| number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= EXACT).map(|n| n as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: &str, json: &str, expected: Option<&str>) {
        let kind = ValueType::parse(kind).unwrap();
        let written = Value::of_text(kind, json).ok().map(|value| {
            assert!(value.as_ref().is_none_or(|v| v.is_of(kind)));
            let mut out = Vec::new();
            match value {
                Some(value) => value.write_json(&mut out),
                None => out.extend(b"null"),
            }
            String::from_utf8(out).unwrap()
        });
        assert_eq!(written.as_deref(), expected, "{kind} {json}");
    }

    #[test]
    fn what_clients_send_comes_back() {
        check("int64", "7", Some("7"));
        check("int64", "7.0", Some("7"));
        check("int64", "7.5", None);
        check("int64", "9223372036854775807", Some("9223372036854775807"));
        check("int64", "9223372036854775808", None);
        check("int64", "\"7\"", None);
        check("int64", "true", None);
        check("double", "1", Some("1.0"));
        check("double", "1e300", Some("1e+300"));
        check("double", "41.05999771493823", Some("41.05999771493823"));
        check("double_list", "[41.05999771493823]", Some("[41.05999771493823]"));
        check("float", "0.1", Some("0.1"));
        check("float", "3", Some("3.0"));
        check("float", "1e300", None);
        check("string", "\"ä\\n\"", Some("\"ä\\n\""));
        check("string", "1", None);
        check("bool", "false", Some("false"));
        check("bool", "0", None);
        check("unix_timestamp", "\"2026-11-20T20:43:03.019653\"", Some("1795207383"));
        check("unix_timestamp", "1795207383", Some("1795207383"));
        check("bytes", "\"AAE=\"", Some("\"AAE=\""));
        check("bytes", "\"?\"", None);
        check("float_list", "[0.5,1]", Some("[0.5,1.0]"));
        check("float_list", "[0.5,null]", None);
        check("float_list", "0.5", None);
        check("string", "null", Some("null"));
    }
}
