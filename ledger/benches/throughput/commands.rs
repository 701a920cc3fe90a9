//! The purchases of this benchmark: with and without an idempotency key.
//!
//! The baselines buy the same thing, so that nobody writes less than the other.

use ledger::job::Kind;
use ledger::{Command, Idempotency, IdempotencyKey, JobId, UserId};
use measure::orders;
use uuid::Uuid;

/// The model of every job.
pub(crate) const MODEL: &str = "sim-image";

/// A purchase.
pub(crate) fn purchase(user: &UserId) -> Command {
    orders::purchase(user, JobId::generate(), Kind::Image, MODEL)
}

/// A purchase under an idempotency key of its own.
pub(crate) fn keyed_purchase(user: &UserId) -> Command {
    let key = Uuid::now_v7().to_string();
    let key = IdempotencyKey::try_from(key).expect("a UUID is visible ASCII");
    Command { idempotency: Some(Idempotency { key, request_hash: [7; 32] }), ..purchase(user) }
}
