//! `pending_tasks`: the jobs that are queued or running, for the loops that look after them.

use crate::batch::JobChange;
use crate::error::Error;
use crate::jobs_table;
use crate::row::{self, column_of};
use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use ledger::job::{Attempt, Kind, Status};
use ledger::{AccountId, JobId, Position};
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// A job that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingTask {
    /// Whose it is.
    pub account_id: AccountId,
    /// The job.
    pub job_id: JobId,
    /// Queued or running.
    pub status: Status,
    /// Image or video.
    pub kind: Kind,
    /// Name of the model.
    pub model: String,
    /// Which run this is, from 1.
    pub run: u32,
    /// Attempts of this run that count against its budget.
    pub attempts: u32,
    /// The worker that claimed it, while running.
    pub worker: Option<String>,
    /// The claim's token, while running.
    pub fencing: Option<i64>,
    /// The provider's name for the work, once submitted.
    pub provider_task_id: Option<String>,
    /// The provider that has it, once submitted; `None` if an earlier release submitted it or wrote the row.
    pub provider: Option<String>,
    /// When this run was queued.
    pub queued_at: DateTime<Utc>,
    /// When its next attempt may start, or might have.
    pub due_at: DateTime<Utc>,
    /// Until when the claim holds, while running; once submitted, the provider's deadline.
    pub lease_until: Option<DateTime<Utc>>,
    /// Where its last event is in the log.
    pub last_position: Position,
}

/// How many jobs wait and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Jobs that wait for a worker.
    pub queued: u64,
    /// Jobs that a worker or a provider has.
    pub running: u64,
}

pub(crate) const HEADS: &str = jobs_table::heads!("pending_tasks");

const WRITE: &str = r"
insert into pending_tasks as kept
    (job_id, account_id, status, kind, model, run, attempts, worker, fencing, provider_task_id, queued_at,
    due_at, lease_until, version, last_position, provider, provider_fencing)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[],
    $8::text[], $9::bigint[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[],
    $14::bigint[], $15::bigint[], $16::text[], $17::bigint[])
on conflict (job_id, account_id) do update set
    status = excluded.status, run = excluded.run, attempts = excluded.attempts, worker = excluded.worker,
    fencing = excluded.fencing, provider_task_id = excluded.provider_task_id,
    queued_at = excluded.queued_at, due_at = excluded.due_at, lease_until = excluded.lease_until,
    version = excluded.version, last_position = excluded.last_position, provider = excluded.provider,
    provider_fencing = excluded.provider_fencing
where kept.version < excluded.version";

const DELETE: &str = jobs_table::deletes!("pending_tasks");

macro_rules! columns {
    () => {
        "job_id, account_id, status, kind, model, run, attempts, worker, fencing, provider_task_id, \
         case when provider_fencing = fencing then provider end as provider, queued_at, due_at, lease_until, \
         last_position"
    };
}

macro_rules! select {
    ($rest:literal) => {
        concat!("select ", columns!(), " from pending_tasks ", $rest)
    };
}

const SUBMITTED: &str =
    select!("where provider_task_id is not null and last_position > $1 order by last_position limit $2");

/// The first condition is the index's own: without it all that waits would be read.
const HELD: &str = r"
select exists (
    select from pending_tasks
    where provider_task_id is not null and job_id <> $1 and provider = $2 and provider_task_id = $3
)";

/// The next accounts and models with jobs that wait, found by one step along the index each.
const LANES: &str = r"
with recursive lanes as (
    (select account_id, model from pending_tasks
    where status = 'queued' and (account_id, model) > ($1::uuid, $2::text)
    order by account_id, model limit 1)
    union all
    select next.account_id, next.model
    from lanes cross join lateral (
        select account_id, model from pending_tasks
        where status = 'queued' and (account_id, model) > (lanes.account_id, lanes.model)
        order by account_id, model limit 1
    ) as next
)
select account_id, model from lanes limit $3";

const FRONTS: &str = concat!(
    "select front.* from unnest($1::uuid[], $2::text[]) as lane (account_id, model) cross join lateral (select ",
    columns!(),
    " from pending_tasks where status = 'queued' and account_id = lane.account_id and model = lane.model \
     and due_at <= statement_timestamp() order by due_at limit $3) as front"
);

const COMING: &str = select!(
    "where status = 'queued' and due_at > statement_timestamp() \
     and due_at <= statement_timestamp() + make_interval(secs => $1) order by due_at limit $2"
);

const LAPSED: &str =
    select!("where status = 'running' and lease_until < statement_timestamp() order by lease_until limit $1");

