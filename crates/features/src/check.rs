//! What a declaration must keep to.
//!
//! Limits: names have at most 64 characters, a view 256 features and 4 join keys, a service 500 features, a
//! query 16 KiB, an embedding 4,096 numbers, other texts 1,000 bytes; there are at most 1,000 views, 100 versions of each, and 1,000
//! services.

use crate::registry::Registry;
use crate::value::{Scalar, ValueType};
use crate::view::{Feature, ServiceSpec, Source, ViewSpec};

const MAX_NAME: usize = 64;
const MAX_FEATURES: usize = 256;
const MAX_KEYS: usize = 4;
const MAX_DIMENSIONS: u32 = 4_096;
const MAX_SERVICE: usize = 500;
const MAX_QUERY_BYTES: usize = 16 << 10;
const MAX_TEXT_BYTES: usize = 1_000;
/// Views of a registry.
pub(crate) const MAX_VIEWS: usize = 1_000;
/// Versions of one view.
pub(crate) const MAX_VERSIONS: usize = 100;
/// Services of a registry.
pub(crate) const MAX_SERVICES: usize = 1_000;

/// Columns that every row has beside its keys and features.
const RESERVED: [&str; 3] = ["event_timestamp", "created", "created_timestamp"];

/// Why a declaration is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {reason}")]
pub struct DeclarationError {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

pub(crate) fn refuse(pointer: impl Into<String>, reason: impl Into<String>) -> DeclarationError {
    DeclarationError { pointer: pointer.into(), reason: reason.into() }
}

fn check_name(pointer: &str, name: &str) -> Result<(), DeclarationError> {
    let is_start = name.starts_with(|c: char| c.is_ascii_lowercase());
    let is_plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if is_start && is_plain && name.len() <= MAX_NAME && !name.contains("__") {
        return Ok(());
    }
    let name: String = name.chars().take(MAX_NAME).collect();
    let rule = "a name has at most 64 of a-z, 0-9 and single _, and begins with a letter";
    Err(refuse(pointer, format!("'{name}' is no name: {rule}")))
}

fn check_text(pointer: &str, text: &str) -> Result<(), DeclarationError> {
    let fits = text.len() <= MAX_TEXT_BYTES && !text.chars().any(|c| c.is_control() && c != '\n');
    if fits { Ok(()) } else { Err(refuse(pointer, "a text has at most 1,000 bytes, none of them control")) }
}

/// Checks a view by itself.
pub(crate) fn view(spec: &ViewSpec) -> Result<(), DeclarationError> {
    check_name("/name", &spec.name)?;
    check_text("/owner", &spec.owner)?;
    check_text("/description", &spec.description)?;
    if spec.join_keys.len() > MAX_KEYS {
        return Err(refuse("/joinKeys", "a view has at most 4 join keys"));
    }
    let mut columns: Vec<String> = Vec::new();
    for (n, key) in spec.keys().into_iter().enumerate() {
        let pointer = format!("/joinKeys/{n}/name");
        check_name(&pointer, &key.name)?;
        if ![Scalar::String, Scalar::Int64].map(ValueType::one).contains(&key.kind) {
            return Err(refuse(format!("/joinKeys/{n}/type"), "a join key is a string or an int64"));
        }
        take_column(&mut columns, &pointer, &key.name)?;
    }
    if spec.features.is_empty() || spec.features.len() > MAX_FEATURES {
        return Err(refuse("/features", "a view has 1 to 256 features"));
    }
    for (n, feature) in spec.features.iter().enumerate() {
        let pointer = format!("/features/{n}/name");
        check_name(&pointer, &feature.name)?;
        take_column(&mut columns, &pointer, &feature.name)?;
        check_dimensions(&format!("/features/{n}/dimensions"), feature)?;
        check_text(&format!("/features/{n}/unit"), &feature.unit)?;
        check_text(&format!("/features/{n}/description"), &feature.description)?;
        check_text(&format!("/features/{n}/from"), feature.from.as_deref().unwrap_or_default())?;
    }
    check_source(&spec.source)
}

fn take_column(columns: &mut Vec<String>, pointer: &str, name: &str) -> Result<(), DeclarationError> {
    if RESERVED.contains(&name) {
        return Err(refuse(pointer, format!("'{name}' is a column that every row has; take another name")));
    }
    if columns.iter().any(|c| c == name) {
        return Err(refuse(pointer, format!("there are two columns '{name}'")));
    }
    columns.push(name.to_owned());
    Ok(())
}

fn check_dimensions(pointer: &str, feature: &Feature) -> Result<(), DeclarationError> {
    let Some(dimensions) = feature.dimensions else { return Ok(()) };
    let is_vector = feature.kind.is_list && matches!(feature.kind.scalar, Scalar::Float | Scalar::Double);
    if is_vector && (1..=MAX_DIMENSIONS).contains(&dimensions) {
        return Ok(());
    }
    Err(refuse(pointer, "a float_list or a double_list has dimensions, 1 to 4,096"))
}

fn check_source(source: &Source) -> Result<(), DeclarationError> {
    match source {
        Source::Push(name) => check_name("/source/push", name),
        Source::Sql(query) if query.trim().is_empty() || query.len() > MAX_QUERY_BYTES => {
            Err(refuse("/source/sql", "a query is not empty and has at most 16 KiB"))
        }
        Source::Sql(_) => Ok(()),
        Source::Traits | Source::Catalog | Source::Context => {
            Err(refuse("/source", "what is computed is built in; declare {\"push\":…} or {\"sql\":…}"))
        }
    }
}

/// Checks a service against the views that there are.
pub(crate) fn service(registry: &Registry, spec: &ServiceSpec) -> Result<(), DeclarationError> {
    check_name("/name", &spec.name)?;
    check_text("/owner", &spec.owner)?;
    check_text("/description", &spec.description)?;
    if spec.features.is_empty() || spec.features.len() > MAX_SERVICE || spec.models.len() > MAX_SERVICE {
        return Err(refuse("/features", "a service has 1 to 500 features, and at most 500 models"));
    }
    for (n, model) in spec.models.iter().enumerate() {
        check_text(&format!("/models/{n}"), model)?;
    }
    for (n, reference) in spec.features.iter().enumerate() {
        if let Err(error) = registry.look_up(reference) {
            return Err(refuse(format!("/features/{n}"), error.to_string()));
        }
    }
    Ok(())
}
