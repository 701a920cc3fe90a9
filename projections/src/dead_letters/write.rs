//! Keeps the table: a job that died has a row, until it is retried or discarded.

use crate::batch::JobChange;
use crate::error::Error;
use crate::incidents::{Cause, fingerprint};
use crate::jobs_table;
use crate::row::{self, column_of};
use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use ledger::UserId;
use ledger::job::{Failure, Params, Status};
use rust_decimal::Decimal;
use tokio_postgres::types::Json;
use uuid::Uuid;

pub(crate) const HEADS: &str = jobs_table::heads!("dead_letters");

pub(super) const WRITE: &str = r"
insert into dead_letters as kept
    (job_id, account_id, user_id, kind, model, prompt, count, params, cost, charged, on_hold, run, attempts,
    class, code, message, created_at, died_at, version, last_position, provider, incident, incident_of)
select *, version from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],
    $8::jsonb[], $9::numeric[], $10::numeric[], $11::boolean[], $12::int[], $13::int[], $14::text[],
    $15::text[], $16::text[], $17::timestamptz[], $18::timestamptz[], $19::bigint[], $20::bigint[], $21::text[],
    $22::text[]) as dead (job_id, account_id, user_id, kind, model, prompt, count, params, cost, charged, on_hold, run,
    attempts, class, code, message, created_at, died_at, version, last_position, provider, incident)
on conflict (job_id, account_id) do update set
    charged = excluded.charged, on_hold = excluded.on_hold, run = excluded.run,
    attempts = excluded.attempts, class = excluded.class, code = excluded.code, message = excluded.message,
    died_at = excluded.died_at, version = excluded.version, last_position = excluded.last_position,
    provider = excluded.provider, incident = excluded.incident, incident_of = excluded.incident_of
where kept.version < excluded.version";

pub(super) const DELETE: &str = jobs_table::deletes!("dead_letters");

pub(crate) async fn write(transaction: &Transaction<'_>, jobs: &[&JobChange]) -> Result<(), Error> {
    let (dead, others): (Vec<&JobChange>, Vec<&JobChange>) =
        jobs.iter().partition(|job| job.after.status == Status::Dead);
    let was_dead = |job: &&JobChange| job.before.as_ref().is_some_and(|before| before.status == Status::Dead);
    let revived: Vec<&JobChange> = others.into_iter().filter(was_dead).collect();
    jobs_table::delete(transaction, DELETE, &revived).await?;
    // A dead job has a failure: the event that ends it carries one.
    let dead: Vec<(&JobChange, &Failure)> =
        dead.into_iter().filter_map(|job| Some((job, job.after.failure.as_ref()?))).collect();
    upsert(transaction, &dead).await
}

async fn upsert(transaction: &Transaction<'_>, dead: &[(&JobChange, &Failure)]) -> Result<(), Error> {
    if dead.is_empty() {
        return Ok(());
    }
    let statement = transaction.prepare_cached(WRITE).await?;
    transaction
        .execute(
            &statement,
            &[
                &column_of!(dead: Uuid, (job, _) => job.job_id.0),
                &column_of!(dead: Uuid, (job, _) => job.account_id.0),
                &column_of!(dead: Option<&str>, (job, _) => job.user.as_ref().map(UserId::as_str)),
                &column_of!(dead: &str, (job, _) => job.after.request.kind.as_str()),
                &column_of!(dead: &str, (job, _) => job.after.request.model.as_str()),
                &column_of!(dead: &str, (job, _) => job.after.request.prompt.as_str()),
                &column_of!(dead: i32, (job, _) => row::column(job.after.request.count)),
                &column_of!(dead: Json<&Params>, (job, _) => Json(&job.after.request.params)),
                &column_of!(dead: Decimal, (job, _) => job.after.cost.get()),
                &column_of!(dead: Decimal, (job, _) => job.after.charged.get()),
                &column_of!(dead: bool, (job, _) => job.after.on_hold),
                &column_of!(dead: i32, (job, _) => row::column(job.after.run)),
                &column_of!(dead: i32, (job, _) => row::column(job.after.attempts)),
                &column_of!(dead: &str, (_, failure) => failure.class.as_str()),
                &column_of!(dead: &str, (_, failure) => failure.code.as_str()),
                &column_of!(dead: &str, (_, failure) => failure.message.as_str()),
                &column_of!(dead: DateTime<Utc>, (job, _) => job.after.created_at),
                &column_of!(dead: DateTime<Utc>, (job, _) => job.after.finished_at.unwrap_or(job.updated_at)),
                &column_of!(dead: i64, (job, _) => job.version),
                &column_of!(dead: i64, (job, _) => job.last_position.0),
                &column_of!(dead: Option<&str>, (job, _) => job.provider.as_deref()),
                &column_of!(dead: String, (job, failure) => fingerprint(&cause(job, failure))),
            ],
        )
        .await?;
    Ok(())
}

fn cause<'a>(job: &'a JobChange, failure: &'a Failure) -> Cause<'a> {
    Cause {
        kind: job.after.request.kind,
        provider: job.provider.as_deref(),
        model: &job.after.request.model,
        class: failure.class,
        code: &failure.code,
        message: &failure.message,
    }
}
