//! Master keys, and what they wrap.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::seal::{decrypt, encrypt};
use super::{KEY_BYTES, NONCE_BYTES, PersonKey, VaultCryptoError};

/// The version byte of a wrapped key.
const WRAPPED_VERSION: u8 = 1;
/// What the associated data of a wrapped key begins with.
const KEY: &[u8] = b"tradewind key 1";
/// The first line of a file of master keys.
const TITLE: &str = "# Tradewind master keys, version 1. The last one is in use. Keep this file secret.";
/// The longest id of a master key, in bytes.
const MAX_ID: usize = 64;

/// A key that wraps others, and its id.
#[derive(Clone)]
pub struct MasterKey {
    id: String,
    key: Zeroizing<[u8; KEY_BYTES]>,
}

impl MasterKey {
    /// The key of these bytes, which must be drawn at random; its id is `mk-` and the first 8 hexadecimal
    /// digits of their SHA-256.
    #[must_use]
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        let digest = Sha256::digest(bytes);
        let id = format!("mk-{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3]);
        Self { id, key: Zeroizing::new(bytes) }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

/// The master keys that are known, of which the last is in use: it wraps, the others only unwrap.
///
/// As text it is one key a line, its id, a space, and its 32 bytes in base64; a line may also be the base64
/// alone. Lines that begin with `#` are passed over.
///
/// A wrapped key is a version byte (1), the length of the id and the id of its master key, the nonce (12
/// bytes), and the ciphertext of 32 bytes with its tag of 16. The associated data is `tradewind key 1`, the
/// length of the id, the id, and whose key it is.
#[derive(Debug, Clone)]
pub struct MasterKeys(Vec<MasterKey>);

impl MasterKeys {
    /// One key, which is in use.
    #[must_use]
    pub fn one(key: MasterKey) -> Self {
        Self(vec![key])
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`VaultCryptoError::Keys`] with the line that does not read, but never with what stands in it.
    pub fn parse(text: &str) -> Result<Self, VaultCryptoError> {
        let mut keys: Vec<MasterKey> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |why: &str| VaultCryptoError::Keys(format!("line {} {why}", index + 1));
            let (id, encoded) = line.split_once(char::is_whitespace).unwrap_or(("", line));
            let bytes = STANDARD.decode(encoded.trim()).ok().map(Zeroizing::new);
            let bytes = bytes.and_then(|b| <[u8; KEY_BYTES]>::try_from(b.as_slice()).ok());
            let mut key = MasterKey::new(bytes.ok_or_else(|| wrong("is not 32 bytes in base64"))?);
            if id.len() > MAX_ID {
                return Err(wrong("has an id of over 64 bytes"));
            }
            if !id.is_empty() {
                id.clone_into(&mut key.id);
            }
            if keys.iter().any(|known| known.id == key.id) {
                return Err(wrong("has the id of a line before"));
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(VaultCryptoError::Keys("there is no line with one".into()));
        }
        Ok(Self(keys))
    }

    /// Writes the text form.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(format!("{TITLE}\n"));
        for key in &self.0 {
            text.push_str(&key.id);
            text.push(' ');
            text.push_str(&Zeroizing::new(STANDARD.encode(*key.key)));
            text.push('\n');
        }
        text
    }

    /// The key that is in use.
    #[must_use]
    pub fn in_use(&self) -> &MasterKey {
        &self.0[self.0.len() - 1]
    }

    /// The ids of all, the one in use last.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(MasterKey::id)
    }

    /// The same with one more, which is in use from now on.
    #[must_use]
    pub fn with(&self, key: MasterKey) -> Self {
        let mut keys: Vec<MasterKey> = self.0.iter().filter(|known| known.id != key.id).cloned().collect();
        keys.push(key);
        Self(keys)
    }

    /// Only the one in use.
    #[must_use]
    pub fn only_in_use(&self) -> Self {
        Self::one(self.in_use().clone())
    }

    /// Wraps a key with the one in use. `whose` says whose it is.
    ///
    /// # Errors
    /// As [`PersonKey::seal`].
    pub fn wrap(
        &self,
        whose: &str,
        key: &PersonKey,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Vec<u8>, VaultCryptoError> {
        let master = self.in_use();
        let head = head(&master.id);
        let associated = [KEY, &head[1..], whose.as_bytes()].concat();
        encrypt(&master.key, &nonce, &associated, key.bytes(), &head)
    }

    /// Unwraps what [`wrap`](Self::wrap) made.
    ///
    /// # Errors
    /// [`VaultCryptoError`] when the master key is not known, or it was made for somebody else, or it is damaged.
    pub fn unwrap(&self, whose: &str, wrapped: &[u8]) -> Result<PersonKey, VaultCryptoError> {
        let id = Self::id_of(wrapped)?;
        let master = self.0.iter().find(|known| known.id == id);
        let master = master.ok_or_else(|| VaultCryptoError::UnknownMaster(id.to_owned()))?;
        let associated = [KEY, &head(id)[1..], whose.as_bytes()].concat();
        let opened = decrypt(&master.key, &associated, &wrapped[2 + id.len()..])?;
        let bytes = <[u8; KEY_BYTES]>::try_from(opened.as_slice()).map_err(|_| VaultCryptoError::Form)?;
        Ok(PersonKey::new(bytes))
    }

    /// The id of the master key that wrapped this.
    ///
    /// # Errors
    /// [`VaultCryptoError::Form`] when it is no wrapped key.
    pub fn id_of(wrapped: &[u8]) -> Result<&str, VaultCryptoError> {
        let [WRAPPED_VERSION, length, rest @ ..] = wrapped else { return Err(VaultCryptoError::Form) };
        let id = rest.get(..usize::from(*length)).and_then(|id| std::str::from_utf8(id).ok());
        id.ok_or(VaultCryptoError::Form)
    }
}

fn head(id: &str) -> Vec<u8> {
    let length = u8::try_from(id.len()).unwrap_or(u8::MAX);
    [&[WRAPPED_VERSION, length], id.as_bytes()].concat()
}
