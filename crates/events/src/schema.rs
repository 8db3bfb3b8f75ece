//! Which properties an event should have, in versions, and what each of them makes possible.
//!
//! A [`Registry`] holds the schemas of the built-in vocabulary (version 1 each) and those that a shop adds
//! in files of its own: for its own events, or as a later version of a known one. The newest version of an
//! event applies; earlier ones stay readable. [`Registry::check`] says what is wrong with an event's
//! properties. A schema never decides whether an event is kept: checking tells, and only a request that
//! asks to be strict is refused.
//!
//! A property of a product in a list is written `products[].price`.

mod built_in;
mod check;
mod currencies;
mod file;
mod json_schema;
mod markdown;
mod personal;
mod registry;

use std::borrow::Cow;

use serde::Serialize;

pub use check::{Finding, Problem, Severity};
pub use file::SchemaError;
pub use markdown::reference;
pub use registry::Registry;

/// Words that are built in or come from a file.
type Words = Cow<'static, str>;

/// What precedes the name of a property of each product in a list.
const OF_EACH_PRODUCT: &str = "products[].";

/// What an event should look like.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Schema {
    /// The event's name in its canonical spelling.
    pub event: Words,
    /// Versions count from 1; the newest applies.
    pub version: u32,
    /// Whose it is.
    pub origin: SchemaOrigin,
    /// What happened when it is sent.
    pub description: Words,
    /// What the engine can do with the event.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub enables: Words,
    /// What it says.
    pub properties: Vec<Property>,
}

/// Whose a schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaOrigin {
    /// Of the program.
    BuiltIn,
    /// From a file of the shop.
    Shop,
}

/// One property of an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Property {
    /// Its name; `products[].price` for one of each product in a list.
    pub name: Words,
    /// What it must be.
    #[serde(rename = "type")]
    pub kind: PropertyType,
    /// How much it is needed.
    pub need: Need,
    /// Properties of which one is as good.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub or: Vec<Words>,
    /// The unit of its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Words>,
    /// What it says.
    pub description: Words,
    /// What the engine can do with it, and cannot without.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub enables: Words,
}

/// How much a property is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Without it the event says too little to be of use: an error.
    Required,
    /// Without it something is not possible: a warning.
    Recommended,
    /// It may be there.
    Optional,
}

/// What a property must be. Text that reads as a number counts as one, with a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PropertyType {
    /// Text. A number is as good, since ids are often sent as such.
    String,
    /// Any number.
    Number,
    /// A whole number.
    Integer,
    /// An amount of money: a number of major units, such as 12.50.
    Money,
    /// An ISO 4217 code, such as EUR.
    Currency,
    /// RFC 3339, such as 2026-01-31T09:30:00Z, or milliseconds since 1970.
    Time,
    /// True or false.
    Boolean,
    /// An object.
    Object,
    /// A list.
    Array,
    /// Anything.
    Any,
}

impl PropertyType {
    /// As it is written in files and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Money => "money",
            Self::Currency => "currency",
            Self::Time => "time",
            Self::Boolean => "boolean",
            Self::Object => "object",
            Self::Array => "array",
            Self::Any => "any",
        }
    }
}

impl Need {
    /// As it is written in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Recommended => "recommended",
            Self::Optional => "optional",
        }
    }
}

impl Schema {
    /// The property of this name; `products[].price` for one of each product in a list.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|p| p.name == name)
    }

    /// The known name that is nearest to one that is not, if any is near. Names of products' properties are
    /// compared with such names only.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let (inside, flat) = (name.starts_with(OF_EACH_PRODUCT), plain(name));
        let alike = |known: &str| alike(&plain(known), &flat);
        let known = self.properties.iter().map(|p| p.name.as_ref());
        let scored = known.filter(|k| k.starts_with(OF_EACH_PRODUCT) == inside).map(|k| (alike(k), k));
        scored.filter(|(score, _)| *score >= NEAR).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
    }
}

/// From here on, of 1, two names are near to each other.
const NEAR: f64 = 0.9;

/// How much two plain names are alike, of 1: by their beginnings and letters, or by the edits between them.
fn alike(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(a, b).max(strsim::normalized_damerau_levenshtein(a, b))
}

/// A name without what people write differently: `productId` and `Product-ID` are `productid`.
fn plain(name: &str) -> String {
    let name = name.strip_prefix(OF_EACH_PRODUCT).unwrap_or(name);
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
