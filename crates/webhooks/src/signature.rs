//! The signature: HMAC-SHA256 of `id.timestamp.body`, with a secret that both sides know.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A signing secret. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

impl Secret {
    /// Reads `whsec_` and the base64 of 24 to 64 bytes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The header `webhook-signature`: one signature for each secret, so that a receiver may know any of them.
pub(crate) fn header(secrets: &[Secret], id: &str, at_seconds: i64, body: &[u8]) -> String {
    let signed = |secret: &Secret| {
        let mac = Hmac::<Sha256>::new_from_slice(&secret.0).ok()?;
        let mac = mac.chain_update(id).chain_update(".").chain_update(at_seconds.to_string());
        let tag = mac.chain_update(".").chain_update(body).finalize().into_bytes();
        Some(format!("v1,{}", STANDARD.encode(tag)))
    };
    secrets.iter().filter_map(signed).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

    #[test]
    fn the_specifications_vector() {
        let secret = Secret::parse(SECRET).unwrap();
        let signature = header(&[secret], "msg_1", 1_674_087_231, br#"{"a":1}"#);
        assert_eq!(signature, "v1,8zQW9pUHrc0r3jrwYyOkMS/kFOAuZlkJutZDyKI/JEg=");
    }

    #[test]
    fn the_reference_implementation_signs_the_same_and_each_secret_signs() {
        let other = format!("whsec_{}", STANDARD.encode([7; 64]));
        let secrets = [Secret::parse(SECRET).unwrap(), Secret::parse(&other).unwrap()];
        let body = "{\"text\":\"Größe 42\"}";
        let reference = |secret: &str| {
            standardwebhooks::Webhook::new(secret)
                .unwrap()
                .sign("msg_2", 1_700_000_000, body.as_bytes())
                .unwrap()
        };
        let expected = format!("{} {}", reference(SECRET), reference(&other));
        assert_eq!(header(&secrets, "msg_2", 1_700_000_000, body.as_bytes()), expected);
    }

    #[test]
    fn a_secret_has_its_prefix_and_its_length_and_is_not_printed() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![1; bytes]));
        assert!(Secret::parse(&of(24)).is_some() && Secret::parse(&of(64)).is_some());
        for wrong in [of(23), of(65), "whsec_".into(), SECRET.replace("whsec_", ""), "whsec_!".into()] {
            assert_eq!(Secret::parse(&wrong), None, "{wrong}");
        }
        assert_eq!(format!("{:?}", Secret::parse(SECRET).unwrap()), "Secret(not shown)");
    }
}
