//! Makes up for what an older program has left out: the fingerprints of rows that it wrote.
//!
//! Any number of processes may do it at once, beside a projector that writes: what is written follows from the stream of the job
//! alone, and only where the row is still of the version that was read.

use super::fingerprint::{Cause, fingerprint};
use crate::error::Error;
use crate::known_jobs;
use crate::row;
use ledger::{AccountId, JobId};
use std::collections::HashMap;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};
use uuid::Uuid;

/// Rows of one statement: few, so that a projector never waits long for them.
pub(super) const BATCH: i64 = 500;

pub(super) const UNNAMED: &str = r"
select job_id, account_id, version, kind, model, class, code, message from dead_letters
where incident_of is distinct from version order by job_id, account_id limit $1::bigint";

/// Without what others name at this moment, or have named since it was read: who comes second neither waits nor writes again.
pub(super) const NAME: &str = r"
with named as (
    select kept.job_id, kept.account_id, told.provider, told.incident, told.version
    from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[])
        as told (job_id, account_id, version, provider, incident)
    cross join lateral (
        select job_id, account_id from dead_letters
        where job_id = told.job_id and account_id = told.account_id
            and version = told.version and incident_of is distinct from told.version
        limit 1 for update skip locked
    ) kept
)
update dead_letters kept
set provider = named.provider, incident = named.incident, incident_of = named.version
from named
where kept.job_id = named.job_id and kept.account_id = named.account_id and kept.version = named.version";

/// Names the next rows that have no name; how many there were.
pub(super) async fn name_some(client: &impl GenericClient) -> Result<usize, Error> {
    let rows = client.query_typed(UNNAMED, &[(&BATCH, Type::INT8)]).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let providers = providers(client, &rows).await?;
    let mut columns = Columns::default();
    for row in &rows {
        columns.push(row, &providers)?;
    }
    let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
        (&columns.jobs, Type::UUID_ARRAY),
        (&columns.accounts, Type::UUID_ARRAY),
        (&columns.versions, Type::INT8_ARRAY),
        (&columns.providers, Type::TEXT_ARRAY),
        (&columns.incidents, Type::TEXT_ARRAY),
    ];
    client.query_typed(NAME, &parameters).await?;
    Ok(rows.len())
}

#[derive(Default)]
struct Columns {
    jobs: Vec<Uuid>,
    accounts: Vec<Uuid>,
    versions: Vec<i64>,
    providers: Vec<Option<String>>,
    incidents: Vec<String>,
}

impl Columns {
    fn push(&mut self, row: &Row, providers: &HashMap<Uuid, String>) -> Result<(), Error> {
        let job: Uuid = row.try_get("job_id")?;
        let provider = providers.get(&job).cloned();
        self.incidents.push(fingerprint(&Cause {
            kind: row::named(row, "kind")?,
            provider: provider.as_deref(),
            model: row.try_get("model")?,
            class: row::named(row, "class")?,
            code: row.try_get("code")?,
            message: row.try_get("message")?,
        }));
        self.jobs.push(job);
        self.accounts.push(row.try_get("account_id")?);
        self.versions.push(row.try_get("version")?);
        self.providers.push(provider);
        Ok(())
    }
}

/// The provider of each job as of its row, from the log. One whose stream cannot be read has none: the projector parks it and
/// raises the alarm.
async fn providers(client: &impl GenericClient, rows: &[Row]) -> Result<HashMap<Uuid, String>, Error> {
    let mut asked = HashMap::new();
    for row in rows {
        let (account, job) = (AccountId(row.try_get("account_id")?), JobId(row.try_get("job_id")?));
        asked.insert((account, job.into()), row.try_get::<_, i64>("version")? + 1);
    }
    let known = known_jobs::load(client, &asked).await?;
    let provider =
        |(key, job): (crate::batch::StreamKey, known_jobs::KnownJob)| Some((key.1.0, job.ok()?.provider?));
    Ok(known.into_iter().filter_map(provider).collect())
}
