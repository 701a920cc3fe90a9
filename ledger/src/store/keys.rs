//! Finding the first answer to a request that is repeated.

use super::row::account_state;
use crate::command::Outcome;
use crate::error::Error;
use crate::event::Event;
use crate::ids::{AccountId, JobId, Position};
use crate::job::JobState;
use tokio_postgres::Client;
use uuid::Uuid;

/// The credit events that were written under these keys, in the order asked.
pub(crate) const BY_KEY: &str = r"
select asked.place, event.request_hash, event.position, event.state, event.job_id, event.type,
    event.schema_version, event.payload
from unnest($2::text[]) with ordinality as asked(key, place)
cross join lateral (
    select request_hash, position, state::text, job_id, type, schema_version, payload::text from events
    where account_id = $1 and idempotency_key = asked.key
    limit 1
) event
order by asked.place";

/// A job's events up to a version.
pub(crate) const JOB_STREAM_UP_TO: &str = r"
select version, position, type, schema_version, payload::text, occurred_at from events
where account_id = $1 and stream_id = $2 and version <= $3
order by version";

/// What an earlier request under these keys led to.
pub(crate) enum Earlier {
    /// There was none.
    None,
    /// There was another request under the key.
    Different,
    /// The same request; this was its answer.
    Same(Box<Outcome>),
}

/// Looks up the answer of an earlier request: `keys` are those of its credit events, in order.
pub(crate) async fn earlier(
    client: &Client,
    account: AccountId,
    keys: &[String],
    request_hash: &[u8; 32],
) -> Result<Earlier, Error> {
    let rows = client.query(BY_KEY, &[&account.0, &keys]).await?;
    let mut outcome = Outcome { position: None, account: None, jobs: Vec::new(), replayed: true };
    for row in &rows {
        let stored: Option<&[u8]> = row.try_get(1)?;
        if stored != Some(request_hash.as_slice()) {
            return Ok(Earlier::Different);
        }
        let state: Option<&str> = row.try_get(3)?;
        outcome.account = state.map(account_state).transpose()?;
        note_position(&mut outcome.position, Position(row.try_get(2)?));
        if let Some(job_id) = row.try_get::<_, Option<Uuid>>(4)? {
            let version = job_version(row.try_get(5)?, row.try_get(6)?, row.try_get(7)?)?;
            let (state, position) = job_at(client, account, JobId(job_id), version).await?;
            outcome.jobs.push((JobId(job_id), state));
            note_position(&mut outcome.position, position);
        }
    }
    if rows.is_empty() { Ok(Earlier::None) } else { Ok(Earlier::Same(Box::new(outcome))) }
}

fn note_position(newest: &mut Option<Position>, position: Position) {
    *newest = (*newest).max(Some(position));
}

fn job_version(name: &str, schema_version: i16, payload: &str) -> Result<i64, Error> {
    use crate::account::AccountEvent;
    match Event::decode(name, schema_version, payload)? {
        Event::Account(AccountEvent::Debited { job_version, .. }) => Ok(job_version),
        Event::Account(_) | Event::Job(_) => Err(Error::Unreadable {
            event: name.to_owned(),
            problem: "a job's price was taken by another kind of event".into(),
        }),
    }
}

async fn job_at(
    client: &Client,
    account: AccountId,
    job: JobId,
    version: i64,
) -> Result<(JobState, Position), Error> {
    let missing =
        || Error::Unreadable { event: job.to_string(), problem: "its first events are missing".into() };
    let mut state: Option<JobState> = None;
    let mut position = None;
    for row in client.query(JOB_STREAM_UP_TO, &[&account.0, &job.0, &version]).await? {
        if let Event::Job(event) = Event::decode(row.try_get(2)?, row.try_get(3)?, row.try_get(4)?)? {
            state = JobState::apply(state, &event, row.try_get(0)?, row.try_get(5)?);
            position = Some(Position(row.try_get(1)?));
        }
    }
    Ok((state.ok_or_else(missing)?, position.ok_or_else(missing)?))
}
