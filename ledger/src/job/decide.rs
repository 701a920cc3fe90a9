//! What may happen to a job next, and what it means for the account's credits.

use super::command::{JobCommand, after_milliseconds};
use super::event::JobEvent;
use super::failure::{Billed, Failure, FailureClass};
use super::give_back::{JobDecision, cancel, cancel_by_user, given_back, refund};
use super::output::Output;
use super::policy::RetryPolicy;
use super::state::{JobState, Status};
use crate::account::{Charge, RefundReason};
use crate::catalogue::Catalogue;
use crate::credits::Credits;
use crate::decision::Decision;
use crate::refusal::Refusal;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

/// Decides `command` for a job in `state` (`None`: there is no such job) at `now`.
pub fn decide(
    state: Option<&JobState>,
    command: &JobCommand,
    now: DateTime<Utc>,
) -> Result<JobDecision, Refusal> {
    if let JobCommand::Queue { request, price, late_cancel } = command {
        return match state {
            Some(_) => Err(Refusal::JobExists),
            None => {
                let (cost, per_second) = (price.most(), price.per_second());
                let (request, late_cancel) = (Arc::clone(request), *late_cancel);
                let queued = JobEvent::Queued { request, cost, per_second, late_cancel, from: Vec::new() };
                Ok((one(queued), Some((take(cost, per_second), 1))))
            }
        };
    }
    let job = state.ok_or(Refusal::JobUnknown)?;
    match command {
        JobCommand::Queue { .. } => Err(Refusal::JobExists),
        JobCommand::Start { worker, lease_seconds, policy, catalogue } => {
            let lease_until = now + TimeDelta::seconds(i64::from(*lease_seconds));
            may_start(job, now)?;
            Ok(free(start(job, worker, lease_until, *policy, catalogue)))
        }
        JobCommand::Submit { fencing, provider_task_id, deadline_seconds, provider } => {
            holds_claim(job, *fencing)?;
            let deadline = now + TimeDelta::seconds(i64::from(*deadline_seconds));
            Ok((submit(job, provider_task_id, deadline, provider.as_deref()), None))
        }
        JobCommand::Succeed { fencing, outputs, provider } => {
            holds_claim(job, *fencing)?;
            Ok(succeed(job, outputs, provider.as_deref()))
        }
        JobCommand::FailAttempt { fencing, failure, backoff_milliseconds, policy, gives_up, provider } => {
            holds_claim(job, *fencing)?;
            if failure.class == FailureClass::Permanent {
                let failed = JobEvent::Failed { failure: failure.clone(), refund_waits: false };
                return Ok(given_back(job, failed, RefundReason::Failed));
            }
            if *gives_up || is_last(job, failure.class, *policy, now) {
                return Ok(free(JobEvent::DeadLettered { failure: failure.clone() }));
            }
            let retry_at = after_milliseconds(now, *backoff_milliseconds);
            Ok(fail_attempt(job, failure, retry_at, provider.as_deref()))
        }
        JobCommand::Forfeit { fencing, backoff_milliseconds, policy } => {
            holds_claim(job, *fencing)?;
            forfeit(job, after_milliseconds(now, *backoff_milliseconds), *policy, now)
        }
        JobCommand::DeadLetter { failure } => dead_letter(job, failure, now),
        JobCommand::Retry { run, reason } => match is_run(job, *run)? {
            Status::Dead => Ok(free(run_again(job, None, reason.clone()))),
            status => Err(Refusal::JobStatus { status, asked: "retried" }),
        },
        JobCommand::Discard { run, reason } => match is_run(job, *run)? {
            Status::Discarded => Ok((Decision::AlreadyApplied, None)),
            Status::Dead => {
                let discarded = JobEvent::Discarded { refund_waits: false, reason: reason.clone() };
                Ok(given_back(job, discarded, RefundReason::Discarded))
            }
            status => Err(Refusal::JobStatus { status, asked: "discarded" }),
        },
        JobCommand::Cancel => cancel(job),
        JobCommand::CancelByUser { max_kept } => cancel_by_user(job, *max_kept),
        JobCommand::Overdue { limit_seconds } => overdue(job, *limit_seconds, now),
        JobCommand::Rerun => match job.status {
            // Its refund still waits: what is charged pays for the run.
            Status::Failed | Status::Cancelled | Status::Discarded if !job.charged.is_zero() => {
                Ok(free(run_again(job, None, None)))
            }
            Status::Failed | Status::Cancelled | Status::Discarded => {
                let retried = run_again(job, Some(job.cost), None);
                Ok((one(retried), Some((take(job.cost, job.per_second), job.run + 1))))
            }
            status => Err(Refusal::JobStatus { status, asked: "run again" }),
        },
        JobCommand::Refund { amount, reason } => refund(job, *amount, reason),
    }
}

