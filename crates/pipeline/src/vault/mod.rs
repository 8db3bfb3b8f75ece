//! The vault: the only place where the raw values that name a person are kept, each person's under a key of
//! their own.
//!
//! [`Vault::protect`] stands before the log. It takes what is personal out of events (see
//! [`tradewind_events::personal`]), seals it here, and leaves pseudonyms; it returns once the vault is durable.
//! So an acknowledged event's values are in the vault. A crash between the vault and the log leaves values of
//! an event that was not acknowledged; the client sends it again, which changes nothing.
//!
//! Everything that is written goes through one thread, which syncs once for all that waits. So no rotation and
//! no erasure can cross a write, and nobody needs a lock. Values that were sealed lately are known by a hash in
//! memory (65,536 of them) and are not written again.
//!
//! An id that is an e-mail address or a telephone number is replaced by the pseudonym of the epoch in which it
//! was first seen, and keeps it: the person's history hangs on it. Other values are named in the epoch of
//! their event.
//!
//! Format: a store of its own, which no rebuild touches, with these tables.
//! * `persons`: the key of a subject → the person's key, wrapped ([`MasterKeys`]).
//! * `fields`: the length of that key (two bytes, big-endian), the key, the field → a version byte (1), a byte
//!   of [`FieldKind`], the sealed value ([`PersonKey`]).
//! * `index`: a pseudonym, a zero byte, the key of a subject → a version byte (1).
//! * `ids`: a pseudonym → the pseudonym that stands for that id in events, as text.
//! * `meta`: `current` and `previous` → a version byte (1), the epoch's number (four bytes, big-endian), its
//!   salt, wrapped; `renaming` is there while names of the current epoch are being made.

mod look;
mod open;
mod rotate;
mod rows;
mod taking;
mod writer;

use std::borrow::Cow;
use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use tradewind_events::Event;
use tradewind_events::personal::{Rules, text};
use tradewind_kernel::Subject;
use tradewind_people::vault::{Epochs, Identifier, KEY_BYTES, MasterKeys, NONCE_BYTES, VaultCryptoError};
use tradewind_ports::{StateError, StateStore};

use self::rows::VaultTables;
use self::taking::Taking;
use self::writer::{Job, Keep};
use crate::pipeline::CollectError;

pub use self::look::{OpenField, found_in};
pub use self::rotate::{KeysReport, MasterReport, Renamed, Rewrapped};
pub use self::rows::FieldKind;

/// Values that are known to be sealed.
const KNOWN: usize = 65_536;
/// The most of a value that is kept, in bytes.
const MAX_VALUE_BYTES: usize = 8 << 10;

/// Fills bytes at random, fit for keys.
pub type Entropy = Box<dyn Fn(&mut [u8]) + Send + Sync>;

/// Where the master keys come from.
pub trait MasterSource: Send + Sync {
    /// Whether [`store`](Self::store) can work.
    fn is_writable(&self) -> bool;
    /// Reads the keys.
    ///
    /// # Errors
    /// In words, why it cannot.
    fn load(&self) -> Result<MasterKeys, String>;
    /// Puts these in the place of those that are there, durably.
    ///
    /// # Errors
    /// In words, why it cannot; then the others are still there.
    fn store(&self, keys: &MasterKeys) -> Result<(), String>;
}

/// What the configuration says of the vault.
#[derive(Debug, Clone, Default)]
pub struct VaultSettings {
    /// What is personal beside what is so everywhere.
    pub rules: Rules,
    /// Completes national telephone numbers, such as `49`.
    pub calling_code: Option<String>,
}

