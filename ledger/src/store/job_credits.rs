//! What a job did to its account, found without an index of its own, which every append would have to pay for.
//!
//! Credits move for a job in the INSERT that also writes an event of the job, and the rows of the account come first there. So
//! the way to them is: bisect the account for its last event before that of the job, and walk back over what the same INSERT
//! wrote, which is as long as `recorded_at` stays the same.

use super::row::{event_columns, recorded};
use crate::error::Error;
use crate::event::{Event, RecordedEvent};
use crate::ids::{AccountId, JobId};
use chrono::{DateTime, Utc};
use tokio_postgres::GenericClient;
use tokio_postgres::types::{ToSql, Type};

/// An account's events about a job, in order, beside those of the job at the positions `$3`, recorded at `$4`.
pub(crate) const JOB_CREDITS: &str = concat!(
    "with recursive asked (position, recorded_at) as (
        select * from unnest($3::bigint[], $4::timestamptz[])
    ),
    search (position, recorded_at, low, high) as (
        select asked.position, asked.recorded_at, 0::bigint, coalesce((
            select version from events where account_id = $1 and stream_id = $1 order by version desc limit 1
        ), 0)
        from asked
        union all
        select search.position, search.recorded_at, case when probed.fits then probe.middle else low end,
            case when probed.fits then high else probe.middle - 1 end
        from search
        cross join lateral (select (low + high + 1) / 2 as middle) probe
        cross join lateral (
            select events.position < search.position as fits from events
            where account_id = $1 and stream_id = $1 and version = probe.middle limit 1
        ) probed
        where low < high
    ),
    walk (version, recorded_at) as (
        select max(low), recorded_at from search group by position, recorded_at
        union
        select walk.version - 1, walk.recorded_at from walk
        cross join lateral (
            select recorded_at from events
            where account_id = $1 and stream_id = $1 and version = walk.version limit 1
        ) here
        where here.recorded_at = walk.recorded_at
    )
    select event.* from (select distinct version from walk) walked
    cross join lateral (
        select ",
    event_columns!(),
    " from events
        where account_id = $1 and stream_id = $1 and version = walked.version and job_id = $2 limit 1
    ) event
    order by event.version"
);

/// What happened to an account's credits because of one of its jobs, in order. `life` are all events of the job.
pub async fn job_credits(
    client: &impl GenericClient,
    account: AccountId,
    job: JobId,
    life: &[RecordedEvent],
) -> Result<Vec<RecordedEvent>, Error> {
    let moving = life.iter().filter(|recorded| match &recorded.event {
        Event::Job(event) => event.may_move_credits(),
        Event::Account(_) => false,
    });
    let (positions, times): (Vec<i64>, Vec<DateTime<Utc>>) =
        moving.map(|recorded| (recorded.position.0, recorded.recorded_at)).unzip();
    let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
        (&account.0, Type::UUID),
        (&job.0, Type::UUID),
        (&positions, Type::INT8_ARRAY),
        (&times, Type::TIMESTAMPTZ_ARRAY),
    ];
    let rows = client.query_typed(JOB_CREDITS, &parameters).await?;
    rows.iter().map(recorded).collect()
}
