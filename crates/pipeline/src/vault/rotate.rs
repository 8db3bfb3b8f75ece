//! New master keys and new epochs, while requests go on.
//!
//! Both go through the rows in portions of 500 on the vault's thread; between two portions it seals what
//! waits. A crash on the way loses nothing: both keys, or both epochs, are known until all rows are done, and
//! the next rotation begins by finishing what is left.

use serde::Serialize;
use tradewind_people::vault::{MasterKey, MasterKeys, PersonKey};
use tradewind_ports::Batch;

use super::open::put_epoch;
use super::rows::{
    CURRENT, FieldKind, ID_FIELD, PREVIOUS, RENAMING, ROW_VERSION, field_of, index_key, sealed_field,
    value_of,
};
use super::writer::alone;
use super::{Inner, Vault, VaultError};

/// Rows of a portion.
const PORTION: usize = 500;

/// A master key, without the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MasterReport {
    /// Its id.
    pub id: String,
    /// Whether it wraps new keys.
    pub in_use: bool,
    /// Persons whose keys it wraps.
    pub persons: u64,
}

/// All keys and epochs, without any key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeysReport {
    /// The master keys, the one in use last.
    pub masters: Vec<MasterReport>,
    /// The epoch in which pseudonyms are made.
    pub epoch: u32,
    /// The one before, in which they are still found.
    pub previous_epoch: Option<u32>,
}

/// What came of a new master key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rewrapped {
    /// The id of the key that is in use now.
    pub master: String,
    /// Persons whose keys it wraps now, and others did before.
    pub persons: u64,
}

/// What came of a new epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// The epoch in which pseudonyms are made now.
    pub epoch: u32,
    /// Names that were made in it.
    pub names: u64,
}

/// What one portion did.
struct Portion {
    done: u64,
    /// Where the next one begins; none after the last.
    next: Option<Vec<u8>>,
}

impl Inner {
    fn rewrap(&self, from: &[u8]) -> Result<Portion, VaultError> {
        let masters = self.masters.load();
        let (mut batch, mut portion) = (Batch::default(), Portion { done: 0, next: None });
        for (index, row) in self.store.scan(self.tables.persons, from).enumerate() {
            let (key, wrapped) = row?;
            if index == PORTION {
                portion.next = Some(key.to_vec());
                break;
            }
            if MasterKeys::id_of(&wrapped)? == masters.in_use().id() {
                continue;
            }
            let person = String::from_utf8_lossy(&key);
            let own = masters.unwrap(&person, &wrapped)?;
            batch.put(self.tables.persons, &key, masters.wrap(&person, &own, self.nonce())?);
            portion.done += 1;
        }
        self.store.commit(&batch)?;
        self.store.sync()?;
        Ok(portion)
    }

    /// Writes the epochs, wrapped with the master key that is in use.
    fn put_epochs(&self, batch: &mut Batch) -> Result<(), VaultError> {
        let (epochs, masters, meta) = (self.epochs.load(), self.masters.load(), self.tables.meta);
        put_epoch(batch, meta, CURRENT, &epochs.current, &masters, self.nonce())?;
        match &epochs.previous {
            Some(previous) => put_epoch(batch, meta, PREVIOUS, previous, &masters, self.nonce()),
            None => Ok(()),
        }
    }

    pub(super) fn begin_epoch(&self) -> Result<(), VaultError> {
        let old = self.epochs.load_full();
        self.epochs.store(std::sync::Arc::new(old.next(self.key())));
        let mut batch = Batch::default();
        let written = self.put_epochs(&mut batch).and_then(|()| {
            batch.put(self.tables.meta, RENAMING, [ROW_VERSION]);
            self.store.commit(&batch)?;
            Ok(self.store.sync()?)
        });
        if written.is_err() {
            self.epochs.store(old);
        }
        written
    }

    /// Names values of the current epoch.
    fn rename(&self, from: &[u8]) -> Result<Portion, VaultError> {
        let (masters, epochs) = (self.masters.load(), self.epochs.load());
        let (mut batch, mut portion) = (Batch::default(), Portion { done: 0, next: None });
        let mut own: Option<(String, PersonKey)> = None;
        for (index, row) in self.store.scan(self.tables.fields, from).enumerate() {
            let (key, row) = row?;
            if index == PORTION {
                portion.next = Some(key.to_vec());
                break;
            }
            let (Some((person, field)), Some((kind, sealed))) = (field_of(&key), value_of(&row)) else {
                return Err(VaultError::TooNew);
            };
            let Some(identifier) = kind.identifier() else { continue };
            if own.as_ref().is_none_or(|(known, _)| known != person) {
                let wrapped = self.store.get(self.tables.persons, person.as_bytes())?;
                let Some(wrapped) = wrapped else { continue };
                own = Some((person.to_owned(), masters.unwrap(person, &wrapped)?));
            }
            let Some((_, key)) = &own else { continue };
            let opened = key.open(person, &sealed_field(kind, field), sealed)?;
            let value = String::from_utf8_lossy(&opened);
            let digits = || value.chars().filter(char::is_ascii_digit).collect::<String>();
            let normalised = self.normalised(identifier, &value).unwrap_or_else(digits);
            let name = epochs.current.pseudonym(identifier, &normalised);
            batch.put(self.tables.index, index_key(&name, person), [ROW_VERSION]);
            if let (FieldKind::EmailId | FieldKind::PhoneId, Some(id)) = (kind, field.strip_prefix(ID_FIELD))
            {
                batch.put(self.tables.ids, &name, id);
            }
            portion.done += 1;
        }
        self.store.commit(&batch)?;
        self.store.sync()?;
        Ok(portion)
    }

