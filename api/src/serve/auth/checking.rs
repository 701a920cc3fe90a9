//! One key that checks tokens, and how strictly.
//!
//! One key, one algorithm: the `alg` of a token never chooses how it is checked. `exp`, `sub`, `iss`, `aud` and
//! `role` are required, `nbf` is honoured, clocks may differ by five seconds.

use super::bearer::{Bearer, Validity};
use super::claims::Claims;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

/// Longest token, in bytes.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Difference between two clocks that is let pass, in seconds.
const LEEWAY_SECONDS: i64 = 5;

/// See the module.
pub(super) struct CheckingKey {
    decoding: DecodingKey,
    validation: Validation,
}

impl CheckingKey {
    pub(super) fn new(
        decoding: DecodingKey,
        algorithm: Algorithm,
        issuer: &str,
        audience: &str,
    ) -> CheckingKey {
        let mut validation = Validation::new(algorithm);
        validation.set_required_spec_claims(&["exp", "sub", "iss", "aud"]);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        // Compared with the ledger's clock, not with this machine's: see `check`.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        CheckingKey { decoding, validation }
    }

    /// Who the token speaks for; `None` if it is not valid at `now`, for whatever reason.
    pub(super) fn check(&self, token: &str, now: DateTime<Utc>) -> Option<Bearer> {
        if is_too_long(token) {
            return None;
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation).ok()?.claims;
        let expires_at = DateTime::from_timestamp(claims.exp, 0)?;
        let is_valid_yet =
            claims.nbf.is_none_or(|from| from <= now.timestamp().saturating_add(LEEWAY_SECONDS));
        let is_over = claims.exp < now.timestamp().saturating_sub(LEEWAY_SECONDS);
        if !is_valid_yet || is_over {
            return None;
        }
        let validity = Validity { expires_at: Some(expires_at), key: None };
        Some(Bearer { user: claims.sub, role: claims.role, validity })
    }
}

/// Whether a token is refused unread.
pub(super) fn is_too_long(token: &str) -> bool {
    token.len() > MAX_TOKEN_BYTES
}
