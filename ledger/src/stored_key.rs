//! Under which keys the credit events of a command are written: the part of idempotency that is a column.

use crate::account::{AccountCommand, Charge, ForRun, RefundReason};
use crate::command::{Action, Command};
use crate::context::{Actor, Idempotency};
use crate::ids::AccountId;
use crate::job::JobCommand;
use std::collections::HashMap;

/// The key column and the request hash beside it.
pub(crate) type StoredKey = (String, Option<[u8; 32]>);

/// The key of what a job's event means for its account. A run is refunded as a whole once at most, whoever
/// asks; anything else is as repeatable as the command itself.
pub(crate) fn charge_key(
    command: &Command,
    place: KeyPlace,
    charge: &Charge,
    run: ForRun,
) -> Option<StoredKey> {
    match charge {
        Charge::Refund {
            reason: RefundReason::Failed | RefundReason::Cancelled | RefundReason::Discarded,
            ..
        } => Some((format!("refund:{}:{}", run.job_id, run.run), None)),
        Charge::Debit { .. }
        | Charge::Hold { .. }
        | Charge::Capture { .. }
        | Charge::Release { .. }
        | Charge::RefundRuns { .. }
        | Charge::Refund { reason: RefundReason::Goodwill, .. } => stored_key(command, place),
    }
}

/// Which of the credit events of a request carries a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    /// The first of commands that were given together. Its key stands for them all in the whole log, under a unique
    /// index of its own: the same key with other commands is noticed whatever accounts those are about.
    Batch,
    /// One of those of its account, from 0.
    Nth(usize),
}

/// Numbers the keyed events of commands that belong together. Each account counts its own, so that another request
/// under the same key meets it in every account that both are about, in whatever order.
pub(crate) struct KeyPlaces {
    next: HashMap<AccountId, usize>,
    opens_batch: bool,
}

impl KeyPlaces {
    /// Of one command, or of those that were given together.
    pub(crate) fn new(together: bool) -> KeyPlaces {
        KeyPlaces { next: HashMap::new(), opens_batch: together }
    }

    /// The places of a command that was given by itself: there is nothing to count.
    pub(crate) fn alone(command: &Command) -> Vec<KeyPlace> {
        (0..command.action.keyed_places()).map(KeyPlace::Nth).collect()
    }

    /// The places of the next command.
    pub(crate) fn of(&mut self, command: &Command) -> Vec<KeyPlace> {
        let next = self.next.entry(command.account).or_default();
        let first = *next;
        *next += command.action.keyed_places();
        let mut places: Vec<_> = (first..*next).map(KeyPlace::Nth).collect();
        if std::mem::take(&mut self.opens_batch)
            && let Some(place) = places.first_mut()
        {
            *place = KeyPlace::Batch;
        }
        places
    }
}

/// The key that a credit event of a command is written under. Users and admins have namespaces of their own, so that
/// an admin's key never meets a user's on the same account.
pub(crate) fn stored_key(command: &Command, place: KeyPlace) -> Option<StoredKey> {
    let Idempotency { key, request_hash } = command.idempotency.as_ref().filter(|_| is_keyed(command))?;
    let space = match command.context.actor {
        Actor::User(_) => "user",
        Actor::Admin(_) => "admin",
        Actor::Worker(_) | Actor::System(_) => "system",
    };
    let key = key.as_str();
    let stored = match place {
        KeyPlace::Batch => format!("batch/{space}:{key}"),
        KeyPlace::Nth(place) => format!("{space}/{place}:{key}"),
    };
    Some((stored, Some(*request_hash)))
}

fn is_keyed(command: &Command) -> bool {
    match &command.action {
        Action::Account(AccountCommand::Lapse) => false,
        Action::Account(_) | Action::Queue { .. } => true,
        Action::Job { command, .. } => matches!(command, JobCommand::Rerun | JobCommand::Refund { .. }),
    }
}
