//! Names that stand for e-mail addresses and telephone numbers.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::KEY_BYTES;

/// Bytes of the HMAC that are used.
const USED_BYTES: usize = 20;
/// Letters of base32 that they come to.
const LETTERS: usize = USED_BYTES * 8 / 5;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// What a pseudonym stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identifier {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
}

impl Identifier {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Email => "em",
            Self::Phone => "ph",
        }
    }
}

/// A time in which pseudonyms are made with one salt.
#[derive(Clone)]
pub struct Epoch {
    /// Counted from 1.
    pub number: u32,
    /// Drawn at random.
    pub salt: Zeroizing<[u8; KEY_BYTES]>,
}

impl std::fmt::Debug for Epoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Epoch({})", self.number)
    }
}

impl Epoch {
    /// The name of a normalised value in this epoch: `em_3_…` or `ph_3_…`, the number being the epoch's and
    /// the rest 160 bits of HMAC-SHA-256 in base32 (RFC 4648, lower case, without padding).
    #[must_use]
    pub fn pseudonym(&self, kind: Identifier, normalised: &str) -> String {
        let mut name = format!("{}_{}_", kind.prefix(), self.number);
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(self.salt.as_slice()) else { return name };
        let mac = mac.chain_update(kind.prefix()).chain_update([0]).chain_update(normalised);
        let digest = mac.finalize().into_bytes();
        for group in digest[..USED_BYTES].chunks(5) {
            let bits = group.iter().fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
            for letter in (0..8).rev() {
                let index = usize::try_from(bits >> (letter * 5) & 31).unwrap_or(0);
                name.push(char::from(ALPHABET[index]));
            }
        }
        name
    }
}

/// The epoch that names are made in, and the one before, in which they are still found.
#[derive(Debug, Clone)]
pub struct Epochs {
    /// New names are made in it.
    pub current: Epoch,
    /// Names of it still lead to somebody; `None` in the first epoch.
    pub previous: Option<Epoch>,
}

impl Epochs {
    /// The next epoch begins: the current one becomes the previous, and the previous is forgotten.
    #[must_use]
    pub fn next(&self, salt: [u8; KEY_BYTES]) -> Self {
        let current = Epoch { number: self.current.number + 1, salt: Zeroizing::new(salt) };
        Self { current, previous: Some(self.current.clone()) }
    }

    /// The names under which a value is found, the current one first.
    pub fn names(&self, kind: Identifier, normalised: &str) -> impl Iterator<Item = String> {
        let epochs = [Some(&self.current), self.previous.as_ref()];
        epochs.into_iter().flatten().map(move |epoch| epoch.pseudonym(kind, normalised))
    }
}

/// Whether a text is a pseudonym of any epoch.
#[must_use]
pub fn is_pseudonym(text: &str) -> bool {
    pseudonym_kind(text).is_some()
}

/// What a text stands for, where it is a pseudonym of any epoch.
#[must_use]
pub fn pseudonym_kind(text: &str) -> Option<Identifier> {
    let mut parts = text.splitn(3, '_');
    let kind = match parts.next()? {
        "em" => Identifier::Email,
        "ph" => Identifier::Phone,
        _ => return None,
    };
    let (number, rest) = (parts.next()?, parts.next()?);
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let is_name = rest.len() == LETTERS && rest.bytes().all(|b| ALPHABET.contains(&b));
    (is_number && is_name).then_some(kind)
}
