//! The table of recalls.

use crate::error::Error;
use ledger::{AccountId, JobId};
use std::time::Duration;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// Work at a provider that is to be stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recall {
    pub account_id: AccountId,
    pub job_id: JobId,
    /// The provider's name for the work; where that is not known, what tells this row from others of the job.
    pub provider_task_id: String,
    /// Our name for the attempt, if its submit went unanswered: the provider is asked first whether it took the work.
    pub reference: Option<String>,
    /// Who has it; `None` where the log does not say.
    pub provider: Option<String>,
    pub model: String,
    /// How often the provider was asked in vain.
    pub tries: u32,
    /// For how long it has been on the table.
    pub age: Duration,
}

const ADD: &str = r"
insert into recalls (account_id, job_id, provider_task_id, provider, model, reference)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
on conflict do nothing";

const DUE: &str = r"
select account_id, job_id, provider_task_id, provider, model, reference, tries,
    extract(epoch from statement_timestamp() - recorded_at)::float8 as age_seconds from recalls
where due_at <= statement_timestamp() order by due_at limit $1";

const TAKE_OFF: &str = "delete from recalls where account_id = $1 and job_id = $2 and provider_task_id = $3";

const AGAIN: &str = r"
update recalls set tries = tries + 1, due_at = statement_timestamp() + make_interval(secs => $4)
where account_id = $1 and job_id = $2 and provider_task_id = $3";

/// How many are left, and the age of the oldest in seconds.
const LEFT: &str = r"
select count(*), coalesce(extract(epoch from statement_timestamp() - min(recorded_at)), 0)::float8 from recalls";

pub(super) async fn add(client: &impl GenericClient, recalls: &[Recall]) -> Result<(), Error> {
    let accounts: Vec<Uuid> = recalls.iter().map(|recall| recall.account_id.0).collect();
    let jobs: Vec<Uuid> = recalls.iter().map(|recall| recall.job_id.0).collect();
    let tasks: Vec<&str> = recalls.iter().map(|recall| recall.provider_task_id.as_str()).collect();
    let providers: Vec<Option<&str>> = recalls.iter().map(|recall| recall.provider.as_deref()).collect();
    let models: Vec<&str> = recalls.iter().map(|recall| recall.model.as_str()).collect();
    let references: Vec<Option<&str>> = recalls.iter().map(|recall| recall.reference.as_deref()).collect();
    let parameters: [(&(dyn ToSql + Sync), Type); 6] = [
        (&accounts, Type::UUID_ARRAY),
        (&jobs, Type::UUID_ARRAY),
        (&tasks, Type::TEXT_ARRAY),
        (&providers, Type::TEXT_ARRAY),
        (&models, Type::TEXT_ARRAY),
        (&references, Type::TEXT_ARRAY),
    ];
    client.query_typed(ADD, &parameters).await?;
    Ok(())
}

pub(super) async fn due(client: &impl GenericClient, limit: i64) -> Result<Vec<Recall>, Error> {
    let rows = client.query_typed(DUE, &[(&limit, Type::INT8)]).await?;
    rows.iter().map(read).collect()
}

/// Nobody is asked any more.
pub(super) async fn taken_off(client: &impl GenericClient, recall: &Recall) -> Result<(), Error> {
    client.query_typed(TAKE_OFF, &key(recall)).await?;
    Ok(())
}

/// Asks again after a pause.
pub(super) async fn again(
    client: &impl GenericClient,
    recall: &Recall,
    pause: Duration,
) -> Result<(), Error> {
    let (seconds, [account, job, task]) = (pause.as_secs_f64(), key(recall));
    client.query_typed(AGAIN, &[account, job, task, (&seconds, Type::FLOAT8)]).await?;
    Ok(())
}

/// How many are left, and for how long the oldest has been there.
pub(super) async fn left(client: &impl GenericClient) -> Result<(i64, f64), Error> {
    let rows = client.query_typed(LEFT, &[]).await?;
    Ok((rows[0].try_get(0)?, rows[0].try_get(1)?))
}

fn key(recall: &Recall) -> [(&(dyn ToSql + Sync), Type); 3] {
    [
        (&recall.account_id.0, Type::UUID),
        (&recall.job_id.0, Type::UUID),
        (&recall.provider_task_id, Type::TEXT),
    ]
}

fn read(row: &Row) -> Result<Recall, Error> {
    let tries: i32 = row.try_get("tries")?;
    Ok(Recall {
        account_id: AccountId(row.try_get("account_id")?),
        job_id: JobId(row.try_get("job_id")?),
        provider_task_id: row.try_get("provider_task_id")?,
        provider: row.try_get("provider")?,
        model: row.try_get("model")?,
        reference: row.try_get("reference")?,
        tries: tries.unsigned_abs(),
        age: Duration::try_from_secs_f64(row.try_get("age_seconds")?).unwrap_or_default(),
    })
}
