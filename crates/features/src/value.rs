//! Values of features and their types: Feast's, as far as a shop needs them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A type without lists. Stored as its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scalar {
    /// A whole number of 64 bits.
    Int64,
    /// A number of 64 bits.
    Double,
    /// A number of 32 bits.
    Float,
    /// Text.
    String,
    /// Yes or no.
    Bool,
    /// Whole seconds since 1970.
    UnixTimestamp,
    /// Bytes; base64 in JSON.
    Bytes,
}

impl Scalar {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Int64, Self::Double, Self::Float, Self::String, Self::Bool, Self::UnixTimestamp, Self::Bytes];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Int64 => "int64",
            Self::Double => "double",
            Self::Float => "float",
            Self::String => "string",
            Self::Bool => "bool",
            Self::UnixTimestamp => "unix_timestamp",
            Self::Bytes => "bytes",
        }
    }
}

/// The type of a feature: a scalar, or a list of them. Written `int64`, `float_list`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ValueType {
    /// The type, or that of the list's elements.
    pub scalar: Scalar,
    /// Whether it is a list.
    pub is_list: bool,
}

impl ValueType {
    /// A type that is no list.
    #[must_use]
    pub const fn one(scalar: Scalar) -> Self {
        Self { scalar, is_list: false }
    }

    /// A list.
    #[must_use]
    pub const fn list(scalar: Scalar) -> Self {
        Self { scalar, is_list: true }
    }

    /// Reads a type's name, in any case.
    ///
    /// # Errors
    /// When there is none of this name; the text lists those that there are.
    pub fn parse(name: &str) -> Result<Self, String> {
        let lower = name.to_ascii_lowercase();
        let (scalar, is_list) = match lower.strip_suffix("_list") {
            Some(scalar) => (scalar, true),
            None => (lower.as_str(), false),
        };
        match Scalar::ALL.into_iter().find(|s| s.as_str() == scalar) {
            Some(scalar) => Ok(Self { scalar, is_list }),
            None => {
                let name: String = name.chars().take(64).collect();
                let names = Scalar::ALL.map(Scalar::as_str).join(", ");
                Err(format!("'{name}' is no type of a feature: the types are {names}, and each with _list"))
            }
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scalar.as_str())?;
        if self.is_list { f.write_str("_list") } else { Ok(()) }
    }
}

impl From<ValueType> for String {
    fn from(kind: ValueType) -> Self {
        kind.to_string()
    }
}

impl TryFrom<String> for ValueType {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::parse(&name)
    }
}

/// A value. Which one it may be, its feature's [`ValueType`] says.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of `int64`; of `unix_timestamp` in seconds.
    Int(i64),
    /// Of `double`.
    Double(f64),
    /// Of `float`.
    Float(f32),
    /// Of `string`.
    Text(String),
    /// Of `bool`.
    Bool(bool),
    /// Of `bytes`.
    Bytes(Vec<u8>),
    /// Of a list.
    List(Vec<Value>),
}

impl Value {
    /// Whether a feature of this type may have it.
    #[must_use]
    pub fn is_of(&self, kind: ValueType) -> bool {
        match self {
            Self::List(values) => kind.is_list && values.iter().all(|v| v.is_of(ValueType::one(kind.scalar))),
            _ if kind.is_list => false,
            Self::Int(_) => matches!(kind.scalar, Scalar::Int64 | Scalar::UnixTimestamp),
            Self::Double(_) => kind.scalar == Scalar::Double,
            Self::Float(_) => kind.scalar == Scalar::Float,
            Self::Text(_) => kind.scalar == Scalar::String,
            Self::Bool(_) => kind.scalar == Scalar::Bool,
            Self::Bytes(_) => kind.scalar == Scalar::Bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_read_back() {
        for scalar in Scalar::ALL {
            for kind in [ValueType::one(scalar), ValueType::list(scalar)] {
                assert_eq!(ValueType::parse(&kind.to_string()), Ok(kind));
                assert_eq!(ValueType::parse(&kind.to_string().to_uppercase()), Ok(kind));
            }
        }
        let error = ValueType::parse("int").unwrap_err();
        assert!(error.contains("'int'") && error.contains("unix_timestamp"), "{error}");
    }

    #[test]
    fn a_value_fits_its_type_only() {
        let floats = Value::List(vec![Value::Float(1.0)]);
        assert!(floats.is_of(ValueType::list(Scalar::Float)));
        assert!(
            !floats.is_of(ValueType::list(Scalar::Double)) && !floats.is_of(ValueType::one(Scalar::Float))
        );
        assert!(!Value::Float(1.0).is_of(ValueType::list(Scalar::Float)));
        assert!(Value::Int(1).is_of(ValueType::one(Scalar::UnixTimestamp)));
    }
}
