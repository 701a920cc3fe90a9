//! What the tables with a row a job have in common: how the version that is kept is asked for, and how a row is
//! taken out.

use crate::batch::JobChange;
use crate::error::Error;
use crate::row::column_of;
use deadpool_postgres::Transaction;
use uuid::Uuid;

/// The statement that tells which version of each job of `$1` (accounts) and `$2` (jobs) a table keeps.
macro_rules! heads {
    ($table:literal) => {
        concat!(
            "select asked.account_id, asked.job_id, kept.version \
             from unnest($1::uuid[], $2::uuid[]) as asked(account_id, job_id) \
             cross join lateral (select version from ",
            $table,
            " where job_id = asked.job_id and account_id = asked.account_id limit 1) kept"
        )
    };
}

/// The statement of [`delete`]. It finds the rows by key one by one and deletes them by address: a join would be planned
/// for the table's size of another moment, and these tables grow and shrink all day.
macro_rules! deletes {
    ($table:literal) => {
        concat!(
            "delete from ",
            $table,
            " where ctid = any(array(select kept.ctid \
             from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as gone(job_id, account_id, version) \
             cross join lateral (select ctid, version from ",
            $table,
            " where job_id = gone.job_id and account_id = gone.account_id limit 1) kept \
             where kept.version < gone.version))"
        )
    };
}

pub(crate) use {deletes, heads};

/// Takes out the rows of these jobs that are older than the change.
pub(crate) async fn delete(
    transaction: &Transaction<'_>,
    statement: &str,
    jobs: &[&JobChange],
) -> Result<(), Error> {
    if jobs.is_empty() {
        return Ok(());
    }
    let ids = column_of!(jobs: Uuid, job => job.job_id.0);
    let accounts = column_of!(jobs: Uuid, job => job.account_id.0);
    let versions = column_of!(jobs: i64, job => job.version);
    let statement = transaction.prepare_cached(statement).await?;
    transaction.execute(&statement, &[&ids, &accounts, &versions]).await?;
    Ok(())
}
