//! All schemas, by event and version.

use serde_json::value::RawValue;

use super::check::check;
use super::file::{self, SchemaError};
use super::{Finding, NEAR, Schema, alike, built_in, plain};
use crate::EventName;

/// All schemas. The built-in ones come first, in the order of a visit; versions of one event follow each
/// other.
#[derive(Debug, Clone)]
pub struct Registry {
    schemas: Vec<Schema>,
    /// The place of the newest version of each event, by the hash of its name.
    newest: Vec<(u64, usize)>,
}

impl Default for Registry {
    /// The built-in vocabulary.
    fn default() -> Self {
        let mut registry = Self { schemas: built_in::schemas(), newest: Vec::new() };
        registry.index();
        registry
    }
}

/// The same for a name in any case (FNV-1a).
fn hash(name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte | 0x20)).wrapping_mul(0x100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

impl Registry {
    /// Adds the schemas of a file: one object, or a list of them. `name` is the file's, for errors.
    ///
    /// # Errors
    /// [`SchemaError`] when the file does not read as schemas, or redefines a version. Nothing is added then.
    pub fn add(&mut self, name: &str, json: &str) -> Result<(), SchemaError> {
        let mut with = self.clone();
        for schema in file::schemas(name, json, &with)? {
            if with.version(&schema.event, schema.version).is_some() {
                return Err(SchemaError::twice(name, &schema));
            }
            let after = with.schemas.iter().rposition(|s| s.event == schema.event);
            with.schemas.insert(after.map_or(with.schemas.len(), |at| at + 1), schema);
            with.schemas.sort_by_key(|s| with_order(&self.schemas, s));
            with.index();
        }
        *self = with;
        Ok(())
    }

    fn index(&mut self) {
        let places = self.schemas.iter().enumerate();
        let is_newest =
            |s: &Schema| !self.schemas.iter().any(|o| o.event == s.event && o.version > s.version);
        self.newest = places.filter(|(_, s)| is_newest(s)).map(|(at, s)| (hash(&s.event), at)).collect();
        self.newest.sort_unstable();
    }

    /// The schema that applies to an event, whatever the case of its name.
    #[must_use]
    pub fn newest(&self, event: &str) -> Option<&Schema> {
        self.place(event).and_then(|place| self.schemas.get(place))
    }

    /// The place of the schema that applies, below [`len`](Self::len): for tables beside the registry.
    #[must_use]
    pub fn place(&self, event: &str) -> Option<usize> {
        let (event, wanted) = (event.trim(), hash(event.trim()));
        let from = self.newest.partition_point(|(hash, _)| *hash < wanted);
        let alike = self.newest.get(from..)?.iter().take_while(|(hash, _)| *hash == wanted);
        let mut places = alike.map(|(_, place)| *place);
        places.find(|&place| self.schemas.get(place).is_some_and(|s| s.event.eq_ignore_ascii_case(event)))
    }

    /// The schema at a place.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<&Schema> {
        self.schemas.get(place)
    }

    /// How many schemas there are, all versions counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.schemas.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.schemas.is_empty()
    }

    /// Every schema, all versions, an event's versions in their order.
    pub fn all(&self) -> impl Iterator<Item = &Schema> {
        self.schemas.iter()
    }

    /// The schema that applies to each event.
    pub fn applying(&self) -> impl Iterator<Item = &Schema> {
        self.schemas.iter().filter(|s| self.newest(&s.event).is_some_and(|n| n.version == s.version))
    }

    /// The versions of an event that there are.
    #[must_use]
    pub fn versions(&self, event: &str) -> Vec<u32> {
        let of = |s: &&Schema| s.event.eq_ignore_ascii_case(event.trim());
        self.schemas.iter().filter(of).map(|s| s.version).collect()
    }

    /// One version of an event.
    #[must_use]
    pub fn version(&self, event: &str, version: u32) -> Option<&Schema> {
        self.schemas.iter().find(|s| s.version == version && s.event.eq_ignore_ascii_case(event.trim()))
    }

    /// The known event whose name is nearest to one that is not, if any is near.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let flat = plain(name);
        let scored = self.applying().map(|s| (alike(&plain(&s.event), &flat), &s.event));
        let near = scored.filter(|(score, _)| *score >= NEAR);
        near.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, event)| event.as_ref())
    }

    /// Tells everything that is wrong with an event's properties. An event without a schema is looked
    /// through for personal data only.
    pub fn check<'a>(
        &'a self,
        event: &str,
        properties: Option<&RawValue>,
        tell: &mut dyn FnMut(Finding<'a>),
    ) {
        check(self.newest(event), properties, tell);
    }
}

/// Built-in events in the order of a visit, then the shop's own in the order in which they came; versions
/// in their order.
fn with_order(before: &[Schema], schema: &Schema) -> (usize, usize, u32) {
    let known = EventName::all().iter().position(|e| e.as_str() == schema.event);
    let own = before.iter().position(|s| s.event == schema.event);
    (known.unwrap_or(usize::MAX), own.unwrap_or(usize::MAX), schema.version)
}
