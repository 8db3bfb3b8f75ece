//! The types of traits, and their values as JSON.

use serde::ser::{Serialize, SerializeMap, Serializer};
use tradewind_kernel::UtcMillis;

/// The type of a trait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraitType {
    /// Yes or no.
    Flag,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Text, mostly of a closed set that the description names.
    Text,
    /// A time, RFC 3339.
    Time,
    /// Texts in an order.
    Texts,
    /// Numbers from 0 to 1 by text, the greatest first.
    Shares,
}

impl TraitType {
    /// Its name, as answers write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Text => "text",
            Self::Time => "time",
            Self::Texts => "texts",
            Self::Shares => "shares",
        }
    }
}

/// The value of a trait.
#[derive(Debug, Clone, PartialEq)]
pub enum TraitValue {
    /// Nothing is known.
    Missing,
    /// Of [`TraitType::Flag`].
    Flag(bool),
    /// Of [`TraitType::Integer`].
    Integer(i64),
    /// Of [`TraitType::Number`]; finite.
    Number(f64),
    /// Of [`TraitType::Text`].
    Text(String),
    /// Of [`TraitType::Time`].
    Time(UtcMillis),
    /// Of [`TraitType::Texts`].
    Texts(Vec<String>),
    /// Of [`TraitType::Shares`].
    Shares(Vec<(String, f64)>),
}

/// A number with three digits behind the point: what is behind them says nothing.
fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

impl TraitValue {
    /// A number, rounded to three digits; missing if it is none.
    #[must_use]
    pub fn number(number: f64) -> Self {
        if number.is_finite() { Self::Number(rounded(number)) } else { Self::Missing }
    }

    /// Shares, rounded to three digits.
    #[must_use]
    pub fn shares(shares: impl IntoIterator<Item = (String, f64)>) -> Self {
        Self::Shares(shares.into_iter().map(|(text, share)| (text, rounded(share))).collect())
    }

    /// A value if there is one.
    #[must_use]
    pub fn maybe<T>(value: Option<T>, of: fn(T) -> Self) -> Self {
        value.map_or(Self::Missing, of)
    }

    /// Whether it is a value of this type; a missing one is of any.
    #[must_use]
    pub const fn is_of(&self, kind: TraitType) -> bool {
        match self {
            Self::Missing => true,
            Self::Flag(_) => matches!(kind, TraitType::Flag),
            Self::Integer(_) => matches!(kind, TraitType::Integer),
            Self::Number(_) => matches!(kind, TraitType::Number),
            Self::Text(_) => matches!(kind, TraitType::Text),
            Self::Time(_) => matches!(kind, TraitType::Time),
            Self::Texts(_) => matches!(kind, TraitType::Texts),
            Self::Shares(_) => matches!(kind, TraitType::Shares),
        }
    }
}

impl Serialize for TraitValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Missing => serializer.serialize_none(),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Time(at) => serializer.serialize_str(&at.to_rfc3339()),
            Self::Texts(texts) => texts.serialize(serializer),
            Self::Shares(shares) => {
                let mut map = serializer.serialize_map(Some(shares.len()))?;
                for (text, share) in shares {
                    map.serialize_entry(text, share)?;
                }
                map.end()
            }
        }
    }
}
