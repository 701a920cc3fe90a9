//! What a message tells beside its event: whose account it is, and the job as it was right after the event. Both are read from the log, so
//! they are the same whenever they are asked for.

use super::message::{self, Context};
use crate::error::Error;
use crate::station::Station;
use ledger::job::JobState;
use ledger::{AccountId, Credits, Event, RecordedEvent, UserId, error_chain, read};
use projections::hooks::{Listener, Message};
use std::collections::HashMap;
use uuid::Uuid;

/// Messages, and which endpoint gets which of them by its place.
#[derive(Default)]
pub(super) struct Told {
    pub messages: Vec<Message>,
    pub pairs: Vec<(Uuid, usize)>,
}

/// What these events have to tell these endpoints.
pub(super) async fn told(
    station: &Station,
    events: &[RecordedEvent],
    listeners: &[Listener],
) -> Result<Told, Error> {
    let low_below = station.low_balance();
    let (mut told, mut users) = (Told::default(), HashMap::new());
    for recorded in events {
        let Some(topic) = message::topic(recorded, low_below) else { continue };
        let wants = |listener: &&Listener| {
            listener.after < recorded.position
                && listener.topics.contains(&topic)
                && listener.account.is_none_or(|account| account == recorded.account_id)
        };
        let wanting: Vec<Uuid> = listeners.iter().filter(wants).map(|listener| listener.id).collect();
        if wanting.is_empty() {
            continue;
        }
        let Some(context) = context(station, recorded, &mut users).await? else { continue };
        let Some(message) = message::message(recorded, topic, &context, low_below) else { continue };
        let place = told.messages.len();
        told.messages.push(message);
        told.pairs.extend(wanting.into_iter().map(|endpoint| (endpoint, place)));
    }
    Ok(told)
}

/// `None` if the log says something about it that this version cannot read.
async fn context(
    station: &Station,
    recorded: &RecordedEvent,
    users: &mut HashMap<AccountId, Option<UserId>>,
) -> Result<Option<Context>, Error> {
    let job = match &recorded.event {
        Event::Account(_) => Ok(None),
        Event::Job(_) => job(station, recorded).await,
    };
    match job {
        Ok(job) => Ok(Some(Context { user: user(station, recorded, users).await?, job })),
        Err(Error::Ledger(error @ ledger::Error::Unreadable { .. })) => {
            let cause = error_chain(&error);
            tracing::error!(position = %recorded.position, cause, "what customers are to be told cannot be read by this version");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The job right after the event.
async fn job(station: &Station, ended: &RecordedEvent) -> Result<Option<JobState>, Error> {
    let client = station.reader.get().await?;
    let stream = read::stream(&**client, ended.account_id, ended.stream_id).await?;
    let until_then = stream.iter().take_while(|recorded| recorded.version <= ended.version);
    Ok(until_then.fold(None, |state, recorded| match &recorded.event {
        Event::Job(event) => JobState::apply(state, event, recorded.version, recorded.occurred_at),
        Event::Account(_) => state,
    }))
}

/// Whose account it is: that never changes.
async fn user(
    station: &Station,
    recorded: &RecordedEvent,
    users: &mut HashMap<AccountId, Option<UserId>>,
) -> Result<Option<UserId>, Error> {
    if let Some(state) = &recorded.state {
        return Ok(state.user.clone());
    }
    if let Some(user) = users.get(&recorded.account_id) {
        return Ok(user.clone());
    }
    let account = read::account(&**station.reader.get().await?, recorded.account_id).await?;
    let user = account.and_then(|(state, _)| state.user);
    users.insert(recorded.account_id, user.clone());
    Ok(user)
}

impl Station {
    /// Below which a balance counts as low.
    fn low_balance(&self) -> Credits {
        self.hooks.low_balance.unwrap_or_else(|| self.offer().catalogue.low_balance())
    }
}
