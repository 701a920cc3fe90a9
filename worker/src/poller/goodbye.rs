//! What becomes of a task that left the list without us.

use super::holder::Holder;
use super::list::id_of;
use crate::recall::{orphaned, recall};
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
    if !cancelled {
        return;
    }
    match Holder::of(&station, &pending).await.provider {
        Some(provider) => recall(&*provider, pending.job_id, id_of(&pending)).await,
        None => orphaned(pending.job_id, id_of(&pending)),
    }
}
