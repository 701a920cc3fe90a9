//! The table of what was reported: written by whoever takes a report, read by the poller, and by a runner that looks for
//! lost work. A row is a hint and never the last word.

use crate::reference::Reference;
use ledger::{AccountId, JobId};
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, GenericClient, Row};

/// A report about a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// Who reports.
    pub provider: String,
    /// The provider's name for the report, the same however often it is sent.
    pub event_id: String,
    /// Whose attempt it is about.
    pub account_id: AccountId,
    /// The attempt.
    pub reference: Reference,
    /// The provider's name for the task.
    pub task_id: String,
}

/// Without a target: naming one would need the right to read the table.
const NOTE: &str = r"
insert into provider_signals (provider, event_id, account_id, job_id, run, fencing, task_id)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict do nothing";

const TAKE: &str = r"
update provider_signals set taken_at = statement_timestamp()
where (provider, event_id) in (
    select provider, event_id from provider_signals
    where taken_at is null order by received_at limit $1 for update skip locked
)
returning account_id, job_id";

/// A task that reports name for two jobs, or that another job has, belongs to neither for sure.
const TASK_OF: &str = r"
select signal.task_id from provider_signals signal
where signal.account_id = $1 and signal.job_id = $2 and signal.run = $3 and signal.fencing = $4
    and signal.provider = $5
    and not exists (
        select from provider_signals other
        where other.provider = signal.provider and other.task_id = signal.task_id
            and other.job_id <> signal.job_id
    )
order by signal.received_at limit 1";

const FORGET: &str = r"
delete from provider_signals where (provider, event_id) in (
    select provider, event_id from provider_signals
    where received_at < statement_timestamp() - make_interval(secs => $1)
    order by received_at limit $2
)";

/// Writes a report down. `false` if it was there already.
pub async fn note(client: &impl GenericClient, signal: &Signal) -> Result<bool, Error> {
    let Signal { provider, event_id, account_id, reference, task_id } = signal;
    let run = i32::try_from(reference.run).unwrap_or(i32::MAX);
    let parameters: [(&(dyn ToSql + Sync), Type); 7] = [
        (provider, Type::TEXT),
        (event_id, Type::TEXT),
        (&account_id.0, Type::UUID),
        (&reference.job_id.0, Type::UUID),
        (&run, Type::INT4),
        (&reference.fencing, Type::INT8),
        (task_id, Type::TEXT),
    ];
    Ok(client.execute_typed(NOTE, &parameters).await? > 0)
}

/// The jobs of reports that nobody has taken yet, oldest first, at most so many; they are taken now.
pub async fn take(client: &impl GenericClient, most: i64) -> Result<Vec<(AccountId, JobId)>, Error> {
    let rows = client.query_typed(TAKE, &[(&most, Type::INT8)]).await?;
    let job = |row: &Row| Ok((AccountId(row.try_get(0)?), JobId(row.try_get(1)?)));
    rows.iter().map(job).collect()
}

/// The task that the provider reported for this attempt, if it did and no other job is reported to have it.
pub async fn task_of(
    client: &impl GenericClient,
    account_id: AccountId,
    reference: &Reference,
    provider: &str,
) -> Result<Option<String>, Error> {
    let run = i32::try_from(reference.run).unwrap_or(i32::MAX);
    let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
        (&account_id.0, Type::UUID),
        (&reference.job_id.0, Type::UUID),
        (&run, Type::INT4),
        (&reference.fencing, Type::INT8),
        (&provider, Type::TEXT),
    ];
    let rows = client.query_typed(TASK_OF, &parameters).await?;
    rows.first().map(|row| row.try_get(0)).transpose()
}

/// Removes reports that are older, at most so many at a time; how many those were.
pub async fn forget(client: &impl GenericClient, age: Duration, most: i64) -> Result<u64, Error> {
    let seconds = age.as_secs_f64();
    client.execute_typed(FORGET, &[(&seconds, Type::FLOAT8), (&most, Type::INT8)]).await
}
