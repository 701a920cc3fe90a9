//! Which provider has a task: the one that the log named when it was submitted, whatever the catalogue says by now. Where
//! the log named none, as in earlier releases, it is the first of the model.

use crate::offer::Offer;
use crate::provider::Provider;
use crate::station::Station;
use ledger::error_chain;
use projections::pending::PendingTask;
use std::sync::Arc;

/// A provider that has a task.
pub(super) struct Holder {
    /// Its name; `None` if it is not known.
    pub name: Option<String>,
    /// The provider, if this worker has it.
    pub provider: Option<Arc<dyn Provider>>,
}

impl Holder {
    pub(super) async fn of(station: &Station, pending: &PendingTask) -> Holder {
        let offer = station.offer();
        let name = match &pending.provider {
            Some(name) => Some(name.clone()),
            None => unlisted(station, &offer, pending).await,
        };
        let provider = name.as_deref().and_then(|name| offer.provider(name)).cloned();
        Holder { name, provider }
    }
}

/// The name under which a task shares slots with others. Tasks whose provider is not known share slots too.
pub(super) fn likely<'a>(offer: &'a Offer, pending: &'a PendingTask) -> &'a str {
    pending.provider.as_deref().or_else(|| offer.first_provider(&pending.model)).unwrap_or_default()
}

/// The list was written by an earlier release, or the task was submitted by one: only the log tells which. Asking another
/// provider after the task would make it look lost.
async fn unlisted(station: &Station, offer: &Offer, pending: &PendingTask) -> Option<String> {
    let job = match station.job(pending.account_id, pending.job_id).await {
        Ok(job) => job,
        Err(error) => {
            tracing::warn!(error = %error_chain(&error), job_id = %pending.job_id, "a job cannot be looked up");
            return None;
        }
    };
    let attempt = job.and_then(|job| job.attempt).filter(|attempt| Some(attempt.fencing) == pending.fencing);
    attempt
        .and_then(|attempt| attempt.provider)
        .or_else(|| offer.first_provider(&pending.model).map(str::to_owned))
}
