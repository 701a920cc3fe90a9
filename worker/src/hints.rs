//! What providers reported, by webhook, of attempts whose submit they did not answer. A report is a hint: whoever acts on
//! it asks the provider first, or does what does no harm.

use crate::error::Error;
use crate::provider::Provider;
use crate::station::Station;
use ledger::AccountId;
use ledger::catalogue::Route;
use projections::pending;
use webhooks::{Reference, signals};

/// The task that this provider reported for the attempt, as it is asked after; `None` if it did not, or if that is known to
/// be another job's.
pub(crate) async fn task_of(
    station: &Station,
    account_id: AccountId,
    (provider, route): (&dyn Provider, &Route),
    reference: &Reference,
) -> Result<Option<String>, Error> {
    let (client, name) = (station.reader.get().await?, &route.provider);
    let told = signals::task_of(&**client, account_id, reference, name).await?;
    let Some(id) = told.and_then(|told| provider.task_named(&told, route)) else { return Ok(None) };
    let is_held = pending::is_held_by_another(&**client, reference.job_id, name, &id).await?;
    Ok((!is_held).then_some(id))
}
