//! Declarations: what a feature view and a feature service say of themselves.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tradewind_kernel::{Purpose, Subject};

use crate::value::{Scalar, Value, ValueType};

/// What a view tells something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A shopper: `user_id:…`, `anonymous_id:…`, or a bare user id.
    Subject,
    /// A product, by the shop's id.
    Product,
    /// A category, by its path.
    Category,
    /// A session.
    Session,
}

impl EntityKind {
    /// Its name, which is also the join key where a view names none.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Product => "product",
            Self::Category => "category",
            Self::Session => "session",
        }
    }

    /// Whether its features are personal data.
    #[must_use]
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::Subject | Self::Session)
    }
}

/// A column that says which entity a row is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinKey {
    /// The column's name.
    pub name: String,
    /// `string` or `int64`.
    #[serde(rename = "type", default = "text")]
    pub kind: ValueType,
}

fn text() -> ValueType {
    ValueType::one(Scalar::String)
}

/// One feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Feature {
    /// Its name, unique within the view.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ValueType,
    /// What it counts: `orders`, `days`, `minor units`; empty where it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// What it comes from, where that has another name than the feature: a trait, a field, a column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it says, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it may be used for, where that is narrower than the view's purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// How long after the entity's latest event it has a value, in seconds, where that is shorter than the view says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u64>,
    /// Of an embedding, a `float_list` or `double_list`, how many numbers it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<u32>,
}

impl Feature {
    /// A feature of a type, about which nothing more is said.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: ValueType) -> Self {
        Self {
            name: name.into(),
            kind,
            unit: String::new(),
            from: None,
            description: String::new(),
            purpose: None,
            ttl_seconds: None,
            dimensions: None,
        }
    }

    /// Whether it may have this value: one of its type, and an embedding of its length.
    #[must_use]
    pub fn takes(&self, value: &Value) -> bool {
        let has_length = |dimensions: u32| match value {
            Value::List(numbers) => numbers.len() == dimensions as usize,
            _ => false,
        };
        value.is_of(self.kind) && self.dimensions.is_none_or(has_length)
    }
}

/// Where a view's values come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Traits of the live profile, computed as they are read.
    Traits,
    /// The catalog and the counters of products, computed as they are read.
    Catalog,
    /// The moment of the read.
    Context,
    /// A query of the lake, whose rows are materialised.
    Sql(String),
    /// Rows that somebody sends, under this name of a push source.
    Push(String),
}

/// A declared feature view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ViewSpec {
    /// Its name.
    pub name: String,
    /// What it tells something about.
    pub entity: EntityKind,
    /// The columns that name the entity; one of the entity's own name, as text, if none is given.
    #[serde(default)]
    pub join_keys: Vec<JoinKey>,
    /// Its features.
    pub features: Vec<Feature>,
    /// Where they come from.
    pub source: Source,
    /// How old a row may be to count, in seconds; 0 sets no limit.
    #[serde(default)]
    pub ttl_seconds: u64,
    /// Who answers for it.
    #[serde(default)]
    pub owner: String,
    /// What it may be used for, where it is personal data.
    pub purpose: Purpose,
    /// What it is, in words.
    #[serde(default)]
    pub description: String,
}

impl ViewSpec {
    /// The columns that name the entity.
    #[must_use]
    pub fn keys(&self) -> Vec<JoinKey> {
        if self.join_keys.is_empty() {
            vec![JoinKey { name: self.entity.as_str().to_owned(), kind: text() }]
        } else {
            self.join_keys.clone()
        }
    }

    /// Whether both have the same schema and source, so that rows of one are rows of the other.
    #[must_use]
    pub fn has_schema_of(&self, other: &Self) -> bool {
        let columns = |spec: &Self| {
            let column = |f: &Feature| (f.name.clone(), f.kind, f.from.clone(), f.dimensions);
            let mut columns: Vec<_> = spec.features.iter().map(column).collect();
            columns.sort();
            columns
        };
        self.entity == other.entity
            && self.keys() == other.keys()
            && self.source == other.source
            && columns(self) == columns(other)
    }
}

/// One version of a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// What is declared.
    pub spec: ViewSpec,
    /// Its version, from 1.
    pub version: u32,
}

impl View {
    /// Its name with the version, `view@v2`.
    #[must_use]
    pub fn versioned(&self) -> String {
        format!("{}@v{}", self.spec.name, self.version)
    }

    /// Where a feature stands in a row.
    #[must_use]
    pub fn position(&self, feature: &str) -> Option<usize> {
        self.spec.features.iter().position(|f| f.name == feature)
    }

    /// Whether one join key names a subject, so that rows belong to the subject whatever it is called.
    #[must_use]
    pub fn is_of_subjects(&self) -> bool {
        self.spec.entity == EntityKind::Subject && self.spec.join_keys.len() <= 1
    }

    /// The key under which the rows of an entity are kept: a subject's own where the view is of subjects
    /// (a text that is no subject's is a user's id), else the text.
    #[must_use]
    pub fn entity_of<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.is_of_subjects() {
            return Cow::Borrowed(text);
        }
        let subject = Subject::parse(text).unwrap_or_else(|_| Subject::User(text.to_owned()));
        Cow::Owned(subject.key())
    }

    /// How old a row may be, in milliseconds; `None` sets no limit.
    #[must_use]
    pub fn ttl_ms(&self) -> Option<i64> {
        let ms = i64::try_from(self.spec.ttl_seconds.saturating_mul(1_000)).unwrap_or(i64::MAX);
        (ms > 0).then_some(ms)
    }
}

/// A named list of features, as a model reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceSpec {
    /// Its name.
    pub name: String,
    /// `view:feature`, `view@v2:feature`, or `view` for all of a view.
    pub features: Vec<String>,
    /// The models that read it.
    #[serde(default)]
    pub models: Vec<String>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: String,
    /// What it is for, in words.
    #[serde(default)]
    pub description: String,
}