/// The job's status, if it is still in the run that somebody saw.
fn is_run(job: &JobState, seen: Option<u32>) -> Result<Status, Refusal> {
    match seen {
        Some(seen) if seen != job.run => Err(Refusal::RunStale { seen, run: job.run }),
        Some(_) | None => Ok(job.status),
    }
}

fn run_again(job: &JobState, charged: Option<Credits>, reason: Option<String>) -> JobEvent {
    JobEvent::Retried { run: job.run + 1, charged, from: Vec::new(), reason }
}

fn may_start(job: &JobState, now: DateTime<Utc>) -> Result<(), Refusal> {
    match (job.status, &job.attempt) {
        (Status::Queued, _) if job.retry_at.is_some_and(|due| now < due) => Err(Refusal::JobNotDue),
        (Status::Running, Some(_)) if is_claimed(job, now) => Err(Refusal::JobClaimed),
        (Status::Queued | Status::Running, _) => Ok(()),
        (status, _) => Err(Refusal::JobStatus { status, asked: "started" }),
    }
}

fn start(
    job: &JobState,
    worker: &str,
    lease_until: DateTime<Utc>,
    policy: RetryPolicy,
    catalogue: &Catalogue,
) -> JobEvent {
    if job.attempts >= policy.max_attempts {
        return JobEvent::DeadLettered {
            failure: worker_lost("every attempt was lost with the worker that ran it"),
        };
    }
    let routes = catalogue.get(&job.request.model).map_or(&[][..], |model| &model.routes);
    let providers = routes.iter().map(|route| route.provider.clone()).collect();
    JobEvent::Started { attempt: job.attempts + 1, worker: worker.to_owned(), lease_until, providers }
}

/// An attempt that ends without a recorded failure lost its worker, which died or was cut off. A provider may have the
/// work all the same.
fn worker_lost(message: &str) -> Failure {
    Failure {
        class: FailureClass::Transient,
        code: "worker_lost".into(),
        message: message.into(),
        billed: Some(Billed::Unknown),
    }
}

/// Whoever asked a provider for it may have been heard, so the next attempt asks after it first.
fn forfeit(
    job: &JobState,
    retry_at: DateTime<Utc>,
    policy: RetryPolicy,
    now: DateTime<Utc>,
) -> Result<JobDecision, Refusal> {
    if job.attempt.as_ref().is_some_and(|attempt| attempt.provider_task_id.is_some()) {
        return Err(Refusal::JobClaimed);
    }
    let failure = worker_lost("the worker that ran the attempt was lost");
    if is_last(job, failure.class, policy, now) {
        return Ok(free(JobEvent::DeadLettered { failure }));
    }
    Ok(fail_attempt(job, &failure, retry_at, None))
}

/// Whether somebody works on it. What a provider has taken is asked after until it ends, however late that is: to
/// begin it anew would pay for it twice.
fn is_claimed(job: &JobState, now: DateTime<Utc>) -> bool {
    job.attempt
        .as_ref()
        .is_some_and(|attempt| attempt.provider_task_id.is_some() || now < attempt.lease_until)
}

fn submit(
    job: &JobState,
    provider_task_id: &str,
    deadline: DateTime<Utc>,
    provider: Option<&str>,
) -> Decision<JobEvent> {
    let submitted = job.attempt.as_ref().and_then(|attempt| attempt.provider_task_id.as_deref());
    if submitted == Some(provider_task_id) {
        return Decision::AlreadyApplied;
    }
    let provider = provider.map(str::to_owned);
    one(JobEvent::Submitted { provider_task_id: provider_task_id.to_owned(), deadline, provider })
}

