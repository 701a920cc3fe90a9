//! `generations`: every job as its user sees it, whatever became of it. `generation_list` finds those that are looked for.

use crate::batch::JobChange;
use crate::error::Error;
use crate::jobs_table;
use crate::row::{self, column_of};
use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use ledger::job::{Failure, JobRequest, Output, Params, Status};
use ledger::{AccountId, Credits, JobId, Position, UserId};
use rust_decimal::Decimal;
use tokio_postgres::types::{Json, ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// One generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// The job.
    pub id: JobId,
    /// Whose it is.
    pub account_id: AccountId,
    /// Who queued it, if its first event tells.
    pub user: Option<UserId>,
    /// What was asked for.
    pub request: JobRequest,
    /// Where it is in its life.
    pub status: Status,
    /// What one run costs, or at most costs.
    pub cost: Credits,
    /// The price of a second of output, where the price depends on that.
    pub per_second: Option<Credits>,
    /// What is debited, held or captured for it and not given back, for all its runs.
    pub charged: Credits,
    /// The part of that which late cancels kept.
    pub kept: Credits,
    /// What a cancel by its user would keep now.
    pub cancel_keeps: Credits,
    /// Whether that is only held so far, so that less may be taken in the end.
    pub on_hold: bool,
    /// Which run this is, from 1.
    pub run: u32,
    /// Attempts of this run that count against its budget.
    pub attempts: u32,
    /// Why the latest attempt failed, until it succeeds or runs again.
    pub failure: Option<Failure>,
    /// What was made.
    pub outputs: Vec<Output>,
    /// When it was first queued.
    pub created_at: DateTime<Utc>,
    /// When it finished, if it has.
    pub finished_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Version of its stream that this shows.
    pub version: i64,
    /// Where its last event is in the log.
    pub last_position: Position,
}

pub(crate) const HEADS: &str = jobs_table::heads!("generations");

/// What a job was asked to be never changes, so only the rest is updated.
const WRITE: &str = r"
insert into generations as kept
    (job_id, account_id, user_id, kind, model, prompt, count, params, status, cost, per_second, charged,
    on_hold, run, attempts, failure_class, failure_code, failure_message, outputs, created_at, finished_at,
    updated_at, version, last_position, kept, cancel_keeps)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],
    $8::jsonb[], $9::text[], $10::numeric[], $11::numeric[], $12::numeric[], $13::boolean[], $14::int[],
    $15::int[], $16::text[], $17::text[], $18::text[], $19::jsonb[], $20::timestamptz[],
    $21::timestamptz[], $22::timestamptz[], $23::bigint[], $24::bigint[], $25::numeric[], $26::numeric[])
on conflict (job_id, account_id) do update set
    status = excluded.status, charged = excluded.charged, on_hold = excluded.on_hold, run = excluded.run,
    attempts = excluded.attempts, failure_class = excluded.failure_class,
    failure_code = excluded.failure_code, failure_message = excluded.failure_message, outputs = excluded.outputs,
    finished_at = excluded.finished_at, updated_at = excluded.updated_at, version = excluded.version,
    last_position = excluded.last_position, kept = excluded.kept, cancel_keeps = excluded.cancel_keeps
where kept.version < excluded.version";

/// A statement that selects what [`read`] reads from `generations`.
macro_rules! select {
    ($($rest:expr),+) => {
        concat!(
            "select job_id, account_id, user_id, kind, model, prompt, count, params, status, cost, \
             per_second, charged, on_hold, run, attempts, failure_class, failure_code, failure_message, \
             outputs, created_at, finished_at, updated_at, version, last_position, kept, cancel_keeps \
             from generations ",
            $($rest),+
        )
    };
}

pub(crate) use select;

const GET: &str = select!("where job_id = $1 and account_id = $2");

const CHANGED: &str = select!("where account_id = $1 and last_position > $2 order by last_position limit $3");

const FIND_ACCOUNT: &str = "select account_id from generations where job_id = $1 limit 1";

/// Every statement, by name.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("generations: heads", HEADS),
    ("generations: write", WRITE),
    ("generations: get", GET),
    ("generations: changed since", CHANGED),
    ("generations: find account", FIND_ACCOUNT),
];

/// One generation of an account.
pub async fn get(
    client: &impl GenericClient,
    account: AccountId,
    job: JobId,
) -> Result<Option<Generation>, Error> {
    let rows = client.query_typed(GET, &[(&job.0, Type::UUID), (&account.0, Type::UUID)]).await?;
    rows.first().map(read).transpose()
}

