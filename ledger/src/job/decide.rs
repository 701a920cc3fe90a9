//! What may happen to a job next, and what it means for the account's credits.

use super::command::{JobCommand, after_milliseconds};
use super::event::JobEvent;
use super::failure::{Failure, FailureClass};
use super::policy::RetryPolicy;
use super::state::{JobState, Status};
use crate::account::RefundReason;
use crate::credits::Credits;
use crate::decision::Decision;
use crate::refusal::Refusal;
use chrono::{DateTime, TimeDelta, Utc};

/// What a job's event means for its account, in the same INSERT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charge {
    /// Nothing.
    None,
    /// Take the price of this run.
    Debit {
        /// How many.
        amount: Credits,
        /// The run that they pay for.
        run: u32,
    },
    /// Give back what is charged.
    Refund {
        /// How many.
        amount: Credits,
        /// The run that was debited for them.
        run: u32,
        /// Why.
        reason: RefundReason,
    },
}

/// A job's events and what they mean for the credits.
pub type JobDecision = (Decision<JobEvent>, Charge);

/// Decides `command` for a job in `state` (`None`: there is no such job) at `now`.
pub fn decide(
    state: Option<&JobState>,
    command: &JobCommand,
    now: DateTime<Utc>,
) -> Result<JobDecision, Refusal> {
    if let JobCommand::Queue { request, cost } = command {
        return match state {
            Some(_) => Err(Refusal::JobExists),
            None => Ok((
                one(JobEvent::Queued { request: request.clone(), cost: *cost }),
                Charge::Debit { amount: *cost, run: 1 },
            )),
        };
    }
    let job = state.ok_or(Refusal::JobUnknown)?;
    match command {
        JobCommand::Queue { .. } => Err(Refusal::JobExists),
        JobCommand::Start { worker, lease_seconds, policy } => {
            start(job, worker, *lease_seconds, *policy, now).map(free)
        }
        JobCommand::Submit { fencing, provider_task_id, deadline_seconds } => {
            submit(job, *fencing, provider_task_id, *deadline_seconds, now)
                .map(|decision| (decision, Charge::None))
        }
        JobCommand::Succeed { fencing, outputs } => {
            holds_claim(job, *fencing)?;
            Ok(free(JobEvent::Succeeded { outputs: outputs.clone() }))
        }
        JobCommand::FailAttempt { fencing, failure, backoff_milliseconds, policy } => {
            holds_claim(job, *fencing)?;
            Ok(fail_attempt(job, failure, *backoff_milliseconds, *policy, now))
        }
        JobCommand::DeadLetter { failure } => dead_letter(job, failure, now),
        JobCommand::Retry => match job.status {
            Status::Dead => Ok(free(JobEvent::Retried { run: job.run + 1, charged: None })),
            status => Err(Refusal::JobStatus { status, asked: "retried" }),
        },
        JobCommand::Discard => match job.status {
            Status::Discarded => Ok((Decision::AlreadyApplied, Charge::None)),
            Status::Dead => Ok(refunded(job, JobEvent::Discarded {}, RefundReason::Discarded)),
            status => Err(Refusal::JobStatus { status, asked: "discarded" }),
        },
        JobCommand::Cancel => match job.status {
            Status::Cancelled => Ok((Decision::AlreadyApplied, Charge::None)),
            Status::Queued | Status::Running => {
                Ok(refunded(job, JobEvent::Cancelled {}, RefundReason::Cancelled))
            }
            status => Err(Refusal::JobStatus { status, asked: "cancelled" }),
        },
        JobCommand::Rerun => match job.status {
            Status::Failed | Status::Cancelled | Status::Discarded => {
                let run = job.run + 1;
                let retried = JobEvent::Retried { run, charged: Some(job.cost) };
                Ok((one(retried), Charge::Debit { amount: job.cost, run }))
            }
            status => Err(Refusal::JobStatus { status, asked: "run again" }),
        },
    }
}

