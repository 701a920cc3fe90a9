//! What all orders have in common.

use crate::serve::problem::Problem;
use ledger::account::{AccountEvent, LotId};
use ledger::{Action, Outcome, UserId};
use poem_openapi::types::ToJSON;

/// Something to be done to the credits of one account.
pub(crate) trait Order: ToJSON {
    /// Names it where an idempotency key is given.
    const OPERATION: &'static str;

    /// What tells what it did.
    type Made: ToJSON;

    /// What the ledger is asked.
    fn action(&self, user: &UserId) -> Action;

    /// What it did, or would do.
    fn made(user: &UserId, outcome: &Outcome) -> Result<Self::Made, Problem>;

    /// The lot that must have been granted, where it names one.
    fn names_lot(&self) -> Option<LotId> {
        None
    }
}

/// What the order itself did; anything after it is what followed from that.
pub(super) fn first(outcome: &Outcome) -> Result<&AccountEvent, Problem> {
    outcome.credits.first().ok_or_else(|| unexpected("nothing"))
}

/// The ledger did something else than it was asked.
pub(super) fn unexpected(event: &str) -> Problem {
    Problem::internal(format!("an order about credits led to {event}"))
}
