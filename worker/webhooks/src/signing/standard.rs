//! Standard Webhooks: HMAC-SHA256 over `id.timestamp.body` with a secret that both know.
//!
//! From the specification (standardwebhooks.com) and Replicate's page "Verify webhooks": the headers `webhook-id`,
//! `webhook-timestamp` and `webhook-signature`; a secret written `whsec_` and base64; several signatures side by side, as
//! `v1,` and base64, while a secret is exchanged; the id stays the same when a message is sent again. The body of
//! Replicate's is the prediction, whose `id` names the task.
//!
//! Not checked against the service itself: nothing of this was received from Replicate.

use super::{Flaw, Told, check_time, name, name_in, only};
use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use std::fmt;

/// Signatures that are looked at; there are two while a secret is exchanged.
const MOST_SIGNATURES: usize = 8;

/// The shortest secret that is believed to be one; the specification asks for 24 bytes.
const LEAST_BYTES: usize = 16;

/// Of a secret that we make.
const NEW_BYTES: usize = 32;

/// Why something is not a secret. Says nothing about the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret begins with `whsec_` and goes on in base64: give it as the provider shows it")]
pub struct InvalidSecret;

/// This machine has no random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are no random numbers to be had")]
pub struct NoRandomness;

/// What both sign with. It is never printed. On the heap, since it is large.
pub struct StandardSecret(Box<hmac::Key>);

impl StandardSecret {
    /// Reads a secret as the provider shows it.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<StandardSecret, InvalidSecret> {
        let encoded = text.trim().strip_prefix("whsec_").ok_or(InvalidSecret)?;
        let secret = STANDARD.decode(encoded).map_err(|_| InvalidSecret)?;
        if secret.len() < LEAST_BYTES {
            return Err(InvalidSecret);
        }
        Ok(StandardSecret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &secret))))
    }

    /// A new secret, as its owner is shown it.
    ///
    /// # Errors
    /// When this machine has no random numbers.
    pub fn generate() -> Result<String, NoRandomness> {
        let mut secret = [0; NEW_BYTES];
        rand::fill(&mut secret).map_err(|_| NoRandomness)?;
        Ok(format!("whsec_{}", STANDARD.encode(secret)))
    }

    /// The signature of a message that we send.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let timestamp = timestamp.to_string();
        let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
        format!("v1,{}", STANDARD.encode(hmac::sign(&self.0, &message)))
    }

    fn has_signed(&self, signature: &str, message: &[u8]) -> bool {
        let given = signature.strip_prefix("v1,").and_then(|encoded| STANDARD.decode(encoded).ok());
        given.is_some_and(|given| hmac::verify(&self.0, message, &given).is_ok())
    }
}

impl fmt::Debug for StandardSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("StandardSecret(hidden)")
    }
}

pub(super) fn read(
    secret: &StandardSecret,
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Told, Flaw> {
    Ok(Told { event_id: prove(secret, headers, body, now)?, task_id: name_in(body, "id")? })
}

/// The name of the report, once it is proved.
pub(super) fn prove(
    secret: &StandardSecret,
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<String, Flaw> {
    let (id, timestamp) = (only(headers, "webhook-id")?, only(headers, "webhook-timestamp")?);
    let mut signatures = only(headers, "webhook-signature")?.split(' ').take(MOST_SIGNATURES);
    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    if !signatures.any(|signature| secret.has_signed(signature, &message)) {
        return Err(Flaw::Signature);
    }
    check_time(timestamp, now)?;
    name(id)
}

#[cfg(test)]
mod tests {
    use super::{StandardSecret, read};
    use crate::signing::{Flaw, Told};
    use chrono::{DateTime, Utc};
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"id": "abc"}"#;

    /// Worked out apart from this code, with Python's `hmac` and `base64`.
    const SIGNATURE: &str = "v1,1hUvR7NC1h4gBaUW3CNkXSa3xTvenDuKHKT/T8R3Jpo=";

    fn headers(signature: &str) -> HeaderMap {
        let pairs =
            [("webhook-id", "msg_1"), ("webhook-timestamp", "1614265330"), ("webhook-signature", signature)];
        let pair = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        pairs.map(pair).into_iter().collect()
    }

    fn signed_at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_614_265_330, 0).unwrap()
    }

    #[test]
    fn a_signature_among_others_proves_the_report() {
        let secret = StandardSecret::parse(SECRET).unwrap();
        let told = Ok(Told { event_id: "msg_1".to_owned(), task_id: "abc".to_owned() });
        assert_eq!(read(&secret, &headers(SIGNATURE), BODY, signed_at()), told);
        let among = format!("v1,bm90aGluZw== v1a,x {SIGNATURE}");
        assert_eq!(read(&secret, &headers(&among), BODY, signed_at()), told);
        let late = read(&secret, &headers(SIGNATURE), BODY, signed_at() + chrono::TimeDelta::minutes(6));
        assert_eq!(late, Err(Flaw::Time));
    }

    #[test]
    fn anything_else_proves_nothing() {
        let secret = StandardSecret::parse(SECRET).unwrap();
        let other = StandardSecret::parse("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
        let without_version = &SIGNATURE[3..];
        for signature in ["", "v1,", "v1,AAAA", without_version, &SIGNATURE.replace("v1", "v2")] {
            assert_eq!(read(&secret, &headers(signature), BODY, signed_at()), Err(Flaw::Signature));
        }
        assert_eq!(read(&other, &headers(SIGNATURE), BODY, signed_at()), Err(Flaw::Signature));
        assert_eq!(read(&secret, &headers(SIGNATURE), b"{}", signed_at()), Err(Flaw::Signature));
        let mut twice = headers(SIGNATURE);
        twice.append("webhook-id", HeaderValue::from_static("msg_2"));
        assert_eq!(read(&secret, &twice, BODY, signed_at()), Err(Flaw::Signature));
    }

    #[test]
    fn what_we_sign_is_signed_as_the_specification_has_it() {
        let secret = StandardSecret::parse(SECRET).unwrap();
        assert_eq!(secret.sign("msg_1", 1_614_265_330, BODY), SIGNATURE);
        // From the reference libraries of Standard Webhooks.
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body), signature);
    }

    #[test]
    fn a_new_secret_is_one_and_no_two_are_alike() {
        let (one, other) = (StandardSecret::generate().unwrap(), StandardSecret::generate().unwrap());
        assert!(StandardSecret::parse(&one).is_ok() && one != other);
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for text in ["", "whsec_", "whsec_AAAA", "whsec_?", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(StandardSecret::parse(text).is_err(), "{text}");
        }
    }
}
