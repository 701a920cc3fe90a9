//! Keys of a JWKS document (RFC 7517): which of them check tokens here, and by which algorithm.
//!
//! What a key is decides that, and its own `alg` must agree; a token has no say. A symmetric key in a public document is
//! everybody's, so it is never used.

use super::checking::CheckingKey;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// Keys of one document that are looked at.
const MOST_KEYS: usize = 64;

/// Characters of base64 that the modulus of the shortest RSA key takes, which has 2,048 bits.
const MIN_MODULUS_CHARS: usize = 342;

/// A key by the name under which tokens are signed with it.
pub(super) type Named = (Option<String>, CheckingKey);

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// What is read of a key.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys of a document that can check tokens of this issuer. What else it holds is passed over.
pub(super) fn keys(document: &[u8], issuer: &str, audience: &str) -> Result<Vec<Named>, &'static str> {
    let document: Document =
        serde_json::from_slice(document).map_err(|_| "the answer is no JWKS document")?;
    if document.keys.is_empty() {
        // Said on purpose: whoever withdraws all keys wants none of them believed.
        return Ok(Vec::new());
    }
    let read = document.keys.into_iter().take(MOST_KEYS).filter_map(|key| serde_json::from_value(key).ok());
    let keys: Vec<_> = read.filter_map(|key: Jwk| key.checking(issuer, audience)).collect();
    if keys.is_empty() { Err("there is no RSA, P-256 or Ed25519 key in the document") } else { Ok(keys) }
}

impl Jwk {
    fn checking(self, issuer: &str, audience: &str) -> Option<Named> {
        let is_for_signatures = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let (decoding, algorithm, name) = self.decoding().filter(|_| is_for_signatures)?;
        let agrees = self.alg.as_deref().is_none_or(|alg| alg == name);
        agrees.then(|| (self.kid, CheckingKey::new(decoding, algorithm, issuer, audience)))
    }

    fn decoding(&self) -> Option<(DecodingKey, Algorithm, &'static str)> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", None) => {
                let (n, e) = (self.n.as_ref()?, self.e.as_ref()?);
                let key = DecodingKey::from_rsa_components(n, e).ok()?;
                (n.len() >= MIN_MODULUS_CHARS).then_some((key, Algorithm::RS256, "RS256"))
            }
            ("EC", Some("P-256")) => {
                let key = DecodingKey::from_ec_components(self.x.as_ref()?, self.y.as_ref()?).ok()?;
                Some((key, Algorithm::ES256, "ES256"))
            }
            ("OKP", Some("Ed25519")) => {
                let key = DecodingKey::from_ed_components(self.x.as_ref()?).ok()?;
                Some((key, Algorithm::EdDSA, "EdDSA"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::keys;
    use serde_json::{Value, json};

    /// The names of the keys that are used.
    fn used(document: &Value) -> Vec<String> {
        let keys = keys(document.to_string().as_bytes(), "cooly", "cooly").unwrap_or_default();
        keys.into_iter().filter_map(|(kid, _)| kid).collect()
    }

    fn ed25519(change: Value) -> Value {
        let mut key = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "A".repeat(43) });
        key.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        key
    }

    #[test]
    fn what_a_key_is_decides_and_its_own_alg_must_agree() {
        // The last character stands for two bits alone.
        let modulus = format!("{}w", "s".repeat(341));
        for (key, is_used) in [
            (ed25519(json!({})), true),
            (ed25519(json!({ "use": "sig", "alg": "EdDSA", "x5c": ["?"], "made_up": 7 })), true),
            (ed25519(json!({ "use": "enc" })), false),
            (ed25519(json!({ "alg": "HS256" })), false),
            (ed25519(json!({ "alg": "none" })), false),
            (ed25519(json!({ "crv": "X25519" })), false),
            (ed25519(json!({ "kty": "EC" })), false),
            (ed25519(json!({ "x": 7 })), false),
            (json!({ "kty": "oct", "kid": "a", "k": "c2VjcmV0" }), false),
            (json!({ "kty": "oct", "kid": "a", "k": "c2VjcmV0", "alg": "HS256", "use": "sig" }), false),
            (json!({ "kty": "RSA", "kid": "a", "n": modulus, "e": "AQAB" }), true),
            (json!({ "kty": "RSA", "kid": "a", "n": modulus, "e": "AQAB", "alg": "RS512" }), false),
            (json!({ "kty": "RSA", "kid": "a", "n": "s".repeat(171), "e": "AQAB" }), false),
            (json!({ "kty": "EC", "crv": "P-384", "kid": "a", "x": "A", "y": "A" }), false),
        ] {
            assert_eq!(!used(&json!({ "keys": [key] })).is_empty(), is_used, "{key}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_read_does_not_hide_the_others() {
        let document = json!({ "keys": [7, {}, { "kty": "future" }, ed25519(json!({}))] });
        assert_eq!(used(&document), ["a"]);
    }

    #[test]
    fn a_document_without_any_use_is_an_error() {
        for document in ["", "{}", "[]", "<html>", r#"{"keys":[{"kty":"oct","k":"AA"}]}"#] {
            assert!(keys(document.as_bytes(), "cooly", "cooly").is_err(), "{document}");
        }
    }
}
