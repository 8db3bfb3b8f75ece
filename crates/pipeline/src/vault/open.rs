//! Opening the vault.

use std::sync::{Arc, mpsc};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use tradewind_people::vault::{Epoch, Epochs, KEY_BYTES, MasterKeys, PersonKey};
use tradewind_ports::{Batch, StateStore, TableId};
use zeroize::Zeroizing;

use super::rows::{CURRENT, PREVIOUS, ROW_VERSION, VaultTables};
use super::{Entropy, Inner, KNOWN, MasterSource, Vault, VaultError, VaultSettings, writer};

impl Vault {
    /// Opens the vault in a store of its own, makes the first epoch if it is new, and starts its thread.
    ///
    /// # Errors
    /// [`VaultError`] when the master keys do not read, or are not those that it was sealed with.
    pub fn open(
        store: Arc<dyn StateStore>,
        source: Box<dyn MasterSource>,
        settings: VaultSettings,
        entropy: Entropy,
    ) -> Result<Self, VaultError> {
        let tables = VaultTables::open(store.as_ref())?;
        let masters = source.load().map_err(VaultError::Masters)?;
        let epochs = epochs_of(store.as_ref(), &tables, &masters, &entropy)?;
        let inner = Arc::new(Inner {
            store,
            tables,
            masters: ArcSwap::from_pointee(masters),
            epochs: ArcSwap::from_pointee(epochs),
            settings,
            entropy,
            known: Cache::new(KNOWN),
        });
        let (jobs, waiting) = mpsc::channel();
        let of_thread = Arc::clone(&inner);
        let thread = std::thread::Builder::new()
            .name("vault".into())
            .spawn(move || writer::run(&of_thread, &waiting))
            .map_err(|_| VaultError::Stopped)?;
        Ok(Self { inner, source, jobs, thread: Some(thread), rotating: Mutex::new(()) })
    }
}

fn epochs_of(
    store: &dyn StateStore,
    tables: &VaultTables,
    masters: &MasterKeys,
    entropy: &Entropy,
) -> Result<Epochs, VaultError> {
    let read = |key: &[u8]| {
        let row = store.get(tables.meta, key)?;
        row.map(|row| epoch_of(&row, masters)).transpose()
    };
    if let Some(current) = read(CURRENT)? {
        return Ok(Epochs { current, previous: read(PREVIOUS)? });
    }
    let mut salt = [0; KEY_BYTES];
    entropy(&mut salt);
    let epochs = Epochs { current: Epoch { number: 1, salt: Zeroizing::new(salt) }, previous: None };
    let mut nonce = [0; 12];
    entropy(&mut nonce);
    let mut batch = Batch::default();
    put_epoch(&mut batch, tables.meta, CURRENT, &epochs.current, masters, nonce)?;
    store.commit(&batch)?;
    store.sync()?;
    Ok(epochs)
}

/// Whose key a salt is, for the master keys.
fn whose(number: u32) -> String {
    format!("epoch {number}")
}

pub(super) fn epoch_of(row: &[u8], masters: &MasterKeys) -> Result<Epoch, VaultError> {
    let Some((&ROW_VERSION, rest)) = row.split_first() else { return Err(VaultError::TooNew) };
    let (number, wrapped) = rest.split_first_chunk::<4>().ok_or(VaultError::TooNew)?;
    let number = u32::from_be_bytes(*number);
    let salt = masters.unwrap(&whose(number), wrapped)?.to_salt();
    Ok(Epoch { number, salt })
}

pub(super) fn put_epoch(
    batch: &mut Batch,
    meta: TableId,
    key: &[u8],
    epoch: &Epoch,
    masters: &MasterKeys,
    nonce: [u8; 12],
) -> Result<(), VaultError> {
    let salt = PersonKey::new(*epoch.salt);
    let wrapped = masters.wrap(&whose(epoch.number), &salt, nonce)?;
    batch.put(meta, key, [&[ROW_VERSION][..], &epoch.number.to_be_bytes(), &wrapped].concat());
    Ok(())
}