    /// Removes the names of epochs that are neither the current nor the previous one.
    fn forget(&self) -> Result<(), VaultError> {
        let epochs = self.epochs.load();
        let least = epochs.previous.as_ref().map_or(epochs.current.number, |previous| previous.number);
        for table in [self.tables.index, self.tables.ids] {
            let mut batch = Batch::default();
            for row in self.store.scan(table, b"") {
                let (key, _) = row?;
                let number = key.get(3..).and_then(|rest| rest.split(|&b| b == b'_').next());
                let number = number.and_then(|n| std::str::from_utf8(n).ok()?.parse::<u32>().ok());
                if number.is_some_and(|number| number < least) {
                    batch.delete(table, &key);
                }
            }
            self.store.commit(&batch)?;
        }
        self.purge()
    }

    pub(super) fn purge(&self) -> Result<(), VaultError> {
        Ok(self.store.purge()?)
    }
}

impl Vault {
    /// Tells which keys and epochs there are.
    ///
    /// # Errors
    /// [`VaultError`] when the vault does not read.
    pub fn keys(&self) -> Result<KeysReport, VaultError> {
        let masters = self.inner.masters.load_full();
        let mut counts = std::collections::HashMap::<String, u64>::new();
        for row in self.inner.store.scan(self.inner.tables.persons, b"") {
            let (_, wrapped) = row?;
            *counts.entry(MasterKeys::id_of(&wrapped)?.to_owned()).or_default() += 1;
        }
        let report = |id: &str| MasterReport {
            id: id.to_owned(),
            in_use: id == masters.in_use().id(),
            persons: counts.get(id).copied().unwrap_or(0),
        };
        let epochs = self.inner.epochs.load();
        Ok(KeysReport {
            masters: masters.ids().map(report).collect(),
            epoch: epochs.current.number,
            previous_epoch: epochs.previous.as_ref().map(|epoch| epoch.number),
        })
    }

    /// Puts a new master key to use, wraps every person's key with it, and forgets the others. Where the source
    /// of the keys can be written, the new key is made here; else it must have been put there, as the last.
    /// Blocks for as long as it takes; requests go on.
    ///
    /// # Errors
    /// [`VaultError`]; whatever was done by then stays readable.
    pub fn rotate_master(&self) -> Result<Rewrapped, VaultError> {
        let _held = self.rotating.lock();
        let known = self.inner.masters.load_full();
        let masters = if self.source.is_writable() {
            let masters = known.with(MasterKey::new(self.inner.key()));
            self.source.store(&masters).map_err(VaultError::Masters)?;
            masters
        } else {
            let masters = self.source.load().map_err(VaultError::Masters)?;
            if masters.in_use().id() == known.in_use().id() && masters.ids().count() == 1 {
                let why = "its source cannot be written and holds no new key: add one as the last line, keep the \
                    old one above it, and rotate again";
                return Err(VaultError::Masters(why.to_owned()));
            }
            masters
        };
        let in_use = masters.in_use().id().to_owned();
        self.inner.masters.store(std::sync::Arc::new(masters.clone()));
        let persons = self.through(Inner::rewrap)?;
        alone(&self.jobs, |inner| {
            let mut batch = Batch::default();
            inner.put_epochs(&mut batch)?;
            inner.store.commit(&batch)?;
            inner.purge()
        })??;
        let last = masters.only_in_use();
        if self.source.is_writable() {
            self.source.store(&last).map_err(VaultError::Masters)?;
        }
        self.inner.masters.store(std::sync::Arc::new(last));
        Ok(Rewrapped { master: in_use, persons })
    }

    /// Begins a new epoch of pseudonyms, names every identifier in it, and forgets the epoch before the
    /// previous. Blocks for as long as it takes; requests go on.
    ///
    /// # Errors
    /// [`VaultError`]; whatever was done by then stays, and is finished by the next rotation.
    pub fn rotate_pseudonyms(&self) -> Result<Renamed, VaultError> {
        let _held = self.rotating.lock();
        // What a crash interrupted: it would be lost with the epoch before.
        if self.inner.store.get(self.inner.tables.meta, RENAMING)?.is_some() {
            self.through(Inner::rename)?;
        }
        alone(&self.jobs, Inner::begin_epoch)??;
        let names = self.through(Inner::rename)?;
        alone(&self.jobs, |inner| {
            let mut batch = Batch::default();
            batch.delete(inner.tables.meta, RENAMING);
            inner.store.commit(&batch)?;
            inner.forget()
        })??;
        Ok(Renamed { epoch: self.inner.epochs.load().current.number, names })
    }

    /// Goes through a table in portions.
    fn through(
        &self,
        portion: impl Fn(&Inner, &[u8]) -> Result<Portion, VaultError> + Copy + Send + 'static,
    ) -> Result<u64, VaultError> {
        let (mut from, mut done) = (Vec::new(), 0);
        loop {
            let some = alone(&self.jobs, move |inner| portion(inner, &from))??;
            done += some.done;
            match some.next {
                Some(next) => from = next,
                None => return Ok(done),
            }
        }
    }
}
