//! What the vault makes of each personal value that is found in an event.

use tradewind_events::personal::{IdSlot, Keeper};
use tradewind_people::vault::{Identifier, is_pseudonym};
use tradewind_ports::StateError;
use xxhash_rust::xxh3::xxh3_128;
use zeroize::Zeroizing;

use super::rows::{FieldKind, ID_FIELD};
use super::writer::{Keep, Value};
use super::{Inner, MAX_VALUE_BYTES};

/// Names what is taken out of one event, and remembers it.
pub(super) struct Taking<'a> {
    inner: &'a Inner,
    values: Vec<Value>,
    failed: Option<StateError>,
}

impl<'a> Taking<'a> {
    pub(super) fn new(inner: &'a Inner) -> Self {
        Self { inner, values: Vec::new(), failed: None }
    }

    /// Adds what is not known to be sealed, for the person that it is about. Without a person it is lost.
    pub(super) fn into_keep(self, person: Option<String>, keeps: &mut Vec<Keep>) -> Result<(), StateError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let Some(person) = person else { return Ok(()) };
        let mut values = self.values;
        for value in &mut values {
            let whole = [person.as_bytes(), value.field.as_bytes(), value.text.as_bytes()];
            value.known_as = xxh3_128(&Zeroizing::new(whole.join(&[0, value.kind as u8][..])));
        }
        values.retain(|value| self.inner.known.get(&value.known_as).is_none());
        if !values.is_empty() {
            keeps.push(Keep { person, values });
        }
        Ok(())
    }

    /// The name that stands for an id.
    pub(super) fn id_name(&mut self, address: &str) -> String {
        let kind = if address.contains('@') { Identifier::Email } else { Identifier::Phone };
        let normalised = self.inner.normalised(kind, address).unwrap_or_else(|| address.to_lowercase());
        self.inner.id_name(kind, &normalised).unwrap_or_else(|error| {
            self.failed = Some(error);
            String::new()
        })
    }

    fn put(&mut self, kind: FieldKind, field: &str, text: &str, name: Option<String>) {
        let mut end = text.len().min(MAX_VALUE_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = Zeroizing::new(text[..end].to_owned());
        self.values.push(Value { kind, field: field.to_owned(), text, name, known_as: 0 });
    }

    /// A value that is the person's, by its name; `None` where it has no form that leads to one.
    fn named(&mut self, kind: FieldKind, field: &str, value: &str) -> Option<String> {
        if is_pseudonym(value) {
            return Some(value.to_owned());
        }
        let identifier = kind.identifier()?;
        // A national number of no known country still has its digits.
        let digits = || value.chars().filter(char::is_ascii_digit).collect::<String>();
        let normalised = self.inner.normalised(identifier, value);
        let normalised = normalised.or_else(|| (kind == FieldKind::Phone).then(digits));
        let Some(normalised) = normalised else {
            self.put(FieldKind::Other, field, value, None);
            return None;
        };
        let name = self.inner.epochs.load().current.pseudonym(identifier, &normalised);
        self.put(kind, field, value, Some(name.clone()));
        Some(name)
    }
}

impl Keeper for Taking<'_> {
    fn email(&mut self, field: &str, value: &str) -> Option<String> {
        self.named(FieldKind::Email, field, value)
    }

    fn phone(&mut self, field: &str, value: &str) -> Option<String> {
        self.named(FieldKind::Phone, field, value)
    }

    fn other(&mut self, field: &str, value: &str) {
        self.put(FieldKind::Other, field, value, None);
    }

    fn within(&mut self, field: &str, address: &str) -> String {
        let normalised = self.inner.normalised(Identifier::Email, address);
        let normalised = normalised.unwrap_or_else(|| address.to_lowercase());
        self.put(FieldKind::Other, field, address, None);
        self.inner.epochs.load().current.pseudonym(Identifier::Email, &normalised)
    }

    fn id(&mut self, _: IdSlot, address: &str) -> String {
        let name = self.id_name(address);
        let is_email = address.contains('@');
        let kind = if is_email { FieldKind::EmailId } else { FieldKind::PhoneId };
        self.put(kind, &format!("{ID_FIELD}{name}"), address, Some(name.clone()));
        name
    }
}
