//! What is wrong with one event's properties.
//!
//! Each kind of problem is told once for each property of an event, however many products have it. The
//! first 20 products of a list are looked at.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tradewind_kernel::UtcMillis;

use super::currencies::is_currency;
use super::personal::mail_addresses;
use super::{Need, OF_EACH_PRODUCT, Property, PropertyType, Schema};
use crate::salvage::salvage;

/// Products of a list that are looked at.
const MAX_PRODUCTS: usize = 20;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Something is not possible, or goes wrong sooner or later.
    Warning,
    /// What was sent is of no use as it is.
    Error,
}

/// What can be wrong with a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// It is absent and required.
    RequiredMissing,
    /// It is absent, and something is not possible without it.
    RecommendedMissing,
    /// It has another type, and is read as absent.
    WrongType,
    /// It should be an amount of money, and is no number.
    NotMoney,
    /// It should be a currency, and is none of ISO 4217.
    UnknownCurrency,
    /// It should be a time, and does not read as one.
    NotATime,
    /// It should be a whole number, and has a fraction.
    NotWhole,
    /// It is a number written as text. It is read all the same.
    NumberAsText,
    /// It holds an e-mail address.
    MailAddress,
    /// The schema does not know it. It is kept as it is.
    UnknownProperty,
}

impl Problem {
    /// Each of them.
    pub const ALL: [Self; 10] = [
        Self::RequiredMissing,
        Self::RecommendedMissing,
        Self::WrongType,
        Self::NotMoney,
        Self::UnknownCurrency,
        Self::NotATime,
        Self::NotWhole,
        Self::NumberAsText,
        Self::MailAddress,
        Self::UnknownProperty,
    ];

    /// In snake case, of a closed set.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequiredMissing => "required_missing",
            Self::RecommendedMissing => "recommended_missing",
            Self::WrongType => "wrong_type",
            Self::NotMoney => "not_money",
            Self::UnknownCurrency => "unknown_currency",
            Self::NotATime => "not_a_time",
            Self::NotWhole => "not_whole",
            Self::NumberAsText => "number_as_text",
            Self::MailAddress => "mail_address",
            Self::UnknownProperty => "unknown_property",
        }
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::RequiredMissing
            | Self::WrongType
            | Self::NotMoney
            | Self::UnknownCurrency
            | Self::NotATime => Severity::Error,
            Self::RecommendedMissing | Self::NotWhole | Self::NumberAsText | Self::MailAddress => {
                Severity::Warning
            }
            Self::UnknownProperty => Severity::Note,
        }
    }
}

/// One thing that is wrong with an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding<'a> {
    /// Which property; `products[].price` for one of a product in a list.
    pub property: Cow<'a, str>,
    /// What is wrong with it.
    pub problem: Problem,
    /// What the schema says of it, if it knows it.
    pub definition: Option<&'a Property>,
}

impl Finding<'_> {
    /// What is wrong, in words.
    #[must_use]
    pub fn detail(&self) -> String {
        let name = &self.property;
        let wanted = self.definition.map_or("another type", |d| d.kind.as_str());
        let or: String =
            self.definition.map_or_else(String::new, |d| d.or.iter().map(|o| format!(" or {o}")).collect());
        match self.problem {
            Problem::RequiredMissing => format!("{name}{or} is missing"),
            Problem::RecommendedMissing => format!("{name}{or} is recommended and missing"),
            Problem::WrongType => format!("{name} is no {wanted}"),
            Problem::NotMoney => format!("{name} is no number: send major units, such as 12.50"),
            Problem::UnknownCurrency => format!("{name} is no ISO 4217 code such as EUR"),
            Problem::NotATime => format!("{name} is no RFC 3339 time such as 2026-01-31T09:30:00Z"),
            Problem::NotWhole => format!("{name} is no whole number"),
            Problem::NumberAsText => format!("{name} is a number written as text"),
            Problem::MailAddress => {
                format!("{name} holds an e-mail address: personal data belongs into traits")
            }
            Problem::UnknownProperty => format!("{name} is not known here; it is kept"),
        }
    }
}

