//! The answer to a cancel: the generation as it is then, and what came back.

use super::purchase::PaidGeneration;
use crate::words::generation::Generation;
use crate::words::scalars::Amount;
use ledger::account::AccountEvent;
use ledger::{Credits, Outcome};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object};

/// The answer to a cancel.
#[derive(ApiResponse)]
pub(super) enum Stopped {
    /// Done.
    #[oai(status = 200)]
    Done(
        Json<CancelledGeneration>,
        /// Send it as `Ledger-Position` to see this in lists.
        #[oai(header = "Ledger-Position")]
        Option<i64>,
    ),
}

/// A generation after a cancel.
#[derive(Debug, Object)]
pub(super) struct CancelledGeneration {
    #[oai(flatten)]
    generation: Generation,
    /// The credits that came back by this cancel; left out if it had been cancelled before.
    #[oai(skip_serializing_if_is_none)]
    came_back: Option<Amount>,
    /// Credits that can be spent now.
    balance: Amount,
}

impl CancelledGeneration {
    pub(super) fn of(paid: PaidGeneration, came_back: Option<Credits>) -> CancelledGeneration {
        let PaidGeneration { generation, balance } = paid;
        CancelledGeneration { generation, came_back: came_back.map(Amount), balance }
    }
}

/// What a cancel gave back, or set free of what was held; `None` if it did nothing.
pub(super) fn came_back(outcome: &Outcome) -> Option<Credits> {
    outcome.position?;
    match outcome.credits.first() {
        Some(
            AccountEvent::Refunded { amount, .. }
            | AccountEvent::Released { amount, .. }
            | AccountEvent::Captured { released: amount, .. },
        ) => Some(*amount),
        _ => Some(Credits::ZERO),
    }
}
