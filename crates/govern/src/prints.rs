//! Fingerprints of people: they tell whether somebody is meant, and not who it is.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::hex;

/// The first 16 bytes of HMAC-SHA256, under the ledger's salt, of a subject's key (`u:…` or `a:…`).
pub type Print = [u8; 16];

/// Makes fingerprints under one salt.
#[derive(Clone)]
pub struct Prints(Option<Hmac<Sha256>>);

impl Prints {
    pub(crate) fn new(salt: &[u8]) -> Self {
        // HMAC takes keys of any length.
        Self(Hmac::new_from_slice(salt).ok())
    }

    /// The fingerprint of a subject's key.
    #[must_use]
    pub fn of(&self, key: &str) -> Print {
        let mut print = Print::default();
        if let Some(mac) = &self.0 {
            let whole = mac.clone().chain_update(key.as_bytes()).finalize().into_bytes();
            print.iter_mut().zip(whole).for_each(|(to, byte)| *to = byte);
        }
        print
    }

    /// The fingerprints of these keys as text, sorted.
    pub(crate) fn texts<'a>(&self, keys: impl Iterator<Item = &'a str>) -> Vec<String> {
        let mut texts: Vec<String> = keys.map(|key| hex::encode(&self.of(key))).collect();
        texts.sort_unstable();
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python: `hmac.new(bytes(32), b"u:17850", "sha256").hexdigest()[:32]`.
    const OF_17850: &str = "0ec27e2f4708c497dc61794ed24c7217";

    #[test]
    fn a_print_is_the_hmac_of_the_key() {
        let prints = Prints::new(&[0; 32]);
        assert_eq!(prints.texts(std::iter::once("u:17850")), [OF_17850]);
        assert_ne!(prints.of("u:17850"), prints.of("a:17850"));
        assert_ne!(prints.of("u:17850"), Prints::new(&[1; 32]).of("u:17850"));
    }
}
