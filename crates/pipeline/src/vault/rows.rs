//! The vault's tables, and the keys and values of their rows.

use tradewind_people::vault::Identifier;
use tradewind_ports::{StateError, StateStore, TableId};

/// The version byte of a row.
pub(super) const ROW_VERSION: u8 = 1;
pub(super) const CURRENT: &[u8] = b"current";
pub(super) const PREVIOUS: &[u8] = b"previous";
pub(super) const RENAMING: &[u8] = b"renaming";
/// What the field of an id begins with; the name that stands for it follows.
pub(super) const ID_FIELD: &str = "id:";

/// What a sealed value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Anything that leads to nobody: a name, an address, or an e-mail address within a text.
    Other = 0,
    /// An e-mail address that is the person's.
    Email = 1,
    /// A telephone number that is the person's.
    Phone = 2,
    /// An id that is an e-mail address.
    EmailId = 3,
    /// An id that is a telephone number.
    PhoneId = 4,
}

impl FieldKind {
    pub(super) fn of(byte: u8) -> Option<Self> {
        [Self::Other, Self::Email, Self::Phone, Self::EmailId, Self::PhoneId]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }

    /// What it identifies the person by.
    pub(super) const fn identifier(self) -> Option<Identifier> {
        match self {
            Self::Other => None,
            Self::Email | Self::EmailId => Some(Identifier::Email),
            Self::Phone | Self::PhoneId => Some(Identifier::Phone),
        }
    }
}

pub(super) struct VaultTables {
    pub(super) persons: TableId,
    pub(super) fields: TableId,
    pub(super) index: TableId,
    pub(super) ids: TableId,
    pub(super) meta: TableId,
}

impl VaultTables {
    pub(super) fn open(store: &dyn StateStore) -> Result<Self, StateError> {
        Ok(Self {
            persons: store.table("persons")?,
            fields: store.table("fields")?,
            index: store.table("index")?,
            ids: store.table("ids")?,
            meta: store.table("meta")?,
        })
    }
}

/// What all of a person's rows of `fields` begin with.
pub(super) fn field_prefix(person: &str) -> Vec<u8> {
    let length = u16::try_from(person.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&length, person.as_bytes()].concat()
}

/// The person and the field of a row's key.
pub(super) fn field_of(key: &[u8]) -> Option<(&str, &str)> {
    let (length, rest) = key.split_first_chunk::<2>()?;
    let (person, field) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((std::str::from_utf8(person).ok()?, std::str::from_utf8(field).ok()?))
}

/// The kind of a row of `fields`, and what is sealed.
pub(super) fn value_of(row: &[u8]) -> Option<(FieldKind, &[u8])> {
    let [ROW_VERSION, kind, sealed @ ..] = row else { return None };
    Some((FieldKind::of(*kind)?, sealed))
}

/// The field as it is associated with what is sealed: its kind cannot be changed either.
pub(super) fn sealed_field(kind: FieldKind, field: &str) -> String {
    format!("{} {field}", kind as u8)
}

pub(super) fn index_key(name: &str, person: &str) -> Vec<u8> {
    [name.as_bytes(), b"\0", person.as_bytes()].concat()
}
