//! Under which keys the credit events of a command are written: the part of idempotency that is a column.

use crate::account::{AccountCommand, Charge, ForRun, RefundReason};
use crate::command::{Action, Command};
use crate::context::{Actor, Idempotency};
use crate::ids::AccountId;
use crate::job::JobCommand;
use std::collections::HashMap;
use std::ops::Range;

/// The key column and the request hash beside it.
pub(crate) type StoredKey = (String, Option<[u8; 32]>);

/// The key of what a job's event means for its account. A run is refunded as a whole once at most, whoever
/// asks; anything else is as repeatable as the command itself.
pub(crate) fn charge_key(command: &Command, place: usize, charge: &Charge, run: ForRun) -> Option<StoredKey> {
    match charge {
        Charge::Refund {
            reason: RefundReason::Failed | RefundReason::Cancelled | RefundReason::Discarded,
            ..
        } => Some((format!("refund:{}:{}", run.job_id, run.run), None)),
        Charge::Debit { .. }
        | Charge::Hold { .. }
        | Charge::Capture { .. }
        | Charge::Release { .. }
        | Charge::Refund { reason: RefundReason::Goodwill, .. } => stored_key(command, place),
    }
}

/// Numbers the keyed events of commands that belong together. Each account counts its own, so that another request
/// under the same key meets it in every account that both are about, in whatever order.
#[derive(Default)]
pub(crate) struct KeyPlaces {
    next: HashMap<AccountId, usize>,
}

impl KeyPlaces {
    /// The places of the next command.
    pub(crate) fn of(&mut self, command: &Command) -> Range<usize> {
        let next = self.next.entry(command.account).or_default();
        let places = *next..*next + command.action.keyed_places();
        *next = places.end;
        places
    }
}

/// The key that the `place`-th credit event of a command is written under. Users and admins have namespaces of
/// their own, so that an admin's key never meets a user's on the same account.
pub(crate) fn stored_key(command: &Command, place: usize) -> Option<StoredKey> {
    let Idempotency { key, request_hash } = command.idempotency.as_ref().filter(|_| is_keyed(command))?;
    let space = match command.context.actor {
        Actor::User(_) => "user",
        Actor::Admin(_) => "admin",
        Actor::Worker(_) | Actor::System(_) => "system",
    };
    Some((format!("{space}/{place}:{}", key.as_str()), Some(*request_hash)))
}

fn is_keyed(command: &Command) -> bool {
    match &command.action {
        Action::Account(AccountCommand::Lapse) => false,
        Action::Account(_) | Action::Queue { .. } => true,
        Action::Job { command, .. } => matches!(command, JobCommand::Rerun | JobCommand::Refund { .. }),
    }
}
