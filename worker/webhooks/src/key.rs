//! The key that shows that an address was given out by us. It is never printed.

use crate::reference::Reference;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::AccountId;
use std::fmt;
use std::sync::Arc;

/// Fewer bytes could be guessed.
const LEAST_BYTES: usize = 32;

/// Keeps the same secret from meaning anything elsewhere.
const PURPOSE: &[u8] = b"cooly: addresses of provider webhooks, 1";

/// Why something is not a key. Says nothing about the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is too short: give at least {LEAST_BYTES} bytes that nobody can guess")]
pub struct InvalidWebhookKey;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct WebhookKey(Arc<hmac::Key>);

impl WebhookKey {
    /// Derives the key from a secret of at least 32 bytes. Every process that gives out or takes must have the same.
    ///
    /// # Errors
    /// When the secret is too short.
    pub fn new(secret: &[u8]) -> Result<WebhookKey, InvalidWebhookKey> {
        if secret.len() < LEAST_BYTES {
            return Err(InvalidWebhookKey);
        }
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), PURPOSE);
        Ok(WebhookKey(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))))
    }

    /// What allows the provider to report about this attempt, and about no other. Fits into an address as it is.
    pub(crate) fn mac(&self, provider: &str, account: AccountId, reference: &Reference) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, &said(provider, account, reference)))
    }

    /// Whether this was made by [`WebhookKey::mac`] of the same. Takes as long whether it is nearly right or all wrong.
    pub(crate) fn admits(
        &self,
        mac: &str,
        provider: &str,
        account: AccountId,
        reference: &Reference,
    ) -> bool {
        let given = URL_SAFE_NO_PAD.decode(mac).unwrap_or_default();
        hmac::verify(&self.0, &said(provider, account, reference), &given).is_ok()
    }
}

/// None of the parts has a line break, so no two different ones read the same.
fn said(provider: &str, account: AccountId, reference: &Reference) -> Vec<u8> {
    format!("{provider}\n{account}\n{reference}").into_bytes()
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WebhookKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::WebhookKey;
    use crate::reference::Reference;
    use ledger::{AccountId, JobId};
    use uuid::Uuid;

    #[test]
    fn a_mac_is_for_one_provider_one_account_and_one_attempt() {
        let key = WebhookKey::new(&[7; 32]).unwrap();
        let (account, other) = (AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)));
        let reference = Reference { job_id: JobId(Uuid::from_u128(3)), run: 1, fencing: 2 };
        let mac = key.mac("fal", account, &reference);
        assert!(key.admits(&mac, "fal", account, &reference));
        assert!(!key.admits(&mac, "replicate", account, &reference));
        assert!(!key.admits(&mac, "fal", other, &reference));
        assert!(!key.admits(&mac, "fal", account, &Reference { run: 2, ..reference }));
        assert!(!key.admits(&mac, "fal", account, &Reference { fencing: 3, ..reference }));
        assert!(!WebhookKey::new(&[8; 32]).unwrap().admits(&mac, "fal", account, &reference));
        for wrong in ["", "?", &mac[1..], &mac[..mac.len() - 4], &format!("{mac}A")] {
            assert!(!key.admits(wrong, "fal", account, &reference), "{wrong}");
        }
    }

    #[test]
    fn a_short_secret_is_refused_and_none_is_shown() {
        assert!(WebhookKey::new(&[7; 31]).is_err());
        assert_eq!(format!("{:?}", WebhookKey::new(&[7; 32]).unwrap()), "WebhookKey(hidden)");
    }
}
