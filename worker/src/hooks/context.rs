//! What messages tell beside their events: whose account it is, the job as it was right after the event, and what was available before it.
//! All of it is read from the log, so it is the same whenever it is asked for; and for a page at once.

use super::message::{self, Context};
use crate::error::Error;
use crate::station::Station;
use ledger::job::JobState;
use ledger::read::{self, Dated, Legible, ReadablePage};
use ledger::{AccountId, Credits, Event, JobId, Position, RecordedEvent, UserId, error_chain};
use projections::hooks::{Listener, Message, Topic};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Most messages that are written down at once, one for each endpoint that gets it: a page that has more of them is dealt with in parts.
pub(super) const MOST_PAIRS: usize = 5_000;

/// Messages, and which endpoint gets which of them by its place.
#[derive(Default)]
pub(super) struct Told {
    pub messages: Vec<Message>,
    pub pairs: Vec<(Uuid, usize)>,
    /// Up to here all of the page is in it.
    pub to: Position,
}

/// What a page that goes up to `to` has to tell these endpoints, or as much of it as is written down at once.
pub(super) async fn told(
    station: &Station,
    page: &ReadablePage,
    to: Position,
    listeners: &[Listener],
) -> Result<Told, Error> {
    let low_below = station.low_balance();
    let (wanted, to) = wanted(&page.events, to, listeners, low_below);
    for unreadable in page.unreadable.iter().filter(|event| event.position <= to) {
        pass_over(unreadable.position, &error_chain(&unreadable.error));
    }
    let mut told = Told { to, ..Told::default() };
    let surroundings = Surroundings::read(station, &wanted).await?;
    for (Wanted { recorded, topic, endpoints }, context) in wanted.iter().zip(surroundings.contexts(&wanted))
    {
        let message = context.and_then(|context| message::message(recorded, *topic, &context, low_below));
        match message {
            Ok(Some(message)) => {
                let place = told.messages.len();
                told.messages.push(message);
                told.pairs.extend(endpoints.iter().map(|endpoint| (*endpoint, place)));
            }
            Ok(None) => {}
            Err(cause) => pass_over(recorded.position, &cause),
        }
    }
    Ok(told)
}

/// A newer release wrote it, or somebody else did. Whoever can read it tells it when it is replayed.
pub(super) fn pass_over(position: Position, cause: &str) {
    tracing::error!(%position, cause, "what customers are to be told cannot be read by this version");
    metrics::counter!("cooly_webhook_unreadable_total").increment(1);
}

/// An event of which these endpoints are told, as far as the event itself says.
struct Wanted<'a> {
    recorded: &'a RecordedEvent,
    topic: Topic,
    endpoints: Vec<Uuid>,
}

/// The first of these events that somebody wants to be told of, not more than are written down at once; and up to where they go.
fn wanted<'a>(
    events: &'a [RecordedEvent],
    to: Position,
    listeners: &[Listener],
    low_below: Credits,
) -> (Vec<Wanted<'a>>, Position) {
    let (mut wanted, mut pairs) = (Vec::new(), 0);
    for recorded in events {
        let Some(topic) = message::topic(recorded, low_below) else { continue };
        let wants = |listener: &&Listener| {
            listener.after < recorded.position
                && listener.topics.contains(&topic)
                && listener.account.is_none_or(|account| account == recorded.account_id)
        };
        let endpoints: Vec<Uuid> = listeners.iter().filter(wants).map(|listener| listener.id).collect();
        if pairs > 0 && pairs + endpoints.len() > MOST_PAIRS {
            return (wanted, Position(recorded.position.0 - 1));
        }
        pairs += endpoints.len();
        if !endpoints.is_empty() {
            wanted.push(Wanted { recorded, topic, endpoints });
        }
    }
    (wanted, to)
}

/// What the log says around the events of a page. What this version cannot read of it is kept as the reason why not.
struct Surroundings {
    owners: HashMap<AccountId, UserId>,
    jobs: HashMap<Position, Result<Option<JobState>, String>>,
    before: HashMap<Position, Result<Option<Dated>, String>>,
}

impl Surroundings {
    async fn read(station: &Station, wanted: &[Wanted<'_>]) -> Result<Surroundings, Error> {
        let unnamed = wanted.iter().filter(|wanted| named(wanted.recorded).is_none());
        let unnamed: BTreeSet<AccountId> = unnamed.map(|wanted| wanted.recorded.account_id).collect();
        let unnamed: Vec<AccountId> = unnamed.into_iter().collect();
        let of_jobs = places(wanted, |wanted| matches!(wanted.recorded.event, Event::Job(_)));
        let low = places(wanted, |wanted| wanted.topic == Topic::CreditsLow);
        let jobs: Vec<_> =
            of_jobs.iter().map(|event| (event.account_id, JobId(event.stream_id.0), event.version)).collect();
        let accounts: Vec<_> = low.iter().map(|event| (event.account_id, event.version - 1)).collect();
        let client = station.reader.get().await?;
        Ok(Surroundings {
            owners: match unnamed.is_empty() {
                true => HashMap::new(),
                false => read::owners(&**client, &unnamed).await?,
            },
            jobs: match jobs.is_empty() {
                true => HashMap::new(),
                false => by_position(&of_jobs, read::jobs_at(&**client, &jobs).await?),
            },
            before: match accounts.is_empty() {
                true => HashMap::new(),
                false => by_position(&low, read::accounts_at(&**client, &accounts).await?),
            },
        })
    }

    /// Of each of them what is known beside it, or why this version cannot tell.
    fn contexts(&self, wanted: &[Wanted<'_>]) -> impl Iterator<Item = Result<Context, String>> {
        wanted.iter().map(|wanted| self.context(wanted.recorded))
    }

    fn context(&self, recorded: &RecordedEvent) -> Result<Context, String> {
        let owner = named(recorded).or_else(|| self.owners.get(&recorded.account_id));
        let user = owner.ok_or("whose account it is cannot be read")?.clone();
        let job = self.jobs.get(&recorded.position).cloned().transpose()?.flatten();
        let before = self.before.get(&recorded.position).cloned().transpose()?.flatten();
        Ok(Context { user, job, before })
    }
}

/// The owner, of an event that has the account's state beside it.
fn named(recorded: &RecordedEvent) -> Option<&UserId> {
    recorded.state.as_ref().and_then(|state| state.user.as_ref())
}

fn places<'a>(wanted: &[Wanted<'a>], is_meant: impl Fn(&Wanted<'a>) -> bool) -> Vec<&'a RecordedEvent> {
    wanted.iter().filter(|wanted| is_meant(wanted)).map(|wanted| wanted.recorded).collect()
}

fn by_position<T>(
    events: &[&RecordedEvent],
    answers: Vec<Legible<T>>,
) -> HashMap<Position, Result<T, String>> {
    let answers = answers.into_iter().map(|answer| answer.map_err(|error| error_chain(&error)));
    events.iter().map(|event| event.position).zip(answers).collect()
}

impl Station {
    /// Below which a balance counts as low.
    fn low_balance(&self) -> Credits {
        self.hooks.low_balance.unwrap_or_else(|| self.offer().catalogue.low_balance())
    }
}