/// An account's generations that have changed after a position, in the order of their last change.
pub async fn changed_since(
    client: &impl GenericClient,
    account: AccountId,
    after: Position,
    limit: i64,
) -> Result<Vec<Generation>, Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&account.0, Type::UUID), (&after.0, Type::INT8), (&limit, Type::INT8)];
    let rows = client.query_typed(CHANGED, &parameters).await?;
    rows.iter().map(read).collect()
}

/// Whose job this is, for an operator who knows its id only.
pub async fn find_account(client: &impl GenericClient, job: JobId) -> Result<Option<AccountId>, Error> {
    let rows = client.query_typed(FIND_ACCOUNT, &[(&job.0, Type::UUID)]).await?;
    rows.first().map(|row| Ok(AccountId(row.try_get(0)?))).transpose()
}

pub(crate) async fn write(transaction: &Transaction<'_>, jobs: &[&JobChange]) -> Result<(), Error> {
    if jobs.is_empty() {
        return Ok(());
    }
    let statement = transaction.prepare_cached(WRITE).await?;
    transaction
        .execute(
            &statement,
            &[
                &column_of!(jobs: Uuid, job => job.job_id.0),
                &column_of!(jobs: Uuid, job => job.account_id.0),
                &column_of!(jobs: Option<&str>, job => job.user.as_ref().map(UserId::as_str)),
                &column_of!(jobs: &str, job => job.after.request.kind.as_str()),
                &column_of!(jobs: &str, job => job.after.request.model.as_str()),
                &column_of!(jobs: &str, job => job.after.request.prompt.as_str()),
                &column_of!(jobs: i32, job => row::column(job.after.request.count)),
                &column_of!(jobs: Json<&Params>, job => Json(&job.after.request.params)),
                &column_of!(jobs: &str, job => job.after.status.as_str()),
                &column_of!(jobs: Decimal, job => job.after.cost.get()),
                &column_of!(jobs: Option<Decimal>, job => job.after.per_second.map(Credits::get)),
                &column_of!(jobs: Decimal, job => job.after.charged_in_all().get()),
                &column_of!(jobs: bool, job => job.after.on_hold),
                &column_of!(jobs: i32, job => row::column(job.after.run)),
                &column_of!(jobs: i32, job => row::column(job.after.attempts)),
                &column_of!(jobs: Option<&str>, job => job.after.failure.as_ref().map(|failure| failure.class.as_str())),
                &column_of!(jobs: Option<&str>, job => job.after.failure.as_ref().map(|failure| failure.code.as_str())),
                &column_of!(jobs: Option<&str>, job => job.after.failure.as_ref().map(|failure| failure.message.as_str())),
                &column_of!(jobs: Json<&[Output]>, job => Json(job.after.outputs.as_slice())),
                &column_of!(jobs: DateTime<Utc>, job => job.after.created_at),
                &column_of!(jobs: Option<DateTime<Utc>>, job => job.after.finished_at),
                &column_of!(jobs: DateTime<Utc>, job => job.updated_at),
                &column_of!(jobs: i64, job => job.version),
                &column_of!(jobs: i64, job => job.last_position.0),
                &column_of!(jobs: Decimal, job => job.after.kept_in_all().get()),
                &column_of!(jobs: Decimal, job => job.after.cancel_keeps().get()),
            ],
        )
        .await?;
    Ok(())
}

pub(crate) fn read(row: &Row) -> Result<Generation, Error> {
    let status: Status = row::named(row, "status")?;
    // A program of the release before knows no such column and leaves it as it was, so it counts only while the job runs.
    let cancel_keeps =
        if status == Status::Running { row::credits(row, "cancel_keeps")? } else { Credits::ZERO };
    Ok(Generation {
        id: JobId(row.try_get("job_id")?),
        account_id: AccountId(row.try_get("account_id")?),
        user: row::user(row, "user_id")?,
        request: row::request(row)?,
        status,
        cost: row::credits(row, "cost")?,
        per_second: row::optional_credits(row, "per_second")?,
        charged: row::credits(row, "charged")?,
        kept: row::credits(row, "kept")?,
        cancel_keeps,
        on_hold: row.try_get("on_hold")?,
        run: row::count(row, "run")?,
        attempts: row::count(row, "attempts")?,
        failure: row::failure(row)?,
        outputs: row::json(row, "outputs")?,
        created_at: row.try_get("created_at")?,
        finished_at: row.try_get("finished_at")?,
        updated_at: row.try_get("updated_at")?,
        version: row.try_get("version")?,
        last_position: Position(row.try_get("last_position")?),
    })
}
