//! What tokens are checked with: a shared secret, a public key, or the keys that are published under a URL.

use super::bearer::Bearer;
use super::checking::CheckingKey;
use super::claims::{Audience, Claims, Role};
use super::jwks::KeySet;
use crate::serve::problem::Problem;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use ledger::UserId;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Shortest secret, in bytes: as long as what it signs.
const MIN_SECRET_BYTES: usize = 32;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The secret is short enough to be guessed.
    #[error("the secret has {0} bytes; use at least {MIN_SECRET_BYTES}, such as from `openssl rand -hex 32`")]
    SecretTooShort(usize),
    /// Not a public key that can be read.
    #[error("the key is not a public RSA, P-256 or Ed25519 key in PEM form")]
    NotAPublicKey,
    /// A public key cannot sign.
    #[error("tokens can only be issued with a shared secret; this key can only check them")]
    CannotIssue,
    /// Signing failed.
    #[error("the token cannot be signed")]
    Signing(#[from] jsonwebtoken::errors::Error),
    /// No connection can be kept secret.
    #[error("TLS cannot be set up on this machine")]
    Tls(#[from] reqwest::Error),
}

/// Checks tokens, and issues them where the key is a shared secret. Cheap to clone; never shows its key.
#[derive(Clone)]
pub struct Keys {
    inner: Arc<Inner>,
}

struct Inner {
    source: Source,
    issuer: String,
    audience: String,
}

/// Where keys are from.
enum Source {
    Secret(CheckingKey, EncodingKey),
    Public(CheckingKey),
    Published(Arc<KeySet>),
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.inner.source {
            Source::Secret(..) => "Keys(secret)",
            Source::Public(_) => "Keys(public)",
            Source::Published(_) => "Keys(published)",
        })
    }
}