/// Tells everything that is wrong with an event's properties. Pointless for an event without a schema but
/// for [`Problem::MailAddress`].
pub(super) fn check<'a>(
    schema: Option<&'a Schema>,
    properties: Option<&RawValue>,
    tell: &mut dyn FnMut(Finding<'a>),
) {
    let fields = properties.map_or_else(Map::new, read);
    if let Some(schema) = schema {
        let products: Vec<&Map<String, Value>> = match fields.get("products") {
            Some(Value::Array(items)) => {
                items.iter().take(MAX_PRODUCTS).filter_map(Value::as_object).collect()
            }
            _ => Vec::new(),
        };
        for property in &schema.properties {
            let problem = match property.name.starts_with(OF_EACH_PRODUCT) {
                true => products.iter().find_map(|product| problem_of(property, product)),
                false => problem_of(property, &fields),
            };
            if let Some(problem) = problem {
                tell(Finding {
                    property: Cow::Borrowed(&property.name),
                    problem,
                    definition: Some(property),
                });
            }
        }
        tell_unknown(schema, &fields, &products, tell);
    }
    mail_addresses(&fields, &mut |path| {
        let definition = schema.and_then(|s| s.property(&path));
        tell(Finding { property: path.into(), problem: Problem::MailAddress, definition });
    });
}

fn read(raw: &RawValue) -> Map<String, Value> {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| match salvage(raw) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    })
}

/// The name without what says that it is one of each product's.
fn local(name: &str) -> &str {
    name.strip_prefix(OF_EACH_PRODUCT).unwrap_or(name)
}

fn is_there(fields: &Map<String, Value>, name: &str) -> bool {
    match fields.get(local(name)) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(_) => true,
    }
}

fn problem_of(property: &Property, fields: &Map<String, Value>) -> Option<Problem> {
    match fields.get(local(&property.name)) {
        Some(value) if is_there(fields, &property.name) => mistyped(property.kind, value),
        _ if property.or.iter().any(|other| is_there(fields, other)) => None,
        _ => match property.need {
            Need::Required => Some(Problem::RequiredMissing),
            Need::Recommended => Some(Problem::RecommendedMissing),
            Need::Optional => None,
        },
    }
}

/// What is wrong with a value that should be of this type.
fn mistyped(kind: PropertyType, value: &Value) -> Option<Problem> {
    let as_number = |otherwise: Problem| match value {
        Value::Number(_) => None,
        Value::String(text) if text.trim().parse::<f64>().is_ok_and(f64::is_finite) => {
            Some(Problem::NumberAsText)
        }
        _ => Some(otherwise),
    };
    let unless = |fits: bool| (!fits).then_some(Problem::WrongType);
    match kind {
        PropertyType::Any => None,
        PropertyType::String => unless(value.is_string() || value.is_number()),
        PropertyType::Number => as_number(Problem::WrongType),
        PropertyType::Integer => match value.as_f64() {
            Some(number) if number.fract() != 0.0 => Some(Problem::NotWhole),
            _ => as_number(Problem::WrongType),
        },
        PropertyType::Money => as_number(Problem::NotMoney),
        PropertyType::Currency => {
            (!value.as_str().is_some_and(is_currency)).then_some(Problem::UnknownCurrency)
        }
        PropertyType::Time => {
            let reads = value.is_number() || value.as_str().is_some_and(|t| UtcMillis::parse(t).is_ok());
            (!reads).then_some(Problem::NotATime)
        }
        PropertyType::Boolean => unless(value.is_boolean()),
        PropertyType::Object => unless(value.is_object()),
        PropertyType::Array => unless(value.is_array()),
    }
}

fn tell_unknown<'a>(
    schema: &'a Schema,
    fields: &Map<String, Value>,
    products: &[&Map<String, Value>],
    tell: &mut dyn FnMut(Finding<'a>),
) {
    let mut told = |property: String| {
        tell(Finding { property: property.into(), problem: Problem::UnknownProperty, definition: None });
    };
    for name in fields.keys().filter(|name| schema.property(name).is_none()) {
        told(name.clone());
    }
    let mut seen: Vec<&str> = Vec::new();
    let of_products = || schema.properties.iter().filter_map(|p| p.name.strip_prefix(OF_EACH_PRODUCT));
    for name in products.iter().flat_map(|product| product.keys()) {
        if !seen.contains(&name.as_str()) && !of_products().any(|known| known == name) {
            seen.push(name);
            told(format!("{OF_EACH_PRODUCT}{name}"));
        }
    }
}
