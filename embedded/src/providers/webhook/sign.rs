//! Signing as the services do: fal with a key of its own, Replicate with a secret that both sides know.

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::wanted::Moment;
use crate::providers::{fault::WebhookFault, protocol::Protocol};

/// The secret of everybody who tries this: it guards nothing.
pub(in crate::providers) const SECRET: &str = "whsec_dGhlIHNlY3JldCBvZiB0aGUgbW9jayBwcm92aWRlcg==";

/// Older than anybody should believe.
const OLD: TimeDelta = TimeDelta::minutes(10);

/// What a report is signed with.
pub(in crate::providers) struct Signer {
    pair: Ed25519KeyPair,
    secret: hmac::Key,
    /// For what is to look like somebody else's.
    forger: Box<Option<Signer>>,
}

/// A report, ready to be sent any number of times.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Signer {
    pub(in crate::providers) fn new() -> Signer {
        let known = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap_or_default();
        let forger = Signer::with(&rand::random::<[u8; 32]>(), None);
        Signer::with(&known, Some(forger))
    }

    fn with(secret: &[u8], forger: Option<Signer>) -> Signer {
        let seed: [u8; 32] = rand::random();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a seed has 32 bytes");
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Signer { pair, secret, forger: Box::new(forger) }
    }

    /// The public keys, as fal publishes them.
    pub(in crate::providers) fn public_keys(&self) -> Value {
        let key = URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "mock", "x": key }] })
    }

    pub(super) fn signed(
        &self,
        protocol: Protocol,
        task: &str,
        moment: Moment,
        body: String,
        fault: Option<&WebhookFault>,
    ) -> Signed {
        let at = if fault == Some(&WebhookFault::Old) { Utc::now() - OLD } else { Utc::now() };
        let forger = self.forger.as_ref().as_ref().filter(|_| fault == Some(&WebhookFault::Forged));
        let (signer, timestamp) = (forger.unwrap_or(self), at.timestamp().to_string());
        let headers = match protocol {
            Protocol::Fal | Protocol::OpenAi => signer.as_fal(task, timestamp, &body),
            Protocol::Replicate => signer.as_replicate(task, moment, timestamp, &body),
        };
        Signed { headers, body }
    }

    fn as_fal(&self, task: &str, timestamp: String, body: &str) -> Vec<(&'static str, String)> {
        let user = "mock-user";
        let hashed = hex::encode(digest(&SHA256, body.as_bytes()));
        let signature = self.pair.sign(format!("{task}\n{user}\n{timestamp}\n{hashed}").as_bytes());
        vec![
            ("x-fal-webhook-request-id", task.to_owned()),
            ("x-fal-webhook-user-id", user.to_owned()),
            ("x-fal-webhook-timestamp", timestamp),
            ("x-fal-webhook-signature", hex::encode(signature)),
        ]
    }

    fn as_replicate(
        &self,
        task: &str,
        moment: Moment,
        timestamp: String,
        body: &str,
    ) -> Vec<(&'static str, String)> {
        let word = match moment {
            Moment::Started => "start",
            Moment::Ended => "completed",
        };
        let id = format!("msg_{task}_{word}");
        let signature = hmac::sign(&self.secret, format!("{id}.{timestamp}.{body}").as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(signature));
        vec![("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)]
    }
}
