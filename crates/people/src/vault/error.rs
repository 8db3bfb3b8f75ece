//! What can be wrong with something sealed, or with a key.

/// Why a value, a key or a file of keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultCryptoError {
    /// The bytes are not in a form that this program knows.
    #[error("the sealed bytes are of no form that this program knows: run a newer one, or they are damaged")]
    Form,
    /// The key, the person or the field is another than the one it was sealed with, or bytes were changed.
    #[error("what is sealed does not open with this key, for this person and field")]
    DoesNotOpen,
    /// The key that a person's key is wrapped with is not among those that are known.
    #[error("the master key {0} is not among those that are known: add it to the source of the master keys")]
    UnknownMaster(String),
    /// Text that holds no master keys.
    #[error("the text holds no master keys: {0}")]
    Keys(String),
}