/// One statement, so one snapshot: a worker that is back again claims nothing before its row says so.
const LEFT_BEHIND: &str = concat!(
    "select task.*, extract(epoch from statement_timestamp() - gone.seen_at)::float8 as silent_seconds \
     from workers as gone cross join lateral (select ",
    columns!(),
    " from pending_tasks where worker = gone.identity and status = 'running' and provider_task_id is null \
     limit $1) as task where gone.gone_at is not null limit $1"
);

const OVERDUE: &str = select!(
    "where status = 'queued' and model = $1 and queued_at <= statement_timestamp() - make_interval(secs => $2) \
     order by queued_at limit $3"
);

const COUNTS: &str = r"
select coalesce(sum(value) filter (where measure = 'jobs_queued'), 0)::bigint as queued,
    coalesce(sum(value) filter (where measure = 'jobs_running'), 0)::bigint as running
from overview_totals";

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("pending: heads", HEADS),
    ("pending: write", WRITE),
    ("pending: delete", DELETE),
    ("pending: submitted", SUBMITTED),
    ("pending: held", HELD),
    ("pending: lanes", LANES),
    ("pending: fronts", FRONTS),
    ("pending: coming", COMING),
    ("pending: lapsed", LAPSED),
    ("pending: left behind", LEFT_BEHIND),
    ("pending: overdue", OVERDUE),
    ("pending: counts", COUNTS),
];

/// Jobs that a provider works on, in the order in which they were submitted, after a position.
pub async fn submitted(
    client: &impl GenericClient,
    after: Position,
    limit: i64,
) -> Result<Vec<PendingTask>, Error> {
    let rows = client.query_typed(SUBMITTED, &[(&after.0, Type::INT8), (&limit, Type::INT8)]).await?;
    rows.iter().map(read).collect()
}

/// Whether the provider is known to work on this task for another job.
pub async fn is_held_by_another(
    client: &impl GenericClient,
    job_id: JobId,
    provider: &str,
    provider_task_id: &str,
) -> Result<bool, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&job_id.0, Type::UUID), (&provider, Type::TEXT), (&provider_task_id, Type::TEXT)];
    Ok(client.query_typed(HELD, &parameters).await?[0].try_get(0)?)
}

/// The jobs of one account that wait on one model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    /// Whose.
    pub account_id: AccountId,
    /// Name of the model.
    pub model: String,
}

/// The next lanes in which a job waits, be it due or not; from the first one if `after` is `None`.
pub async fn lanes(
    client: &impl GenericClient,
    after: Option<&Lane>,
    limit: i64,
) -> Result<Vec<Lane>, Error> {
    let (account, model) = after.map_or((Uuid::nil(), ""), |lane| (lane.account_id.0, &lane.model));
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&account, Type::UUID), (&model, Type::TEXT), (&limit, Type::INT8)];
    let rows = client.query_typed(LANES, &parameters).await?;
    rows.iter()
        .map(|row| Ok(Lane { account_id: AccountId(row.try_get(0)?), model: row.try_get(1)? }))
        .collect()
}

/// Of each of these lanes the jobs that are due, longest first; at most `limit` of each.
pub async fn fronts(
    client: &impl GenericClient,
    lanes: &[Lane],
    limit: i64,
) -> Result<Vec<PendingTask>, Error> {
    let accounts: Vec<Uuid> = lanes.iter().map(|lane| lane.account_id.0).collect();
    let models: Vec<&str> = lanes.iter().map(|lane| lane.model.as_str()).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&accounts, Type::UUID_ARRAY), (&models, Type::TEXT_ARRAY), (&limit, Type::INT8)];
    client.query_typed(FRONTS, &parameters).await?.iter().map(read).collect()
}

/// Queued jobs that become due within this time, soonest first.
pub async fn coming(
    client: &impl GenericClient,
    within: Duration,
    limit: i64,
) -> Result<Vec<PendingTask>, Error> {
    let seconds = within.as_secs_f64();
    let rows = client.query_typed(COMING, &[(&seconds, Type::FLOAT8), (&limit, Type::INT8)]).await?;
    rows.iter().map(read).collect()
}

/// Jobs whose claim has lapsed, longest first.
pub async fn lapsed(client: &impl GenericClient, limit: i64) -> Result<Vec<PendingTask>, Error> {
    client.query_typed(LAPSED, &[(&limit, Type::INT8)]).await?.iter().map(read).collect()
}

