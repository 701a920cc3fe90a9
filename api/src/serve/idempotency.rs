//! `Idempotency-Key`: makes a repeated request harmless.

use crate::serve::problem::Problem;
use ledger::{Idempotency, IdempotencyKey};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The key with the hash of what it stands for: the operation and what was read from the request, so that
/// blanks and the order of names do not make another request of it.
pub(crate) fn of(
    key: Option<String>,
    operation: &str,
    request: &impl Serialize,
) -> Result<Option<Idempotency>, Problem> {
    let Some(key) = key else { return Ok(None) };
    let key = IdempotencyKey::try_from(key)
        .map_err(|_| Problem::parameter("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))?;
    let request = serde_json::to_vec(request).map_err(|error| Problem::internal(error.to_string()))?;
    let hash = Sha256::new().chain_update(operation).chain_update([0]).chain_update(request).finalize();
    Ok(Some(Idempotency { key, request_hash: hash.into() }))
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn another_operation_or_request_has_another_hash() {
        let hash = |operation: &str, request: &str| {
            of(Some("k".into()), operation, &request).unwrap().unwrap().request_hash
        };
        assert_eq!(hash("a", "x"), hash("a", "x"));
        assert_ne!(hash("a", "x"), hash("b", "x"));
        assert_ne!(hash("a", "x"), hash("a", "y"));
    }

    #[test]
    fn keys_that_cannot_be_stored_are_refused() {
        let long = "k".repeat(256);
        for key in ["", " ", "a b", "é", "a\u{0}", &long] {
            assert!(of(Some(key.into()), "a", &()).is_err(), "{key:?}");
        }
        assert!(of(None, "a", &()).unwrap().is_none());
    }
}
