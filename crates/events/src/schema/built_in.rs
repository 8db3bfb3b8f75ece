//! The built-in vocabulary, version 1 of each event.
//!
//! A property is defined once, in [`properties`], and events name it; where one word means two things the
//! second is written with what tells it apart, `name@promotion`. `a|b` is `a`, for which `b` is as good.

mod after;
mod browsing;
mod buying;
mod properties;

use std::borrow::Cow;

use self::properties::{Definition, GROUPS, definition};
use super::{Need, OF_EACH_PRODUCT, Property, Schema, SchemaOrigin, Words};
use crate::EventName;

/// What an event is, in the terms of the properties' definitions.
struct Entry {
    event: EventName,
    description: &'static str,
    enables: &'static str,
    required: &'static [&'static str],
    recommended: &'static [&'static str],
    /// Groups of properties and single ones that may be there.
    optional: &'static [&'static str],
}

/// Declares events, one after the other.
macro_rules! entries {
    ($($event:ident: $description:literal => $enables:literal,
        required $required:tt recommended $recommended:tt optional $optional:tt;)*) => {
        pub(super) static ENTRIES: &[super::Entry] = &[$(super::Entry {
            event: crate::EventName::$event,
            description: $description,
            enables: $enables,
            required: &$required,
            recommended: &$recommended,
            optional: &$optional,
        }),*];
    };
}
use entries;

/// Every schema of the vocabulary, in the order of a visit.
pub(super) fn schemas() -> Vec<Schema> {
    let of = |event: &EventName| all().find(|e| e.event == *event).map(schema);
    EventName::all().iter().filter_map(of).collect()
}

/// Every event's entry.
fn all() -> impl Iterator<Item = &'static Entry> {
    [browsing::ENTRIES, buying::ENTRIES, after::ENTRIES].into_iter().flatten()
}

fn schema(entry: &Entry) -> Schema {
    let mut properties: Vec<Property> = Vec::new();
    let needs = [
        (entry.required, Need::Required),
        (entry.recommended, Need::Recommended),
        (entry.optional, Need::Optional),
    ];
    for (names, need) in needs {
        for name in names.iter().flat_map(|name| expanded(name)) {
            let Some(property) = property(&name, need) else { continue };
            if !properties.iter().any(|p| p.name == property.name) {
                properties.push(property);
            }
        }
    }
    Schema {
        event: Cow::Owned(entry.event.as_str().to_owned()),
        version: 1,
        origin: SchemaOrigin::BuiltIn,
        description: entry.description.into(),
        enables: entry.enables.into(),
        properties,
    }
}

/// The names that a group stands for; any other name stands for itself.
fn expanded(name: &'static str) -> Vec<Words> {
    if name == "@products" {
        let inside = expanded("@product").into_iter().map(|name| format!("{OF_EACH_PRODUCT}{name}").into());
        return std::iter::once("products".into()).chain(inside).collect();
    }
    match GROUPS.iter().find(|(group, _)| *group == name) {
        Some((_, names)) => names.iter().map(|name| Cow::Borrowed(*name)).collect(),
        None => vec![name.into()],
    }
}

/// The property that `prefix.name@sense|or` stands for.
fn property(written: &str, need: Need) -> Option<Property> {
    let (prefix, rest) = match written.strip_prefix(OF_EACH_PRODUCT) {
        Some(rest) => (OF_EACH_PRODUCT, rest),
        None => ("", written),
    };
    let mut names = rest.split('|');
    let key = names.next()?;
    let Definition { kind, unit, description, enables, .. } = definition(key)?;
    let full = |name: &str| -> Words { format!("{prefix}{name}").into() };
    Some(Property {
        name: full(key.split('@').next()?),
        kind: *kind,
        need,
        or: names.map(full).collect(),
        unit: unit.map(Words::from),
        description: (*description).into(),
        enables: (*enables).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_schema_and_every_name_a_definition() {
        assert_eq!(all().count(), EventName::all().len());
        assert_eq!(schemas().len(), EventName::all().len());
        for entry in all() {
            for written in [entry.required, entry.recommended, entry.optional].concat() {
                for name in expanded(written) {
                    assert!(property(&name, Need::Optional).is_some(), "{}: {name}", entry.event.as_str());
                    for other in name.split('|').skip(1) {
                        assert!(definition(other).is_some(), "{}: {other}", entry.event.as_str());
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_as_good_is_known_too() {
        for schema in schemas() {
            for other in schema.properties.iter().flat_map(|p| &p.or) {
                assert!(schema.property(other).is_some(), "{}: {other}", schema.event);
            }
        }
    }

    #[test]
    fn what_is_needed_says_what_for() {
        for schema in schemas() {
            assert!(schema.description.ends_with('.'), "{}", schema.event);
            for property in schema.properties.iter().filter(|p| p.need != Need::Optional) {
                assert!(!property.enables.is_empty(), "{}: {}", schema.event, property.name);
            }
        }
    }
}
