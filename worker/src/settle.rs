//! Ending an attempt in the log: what was made, or why not, and by which provider.
//!
//! The log decides whether an attempt still counts. An answer that was lost may have been written, and a process that slept
//! shares the folder of its attempt with the one that took it over. So outputs are dropped only once the log has ended their
//! attempt without them: dropping what a success names would lose a picture, keeping what nobody names costs only space.

use crate::backoff;
use crate::outputs::{Unkept, Unstored, keys};
use crate::provider::{Artifact, ProviderFailure, Task};
use crate::station::{Order, Station};
use ledger::error_chain;
use ledger::job::JobCommand;
use ledger::{Actor, ExecuteError, failpoint};
use std::time::Duration;
use tokio::time::Instant;

/// Whether the end of an attempt is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is.
    Recorded,
    /// The attempt no longer counts: another one took over, or the job was cancelled.
    Lost,
    /// The log could not be written. When the lease lapses the job is taken over.
    Unrecorded,
}

/// The keys of what was written of outputs that could not all be kept in time.
pub(crate) struct LeftBehind(pub Vec<String>);

/// Stores the outputs, trying again until then, and records the success, or that they can never be kept. An error if they
/// could not be kept in time: then nothing is recorded.
pub(crate) async fn succeed(
    station: &Station,
    task: &Task,
    provider: Option<&str>,
    artifacts: Vec<Artifact>,
    store_until: Instant,
    patience: Duration,
) -> Result<Settled, LeftBehind> {
    if artifacts.len() != task.request.count as usize {
        return Ok(fail(station, task, provider, &ProviderFailure::wrong_count(), patience).await);
    }
    let stored = match station.outputs.store(task, &artifacts, store_until).await {
        Ok(stored) => stored,
        Err(Unstored { why: Unkept::TimeUp, left }) => return Err(LeftBehind(left)),
        // Nothing that is asked again gives anything else.
        Err(Unstored { why: Unkept::Final(failure), left }) => {
            return Ok(fail_without(station, task, provider, &failure, &left, patience).await);
        }
    };
    failpoint::pass("attempt.stored");
    let keys = keys(&stored);
    if task.is_metered && stored.iter().any(|output| output.duration_milliseconds.is_none()) {
        // It would be given away.
        let failure = ProviderFailure::no_length();
        return Ok(fail_without(station, task, provider, &failure, &keys, patience).await);
    }
    let provider = provider.map(str::to_owned);
    let command = JobCommand::Succeed { fencing: task.fencing, outputs: stored, provider };
    let settled = match record(station, task, command, patience).await {
        Settled::Lost => after_refusal(station, task, &keys).await,
        settled => settled,
    };
    failpoint::pass("attempt.succeeded");
    if settled == Settled::Recorded {
        count(station, task, "succeeded", "none");
    }
    Ok(settled)
}

/// Records the failure, and drops what was written of the outputs once nobody can name it any more.
pub(crate) async fn fail_without(
    station: &Station,
    task: &Task,
    provider: Option<&str>,
    failure: &ProviderFailure,
    left: &[String],
    patience: Duration,
) -> Settled {
    let settled = fail(station, task, provider, failure, patience).await;
    match settled {
        Settled::Recorded => station.outputs.discard(left).await,
        Settled::Lost => return after_refusal(station, task, left).await,
        Settled::Unrecorded => {}
    }
    settled
}

/// Records the failure; its class and the budget decide what follows.
pub(crate) async fn fail(
    station: &Station,
    task: &Task,
    provider: Option<&str>,
    failure: &ProviderFailure,
    patience: Duration,
) -> Settled {
    let age = (station.now() - task.queued_at).to_std().unwrap_or_default();
    let wait = backoff::after(&station.timings, failure, task.attempt, age);
    let command = JobCommand::FailAttempt {
        fencing: task.fencing,
        failure: failure.failure.clone(),
        backoff_milliseconds: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        policy: station.policy,
        gives_up: failure.gives_up,
        provider: provider.map(str::to_owned),
    };
    let settled = record(station, task, command, patience).await;
    failpoint::pass("attempt.failed");
    if settled == Settled::Recorded {
        let (code, class) = (&failure.failure.code, failure.failure.class.as_str());
        tracing::info!(job_id = %task.job_id, attempt = task.attempt, code, class, "the attempt failed");
        count(station, task, "failed", class);
    }
    settled
}

/// Records that the provider took the work; the poller asks after it from now on.
pub(crate) async fn submitted(
    station: &Station,
    task: &Task,
    provider: Option<&str>,
    provider_task_id: &str,
    deadline: Duration,
    patience: Duration,
) -> Settled {
    let deadline_seconds = u32::try_from(deadline.as_secs().max(1)).unwrap_or(u32::MAX);
    let (provider_task_id, provider) = (provider_task_id.to_owned(), provider.map(str::to_owned));
    let command = JobCommand::Submit { fencing: task.fencing, provider_task_id, deadline_seconds, provider };
    let settled = record(station, task, command, patience).await;
    failpoint::pass("attempt.submitted");
    if settled == Settled::Recorded {
        count(station, task, "submitted", "none");
    }
    settled
}

async fn record(station: &Station, task: &Task, command: JobCommand, patience: Duration) -> Settled {
    let order = Order {
        account_id: task.account_id,
        job_id: task.job_id,
        command,
        actor: Actor::Worker(station.identity.clone()),
        duty: "attempt",
        message: None,
    };
    match station.record(order, patience).await {
        Ok(_) => Settled::Recorded,
        Err(ExecuteError::Refused(refusal)) => {
            tracing::info!(job_id = %task.job_id, reason = refusal.code(), "the attempt no longer counts");
            metrics::counter!("cooly_attempts_lost_total", "reason" => refusal.code()).increment(1);
            Settled::Lost
        }
        Err(ExecuteError::Failed(error)) => {
            tracing::error!(error = %error_chain(&error), job_id = %task.job_id, "the attempt could not be recorded");
            Settled::Unrecorded
        }
    }
}

/// A refused end of an attempt: it was ended by an earlier try whose answer was lost, by another process that worked on the
/// same, or it is somebody else's job by now.
async fn after_refusal(station: &Station, task: &Task, written: &[String]) -> Settled {
    match station.job(task.account_id, task.job_id).await {
        Ok(job) => {
            let named = job.map(|job| job.outputs).unwrap_or_default();
            if named.iter().any(|output| written.contains(&output.key)) {
                return Settled::Recorded;
            }
            station.outputs.discard(written).await;
            Settled::Lost
        }
        Err(error) => {
            tracing::warn!(error = %error_chain(&error), job_id = %task.job_id, "outputs are kept: whose is unknown");
            Settled::Lost
        }
    }
}

fn count(station: &Station, task: &Task, outcome: &'static str, class: &'static str) {
    let model = station.label(&task.request.model);
    metrics::counter!("cooly_attempts_total", "model" => model, "outcome" => outcome, "class" => class)
        .increment(1);
}
