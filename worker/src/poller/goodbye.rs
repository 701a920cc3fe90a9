//! What becomes of a task that left the list without us.

use super::list::id_of;
use crate::recall::recall;
use crate::station::Station;
use ledger::job::Status;
use projections::pending::PendingTask;
use std::sync::Arc;

/// Tells the provider to stop if the task's job was cancelled.
pub(super) async fn say_goodbye(station: Arc<Station>, pending: Arc<PendingTask>) {
    let cancelled = match station.job(pending.account_id, pending.job_id).await {
        Ok(job) => job.is_some_and(|job| job.status == Status::Cancelled),
        Err(_) => false,
    };
    if let (true, Some(provider)) = (cancelled, station.provider(&pending.model)) {
        recall(&*provider, pending.job_id, id_of(&pending)).await;
    }
}
