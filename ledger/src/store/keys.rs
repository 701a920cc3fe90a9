//! Finding the first answer to a request that is repeated.

use super::row::account_state;
use crate::account::AccountEvent;
use crate::chain::Hash;
use crate::command::Outcome;
use crate::error::Error;
use crate::event::Event;
use crate::ids::{AccountId, JobId, Position};
use crate::job::JobState;
use chrono::DateTime;
use std::sync::Arc;
use tokio_postgres::Client;

/// The credit events that were written under these keys, in the order asked.
pub(crate) const BY_KEY: &str = r"
select asked.place, event.request_hash, event.position, event.state, event.type,
    event.schema_version, event.payload, event.occurred_at, event.version
from unnest($2::text[]) with ordinality as asked(key, place)
cross join lateral (
    select request_hash, position, state::text, type, schema_version, payload::text, occurred_at, version
    from events
    where account_id = $1 and idempotency_key = asked.key
    limit 1
) event
order by asked.place";

/// What came after a credit event, and whether it came of it: credits that return to a lot that is gone are taken
/// back at the same moment. Nothing else lapses then, because that is written down before anything is decided. A refund of
/// what several runs of a job took is one event a run, of which the first carries the key.
pub(crate) const AFTERMATH: &str = r"
select later.position, later.state::text, later.type, later.schema_version, later.payload::text,
    (later.type in ('credits.expired', 'credits.voided')
            or later.type = 'credits.refunded' and later.type = first.type and later.job_id = first.job_id)
        and later.idempotency_key is null and later.request_id = first.request_id
        and later.occurred_at = first.occurred_at as came_of_it
from events first
join events later on later.account_id = $1 and later.stream_id = $1 and later.version > $2
where first.account_id = $1 and first.stream_id = $1 and first.version = $2
order by later.version
limit 256";

/// A job's events up to a version.
pub(crate) const JOB_STREAM_UP_TO: &str = r"
select version, position, type, schema_version, payload::text, occurred_at from events
where account_id = $1 and stream_id = $2 and version <= $3
order by version";

/// The credit event of the whole log that carries the key of a batch. The condition is that of the index.
pub(crate) const BY_BATCH_KEY: &str = "select account_id, request_hash from events \
     where idempotency_key = $1 and idempotency_key like 'batch/%'";

/// Who used the key of a batch: the account of the first command, and the hash of the request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub account: AccountId,
    pub request_hash: Option<Hash>,
}

/// Looks up who used the key of a batch.
pub(crate) async fn holder_of_batch(client: &Client, key: &str) -> Result<Option<Holder>, Error> {
    let row = client.query_opt(BY_BATCH_KEY, &[&key]).await?;
    let holder = row.map(|row| {
        let stored: Option<&[u8]> = row.try_get(1)?;
        let request_hash = stored.and_then(|hash| hash.try_into().ok());
        Ok(Holder { account: AccountId(row.try_get(0)?), request_hash })
    });
    holder.transpose()
}

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
    let mut outcome = Outcome {
        position: None,
        at: DateTime::UNIX_EPOCH,
        account: None,
        credits: Vec::new(),
        jobs: Vec::new(),
        replayed: true,
    };
    for row in &rows {
        let stored: Option<&[u8]> = row.try_get(1)?;
        if stored != Some(request_hash.as_slice()) {
            return Ok(Earlier::Different);
        }
        let state: Option<&str> = row.try_get(3)?;
        outcome.account = state.map(account_state).transpose()?.map(Arc::new);
        outcome.at = row.try_get(7)?;
        note_position(&mut outcome.position, Position(row.try_get(2)?));
        let Event::Account(event) = Event::decode(row.try_get(4)?, row.try_get(5)?, row.try_get(6)?)? else {
            return Err(Error::Unreadable {
                event: row.try_get(4)?,
                problem: "a job's event carries an idempotency key".into(),
            });
        };
        if let (Some(job_id), Some(version)) = (event.job_id(), event.job_version()) {
            let (state, position) = job_at(client, account, job_id, version).await?;
            outcome.jobs.push((job_id, Arc::new(state)));
            note_position(&mut outcome.position, position);
        }
        let returned = gives_back(&event);
        outcome.credits.push(event);
        if returned {
            add_aftermath(client, account, row.try_get(8)?, &mut outcome).await?;
        }
    }
    if rows.is_empty() { Ok(Earlier::None) } else { Ok(Earlier::Same(Box::new(outcome))) }
}

/// Whether credits came back to lots.
fn gives_back(event: &AccountEvent) -> bool {
    match event {
        AccountEvent::Refunded { .. } | AccountEvent::Captured { .. } | AccountEvent::Released { .. } => true,
        AccountEvent::Granted { .. }
        | AccountEvent::Debited { .. }
        | AccountEvent::Adjusted { .. }
        | AccountEvent::Held { .. }
        | AccountEvent::Expired { .. }
        | AccountEvent::Voided { .. } => false,
    }
}

/// Adds what came of the event of this version to the answer.
async fn add_aftermath(
    client: &Client,
    account: AccountId,
    version: i64,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    for row in client.query(AFTERMATH, &[&account.0, &version]).await? {
        if !row.try_get::<_, bool>(5)? {
            break;
        }
        outcome.account = row.try_get::<_, Option<&str>>(1)?.map(account_state).transpose()?.map(Arc::new);
        note_position(&mut outcome.position, Position(row.try_get(0)?));
        if let Event::Account(event) = Event::decode(row.try_get(2)?, row.try_get(3)?, row.try_get(4)?)? {
            outcome.credits.push(event);
        }
    }
    Ok(())
}

fn note_position(newest: &mut Option<Position>, position: Position) {
    *newest = (*newest).max(Some(position));
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
