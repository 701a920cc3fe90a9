//! One check of one task.

use super::goodbye::tell_to_stop;
use super::list::id_of;
use crate::provider::{Progress, Provider, ProviderFailure, Task};
use crate::settle::{self, Settled};
use crate::station::Station;
use futures::FutureExt;
use ledger::error_chain;
use projections::pending::PendingTask;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// How long the end of a task may take to be recorded; then it is asked after again.
const PATIENCE: Duration = Duration::from_secs(30);

/// After this pause a task is asked after again when its end could not be recorded, or nobody here can ask.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// A task that cannot be asked after is given up so long after its deadline.
const EXPIRY_GRACE: Duration = Duration::from_secs(600);

/// What a check led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// Ask again then.
    Later(Instant),
    /// Nothing more is to be done.
    Settled,
}

impl Checked {
    /// What the provider said could not be used or recorded here: ask again a little later.
    pub(super) fn again() -> Checked {
        Checked::Later(Instant::now() + LOOK_AGAIN)
    }
}

/// Asks after a task and, if it has ended or its time is up, records that. Even past its deadline it is asked after first:
/// nobody may have asked for as long as that, and what is made by then is paid for.
pub(super) async fn check(
    station: Arc<Station>,
    pending: Arc<PendingTask>,
    slots: Arc<Semaphore>,
) -> Checked {
    // The semaphore is never closed.
    let _slot = slots.acquire().await;
    let late = pending.lease_until.and_then(|deadline| (station.now() - deadline).to_std().ok());
    let Some(provider) = station.provider(&pending.model) else {
        return match late {
            Some(late) if late > EXPIRY_GRACE => expire(&station, &pending, None).await,
            Some(_) | None => Checked::again(),
        };
    };
    let asked = Instant::now();
    let progress = ask(&*provider, id_of(&pending), station.timings.attempt).await;
    metrics::histogram!("cooly_poll_seconds").record(asked.elapsed().as_secs_f64());
    match progress {
        Ok(Progress::Working) if late.is_some() => expire(&station, &pending, Some(&*provider)).await,
        Ok(Progress::Working) => Checked::Later(asked + provider.poll_interval()),
        Ok(Progress::Done(artifacts)) => match counted(&station, &pending).await {
            Standing::Counts(task) => {
                let until = Instant::now() + PATIENCE;
                after(settle::succeed(&station, &task, artifacts, until, PATIENCE).await)
            }
            Standing::Over => Checked::Settled,
            Standing::Unknown => Checked::again(),
        },
        Ok(Progress::Failed(failure)) => fail(&station, &pending, &failure).await,
        Err(_) if late.is_some_and(|late| late > EXPIRY_GRACE) => {
            expire(&station, &pending, Some(&*provider)).await
        }
        Err(failure) => {
            tracing::warn!(job_id = %pending.job_id, code = failure.failure.code, "a task cannot be asked after");
            Checked::Later(
                Instant::now() + provider.poll_interval().max(failure.retry_after.unwrap_or_default()),
            )
        }
    }
}

/// Asks the provider, within its time and whatever it does.
async fn ask(provider: &dyn Provider, id: &str, patience: Duration) -> Result<Progress, ProviderFailure> {
    match timeout(patience, AssertUnwindSafe(provider.poll(id)).catch_unwind()).await {
        Ok(Ok(progress)) => progress,
        Ok(Err(_panic)) => Err(ProviderFailure::crashed()),
        Err(_elapsed) => Err(ProviderFailure::timeout()),
    }
}

/// The provider had its time: the attempt fails, and the provider is asked to stop.
async fn expire(station: &Station, pending: &PendingTask, provider: Option<&dyn Provider>) -> Checked {
    let checked = fail(station, pending, &ProviderFailure::timeout()).await;
    if let (Checked::Settled, Some(provider)) = (checked, provider) {
        tell_to_stop(provider, pending).await;
    }
    checked
}

async fn fail(station: &Station, pending: &PendingTask, failure: &ProviderFailure) -> Checked {
    match counted(station, pending).await {
        Standing::Counts(task) => after(settle::fail(station, &task, failure, PATIENCE).await),
        Standing::Over => Checked::Settled,
        Standing::Unknown => Checked::again(),
    }
}

fn after(settled: Settled) -> Checked {
    match settled {
        Settled::Recorded | Settled::Lost => Checked::Settled,
        // What was made stays at the provider, which is asked for it again.
        Settled::Unrecorded | Settled::NotStored => Checked::again(),
    }
}

/// Whether the log still waits for this task.
enum Standing {
    Counts(Box<Task>),
    Over,
    Unknown,
}

async fn counted(station: &Station, pending: &PendingTask) -> Standing {
    let job = match station.job(pending.account_id, pending.job_id).await {
        Ok(Some(job)) => job,
        Ok(None) => return Standing::Over,
        Err(error) => {
            tracing::warn!(error = %error_chain(&error), job_id = %pending.job_id, "a job cannot be looked up");
            return Standing::Unknown;
        }
    };
    match job.attempt {
        Some(attempt) if Some(attempt.fencing) == pending.fencing => Standing::Counts(Box::new(Task {
            account_id: pending.account_id,
            job_id: pending.job_id,
            run: job.run,
            attempt: job.attempts,
            fencing: attempt.fencing,
            queued_at: job.run_queued_at,
            request: job.request,
        })),
        Some(_) | None => Standing::Over,
    }
}