impl Keys {
    /// HS256 with a shared secret of at least 32 bytes.
    pub fn hs256(secret: &[u8], issuer: &str, audience: &str) -> Result<Keys, KeyError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(KeyError::SecretTooShort(secret.len()));
        }
        let decoding = DecodingKey::from_secret(secret);
        let checking = CheckingKey::new(decoding, Algorithm::HS256, issuer, audience);
        Ok(Keys::new(Source::Secret(checking, EncodingKey::from_secret(secret)), issuer, audience))
    }

    /// A public key in PEM form: RS256, ES256 or EdDSA, by what the key is.
    pub fn public_pem(pem: &[u8], issuer: &str, audience: &str) -> Result<Keys, KeyError> {
        let (decoding, algorithm) = DecodingKey::from_rsa_pem(pem)
            .map(|key| (key, Algorithm::RS256))
            .or_else(|_| DecodingKey::from_ec_pem(pem).map(|key| (key, Algorithm::ES256)))
            .or_else(|_| DecodingKey::from_ed_pem(pem).map(|key| (key, Algorithm::EdDSA)))
            .map_err(|_| KeyError::NotAPublicKey)?;
        let checking = CheckingKey::new(decoding, algorithm, issuer, audience);
        Ok(Keys::new(Source::Public(checking), issuer, audience))
    }

    /// The keys that are published under this URL, which [`check_address`](super::check_address) finds right. Nothing is fetched yet.
    pub fn published(url: &str, issuer: &str, audience: &str) -> Result<Keys, KeyError> {
        let set = Arc::new(KeySet::at(url, issuer, audience)?);
        Ok(Keys::new(Source::Published(set), issuer, audience))
    }

    fn new(source: Source, issuer: &str, audience: &str) -> Keys {
        let (issuer, audience) = (issuer.to_owned(), audience.to_owned());
        Keys { inner: Arc::new(Inner { source, issuer, audience }) }
    }

    /// A new token; fails unless the key is a shared secret.
    pub fn issue(&self, role: Role, sub: &UserId, ttl: Duration) -> Result<String, KeyError> {
        let Source::Secret(_, key) = &self.inner.source else { return Err(KeyError::CannotIssue) };
        let now = Utc::now().timestamp();
        // A century is longer than any token should live, and keeps the sum in range.
        let ttl = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX).min(100 * 365 * 24 * 3600);
        let claims = Claims {
            sub: sub.clone(),
            role,
            iss: self.inner.issuer.clone(),
            aud: Audience::One(self.inner.audience.clone()),
            exp: now + ttl,
            iat: Some(now),
            nbf: Some(now),
        };
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, key)?)
    }

    /// Who the token speaks for; `None` if it is not valid at `now`, for whatever reason. An error if there are no keys to tell by.
    pub(crate) async fn check(&self, token: &str, now: DateTime<Utc>) -> Result<Option<Bearer>, Problem> {
        match &self.inner.source {
            Source::Secret(key, _) | Source::Public(key) => Ok(key.check(token, now)),
            Source::Published(keys) => keys.check(token, now).await,
        }
    }

    /// Keeps what is published at hand, until shutdown.
    pub(crate) async fn follow(self, shutdown: CancellationToken) {
        if let Source::Published(keys) = &self.inner.source {
            keys.follow(shutdown).await;
        }
    }

    /// Why no token can be checked, for people.
    pub(crate) fn ready(&self) -> Result<(), String> {
        match &self.inner.source {
            Source::Secret(..) | Source::Public(_) => Ok(()),
            Source::Published(keys) => keys.ready(),
        }
    }

    /// What is amiss while tokens can be checked all the same.
    pub(crate) fn warning(&self) -> Option<String> {
        match &self.inner.source {
            Source::Secret(..) | Source::Public(_) => None,
            Source::Published(keys) => keys.warning(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bearer, Keys, Role};
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use serde_json::{Value, json};
    use std::time::Duration;

    const SECRET: &[u8] = b"an unguessable secret of 32 bytes or more";

    fn keys() -> Keys {
        Keys::hs256(SECRET, "cooly", "cooly").unwrap()
    }

    async fn check(token: &str) -> Option<Bearer> {
        keys().check(token, chrono::Utc::now()).await.unwrap()
    }

    fn claims() -> Value {
        let now = chrono::Utc::now().timestamp();
        json!({ "sub": "alice", "role": "user", "iss": "cooly", "aud": "cooly", "exp": now + 60 })
    }

    fn signed(algorithm: Algorithm, claims: &Value, secret: &[u8]) -> String {
        jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    #[tokio::test]
    async fn an_issued_token_is_accepted() {
        let token = keys().issue(Role::Admin, &"ops".parse().unwrap(), Duration::from_secs(60)).unwrap();
        let bearer = check(&token).await.unwrap();
        assert_eq!((bearer.user.as_str(), bearer.role), ("ops", Role::Admin));
    }

    #[tokio::test]
    async fn the_plain_claims_are_accepted() {
        assert!(check(&signed(Algorithm::HS256, &claims(), SECRET)).await.is_some());
    }

    #[tokio::test]
    async fn claims_that_are_missing_or_wrong_are_refused() {
        let now = chrono::Utc::now().timestamp();
        let long = "x".repeat(300);
        for (claim, value) in [
            ("exp", None),
            ("exp", Some(json!(now - 6))),
            ("exp", Some(json!("tomorrow"))),
            ("sub", None),
            ("sub", Some(json!(""))),
            ("sub", Some(json!("a\u{0}b"))),
            ("sub", Some(json!(long))),
            ("sub", Some(json!(7))),
            ("iss", None),
            ("iss", Some(json!("someone"))),
            ("aud", None),
            ("aud", Some(json!("elsewhere"))),
            ("role", None),
            ("role", Some(json!("root"))),
            ("nbf", Some(json!(now + 60))),
        ] {
            let mut claims = claims();
            match &value {
                Some(value) => claims[claim] = value.clone(),
                None => drop(claims.as_object_mut().unwrap().remove(claim)),
            }
            let token = signed(Algorithm::HS256, &claims, SECRET);
            assert!(check(&token).await.is_none(), "{claim} = {value:?}");
        }
    }

    #[tokio::test]
    async fn another_key_or_algorithm_is_refused() {
        for token in [
            signed(Algorithm::HS256, &claims(), b"another secret of thirty-two bytes or more"),
            signed(Algorithm::HS384, &claims(), SECRET),
            signed(Algorithm::HS512, &claims(), SECRET),
            // {"alg":"none","typ":"JWT"}
            format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", {
                let token = signed(Algorithm::HS256, &claims(), SECRET);
                token.split('.').nth(1).unwrap().to_owned()
            }),
            String::new(),
            "not.a.token".into(),
        ] {
            assert!(check(&token).await.is_none(), "{token}");
        }
    }

    #[tokio::test]
    async fn an_oversized_token_is_refused_unread() {
        let mut claims = claims();
        claims["padding"] = json!("x".repeat(9 * 1024));
        assert!(check(&signed(Algorithm::HS256, &claims, SECRET)).await.is_none());
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(Keys::hs256(&[7; 31], "cooly", "cooly").is_err());
        assert!(Keys::public_pem(b"nonsense", "cooly", "cooly").is_err());
    }

    #[test]
    fn debug_shows_no_key() {
        assert!(!format!("{:?}", keys()).contains("unguessable"));
    }
}