/// A late worker may still finish its attempt after the lease lapsed, as long as nobody took over.
fn holds_claim(job: &JobState, fencing: i64) -> Result<(), Refusal> {
    match &job.attempt {
        Some(attempt) if attempt.fencing == fencing => Ok(()),
        Some(_) | None => Err(Refusal::LeaseLost),
    }
}

/// Whether no attempt may follow one that failed like this.
fn is_last(job: &JobState, class: FailureClass, policy: RetryPolicy, now: DateTime<Utc>) -> bool {
    let too_old = now - job.run_queued_at >= TimeDelta::seconds(policy.give_up_after_seconds);
    match class {
        FailureClass::Permanent => false,
        FailureClass::Transient => too_old || job.attempts >= policy.max_attempts,
        FailureClass::Throttled => too_old,
    }
}

fn fail_attempt(
    job: &JobState,
    failure: &Failure,
    retry_at: DateTime<Utc>,
    provider: Option<&str>,
) -> JobDecision {
    let (failure, counted) = (failure.clone(), failure.class != FailureClass::Throttled);
    let (attempt, run, provider) = (job.attempts, Some(job.run), provider.map(str::to_owned));
    free(JobEvent::AttemptFailed { attempt, failure, counted, retry_at, run, provider })
}

fn dead_letter(job: &JobState, failure: &Failure, now: DateTime<Utc>) -> Result<JobDecision, Refusal> {
    match (job.status, &job.attempt) {
        (Status::Dead, _) => Ok((Decision::AlreadyApplied, None)),
        (Status::Running, Some(_)) if is_claimed(job, now) => Err(Refusal::JobClaimed),
        (Status::Queued | Status::Running, _) => {
            Ok(free(JobEvent::DeadLettered { failure: failure.clone() }))
        }
        (status, _) => Err(Refusal::JobStatus { status, asked: "dead-lettered" }),
    }
}

/// What a provider may have made is left to whoever asks after it.
fn overdue(job: &JobState, limit_seconds: u32, now: DateTime<Utc>) -> Result<JobDecision, Refusal> {
    match job.status {
        Status::Queued if now - job.run_queued_at < TimeDelta::seconds(i64::from(limit_seconds)) => {
            Err(Refusal::JobNotDue)
        }
        Status::Queued if job.may_be_made() => Err(Refusal::JobNotDue),
        Status::Queued => {
            let failed = JobEvent::Failed { failure: waited_too_long(), refund_waits: false };
            Ok(given_back(job, failed, RefundReason::Failed))
        }
        status => Err(Refusal::JobStatus { status, asked: "given up" }),
    }
}

fn waited_too_long() -> Failure {
    Failure {
        class: FailureClass::Permanent,
        code: "queue_timeout".into(),
        message: "it could not be made in time".into(),
        billed: Some(Billed::No),
    }
}

/// A price that is known is debited; of one that is not, the most is held.
fn take(most: Credits, per_second: Option<Credits>) -> Charge {
    match per_second {
        None => Charge::Debit { amount: most },
        Some(_) => Charge::Hold { amount: most },
    }
}

/// A price that was only held is captured for the seconds that were made, never above what is held; as a whole if
/// the length of an output is not known.
fn succeed(job: &JobState, outputs: &[Output], provider: Option<&str>) -> JobDecision {
    let succeeded = |charged| {
        let (outputs, provider) = (outputs.to_vec(), provider.map(str::to_owned));
        JobEvent::Succeeded { outputs, charged, from: Vec::new(), provider }
    };
    match job.per_second.filter(|_| job.on_hold) {
        None => free(succeeded(None)),
        Some(rate) => {
            let mut lengths = outputs.iter().map(|output| output.duration_milliseconds);
            let milliseconds = lengths.try_fold(0, |sum: u64, length| Some(sum.saturating_add(length?)));
            // What was not measured would otherwise be given away.
            let price = milliseconds.and_then(|milliseconds| rate.per_thousand(milliseconds));
            let amount = price.map_or(job.charged, |price| price.min(job.charged));
            (one(succeeded(Some(amount))), Some((Charge::Capture { amount }, job.charged_run)))
        }
    }
}

fn free(event: JobEvent) -> JobDecision {
    (one(event), None)
}

fn one(event: JobEvent) -> Decision<JobEvent> {
    Decision::Events(vec![event])
}
