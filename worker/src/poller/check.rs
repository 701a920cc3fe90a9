//! One check of one task.

use super::holder::Holder;
use super::list::id_of;
use super::silence::Silence;
use super::slots::{Places, Slot};
use crate::options::Timings;
use crate::provider::{Artifact, Progress, Provider, ProviderFailure, Task};
use crate::settle::{self, Settled};
use crate::station::Station;
use futures::FutureExt;
use ledger::{error_chain, failpoint};
use projections::pending::PendingTask;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long the end of a task may take to be recorded; then it is asked after again.
const PATIENCE: Duration = Duration::from_secs(30);

/// After this pause a task is asked after again when its end could not be recorded, or nobody here can ask.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// What a check led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// Ask again then.
    Later(Instant),
    /// Nobody answered. Ask again after a pause that grows, and no sooner than the provider wants.
    Unanswered { interval: Duration, retry_after: Option<Duration> },
    /// Nothing more is to be done.
    Settled,
}

impl Checked {
    /// What the provider said could not be used or recorded here: ask again a little later.
    pub(super) fn again() -> Checked {
        Checked::Later(Instant::now() + LOOK_AGAIN)
    }
}

/// Asks after a task and, if it has ended or its time is up, records that.
pub(super) async fn check(
    station: Arc<Station>,
    pending: Arc<PendingTask>,
    silence: Silence,
    places: Places,
) -> Checked {
    let slot = places.slot().await;
    let holder = Holder::of(&station, &pending).await;
    let Some(provider) = &holder.provider else {
        return unanswered(&station, &pending, silence, &holder, None).await;
    };
    // From before the question: what is made in time is taken even if nobody could ask in time.
    let late = lateness(&station, &pending).is_some();
    let asked = Instant::now();
    failpoint::pass("poller.ask.before");
    let (progress, slot) = ask(&**provider, id_of(&pending), &station.timings, slot).await;
    failpoint::pass("poller.ask.after");
    metrics::histogram!("cooly_poll_seconds").record(asked.elapsed().as_secs_f64());
    match progress {
        Ok(Progress::Working) if late => fail(&station, &pending, &holder, &ProviderFailure::timeout()).await,
        Ok(Progress::Working) => Checked::Later(asked + provider.poll_interval()),
        Ok(Progress::Done(artifacts)) => finish(&station, &pending, &holder, artifacts, slot).await,
        Ok(Progress::Failed(failure)) => fail(&station, &pending, &holder, &failure).await,
        Ok(Progress::Gone) => {
            let on_unknown = station.offer().on_unknown(&pending.model);
            fail(&station, &pending, &holder, &ProviderFailure::task_gone(on_unknown)).await
        }
        Err(failure) => {
            tracing::warn!(job_id = %pending.job_id, code = failure.failure.code, "a task cannot be asked after");
            unanswered(&station, &pending, silence, &holder, failure.retry_after).await
        }
    }
}

/// Stores what was made. It is held until then, and its place with it.
async fn finish(
    station: &Station,
    pending: &PendingTask,
    holder: &Holder,
    artifacts: Vec<Artifact>,
    slot: Option<Slot>,
) -> Checked {
    let is_elsewhere = artifacts.iter().any(|artifact| artifact.content.length().is_none());
    // What has to be fetched must not be in the way of questions.
    let place = if is_elsewhere { slot.and_then(Slot::lengthen) } else { slot };
    if place.is_none() {
        return Checked::again();
    }
    match counted(station, pending).await {
        Standing::Counts(task) => {
            let until = Instant::now() + station.timings.store.max(PATIENCE);
            // What could not be stored stays at the provider, which is asked for it again. It is written over then.
            settle::succeed(station, &task, holder.name.as_deref(), artifacts, until, PATIENCE)
                .await
                .map_or_else(|_left| Checked::again(), after)
        }
        Standing::Over => Checked::Settled,
        Standing::Unknown => Checked::again(),
    }
}

/// How long ago the provider's time was up, if it is.
fn lateness(station: &Station, pending: &PendingTask) -> Option<Duration> {
    (station.now() - pending.lease_until?).to_std().ok()
}

/// Asks the provider, within its time and whatever it does. Past the time of a question it may be fetching what was
/// made: then it may take as long as an attempt, but no longer in the way of others.
async fn ask(
    provider: &dyn Provider,
    id: &str,
    timings: &Timings,
    mut slot: Slot,
) -> (Result<Progress, ProviderFailure>, Option<Slot>) {
    let mut call = pin!(AssertUnwindSafe(provider.poll(id)).catch_unwind());
    let question = timings.poll.min(timings.attempt);
    let mut answer = timeout(question, &mut call).await;
    if answer.is_err() {
        let Some(place) = slot.lengthen() else { return (Err(ProviderFailure::timeout()), None) };
        slot = place;
        answer = timeout(timings.attempt - question, call).await;
    }
    let progress = match answer {
        Ok(Ok(progress)) => progress,
        Ok(Err(_panic)) => Err(ProviderFailure::crashed()),
        Err(_elapsed) => Err(ProviderFailure::timeout()),
    };
    (progress, Some(slot))
}

/// Nobody answered, so nobody knows what became of the task. It may be made and paid for: past its deadline it is
/// asked after for a grace before a person is left to decide. An outage of ours may have outlasted both, so the silence must
/// have lasted as long too.
async fn unanswered(
    station: &Station,
    pending: &PendingTask,
    silence: Silence,
    holder: &Holder,
    retry_after: Option<Duration>,
) -> Checked {
    let name = holder.name.clone().unwrap_or_default();
    metrics::counter!("cooly_polls_unanswered_total", "provider" => name).increment(1);
    let grace = station.timings.expiry_grace;
    let late = lateness(station, pending).is_some_and(|late| late >= grace);
    if late && silence.lasts(Instant::now()) >= grace {
        return fail(station, pending, holder, &ProviderFailure::silent()).await;
    }
    let interval = holder.provider.as_ref().map_or(LOOK_AGAIN, |provider| provider.poll_interval());
    Checked::Unanswered { interval, retry_after }
}

async fn fail(
    station: &Station,
    pending: &PendingTask,
    holder: &Holder,
    failure: &ProviderFailure,
) -> Checked {
    match counted(station, pending).await {
        Standing::Counts(task) => {
            after(settle::fail(station, &task, holder.name.as_deref(), failure, PATIENCE).await)
        }
        Standing::Over => Checked::Settled,
        Standing::Unknown => Checked::again(),
    }
}

fn after(settled: Settled) -> Checked {
    match settled {
        Settled::Recorded | Settled::Lost => Checked::Settled,
        Settled::Unrecorded => Checked::again(),
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
    match Task::of(pending.account_id, pending.job_id, &job) {
        Some(task) if Some(task.fencing) == pending.fencing => Standing::Counts(Box::new(task)),
        Some(_) | None => Standing::Over,
    }
}
