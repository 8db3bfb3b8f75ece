//! Finding somebody by an identifier, opening what is sealed, and destroying it.

use serde_json::Value;
use tradewind_kernel::Subject;
use tradewind_people::vault::Identifier;
use tradewind_ports::Batch;
use zeroize::Zeroizing;

use super::rows::{FieldKind, field_of, field_prefix, index_key, sealed_field, value_of};
use super::writer::Job;
use super::{Inner, Vault, VaultError};

/// A field of a person, opened.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenField {
    /// Its path in the event that it came with, such as `traits.email`; `id:…` for an id.
    pub field: String,
    /// What it is.
    pub kind: FieldKind,
    /// The latest value.
    pub value: Zeroizing<String>,
}

impl std::fmt::Debug for OpenField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenField({}, …)", self.field)
    }
}

/// The subject whose key this is.
fn subject_of(person: &str) -> Option<Subject> {
    match person.split_once(':')? {
        ("u", id) => Some(Subject::User(id.to_owned())),
        ("a", id) => Some(Subject::Anonymous(id.to_owned())),
        _ => None,
    }
}

/// The key of the subject that a message of any dialect names.
pub(super) fn named_in(message: &str) -> Option<String> {
    found_in(&serde_json::from_str(message).ok()?).map(|subject| subject.key())
}

/// The subject that a message of any dialect names.
#[must_use]
pub fn found_in(message: &Value) -> Option<Subject> {
    let text = |names: &[&str]| {
        names.iter().find_map(|name| match message.get(name)? {
            Value::String(id) => Some(id.clone()).filter(|id| !id.is_empty()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        })
    };
    let user = text(&["userId", "user_id", "distinct_id", "userid", "uid", "subject"]);
    let anonymous = text(&["anonymousId", "anonymous_id", "client_id", "anonymousid", "duid"]);
    Subject::from_ids(user.as_deref(), anonymous.as_deref())
}

impl Inner {
    /// All of a person's fields, opened.
    pub(super) fn fields(&self, person: &str) -> Result<Vec<OpenField>, VaultError> {
        // Before the row is read, so that a rotation that ends in between changes nothing.
        let masters = self.masters.load_full();
        let Some(wrapped) = self.store.get(self.tables.persons, person.as_bytes())? else {
            return Ok(Vec::new());
        };
        let key = masters.unwrap(person, &wrapped)?;
        let prefix = field_prefix(person);
        let mut found = Vec::new();
        for row in self.store.scan(self.tables.fields, &prefix) {
            let (row_key, row) = row?;
            if !row_key.starts_with(&prefix) {
                break;
            }
            let (Some((_, field)), Some((kind, sealed))) = (field_of(&row_key), value_of(&row)) else {
                return Err(VaultError::TooNew);
            };
            let opened = key.open(person, &sealed_field(kind, field), sealed)?;
            let value = Zeroizing::new(String::from_utf8_lossy(&opened).into_owned());
            found.push(OpenField { field: field.to_owned(), kind, value });
        }
        Ok(found)
    }

    /// Removes all that is known of a person. Gives how many fields there were.
    fn destroy(&self, person: &str) -> Result<usize, VaultError> {
        let tables = &self.tables;
        let mut batch = Batch::default();
        // What does not open is removed all the same; only its names stay, and lead to nobody.
        let opened = self.fields(person).unwrap_or_default();
        let epochs = self.epochs.load();
        for OpenField { kind, value, .. } in &opened {
            let Some(identifier) = kind.identifier() else { continue };
            let digits = || value.chars().filter(char::is_ascii_digit).collect::<String>();
            let normalised = self.normalised(identifier, value).unwrap_or_else(digits);
            for name in epochs.names(identifier, &normalised) {
                batch.delete(tables.index, index_key(&name, person));
                if matches!(kind, FieldKind::EmailId | FieldKind::PhoneId) {
                    batch.delete(tables.ids, &name);
                }
            }
        }
        let (prefix, mut count) = (field_prefix(person), 0);
        for row in self.store.scan(tables.fields, &prefix) {
            let (key, _) = row?;
            if !key.starts_with(&prefix) {
                break;
            }
            batch.delete(tables.fields, &key);
            count += 1;
        }
        batch.delete(tables.persons, person);
        self.store.commit(&batch)?;
        self.store.sync()?;
        self.known.clear();
        Ok(count)
    }
}

impl Vault {
    /// The subjects whose e-mail address or telephone number this is, users first.
    ///
    /// # Errors
    /// [`VaultError`] when the vault does not read.
    pub fn find(&self, kind: Identifier, raw: &str) -> Result<Vec<Subject>, VaultError> {
        let Some(normalised) = self.inner.normalised(kind, raw) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let epochs = self.inner.epochs.load_full();
        for name in epochs.names(kind, &normalised) {
            let prefix = index_key(&name, "");
            for row in self.inner.store.scan(self.inner.tables.index, &prefix) {
                let (key, _) = row?;
                let Some(person) = key.strip_prefix(prefix.as_slice()) else { break };
                found.extend(std::str::from_utf8(person).ok().and_then(subject_of));
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// What is sealed of a subject, opened, in the order of the fields.
    ///
    /// # Errors
    /// [`VaultError`] when the vault does not read, or a key is missing.
    pub fn unseal(&self, subject: &Subject) -> Result<Vec<OpenField>, VaultError> {
        self.inner.fields(&subject.key())
    }

    /// Destroys the key of a person and all that it sealed, durably. Gives how many fields there were. What is
    /// written later about the same subject begins with a new key. Call [`purge`](Self::purge) once after the
    /// last of several, so that the store's files hold nothing of them either.
    ///
    /// # Errors
    /// [`VaultError`] when the vault cannot be written.
    pub async fn destroy(&self, subject: &Subject) -> Result<usize, VaultError> {
        let (done, result) = tokio::sync::oneshot::channel();
        let person = subject.key();
        let task = Box::new(move |inner: &Inner| {
            let _ = done.send(inner.destroy(&person));
        });
        self.jobs.send(Job::Alone(task)).map_err(|_| VaultError::Stopped)?;
        result.await.map_err(|_| VaultError::Stopped)?
    }

    /// Rewrites the vault's files, so that they hold nothing of what was removed. Takes as long as writing the
    /// vault anew; what is to be sealed waits for it.
    ///
    /// # Errors
    /// [`VaultError`] when the vault cannot be written.
    pub async fn purge(&self) -> Result<(), VaultError> {
        let (done, result) = tokio::sync::oneshot::channel();
        let task = Box::new(move |inner: &Inner| {
            let _ = done.send(inner.purge());
        });
        self.jobs.send(Job::Alone(task)).map_err(|_| VaultError::Stopped)?;
        result.await.map_err(|_| VaultError::Stopped)?
    }
}
