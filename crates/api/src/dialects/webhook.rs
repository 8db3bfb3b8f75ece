//! Whether a webhook really comes from who it says: the body is signed with a secret that both sides know.
//!
//! The signature covers the body's bytes alone, so it is checked before anything is read from them, and what
//! the headers say is trusted no further than the connection is. Several secrets may hold at once, so that
//! one can be replaced while deliveries that were signed with the old one are still under way.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::problem::{Code, Problem};

/// A signature that is the HMAC-SHA256 of the body, in base64, in a header of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignedBody {
    /// The header that carries it.
    pub(crate) header: &'static str,
    /// The setting that holds the secrets.
    pub(crate) setting: &'static str,
}

impl SignedBody {
    /// Checks that one of the secrets signed the body, in a time that does not depend on the signature.
    ///
    /// # Errors
    /// [`Problem`] when there is no secret to check with, or none of them made this signature.
    pub(crate) fn check(self, secrets: &[String], headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
        if secrets.iter().all(String::is_empty) {
            let detail =
                format!("{} of the configuration is empty, so that nothing can be checked", self.setting);
            return Err(Problem::new(Code::WebhookNotConfigured, detail));
        }
        let given = headers.get(self.header).and_then(|v| STANDARD.decode(v.as_bytes().trim_ascii()).ok());
        let Some(given) = given else {
            let detail = format!("{} is missing, or it is not base64", self.header);
            return Err(Problem::new(Code::WebhookSignature, detail));
        };
        let signed = |secret: &String| {
            Hmac::<Sha256>::new_from_slice(secret.as_bytes())
                .is_ok_and(|mac| mac.chain_update(body).verify_slice(&given).is_ok())
        };
        if secrets.iter().filter(|s| !s.is_empty()).any(signed) {
            return Ok(());
        }
        let detail = format!("{} was not made of this body with any of {}", self.header, self.setting);
        Err(Problem::new(Code::WebhookSignature, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: SignedBody = SignedBody { header: "x-signature", setting: "collect.secrets" };

    /// Made with Python: `b64encode(hmac.new(b"hush", b'{"id":1}', "sha256").digest())`.
    const OF_HUSH: &str = "VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY=";

    #[track_caller]
    fn check(secrets: &[&str], signature: Option<&str>, body: &str, expected: Option<Code>) {
        let secrets: Vec<String> = secrets.iter().map(|&s| s.to_owned()).collect();
        let mut headers = HeaderMap::new();
        if let Some(signature) = signature {
            headers.insert("x-signature", signature.parse().unwrap());
        }
        let refused = SIGNED.check(&secrets, &headers, body.as_bytes()).err().map(|p| p.code);
        assert_eq!(refused, expected, "{secrets:?} {signature:?} {body}");
    }

    #[test]
    fn only_a_secret_that_is_known_signs() {
        let body = r#"{"id":1}"#;
        check(&["hush"], Some(OF_HUSH), body, None);
        check(&["new", "hush"], Some(OF_HUSH), body, None);
        for (secrets, signature, body) in [
            (&["other"][..], Some(OF_HUSH), body),
            (&["hush", ""], Some(OF_HUSH), r#"{"id":2}"#),
            (&["hush"], Some(&OF_HUSH[..40]), body),
            (&["hush"], Some("no base64!"), body),
            (&["hush"], Some(""), body),
            (&["hush"], None, body),
        ] {
            check(secrets, signature, body, Some(Code::WebhookSignature));
        }
        check(&[], Some(OF_HUSH), body, Some(Code::WebhookNotConfigured));
        check(&[""], Some(OF_HUSH), body, Some(Code::WebhookNotConfigured));
    }
}
