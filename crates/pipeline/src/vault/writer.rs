//! The one thread that writes the vault.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use tokio::sync::oneshot;
use tradewind_people::vault::PersonKey;
use tradewind_ports::Batch;
use zeroize::Zeroizing;

use super::rows::{FieldKind, ROW_VERSION, field_prefix, index_key, sealed_field};
use super::{Inner, VaultError};

/// Jobs that are made durable by one sync.
const MAX_JOBS: usize = 512;

/// A value to be sealed.
pub(super) struct Value {
    pub(super) kind: FieldKind,
    pub(super) field: String,
    pub(super) text: Zeroizing<String>,
    /// The name that leads to the person.
    pub(super) name: Option<String>,
    /// Its hash among those that are known.
    pub(super) known_as: u128,
}

/// Values of one person.
pub(super) struct Keep {
    pub(super) person: String,
    pub(super) values: Vec<Value>,
}

/// What the thread is asked for.
pub(super) enum Job {
    /// Seal these; the answer says whether they are durable.
    Keep(Vec<Keep>, oneshot::Sender<bool>),
    /// Do this while nothing else is written.
    Alone(Box<dyn FnOnce(&Inner) + Send>),
}

/// Takes jobs until nobody can send any.
pub(super) fn run(inner: &Arc<Inner>, jobs: &Receiver<Job>) {
    let mut next = jobs.recv().ok();
    while let Some(job) = next.take() {
        let mut waiting = Vec::new();
        let mut alone = None;
        let mut taken = Some(job);
        while let Some(job) = taken {
            match job {
                Job::Keep(keeps, done) => waiting.push((keeps, done)),
                Job::Alone(task) => {
                    alone = Some(task);
                    break;
                }
            }
            taken = if waiting.len() < MAX_JOBS { jobs.try_recv().ok() } else { None };
        }
        if !waiting.is_empty() {
            let all = keep(inner, waiting.iter().flat_map(|(keeps, _)| keeps));
            for (keeps, done) in waiting {
                // One person's damaged key must not hold up the others.
                let kept = if all.is_ok() { Ok(()) } else { keep(inner, keeps.iter()) };
                answer(inner, &keeps, done, &kept);
            }
        }
        if let Some(task) = alone {
            task(inner);
        }
        next = jobs.recv().ok();
    }
}

/// Says whether values are durable; what is need not be written again.
fn answer(inner: &Inner, keeps: &[Keep], done: oneshot::Sender<bool>, kept: &Result<(), VaultError>) {
    match kept {
        Ok(()) => {
            for value in keeps.iter().flat_map(|keep| &keep.values) {
                inner.known.insert(value.known_as, ());
            }
        }
        Err(error) => tracing::error!(%error, "the vault could not be written"),
    }
    let _ = done.send(kept.is_ok());
}

/// Seals values, makes keys for persons that have none, and syncs.
fn keep<'a>(inner: &Inner, keeps: impl Iterator<Item = &'a Keep>) -> Result<(), VaultError> {
    let (tables, masters) = (&inner.tables, inner.masters.load());
    let mut batch = Batch::default();
    let mut keys: HashMap<&str, PersonKey> = HashMap::new();
    for Keep { person, values } in keeps {
        if !keys.contains_key(person.as_str()) {
            let key = match inner.store.get(tables.persons, person.as_bytes())? {
                Some(wrapped) => masters.unwrap(person, &wrapped)?,
                None => {
                    let key = PersonKey::new(inner.key());
                    batch.put(tables.persons, person, masters.wrap(person, &key, inner.nonce())?);
                    key
                }
            };
            keys.insert(person, key);
        }
        let Some(key) = keys.get(person.as_str()) else { continue };
        for value in values {
            let field = sealed_field(value.kind, &value.field);
            let sealed = key.seal(person, &field, inner.nonce(), value.text.as_bytes())?;
            let row_key = [field_prefix(person), value.field.clone().into_bytes()].concat();
            batch.put(tables.fields, row_key, [&[ROW_VERSION, value.kind as u8][..], &sealed].concat());
            let Some(name) = &value.name else { continue };
            batch.put(tables.index, index_key(name, person), [ROW_VERSION]);
            if matches!(value.kind, FieldKind::EmailId | FieldKind::PhoneId) {
                batch.put(tables.ids, name, name);
            }
        }
    }
    inner.store.commit(&batch)?;
    Ok(inner.store.sync()?)
}

/// Runs a task on the thread, and waits for what it gives. Not for asynchronous code.
pub(super) fn alone<T: Send + 'static>(
    jobs: &Sender<Job>,
    task: impl FnOnce(&Inner) -> T + Send + 'static,
) -> Result<T, VaultError> {
    let (done, result) = std::sync::mpsc::channel();
    let task = Box::new(move |inner: &Inner| {
        let _ = done.send(task(inner));
    });
    jobs.send(Job::Alone(task)).map_err(|_| VaultError::Stopped)?;
    result.recv().map_err(|_| VaultError::Stopped)
}