/// Jobs that workers had claimed which are gone by now, and for how long each of those has not been heard of. What a
/// provider is known to have is left out.
pub async fn left_behind(
    client: &impl GenericClient,
    limit: i64,
) -> Result<Vec<(PendingTask, Duration)>, Error> {
    let rows = client.query_typed(LEFT_BEHIND, &[(&limit, Type::INT8)]).await?;
    let told = rows.iter().map(|row| {
        let silent: f64 = row.try_get("silent_seconds")?;
        Ok((read(row)?, Duration::try_from_secs_f64(silent).unwrap_or_default()))
    });
    told.collect()
}

/// Jobs of a model whose run is at least so old and that nobody works on, oldest first.
pub async fn overdue(
    client: &impl GenericClient,
    model: &str,
    older_than: Duration,
    limit: i64,
) -> Result<Vec<PendingTask>, Error> {
    let seconds = older_than.as_secs_f64();
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&model, Type::TEXT), (&seconds, Type::FLOAT8), (&limit, Type::INT8)];
    client.query_typed(OVERDUE, &parameters).await?.iter().map(read).collect()
}

/// How many jobs wait and run, kept as totals so that asking costs nothing.
pub async fn counts(client: &impl GenericClient) -> Result<Counts, Error> {
    let rows = client.query_typed(COUNTS, &[]).await?;
    Ok(Counts {
        queued: row::large_count(&rows[0], "queued")?,
        running: row::large_count(&rows[0], "running")?,
    })
}

pub(crate) async fn write(transaction: &Transaction<'_>, jobs: &[&JobChange]) -> Result<(), Error> {
    let (finished, open): (Vec<&JobChange>, Vec<&JobChange>) =
        jobs.iter().partition(|job| job.after.status.is_finished());
    // A job that begins and ends in one batch never has a row.
    let left: Vec<&JobChange> = finished.into_iter().filter(|job| job.first_version > 1).collect();
    jobs_table::delete(transaction, DELETE, &left).await?;
    upsert(transaction, &open).await
}

async fn upsert(transaction: &Transaction<'_>, jobs: &[&JobChange]) -> Result<(), Error> {
    if jobs.is_empty() {
        return Ok(());
    }
    let attempts = column_of!(jobs: Option<&Attempt>, job => job.after.attempt.as_ref());
    let statement = transaction.prepare_cached(WRITE).await?;
    transaction
        .execute(
            &statement,
            &[
                &column_of!(jobs: Uuid, job => job.job_id.0),
                &column_of!(jobs: Uuid, job => job.account_id.0),
                &column_of!(jobs: &str, job => job.after.status.as_str()),
                &column_of!(jobs: &str, job => job.after.request.kind.as_str()),
                &column_of!(jobs: &str, job => job.after.request.model.as_str()),
                &column_of!(jobs: i32, job => row::column(job.after.run)),
                &column_of!(jobs: i32, job => row::column(job.after.attempts)),
                &column_of!(attempts: Option<&str>, attempt => attempt.map(|attempt| attempt.worker.as_str())),
                &column_of!(attempts: Option<i64>, attempt => attempt.map(|attempt| attempt.fencing)),
                &column_of!(attempts: Option<&str>, attempt => attempt.and_then(|attempt| attempt.provider_task_id.as_deref())),
                &column_of!(jobs: DateTime<Utc>, job => job.after.run_queued_at),
                &column_of!(jobs: DateTime<Utc>, job => job.after.retry_at.unwrap_or(job.after.run_queued_at)),
                &column_of!(attempts: Option<DateTime<Utc>>, attempt => attempt.map(|attempt| attempt.lease_until)),
                &column_of!(jobs: i64, job => job.version),
                &column_of!(jobs: i64, job => job.last_position.0),
                &column_of!(attempts: Option<&str>, attempt => attempt.and_then(|attempt| attempt.provider.as_deref())),
                &column_of!(attempts: Option<i64>, attempt => attempt.filter(|attempt| attempt.provider.is_some()).map(|attempt| attempt.fencing)),
            ],
        )
        .await?;
    Ok(())
}

fn read(row: &Row) -> Result<PendingTask, Error> {
    Ok(PendingTask {
        account_id: AccountId(row.try_get("account_id")?),
        job_id: JobId(row.try_get("job_id")?),
        status: row::named(row, "status")?,
        kind: row::named(row, "kind")?,
        model: row.try_get("model")?,
        run: row::count(row, "run")?,
        attempts: row::count(row, "attempts")?,
        worker: row.try_get("worker")?,
        fencing: row.try_get("fencing")?,
        provider_task_id: row.try_get("provider_task_id")?,
        provider: row.try_get("provider")?,
        queued_at: row.try_get("queued_at")?,
        due_at: row.try_get("due_at")?,
        lease_until: row.try_get("lease_until")?,
        last_position: Position(row.try_get("last_position")?),
    })
}
