//! Telling a provider that nobody wants a task any more. Best effort.

use super::list::id_of;
use crate::provider::Provider;
use crate::station::Station;
use ledger::job::Status;
use projections::pending::PendingTask;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

/// Tells the provider to stop if the task's job was cancelled.
pub(super) async fn say_goodbye(station: Arc<Station>, pending: Arc<PendingTask>) {
    let cancelled = match station.job(pending.account_id, pending.job_id).await {
        Ok(job) => job.is_some_and(|job| job.status == Status::Cancelled),
        Err(_) => false,
    };
    if let (true, Some(provider)) = (cancelled, station.provider(&pending.model)) {
        tell_to_stop(&*provider, &pending).await;
    }
}

pub(super) async fn tell_to_stop(provider: &dyn Provider, pending: &PendingTask) {
    match timeout(PATIENCE, provider.cancel(id_of(pending))).await {
        Ok(Ok(())) => tracing::info!(job_id = %pending.job_id, "the provider was told to stop"),
        Ok(Err(_)) | Err(_) => {
            tracing::warn!(job_id = %pending.job_id, "the provider could not be told to stop")
        }
    }
}
