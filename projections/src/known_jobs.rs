//! The jobs that began before a page of the log: their states, from memory or from the log itself.
//!
//! Taking them from the log and not from a read model lets each read model be rebuilt alone, from any
//! position: what a job was before version *n* is a fact that never changes. For the same reason the memory
//! needs no care when a transaction rolls back: an entry is used only if its version fits.

use crate::batch::{Batch, StreamKey};
use crate::error::Error;
use chrono::{DateTime, Utc};
use ledger::job::{JobEvent, JobState};
use ledger::{AccountId, Event, RecordedEvent, StreamId, UserId};
use std::collections::{HashMap, HashSet};
use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// A job's state at a version of its stream.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub state: JobState,
    pub user: Option<UserId>,
    /// The provider that was asked last in this run, where the log tells.
    pub provider: Option<String>,
    pub version: i64,
}

/// A job, or why it cannot be known.
pub(crate) type KnownJob = Result<Job, String>;

/// Unfinished jobs worth remembering; past that the memory starts over, which costs one read each.
const MOST_REMEMBERED: usize = 50_000;

pub(crate) const EARLIER: &str = r"
select asked.account_id, asked.job_id, event.version, event.type, event.schema_version, event.payload,
    event.occurred_at, event.actor
from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as asked(account_id, job_id, first_version)
cross join lateral (
    select version, type, schema_version, payload::text, occurred_at, actor from events
    where account_id = asked.account_id and stream_id = asked.job_id and version < asked.first_version
    order by version
    offset 0
) event
order by asked.account_id, asked.job_id, event.version";

impl Job {
    /// The job after one more event; `None` if a job cannot begin with it.
    pub(crate) fn apply(
        job: Option<Job>,
        event: &JobEvent,
        account: AccountId,
        version: i64,
        at: DateTime<Utc>,
        actor: &str,
    ) -> Option<Job> {
        let (state, user, provider) = match job {
            Some(job) => (Some(job.state), job.user, job.provider),
            None => (None, owner(actor, account), None),
        };
        let provider = asked_last(provider, event);
        JobState::apply(state, event, version, at).map(|state| Job { state, user, provider, version })
    }
}

/// The provider that was asked last, after one more event. A claim that leaves a choice does not tell whom it came to: then it is
/// whoever an earlier attempt of the run failed at.
fn asked_last(before: Option<String>, event: &JobEvent) -> Option<String> {
    match event {
        JobEvent::Started { providers, .. } => match providers.as_slice() {
            [only] => Some(only.clone()),
            _ => before,
        },
        JobEvent::Submitted { provider, .. } | JobEvent::AttemptFailed { provider, .. } => {
            provider.clone().or(before)
        }
        JobEvent::Queued { .. } | JobEvent::Retried { .. } => None,
        JobEvent::Succeeded { .. }
        | JobEvent::Failed { .. }
        | JobEvent::DeadLettered { .. }
        | JobEvent::Discarded { .. }
        | JobEvent::Cancelled { .. }
        | JobEvent::Refunded { .. } => before,
    }
}

/// Remembers the jobs that are not finished: they are the ones that the next pages will speak of.
#[derive(Default)]
pub(crate) struct KnownJobs {
    jobs: HashMap<StreamKey, Job>,
}

impl KnownJobs {
    /// The jobs that these events continue, as they were before.
    pub(crate) async fn before(
        &mut self,
        client: &impl GenericClient,
        events: &[RecordedEvent],
    ) -> Result<HashMap<StreamKey, KnownJob>, Error> {
        let mut known = HashMap::new();
        let mut asked = HashMap::new();
        let mut seen = HashSet::new();
        for event in events.iter().filter(|event| event.stream_id.0 != event.account_id.0) {
            let key = (event.account_id, event.stream_id);
            if !seen.insert(key) || event.version == 1 {
                continue;
            }
            match self.jobs.get(&key) {
                Some(job) if job.version + 1 == event.version => drop(known.insert(key, Ok(job.clone()))),
                _ => drop(asked.insert(key, event.version)),
            }
        }
        if !asked.is_empty() {
            known.extend(load(client, &asked).await?);
        }
        Ok(known)
    }

    /// Takes note of how a batch left its jobs.
    pub(crate) fn remember(&mut self, batch: &Batch) {
        if self.jobs.len() + batch.jobs.len() > MOST_REMEMBERED {
            self.jobs.clear();
        }
        for change in &batch.jobs {
            if change.after.status.is_finished() {
                self.jobs.remove(&change.key());
            } else {
                let job = Job {
                    state: change.after.clone(),
                    user: change.user.clone(),
                    provider: change.provider.clone(),
                    version: change.version,
                };
                self.jobs.insert(change.key(), job);
            }
        }
    }
}

/// The jobs, each as it was before that version, from the log.
pub(crate) async fn load(
    client: &impl GenericClient,
    asked: &HashMap<StreamKey, i64>,
) -> Result<HashMap<StreamKey, KnownJob>, Error> {
    let accounts: Vec<Uuid> = asked.keys().map(|(account, _)| account.0).collect();
    let streams: Vec<Uuid> = asked.keys().map(|(_, stream)| stream.0).collect();
    let versions: Vec<i64> = asked.values().copied().collect();
    let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
        [(&accounts, Type::UUID_ARRAY), (&streams, Type::UUID_ARRAY), (&versions, Type::INT8_ARRAY)];
    let mut known: HashMap<StreamKey, KnownJob> = HashMap::new();
    for row in client.query_typed(EARLIER, &parameters).await? {
        let key = (AccountId(row.try_get(0)?), StreamId(row.try_get(1)?));
        let (version, at, actor) = (row.try_get(2)?, row.try_get(6)?, row.try_get(7)?);
        let event = Event::decode(row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
        let job = match known.remove(&key) {
            Some(Err(reason)) => Err(reason),
            None => continued(None, event, key.0, version, at, actor),
            Some(Ok(job)) => continued(Some(job), event, key.0, version, at, actor),
        };
        known.insert(key, job);
    }
    Ok(known)
}

fn continued(
    job: Option<Job>,
    event: Result<Event, ledger::Error>,
    account: AccountId,
    version: i64,
    at: DateTime<Utc>,
    actor: &str,
) -> KnownJob {
    let expected = job.as_ref().map_or(1, |job| job.version + 1);
    if version != expected {
        return Err(format!("version {expected} of its stream is missing from the log"));
    }
    match event {
        Ok(Event::Job(event)) => Job::apply(job, &event, account, version, at, actor)
            .ok_or_else(|| "its stream does not begin with job.queued".to_owned()),
        Ok(Event::Account(_)) => Err("a credit event is in its stream".to_owned()),
        Err(error) => Err(format!("an earlier event of its stream is unreadable: {error}")),
    }
}

/// The user behind an actor, if the account is theirs.
pub(crate) fn owner(actor: &str, account: AccountId) -> Option<UserId> {
    let user: UserId = actor.strip_prefix("user:")?.parse().ok()?;
    (user.account() == account).then_some(user)
}
