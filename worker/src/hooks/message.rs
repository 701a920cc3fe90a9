//! What is told of an event. Pure: the same event gives the same message, byte by byte and with the same id, however often the log is
//! read.

use super::payload::{Body, Generation, Granted, Low, Refunded};
use ledger::account::AccountEvent;
use ledger::job::{JobEvent, JobState};
use ledger::{Credits, Event, JobId, RecordedEvent, UserId};
use projections::hooks::{Message, Topic};
use serde::Serialize;
use uuid::Uuid;

/// What else is known about the time of an event.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    /// Whose account it is.
    pub user: Option<UserId>,
    /// The job right after the event, of one about a job.
    pub job: Option<JobState>,
}

/// What is told of this event, if anything is. A balance is low below `low_below`.
pub(super) fn topic(recorded: &RecordedEvent, low_below: Credits) -> Option<Topic> {
    match &recorded.event {
        Event::Job(event) => of_job(event),
        Event::Account(AccountEvent::Granted { .. }) => Some(Topic::CreditsGranted),
        Event::Account(AccountEvent::Refunded { .. }) => Some(Topic::CreditsRefunded),
        Event::Account(_) => falls_below(recorded, low_below).then_some(Topic::CreditsLow),
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

/// Only the event that crosses the line says so: what follows below it does not.
fn falls_below(recorded: &RecordedEvent, low_below: Credits) -> bool {
    let (Some(change), Some(after)) = (recorded.amount, recorded.balance_after) else { return false };
    after < low_below.get() && after - change >= low_below.get()
}

/// The message; `None` if what is needed to tell it is not known.
pub(super) fn message(
    recorded: &RecordedEvent,
    topic: Topic,
    context: &Context,
    low_below: Credits,
) -> Option<Message> {
    let payload = match &recorded.event {
        Event::Job(_) => {
            let id = JobId(recorded.stream_id.0);
            body(recorded, topic, Generation::new(id, context.job.as_ref()?, context.user.as_ref(), recorded))
        }
        Event::Account(event) => {
            let (user, balance) = (context.user.as_ref(), recorded.balance_after?);
            match event {
                AccountEvent::Granted { .. } => {
                    body(recorded, topic, Granted::new(event, user, balance, recorded)?)
                }
                AccountEvent::Refunded { .. } => {
                    body(recorded, topic, Refunded::new(event, user, balance, recorded)?)
                }
                _ => body(recorded, topic, Low::new(user, balance, low_below, recorded)),
            }
        }
    };
    Some(Message {
        id: Uuid::new_v5(&recorded.event_id.0, topic.as_str().as_bytes()),
        position: recorded.position,
        account_id: recorded.account_id,
        topic,
        payload,
    })
}

fn body(recorded: &RecordedEvent, topic: Topic, data: impl Serialize) -> String {
    Body::new(topic.as_str(), recorded.occurred_at, data).encode()
}

#[cfg(test)]
mod tests;