/// Why the vault cannot be opened, read or changed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The store's error.
    #[error(transparent)]
    State(#[from] StateError),
    /// A key does not fit, or something is damaged.
    #[error(transparent)]
    Crypto(#[from] VaultCryptoError),
    /// The source of the master keys.
    #[error("the master keys cannot be used: {0}")]
    Masters(String),
    /// Its thread has ended.
    #[error("the vault has stopped; see the program's log")]
    Stopped,
    /// A row of a newer program.
    #[error("the vault was written by a newer program: run that one")]
    TooNew,
}

pub(crate) struct Inner {
    store: Arc<dyn StateStore>,
    tables: VaultTables,
    masters: ArcSwap<MasterKeys>,
    epochs: ArcSwap<Epochs>,
    settings: VaultSettings,
    entropy: Entropy,
    known: Cache<u128, ()>,
}

impl Inner {
    fn key(&self) -> [u8; KEY_BYTES] {
        let mut bytes = [0; KEY_BYTES];
        (self.entropy)(&mut bytes);
        bytes
    }

    fn nonce(&self) -> [u8; NONCE_BYTES] {
        let mut bytes = [0; NONCE_BYTES];
        (self.entropy)(&mut bytes);
        bytes
    }

    /// The name that stands for an id in events: the one of the epoch in which it was first seen.
    fn id_name(&self, kind: Identifier, normalised: &str) -> Result<String, StateError> {
        let epochs = self.epochs.load();
        let mut first = None;
        for name in epochs.names(kind, normalised) {
            if let Some(found) = self.store.get(self.tables.ids, name.as_bytes())? {
                return Ok(String::from_utf8_lossy(&found).into_owned());
            }
            first.get_or_insert(name);
        }
        Ok(first.unwrap_or_default())
    }

    fn normalised(&self, kind: Identifier, text: &str) -> Option<String> {
        match kind {
            Identifier::Email => tradewind_people::vault::email(text),
            Identifier::Phone => tradewind_people::vault::phone(text, self.settings.calling_code.as_deref()),
        }
    }
}

/// The vault. Dropping it writes what waits and ends its thread.
pub struct Vault {
    inner: Arc<Inner>,
    source: Box<dyn MasterSource>,
    jobs: std::sync::mpsc::Sender<Job>,
    thread: Option<JoinHandle<()>>,
    /// Held while keys or names rotate.
    rotating: Mutex<()>,
}

impl Vault {
    /// Takes what is personal out of events, and seals it: on success it is durable.
    ///
    /// # Errors
    /// [`CollectError`] when it could not be sealed; the events must not be kept then.
    pub async fn protect(&self, events: &mut [Event]) -> Result<(), CollectError> {
        let mut keeps: Vec<Keep> = Vec::new();
        for event in events {
            let mut taking = Taking::new(&self.inner);
            if self.inner.settings.rules.take_out(event, &mut taking) {
                let person = event.subject().map(|subject| subject.key());
                taking.into_keep(person, &mut keeps).map_err(|e| stopped(&e.into()))?;
            }
        }
        self.keep(keeps).await
    }

    /// Takes what is personal out of a message of any dialect that is kept because it could not be read. It is
    /// sealed for the subject that the message names; without one it is lost.
    ///
    /// # Errors
    /// As [`protect`](Self::protect).
    pub async fn protect_message(&self, message: &str) -> Result<Option<String>, CollectError> {
        let (left, keeps) = self.without(message)?;
        self.keep(keeps).await?;
        Ok(left)
    }

    /// A message of any dialect without what is personal, for being shown and not kept.
    ///
    /// # Errors
    /// As [`protect`](Self::protect).
    pub fn shown(&self, message: &str) -> Result<Option<String>, CollectError> {
        self.without(message).map(|(left, _)| left)
    }

    fn without(&self, message: &str) -> Result<(Option<String>, Vec<Keep>), CollectError> {
        let mut taking = Taking::new(&self.inner);
        let left = self.inner.settings.rules.message_without(message, &mut taking);
        let mut keeps = Vec::new();
        let person = left.as_deref().and_then(look::named_in);
        taking.into_keep(person, &mut keeps).map_err(|e| stopped(&e.into()))?;
        Ok((left, keeps))
    }

    async fn keep(&self, keeps: Vec<Keep>) -> Result<(), CollectError> {
        if keeps.is_empty() {
            return Ok(());
        }
        let (done, result) = tokio::sync::oneshot::channel();
        self.jobs.send(Job::Keep(keeps, done)).map_err(|_| CollectError::Stopped)?;
        match result.await {
            Ok(true) => Ok(()),
            _ => Err(CollectError::Stopped),
        }
    }

    /// An id as events have it: with a pseudonym where it is, or holds, an e-mail address or a telephone
    /// number.
    #[must_use]
    pub fn id<'a>(&self, raw: &'a str) -> Cow<'a, str> {
        let mut taking = Taking::new(&self.inner);
        let put = text::id_without(raw, &mut |address| taking.id_name(address));
        put.map_or(Cow::Borrowed(raw), Cow::Owned)
    }

    /// A subject as events have it; see [`id`](Self::id).
    #[must_use]
    pub fn subject(&self, subject: Subject) -> Subject {
        match subject {
            Subject::User(id) => Subject::User(self.id(&id).into_owned()),
            Subject::Anonymous(id) => Subject::Anonymous(self.id(&id).into_owned()),
        }
    }
}

fn stopped(error: &VaultError) -> CollectError {
    tracing::error!(%error, "the vault could not be read or written");
    CollectError::Stopped
}

impl Drop for Vault {
    fn drop(&mut self) {
        let (closed, _) = std::sync::mpsc::channel();
        // The thread ends with its last sender.
        drop(std::mem::replace(&mut self.jobs, closed));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
