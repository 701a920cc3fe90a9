//! Reading the ends of streams that a lane does not remember.
//!
//! The lateral form makes one index look-up for each asked stream whatever the planner believes of the
//! table's size; a plain `= any($1)` gets a generic plan made while the table was empty.

use super::row::{account_state, hash};
use crate::error::Error;
use crate::event::Event;
use crate::head::{AccountHead, JobHead, JobKey};
use crate::ids::{AccountId, JobId};
use crate::job::JobState;
use std::collections::HashMap;
use std::sync::Arc;
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

/// The last event of each account's own stream.
pub(crate) const ACCOUNT_HEADS: &str = r"
select asked.id, head.version, head.hash, head.state, head.occurred_at
from unnest($1::uuid[]) as asked(id)
cross join lateral (
    select version, hash, state::text, occurred_at from events
    where account_id = asked.id and stream_id = asked.id
    order by version desc limit 1
) head";

/// All events of each job, in order: a job is short, and its state is their fold.
pub(crate) const JOB_STREAMS: &str = r"
select asked.account_id, asked.job_id, event.version, event.hash, event.type, event.schema_version,
    event.payload, event.occurred_at
from unnest($1::uuid[], $2::uuid[]) as asked(account_id, job_id)
cross join lateral (
    select version, hash, type, schema_version, payload::text, occurred_at from events
    where account_id = asked.account_id and stream_id = asked.job_id
    order by version
    offset 0
) event
order by asked.account_id, asked.job_id, event.version";

/// Reads the heads of these accounts; one without events has an empty head.
pub(crate) async fn accounts(
    client: &Client,
    statement: &Statement,
    ids: &[AccountId],
) -> Result<HashMap<AccountId, AccountHead>, Error> {
    let mut heads: HashMap<_, _> = ids.iter().map(|id| (*id, AccountHead::default())).collect();
    let asked: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    for row in client.query(statement, &[&asked]).await? {
        let state = Arc::new(account_state(row.try_get(3)?)?);
        let (version, hash) = (row.try_get(1)?, hash(row.try_get(2)?)?);
        let head = AccountHead { version, hash, at: row.try_get(4)?, state };
        heads.insert(AccountId(row.try_get(0)?), head);
    }
    Ok(heads)
}

/// Reads the heads of these jobs; one without events has an empty head.
pub(crate) async fn jobs(
    client: &Client,
    statement: &Statement,
    keys: &[JobKey],
) -> Result<HashMap<JobKey, JobHead>, Error> {
    let mut heads: HashMap<_, _> = keys.iter().map(|key| (*key, JobHead::default())).collect();
    let accounts: Vec<Uuid> = keys.iter().map(|(account, _)| account.0).collect();
    let jobs: Vec<Uuid> = keys.iter().map(|(_, job)| job.0).collect();
    for row in client.query(statement, &[&accounts, &jobs]).await? {
        let key = (AccountId(row.try_get(0)?), JobId(row.try_get(1)?));
        let head = heads.entry(key).or_default();
        let version = row.try_get(2)?;
        let Event::Job(event) = Event::decode(row.try_get(4)?, row.try_get(5)?, row.try_get(6)?)? else {
            return Err(Error::Unreadable {
                event: format!("{}/{}/{version}", key.0, key.1),
                problem: "a credit event in a job's stream".into(),
            });
        };
        head.state =
            JobState::apply(head.state.take().map(Arc::unwrap_or_clone), &event, version, row.try_get(7)?)
                .map(Arc::new);
        head.version = version;
        head.hash = hash(row.try_get(3)?)?;
    }
    Ok(heads)
}
