//! A shop's schemas, as it writes them in files.
//!
//! ```json
//! {"event": "Size Guide Opened", "version": 1, "description": "Somebody looked sizes up.",
//!  "properties": {"product_id": {"type": "string", "required": true, "description": "For which product."}}}
//! ```
//!
//! A file holds one such object or a list of them. A property may also have `recommended`, `unit`, `enables`
//! and `or`, a list of properties of which one is as good. A schema of a built-in event begins with version
//! 2 and has all its properties; those that the file names are added or replaced.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Need, OF_EACH_PRODUCT, Property, PropertyType, Registry, Schema, SchemaOrigin};
use crate::EventName;

/// The longest name of an event or a property, in characters.
const MAX_NAME: usize = 512;

/// Why a file's schemas cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct SchemaError {
    /// Which file.
    pub file: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

impl SchemaError {
    fn new(file: &str, problem: impl Into<String>) -> Self {
        Self { file: file.to_owned(), problem: problem.into() }
    }

    pub(super) fn twice(file: &str, schema: &Schema) -> Self {
        let Schema { event, version, .. } = schema;
        Self::new(file, format!("there is a version {version} of '{event}' already; give it another version"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    event: String,
    version: u32,
    #[serde(default)]
    description: String,
    #[serde(default)]
    enables: String,
    properties: BTreeMap<String, WrittenProperty>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenProperty {
    #[serde(rename = "type")]
    kind: PropertyType,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    recommended: bool,
    #[serde(default)]
    or: Vec<String>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    enables: String,
}

/// The schemas of a file. Extends what `registry` has of built-in events.
pub(super) fn schemas(file: &str, json: &str, registry: &Registry) -> Result<Vec<Schema>, SchemaError> {
    let unreadable = |e: serde_json::Error| SchemaError::new(file, format!("it is no schema: {e}"));
    let written: Vec<Written> = match json.trim_start().starts_with('[') {
        true => serde_json::from_str(json).map_err(unreadable)?,
        false => vec![serde_json::from_str(json).map_err(unreadable)?],
    };
    written.into_iter().map(|w| schema(w, registry).map_err(|p| SchemaError::new(file, p))).collect()
}

fn schema(written: Written, registry: &Registry) -> Result<Schema, String> {
    let event = EventName::canonical(&written.event).to_owned();
    if event.is_empty() || event.chars().count() > MAX_NAME {
        return Err(format!("event must be a name of 1 to {MAX_NAME} characters"));
    }
    let base = registry.version(&event, 1).filter(|s| s.origin == SchemaOrigin::BuiltIn);
    match (written.version, base) {
        (0, _) => return Err(format!("the version of '{event}' is 0; versions begin with 1")),
        (1, Some(_)) => {
            return Err(format!("version 1 of '{event}' is built in; give yours version 2 or above"));
        }
        _ => {}
    }
    let mut properties = base.map_or_else(Vec::new, |b| b.properties.clone());
    for (name, written) in written.properties {
        let property = property(name, written, &event)?;
        match properties.iter_mut().find(|p| p.name == property.name) {
            Some(known) => *known = property,
            None => properties.push(property),
        }
    }
    let known = |name: &str| properties.iter().any(|p| p.name == name);
    if let Some(missing) = properties.iter().flat_map(|p| &p.or).find(|other| !known(other)) {
        return Err(format!("'{event}': or names '{missing}', which is no property of it"));
    }
    let words = |own: String, of_base: fn(&Schema) -> &str| match base {
        Some(base) if own.is_empty() => of_base(base).to_owned(),
        _ => own,
    };
    Ok(Schema {
        version: written.version,
        origin: SchemaOrigin::Shop,
        description: words(written.description, |b| &b.description).into(),
        enables: words(written.enables, |b| &b.enables).into(),
        properties,
        event: event.into(),
    })
}

fn property(name: String, written: WrittenProperty, event: &str) -> Result<Property, String> {
    let plain = name.strip_prefix(OF_EACH_PRODUCT).unwrap_or(&name);
    if plain.trim().is_empty() || plain.trim() != plain || name.chars().count() > MAX_NAME {
        return Err(format!(
            "'{event}': a property's name has 1 to {MAX_NAME} characters, no blanks around it"
        ));
    }
    let need = match (written.required, written.recommended) {
        (true, true) => {
            return Err(format!("'{event}': {name} is both required and recommended; choose one"));
        }
        (true, false) => Need::Required,
        (false, true) => Need::Recommended,
        (false, false) => Need::Optional,
    };
    Ok(Property {
        name: name.into(),
        kind: written.kind,
        need,
        or: written.or.into_iter().map(Into::into).collect(),
        unit: written.unit.map(Into::into),
        description: written.description.into(),
        enables: written.enables.into(),
    })
}
