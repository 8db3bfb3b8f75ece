//! The vault's arithmetic: how personal values are sealed, and by what they are found again.
//!
//! * [`PersonKey`] seals one person's values with AES-256-GCM-SIV; the person and the field are associated
//!   data, so that a value that was moved to another person or field does not open.
//! * [`MasterKeys`] wrap the keys of the persons. Several may be known at once, by id, so that one can take
//!   the place of another while everything stays readable.
//! * [`Epochs`] make pseudonyms: HMAC-SHA-256 of a normalised value under a salt. A new epoch has a new salt;
//!   the one before is kept until the next, and a pseudonym whose salt is gone can be matched to nothing.
//! * [`email`] and [`phone`] normalise, so that one address has one pseudonym however it is written.
//!
//! Pure: keys, salts and nonces are drawn by the caller, from a source that is fit for keys.
//!
//! Formats, each with its version byte, are told at the types: a sealed value at [`PersonKey`], a wrapped key
//! and the file of master keys at [`MasterKeys`], a pseudonym at [`Epochs`].

mod error;
mod master;
mod normal;
mod pseudonym;
mod seal;

pub use error::VaultCryptoError;
pub use master::{MasterKey, MasterKeys};
pub use normal::{email, phone};
pub use pseudonym::{Epoch, Epochs, Identifier, is_pseudonym, pseudonym_kind};
pub use seal::PersonKey;

/// The length of every key and salt, in bytes.
pub const KEY_BYTES: usize = 32;
/// The length of a nonce, in bytes.
pub const NONCE_BYTES: usize = 12;

#[cfg(test)]
mod tests;
