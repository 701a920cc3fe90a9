//! The public keys that a provider publishes as a JWKS document, fetched when they are needed and kept for a while.
//!
//! Whoever makes us look for a key that is not there must not make us ask the provider each time, so it is asked at most
//! once a minute; and a document of any size or slowness must not hold us up, so both are bounded.

use super::Flaw;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, redirect};
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// After this the document is fetched again.
const FRESH: Duration = Duration::from_secs(3_600);

/// No key is believed for longer without seeing it again.
const BELIEVED: Duration = Duration::from_secs(24 * 3_600);

/// The provider is asked no sooner again for a key that is missing, or for a document that did not come.
const PAUSE: Duration = Duration::from_secs(60);

/// The same while there are no keys at all.
const SHORT_PAUSE: Duration = Duration::from_secs(2);

/// How long the document may take.
const PATIENCE: Duration = Duration::from_secs(5);

const MOST_BYTES: usize = 64 * 1024;

const MOST_KEYS: usize = 32;

/// The keys of one provider.
#[derive(Debug)]
pub struct KeySet {
    url: String,
    client: Client,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    keys: Vec<Vec<u8>>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Key>,
}

/// One of them; other kinds than Ed25519 are passed over.
#[derive(Deserialize)]
struct Key {
    #[serde(default)]
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
}

impl KeySet {
    /// Where fal publishes its keys.
    pub const OF_FAL: &str = "https://rest.fal.ai/.well-known/jwks.json";

    /// The keys at this address. Nothing is fetched yet.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn at(url: &str) -> Result<KeySet, reqwest::Error> {
        let client = Client::builder().redirect(redirect::Policy::none()).timeout(PATIENCE).build()?;
        Ok(KeySet { url: url.to_owned(), client, kept: Mutex::default() })
    }

    /// Whether one of the keys has signed this.
    pub(super) async fn have_signed(&self, message: &[u8], signature: &[u8]) -> Result<bool, Flaw> {
        let mut kept = self.kept.lock().await;
        if kept.is_older_than(FRESH) {
            self.refresh(&mut kept).await;
        }
        if kept.is_older_than(BELIEVED) {
            return Err(Flaw::KeysAway);
        }
        if kept.have_signed(message, signature) {
            return Ok(true);
        }
        // It may be a key that is newer than what is kept.
        self.refresh(&mut kept).await;
        Ok(kept.have_signed(message, signature))
    }

    /// Fetches the document, unless that was just tried.
    async fn refresh(&self, kept: &mut Kept) {
        let pause = if kept.is_older_than(BELIEVED) { SHORT_PAUSE } else { PAUSE };
        if kept.tried.is_some_and(|tried| tried.elapsed() < pause) {
            return;
        }
        kept.tried = Some(Instant::now());
        match self.fetch().await {
            Ok(keys) => (kept.keys, kept.fetched) = (keys, Some(Instant::now())),
            Err(problem) => {
                tracing::warn!(problem, "the keys that a provider signs webhooks with cannot be had")
            }
        }
    }

    async fn fetch(&self) -> Result<Vec<Vec<u8>>, String> {
        let told = |error: reqwest::Error| ledger::error_chain(&error.without_url());
        let mut response = self.client.get(&self.url).send().await.map_err(told)?;
        if !response.status().is_success() {
            return Err(format!("the answer is {}", response.status()));
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(told)? {
            if document.len() + chunk.len() > MOST_BYTES {
                return Err("the document is too large".to_owned());
            }
            document.extend_from_slice(&chunk);
        }
        let document: Document =
            serde_json::from_slice(&document).map_err(|_| "the document is no list of keys".to_owned())?;
        let keys: Vec<_> = document.keys.iter().filter_map(Key::ed25519).take(MOST_KEYS).collect();
        if keys.is_empty() { Err("there is no Ed25519 key in the document".to_owned()) } else { Ok(keys) }
    }
}

impl Kept {
    fn is_older_than(&self, age: Duration) -> bool {
        self.fetched.is_none_or(|fetched| fetched.elapsed() >= age)
    }

    fn have_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.keys.iter().any(|key| UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok())
    }
}

impl Key {
    fn ed25519(&self) -> Option<Vec<u8>> {
        let is_one = self.kty == "OKP" && self.crv == "Ed25519";
        URL_SAFE_NO_PAD.decode(&self.x).ok().filter(|key| is_one && key.len() == 32)
    }
}
