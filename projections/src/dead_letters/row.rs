//! One dead job, and how its row is read.

use crate::error::Error;
use crate::row;
use chrono::{DateTime, Utc};
use ledger::job::{Failure, JobRequest};
use ledger::{AccountId, Credits, JobId, UserId};
use tokio_postgres::types::Type;
use tokio_postgres::{GenericClient, Row};

/// A dead job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Whose it is.
    pub account_id: AccountId,
    /// Who queued it, if its first event tells.
    pub user: Option<UserId>,
    /// The job.
    pub job_id: JobId,
    /// What was asked for.
    pub request: JobRequest,
    /// What one run costs, or at most costs.
    pub cost: Credits,
    /// What is debited or held for it, and given back when it is discarded.
    pub charged: Credits,
    /// Whether that is only held: nothing is spent unless a retry succeeds.
    pub on_hold: bool,
    /// Attempts of the run that died.
    pub attempts: u32,
    /// The run that died, from 1.
    pub run: u32,
    /// Why.
    pub failure: Failure,
    /// The provider that was asked last in that run, where the log tells.
    pub provider: Option<String>,
    /// The fingerprint of the cause; `None` for a moment, of what an older program has written.
    pub incident: Option<String>,
    /// When it was first queued.
    pub created_at: DateTime<Utc>,
    /// When its attempts were used up.
    pub died_at: DateTime<Utc>,
}

/// The columns of [`read`].
macro_rules! columns {
    () => {
        "job_id, account_id, user_id, kind, model, prompt, count, params, cost, charged, on_hold, run, \
         attempts, class as failure_class, code as failure_code, message as failure_message, provider, \
         incident, created_at, died_at"
    };
}

pub(super) use columns;

pub(super) const GET: &str = concat!("select ", columns!(), " from dead_letters where job_id = $1 limit 1");

/// A dead job by its id.
pub async fn get(client: &impl GenericClient, job: JobId) -> Result<Option<DeadLetter>, Error> {
    let rows = client.query_typed(GET, &[(&job.0, Type::UUID)]).await?;
    rows.first().map(read).transpose()
}

pub(super) fn read(row: &Row) -> Result<DeadLetter, Error> {
    Ok(DeadLetter {
        account_id: AccountId(row.try_get("account_id")?),
        user: row::user(row, "user_id")?,
        job_id: JobId(row.try_get("job_id")?),
        request: row::request(row)?,
        cost: row::credits(row, "cost")?,
        charged: row::credits(row, "charged")?,
        on_hold: row.try_get("on_hold")?,
        attempts: row::count(row, "attempts")?,
        run: row::count(row, "run")?,
        failure: Failure {
            class: row::named(row, "failure_class")?,
            code: row.try_get("failure_code")?,
            message: row.try_get("failure_message")?,
            billed: None,
        },
        provider: row.try_get("provider")?,
        incident: row.try_get("incident")?,
        created_at: row.try_get("created_at")?,
        died_at: row.try_get("died_at")?,
    })
}
