//! What an account allows.

use super::command::AccountCommand;
use super::event::AccountEvent;
use super::state::AccountState;
use crate::credits::{AmountError, Change, Credits};
use crate::decision::Decision;
use crate::refusal::Refusal;

/// Decides `command` for an account in `state`. Repeats are found by idempotency key before this is asked.
pub fn decide(state: &AccountState, command: &AccountCommand) -> Result<Decision<AccountEvent>, Refusal> {
    let event = match command.clone() {
        AccountCommand::Grant { user, amount, reason } => {
            not_zero(amount.is_zero())?;
            AccountEvent::Granted { user, amount, reason }
        }
        AccountCommand::Adjust { user, change, reason } => {
            not_zero(change.is_zero())?;
            AccountEvent::Adjusted { user, change, reason }
        }
        AccountCommand::Debit { amount, job_id, run, job_version } => {
            AccountEvent::Debited { amount, job_id, run, job_version }
        }
        AccountCommand::Refund { amount, job_id, run, reason } => {
            AccountEvent::Refunded { amount, job_id, run, reason }
        }
    };
    match event.change().apply_to(state.balance) {
        Ok(_) => Ok(Decision::Events(vec![event])),
        Err(AmountError::Negative) => Err(too_little(state.balance, &event)),
        Err(AmountError::TooLarge | AmountError::TooPrecise | AmountError::NotANumber) => {
            Err(Refusal::BalanceTooLarge)
        }
    }
}

fn not_zero(is_zero: bool) -> Result<(), Refusal> {
    if is_zero { Err(Refusal::AmountZero) } else { Ok(()) }
}

fn too_little(available: Credits, event: &AccountEvent) -> Refusal {
    let asked = Change::magnitude(event.change());
    match event {
        AccountEvent::Adjusted { .. } => Refusal::AdjustmentTooLarge { asked, available },
        AccountEvent::Granted { .. } | AccountEvent::Debited { .. } | AccountEvent::Refunded { .. } => {
            Refusal::CreditsInsufficient { needed: asked, available }
        }
    }
}
