//! Streams that a read model stopped applying, because an event of theirs did not fit. Each is an alarm: the
//! rows of the stream stay as they were, instead of being wrong, until `cooly rebuild` mends them.

use crate::batch::{Misfit, StreamKey};
use crate::error::Error;
use crate::read_model::ReadModel;
use crate::row::column_of;
use deadpool_postgres::Transaction;
use ledger::{AccountId, StreamId};
use std::collections::HashSet;
use uuid::Uuid;

pub(crate) const LOAD: &str = "select projection, account_id, stream_id from parked_streams \
     where projection = any($1)";

pub(crate) const PARK: &str = r"
insert into parked_streams (projection, account_id, stream_id, position, version, expected_version, reason)
select projection, account_id, stream_id, position, version, expected_version, reason
from unnest($1::text[]) as models(projection)
cross join unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
    as misfits(account_id, stream_id, position, version, expected_version, reason)
on conflict (projection, account_id, stream_id) do nothing";

/// Streams by the read model that parked them.
pub(crate) type Parked = HashSet<(ReadModel, StreamKey)>;

/// What these read models have parked.
pub(crate) async fn load(transaction: &Transaction<'_>, models: &[ReadModel]) -> Result<Parked, Error> {
    let names = column_of!(models: &str, model => model.name());
    let statement = transaction.prepare_cached(LOAD).await?;
    let rows = transaction.query(&statement, &[&names]).await?;
    rows.iter()
        .map(|row| {
            let key = (AccountId(row.try_get::<_, Uuid>(1)?), StreamId(row.try_get::<_, Uuid>(2)?));
            Ok((row.try_get::<_, &str>(0)?.parse()?, key))
        })
        .collect()
}

/// Parks the streams of these misfits in each of these read models that is made of such streams.
pub(crate) async fn park(
    transaction: &Transaction<'_>,
    models: &[ReadModel],
    misfits: &[Misfit],
) -> Result<(), Error> {
    let of_account = |misfit: &&Misfit| misfit.key.0.0 == misfit.key.1.0;
    let (accounts, jobs): (Vec<&Misfit>, Vec<&Misfit>) = misfits.iter().partition(of_account);
    let account_models = models.iter().copied().filter(|model| model.reads_accounts());
    insert(transaction, account_models, &accounts).await?;
    let job_models = models.iter().copied().filter(|model| model.reads_jobs());
    insert(transaction, job_models, &jobs).await
}

async fn insert(
    transaction: &Transaction<'_>,
    models: impl Iterator<Item = ReadModel>,
    misfits: &[&Misfit],
) -> Result<(), Error> {
    if misfits.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = models.map(ReadModel::name).collect();
    let accounts = column_of!(misfits: Uuid, misfit => misfit.key.0.0);
    let streams = column_of!(misfits: Uuid, misfit => misfit.key.1.0);
    let positions = column_of!(misfits: i64, misfit => misfit.position.0);
    let versions = column_of!(misfits: i64, misfit => misfit.version);
    let expected = column_of!(misfits: Option<i64>, misfit => misfit.expected);
    let reasons = column_of!(misfits: &str, misfit => misfit.reason.as_str());
    let statement = transaction.prepare_cached(PARK).await?;
    transaction
        .execute(&statement, &[&names, &accounts, &streams, &positions, &versions, &expected, &reasons])
        .await?;
    Ok(())
}
