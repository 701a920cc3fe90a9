//! What is told of an event. Pure: the same event gives the same message, byte by byte and with the same id, however often the log is
//! read.

use super::payload::{Body, Expiring, Generation, Granted, Low, Refunded};
use chrono::{DateTime, Utc};
use ledger::account::{AccountEvent, Lot};
use ledger::job::{JobEvent, JobState};
use ledger::read::{AccountNow, Dated};
use ledger::{Credits, Event, JobId, RecordedEvent, UserId};
use projections::hooks::{Message, Topic};
use serde::Serialize;
use uuid::Uuid;

/// What else is known about the time of an event.
#[derive(Debug, Clone)]
pub(super) struct Context {
    /// Whose account it is.
    pub user: UserId,
    /// The job right after the event, of one about a job.
    pub job: Option<JobState>,
    /// The account right after the event before this one, and when that was; of one after which it has little.
    pub before: Option<Dated>,
}

/// What may be told of this event. An account is low that has less than `low_below`; whether it was so before, the event does not say.
pub(super) fn topic(recorded: &RecordedEvent, low_below: Credits) -> Option<Topic> {
    match &recorded.event {
        Event::Job(event) => of_job(event),
        Event::Account(AccountEvent::Granted { .. }) => Some(Topic::CreditsGranted),
        Event::Account(AccountEvent::Refunded { .. }) => Some(Topic::CreditsRefunded),
        Event::Account(_) => ends_below(recorded, low_below).then_some(Topic::CreditsLow),
    }
}

fn of_job(event: &JobEvent) -> Option<Topic> {
    match event {
        JobEvent::Succeeded { .. } => Some(Topic::GenerationSucceeded),
        JobEvent::Failed { .. } => Some(Topic::GenerationFailed),
        JobEvent::Cancelled { .. } => Some(Topic::GenerationCancelled),
        JobEvent::DeadLettered { .. } => Some(Topic::GenerationDead),
        JobEvent::Discarded { .. } => Some(Topic::GenerationDiscarded),
        JobEvent::Queued { .. }
        | JobEvent::Started { .. }
        | JobEvent::Submitted { .. }
        | JobEvent::AttemptFailed { .. }
        | JobEvent::Retried { .. }
        | JobEvent::Refunded { .. } => None,
    }
}

/// Whether it took something away, and less can be spent after it than that.
fn ends_below(recorded: &RecordedEvent, low_below: Credits) -> bool {
    let is_loss = recorded.amount.is_some_and(|change| change.is_sign_negative());
    is_loss && available(recorded).is_some_and(|available| available < low_below)
}

/// What can be spent right after it: in a balance there is also what can only be spent later.
fn available(recorded: &RecordedEvent) -> Option<Credits> {
    recorded.state.as_ref().map(|state| state.available(recorded.occurred_at))
}

/// Only the event that crosses the line says so: what follows below it does not. What was there before is what the event before left, and
/// what has become spendable since.
fn was_above(recorded: &RecordedEvent, context: &Context, low_below: Credits) -> bool {
    context.before.as_ref().is_some_and(|(state, at)| {
        state.available(*at).max(state.available(recorded.occurred_at)) >= low_below
    })
}

/// The message, if there is one; or why this version cannot tell.
pub(super) fn message(
    recorded: &RecordedEvent,
    topic: Topic,
    context: &Context,
    low_below: Credits,
) -> Result<Option<Message>, String> {
    if topic == Topic::CreditsLow && !was_above(recorded, context, low_below) {
        return Ok(None);
    }
    let payload = payload(recorded, topic, context, low_below).ok_or("the log lacks a part of it")?;
    Ok(Some(Message {
        id: Uuid::new_v5(&recorded.event_id.0, topic.as_str().as_bytes()),
        position: recorded.position,
        account_id: recorded.account_id,
        topic,
        payload,
    }))
}

/// `None` if what is needed to tell it is not there.
fn payload(recorded: &RecordedEvent, topic: Topic, context: &Context, low_below: Credits) -> Option<String> {
    let user = &context.user;
    Some(match &recorded.event {
        Event::Job(_) => {
            let id = JobId(recorded.stream_id.0);
            body(recorded, topic, Generation::new(id, context.job.as_ref()?, user, recorded))
        }
        Event::Account(event @ AccountEvent::Granted { .. }) => {
            body(recorded, topic, Granted::new(event, user, recorded.balance_after?, recorded)?)
        }
        Event::Account(event @ AccountEvent::Refunded { .. }) => {
            body(recorded, topic, Refunded::new(event, user, recorded.balance_after?, recorded)?)
        }
        Event::Account(_) => body(recorded, topic, Low::new(user, available(recorded)?, low_below, recorded)),
    })
}

/// What is told of the credits of an account that can be spent at the first instant and will be gone at the other: a message for each lot,
/// named by both.
pub(super) fn expiring(
    account: &AccountNow,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> impl Iterator<Item = Message> {
    let soon = move |lot: &&Lot| lot.is_spendable(now) && lot.has_lapsed(until);
    account.state.lots.iter().filter(soon).filter_map(move |lot| {
        let (topic, user) = (Topic::CreditsExpiring, account.state.user.as_ref()?);
        let data = Expiring::new(user, lot, account.position)?;
        Some(Message {
            id: Uuid::new_v5(&account.account_id.0, format!("{}/{}", topic.as_str(), lot.lot).as_bytes()),
            position: account.position,
            account_id: account.account_id,
            topic,
            payload: Body::new(topic.as_str(), now, data).encode(),
        })
    })
}

fn body(recorded: &RecordedEvent, topic: Topic, data: impl Serialize) -> String {
    Body::new(topic.as_str(), recorded.occurred_at, data).encode()
}

#[cfg(test)]
mod tests;
