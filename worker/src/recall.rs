//! Telling a provider that nobody wants its work any more. Best effort: what cannot be told is in the log and counted.

use crate::provider::Provider;
use ledger::JobId;
use std::time::Duration;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the provider to stop the task of this id, which was made for this job.
pub(crate) async fn recall(provider: &dyn Provider, job_id: JobId, task: &str) {
    match timeout(PATIENCE, provider.cancel(task)).await {
        Ok(Ok(_)) => tracing::info!(%job_id, "the provider was told to stop"),
        Ok(Err(_)) | Err(_) => orphaned(job_id, task),
    }
}

/// Notes that a provider goes on with what nobody waits for.
pub(crate) fn orphaned(job_id: JobId, task: &str) {
    metrics::counter!("cooly_provider_work_orphaned_total").increment(1);
    tracing::error!(%job_id, task, "the provider could not be told to stop what nobody waits for");
}