fn start(
    job: &JobState,
    worker: &str,
    lease_seconds: u32,
    policy: RetryPolicy,
    now: DateTime<Utc>,
) -> Result<JobEvent, Refusal> {
    match (job.status, &job.attempt) {
        (Status::Queued, _) if job.retry_at.is_some_and(|due| now < due) => return Err(Refusal::JobNotDue),
        (Status::Running, Some(attempt)) if now < attempt.lease_until => return Err(Refusal::JobClaimed),
        (Status::Queued | Status::Running, _) => {}
        (status, _) => return Err(Refusal::JobStatus { status, asked: "started" }),
    }
    if job.attempts >= policy.max_attempts {
        return Ok(JobEvent::DeadLettered { failure: lost_attempt() });
    }
    Ok(JobEvent::Started {
        attempt: job.attempts + 1,
        worker: worker.to_owned(),
        lease_until: now + TimeDelta::seconds(i64::from(lease_seconds)),
    })
}

/// A run that spends its budget without a recorded failure lost its workers: each died or was cut off.
fn lost_attempt() -> Failure {
    Failure {
        class: FailureClass::Transient,
        code: "worker_lost".into(),
        message: "every attempt was lost with the worker that ran it".into(),
    }
}

fn submit(
    job: &JobState,
    fencing: i64,
    provider_task_id: &str,
    deadline_seconds: u32,
    now: DateTime<Utc>,
) -> Result<Decision<JobEvent>, Refusal> {
    holds_claim(job, fencing)?;
    let submitted = job.attempt.as_ref().and_then(|attempt| attempt.provider_task_id.as_deref());
    if submitted == Some(provider_task_id) {
        return Ok(Decision::AlreadyApplied);
    }
    Ok(one(JobEvent::Submitted {
        provider_task_id: provider_task_id.to_owned(),
        deadline: now + TimeDelta::seconds(i64::from(deadline_seconds)),
    }))
}

/// A late worker may still finish its attempt after the lease lapsed, as long as nobody took over.
fn holds_claim(job: &JobState, fencing: i64) -> Result<(), Refusal> {
    match &job.attempt {
        Some(attempt) if attempt.fencing == fencing => Ok(()),
        Some(_) | None => Err(Refusal::LeaseLost),
    }
}

fn fail_attempt(
    job: &JobState,
    failure: &Failure,
    backoff_milliseconds: u64,
    policy: RetryPolicy,
    now: DateTime<Utc>,
) -> JobDecision {
    let too_old = now - job.run_queued_at >= TimeDelta::seconds(policy.give_up_after_seconds);
    let give_up = match failure.class {
        FailureClass::Permanent => {
            return refunded(job, JobEvent::Failed { failure: failure.clone() }, RefundReason::Failed);
        }
        FailureClass::Transient => too_old || job.attempts >= policy.max_attempts,
        FailureClass::Throttled => too_old,
    };
    if give_up {
        return free(JobEvent::DeadLettered { failure: failure.clone() });
    }
    free(JobEvent::AttemptFailed {
        attempt: job.attempts,
        failure: failure.clone(),
        counted: failure.class != FailureClass::Throttled,
        retry_at: after_milliseconds(now, backoff_milliseconds),
    })
}

fn dead_letter(job: &JobState, failure: &Failure, now: DateTime<Utc>) -> Result<JobDecision, Refusal> {
    match (job.status, &job.attempt) {
        (Status::Dead, _) => Ok((Decision::AlreadyApplied, Charge::None)),
        (Status::Running, Some(attempt)) if now < attempt.lease_until => Err(Refusal::JobClaimed),
        (Status::Queued | Status::Running, _) => {
            Ok(free(JobEvent::DeadLettered { failure: failure.clone() }))
        }
        (status, _) => Err(Refusal::JobStatus { status, asked: "dead-lettered" }),
    }
}

fn refunded(job: &JobState, event: JobEvent, reason: RefundReason) -> JobDecision {
    (one(event), Charge::Refund { amount: job.charged, run: job.charged_run, reason })
}

fn free(event: JobEvent) -> JobDecision {
    (one(event), Charge::None)
}

fn one(event: JobEvent) -> Decision<JobEvent> {
    Decision::Events(vec![event])
}
