//! What there is to say while nothing has failed.

use crate::error::Error;
use crate::row;
use chrono::{DateTime, Utc};
use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;

/// Retries that are looked at, the newest.
const MOST_RETRIES: i64 = 1_000;

pub(super) const CALM: &str = r"
select (
    select occurred_at from events where type = 'job.dead_lettered' order by position desc limit 1
) as last_failure_at, (
    select count(distinct task.job_id) from (
        select account_id, stream_id from events where type = 'job.retried' order by position desc limit $1::bigint
    ) retried
    cross join lateral (
        select job_id from pending_tasks
        where job_id = retried.stream_id and account_id = retried.account_id and run > 1 limit 1
    ) task
) as running_again, (
    -- In the order of their index: the planner takes `is distinct from` for nearly all rows, and would read the table for one.
    select true from dead_letters where incident_of is distinct from version order by job_id, account_id limit 1
) is not null as is_being_named";

/// How things went lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calm {
    /// When a job last used up its attempts, if ever one did.
    pub last_failure_at: Option<DateTime<Utc>>,
    /// Jobs that were retried and have not ended, among the last thousand retries.
    pub running_again: u64,
    /// Whether dead jobs that an older release has written down are in no incident yet.
    pub is_being_named: bool,
}

/// See [`Calm`].
pub async fn calm(client: &impl GenericClient) -> Result<Calm, Error> {
    let rows = client.query_typed(CALM, &[(&MOST_RETRIES, Type::INT8)]).await?;
    Ok(Calm {
        last_failure_at: rows[0].try_get("last_failure_at")?,
        running_again: row::large_count(&rows[0], "running_again")?,
        is_being_named: rows[0].try_get("is_being_named")?,
    })
}
