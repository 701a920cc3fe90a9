//! Writes a batch into read models, inside the caller's transaction.
//!
//! Phases: load which streams are parked and at which version the rows stand; what does not fit parks its
//! stream in every read model of the batch; the rest is written with a handful of set-based statements.
//! A crash leaves nothing behind, because the caller moves the checkpoints in the same transaction.

use crate::batch::{Batch, Misfit, StreamKey};
use crate::error::Error;
use crate::parked;
use crate::read_model::ReadModel;
use deadpool_postgres::Transaction;
use futures::future::try_join_all;
use std::collections::BTreeMap;

/// Applies the batch to these read models, which must all stand at its beginning. Returns what was parked
/// by it.
pub(crate) async fn apply(
    transaction: &Transaction<'_>,
    models: &[ReadModel],
    batch: &Batch,
) -> Result<Vec<Misfit>, Error> {
    let parked = &parked::load(transaction, models).await?;
    let is_new =
        |key: &StreamKey| models.iter().any(|model| model.reads(key) && !parked.contains(&(*model, *key)));
    let new = batch.misfits.iter().filter(|misfit| is_new(&misfit.key));
    let mut misfits: BTreeMap<StreamKey, Misfit> = new.map(|misfit| (misfit.key, misfit.clone())).collect();
    // Statements of one connection run one after the other, but none waits for the answer before it.
    let gaps = models.iter().map(|&model| async move {
        model.gaps(transaction, &batch.view(|key| parked.contains(&(model, *key)))).await
    });
    for (key, stands) in try_join_all(gaps).await?.into_iter().flatten() {
        misfits.entry(key).or_insert_with(|| gap(batch, key, stands));
    }
    let left_out = &misfits;
    let writes = models.iter().map(|&model| async move {
        let view = batch.view(|key| left_out.contains_key(key) || parked.contains(&(model, *key)));
        model.write(transaction, &view).await
    });
    try_join_all(writes).await?;
    let misfits: Vec<Misfit> = misfits.into_values().collect();
    parked::park(transaction, models, &misfits).await?;
    Ok(misfits)
}

/// A stream of the batch whose row stands too far back: an event passed by unseen.
fn gap(batch: &Batch, key: StreamKey, stands: i64) -> Misfit {
    let account = batch.accounts.iter().find(|account| account.key() == key);
    let job = batch.jobs.iter().find(|job| job.key() == key);
    let (position, version) = account
        .map(|account| (account.events[0].position, account.first_version))
        .or(job.map(|job| (job.steps[0].position, job.first_version)))
        .unwrap_or((batch.end, stands));
    let reason = "the read model has not seen the event before it".to_owned();
    Misfit { key, position, version, expected: Some(stands + 1), reason }
}
