//! Sealing one person's values.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use zeroize::Zeroizing;

use super::{KEY_BYTES, NONCE_BYTES, VaultCryptoError};

/// The version byte of a sealed value.
const SEALED_VERSION: u8 = 1;
/// What the associated data of a value begins with.
const VALUE: &[u8] = b"tradewind value 1";

/// The key of one person; it is overwritten in memory when dropped.
///
/// A sealed value is a version byte (1), the nonce (12 bytes), and the ciphertext with its tag (16 bytes). The
/// associated data is `tradewind value 1`, the length of the person's key of two bytes big-endian, the person,
/// and the field.
pub struct PersonKey(Zeroizing<[u8; KEY_BYTES]>);

impl PersonKey {
    /// The key of these bytes, which must be drawn at random.
    #[must_use]
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Its bytes, where it is used as a salt.
    #[must_use]
    pub fn to_salt(&self) -> Zeroizing<[u8; KEY_BYTES]> {
        self.0.clone()
    }

    /// Seals a field's value.
    ///
    /// # Errors
    /// [`VaultCryptoError`] only for values that no memory holds.
    pub fn seal(
        &self,
        person: &str,
        field: &str,
        nonce: [u8; NONCE_BYTES],
        value: &[u8],
    ) -> Result<Vec<u8>, VaultCryptoError> {
        encrypt(&self.0, &nonce, &associated(person, field), value, &[SEALED_VERSION])
    }

    /// Opens what [`seal`](Self::seal) made.
    ///
    /// # Errors
    /// [`VaultCryptoError`] when it is another person's, another field's, of another key, or damaged.
    pub fn open(
        &self,
        person: &str,
        field: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultCryptoError> {
        let [SEALED_VERSION, rest @ ..] = sealed else { return Err(VaultCryptoError::Form) };
        decrypt(&self.0, &associated(person, field), rest)
    }
}

impl std::fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonKey(…)")
    }
}

fn associated(person: &str, field: &str) -> Vec<u8> {
    let length = u16::try_from(person.len()).unwrap_or(u16::MAX).to_be_bytes();
    [VALUE, &length, person.as_bytes(), field.as_bytes()].concat()
}

/// `head`, the nonce, and the ciphertext with its tag.
pub(super) fn encrypt(
    key: &[u8; KEY_BYTES],
    nonce: &[u8; NONCE_BYTES],
    associated: &[u8],
    plain: &[u8],
    head: &[u8],
) -> Result<Vec<u8>, VaultCryptoError> {
    let cipher = Aes256GcmSiv::new(key.into());
    let sealed = cipher.encrypt(&Nonce::from(*nonce), Payload { msg: plain, aad: associated });
    let sealed = sealed.map_err(|_| VaultCryptoError::Form)?;
    Ok([head, nonce, &sealed].concat())
}

/// Opens a nonce and what follows it.
pub(super) fn decrypt(
    key: &[u8; KEY_BYTES],
    associated: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultCryptoError> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(VaultCryptoError::Form)?;
    let cipher = Aes256GcmSiv::new(key.into());
    let opened = cipher.decrypt(&Nonce::from(*nonce), Payload { msg: text, aad: associated });
    opened.map(Zeroizing::new).map_err(|_| VaultCryptoError::DoesNotOpen)
}
