//! A fingerprint of the whole state, to show that two of them are the same to the byte.
//!
//! Left out is what may differ between a state that lived through its history and one that was made anew from
//! the log: empty tables, the outbox, and remembered message ids of weeks that no message is compared with any more.

use tradewind_kernel::UtcMillis;
use tradewind_ports::{StateError, StateStore};
use xxhash_rust::xxh3::Xxh3;

use crate::dedupe::is_expired_table;
use crate::tables::OUTBOX;

/// The fingerprint, 128 bits.
///
/// # Errors
/// [`StateError`] when a table does not read.
pub fn state_digest(store: &dyn StateStore, now: UtcMillis) -> Result<u128, StateError> {
    let mut hash = Xxh3::new();
    let mut feed = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for name in store.table_names() {
        if name == OUTBOX || is_expired_table(&name, now) {
            continue;
        }
        let table = store.table(&name)?;
        let mut is_named = false;
        for pair in store.scan(table, &[]) {
            let (key, value) = pair?;
            if !std::mem::replace(&mut is_named, true) {
                feed(name.as_bytes());
            }
            feed(&key);
            feed(&value);
        }
    }
    Ok(hash.digest128())
}
