//! Receipts: what an erasure found and removed where, signed.
//!
//! JSON, signed with Ed25519 (RFC 8032) over its own text without `signature`: the members in the order of
//! [`Receipt`], without blanks. A receipt names people by fingerprint only. Whoever verifies one compares its
//! `public_key` with one that they had from the shop before: anybody can sign with a key of their own.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::hex;

/// The version of a receipt: 2 came with `remarks`, and 1 still verifies.
pub(crate) const VERSION: u8 = 2;

/// What was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The version of the form.
    pub version: u8,
    /// The request's id.
    pub request: String,
    /// When it was asked for, RFC 3339.
    pub requested_at: String,
    /// When it was done, RFC 3339.
    pub finished_at: String,
    /// Who was erased: a fingerprint of each key, in hexadecimal digits.
    pub prints: Vec<String>,
    /// How many requests were carried out together, since they waited together or after a restore; `found` counts
    /// for all of them.
    pub requests_together: u32,
    /// What was found and removed, by place.
    pub found: BTreeMap<String, u64>,
    /// Every place that was searched.
    pub places: Vec<String>,
    /// What is to be known of a place beside the count, such as what had left it before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub remarks: BTreeMap<String, String>,
    /// The line of the ledger that the request stands in.
    pub ledger_seq: u64,
    /// The key that it is signed with, in hexadecimal digits.
    pub public_key: String,
    /// The signature, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub signature: String,
}

/// Why a receipt does not hold.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is no receipt.
    #[error("it is no receipt: {0}")]
    Form(String),
    /// The signature is of something else, or of somebody else.
    #[error("the signature does not hold: the receipt was changed, or is not from the key that it names")]
    Signature,
}

/// Signs receipts.
pub struct Seal(SigningKey);

impl Seal {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&secret))
    }

    /// The key that verifies, in hexadecimal digits.
    #[must_use]
    pub fn public_key(&self) -> String {
        hex::encode(self.0.verifying_key().as_bytes())
    }

    /// The receipt with this key and its signature.
    #[must_use]
    pub fn sign(&self, receipt: Receipt) -> Receipt {
        let receipt = Receipt { public_key: self.public_key(), ..receipt };
        let signature = self.0.sign(&signed_text(&receipt));
        Receipt { signature: hex::encode(&signature.to_bytes()), ..receipt }
    }
}

/// What is signed.
fn signed_text(receipt: &Receipt) -> Vec<u8> {
    let unsigned = Receipt { signature: String::new(), ..receipt.clone() };
    // Text, numbers, lists and a map of text: it cannot fail.
    serde_json::to_vec(&unsigned).unwrap_or_default()
}

/// Reads a receipt and checks its signature by the key that it names.
///
/// # Errors
/// [`VerifyError`] when it does not hold.
pub fn verify(json: &[u8]) -> Result<Receipt, VerifyError> {
    let form = |why: &str| VerifyError::Form(why.to_owned());
    let receipt: Receipt = serde_json::from_slice(json).map_err(|e| form(&e.to_string()))?;
    if !(1..=VERSION).contains(&receipt.version) {
        return Err(form(&format!("its version is {}, and 1 to {VERSION} are known", receipt.version)));
    }
    let key = hex::decode::<32>(&receipt.public_key).ok_or_else(|| form("public_key is no key"))?;
    let key = VerifyingKey::from_bytes(&key).map_err(|_| form("public_key is no key"))?;
    let signature = hex::decode::<64>(&receipt.signature).ok_or_else(|| form("signature is none"))?;
    key.verify_strict(&signed_text(&receipt), &Signature::from_bytes(&signature))
        .map_err(|_| VerifyError::Signature)?;
    Ok(receipt)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A receipt as version 1 wrote it, under the key of 32 times 7; this program and every later one must
    /// verify it.
    const V1: &str = r#"{"version":1,"request":"r1","requested_at":"2026-01-31T09:30:00.000Z","finished_at":"2026-01-31T09:30:01.000Z","prints":["000102030405060708090a0b0c0d0e0f"],"requests_together":1,"found":{"log":9,"profiles":1},"places":["profiles","log"],"ledger_seq":1,"public_key":"ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c","signature":"78551aa54cefb3f357dfb86a2632c9e70e220bbac45c86da46643d3f2638c0d348cf4224a8c0e47aa287393eb7d20f10fb2cf3400c3a136d619d92fe7c95790b"}"#;

    fn receipt() -> Receipt {
        Receipt {
            version: 1,
            request: "r1".into(),
            requested_at: "2026-01-31T09:30:00.000Z".into(),
            finished_at: "2026-01-31T09:30:01.000Z".into(),
            prints: vec!["000102030405060708090a0b0c0d0e0f".into()],
            requests_together: 1,
            found: BTreeMap::from([("log".to_owned(), 9), ("profiles".to_owned(), 1)]),
            places: vec!["profiles".into(), "log".into()],
            ledger_seq: 1,
            ..Receipt::default()
        }
    }

    #[test]
    fn version_1_still_verifies_and_signs_the_same() {
        let signed = Seal::new([7; 32]).sign(receipt());
        assert_eq!(serde_json::to_string(&signed).unwrap(), V1);
        assert_eq!(verify(V1.as_bytes()).unwrap(), signed);
    }

    /// A receipt as version 2 wrote it, under the same key; this program and every later one must verify it.
    const V2: &str = r#"{"version":2,"request":"r1","requested_at":"2026-01-31T09:30:00.000Z","finished_at":"2026-01-31T09:30:01.000Z","prints":["000102030405060708090a0b0c0d0e0f"],"requests_together":1,"found":{"log":9,"profiles":1},"places":["profiles","log"],"remarks":{"webhooks":"3 deliveries had left before"},"ledger_seq":1,"public_key":"ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c","signature":"aa156df757260f4d9a7adfd396b8e8f020642b45b41dfc638016864e5e7863648e9e06550fcee9bbc1e5a94a142545db8aa8c26fc2d68a3bfa142616c6862208"}"#;

    #[test]
    fn version_2_still_verifies_and_signs_the_same() {
        let remarks = BTreeMap::from([("webhooks".to_owned(), "3 deliveries had left before".to_owned())]);
        let receipt = Receipt { version: 2, remarks, ..receipt() };
        let signed = Seal::new([7; 32]).sign(receipt);
        assert_eq!(serde_json::to_string(&signed).unwrap(), V2);
        assert_eq!(verify(V2.as_bytes()).unwrap(), signed);
    }

    #[test]
    fn whatever_is_changed_it_does_not_hold() {
        let json = serde_json::to_string(&Seal::new([7; 32]).sign(receipt())).unwrap();
        assert!(verify(json.as_bytes()).is_ok());
        for at in 0..json.len() {
            let mut changed = json.clone().into_bytes();
            changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
            assert!(verify(&changed).is_err(), "{}", String::from_utf8_lossy(&changed));
        }
        assert!(verify(json.replacen("{", r#"{"more":1,"#, 1).as_bytes()).is_err());
        let another = Seal::new([8; 32]).public_key();
        let own = Seal::new([7; 32]).public_key();
        assert!(matches!(verify(json.replace(&own, &another).as_bytes()), Err(VerifyError::Signature)));
    }
}
