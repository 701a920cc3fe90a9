//! What comes back of a job's price, and what does not: the ends without anything made, late cancels, and goodwill.

use super::event::JobEvent;
use super::state::{JobState, Status};
use crate::account::{Charge, RefundReason, ReleaseReason};
use crate::credits::Credits;
use crate::decision::Decision;
use crate::refusal::Refusal;

/// What a job's events mean for its account in the same INSERT: a charge, and the run that it is for.
pub type Charged = Option<(Charge, u32)>;

/// A job's events, and what they mean for its account.
pub type JobDecision = (Decision<JobEvent>, Charged);

/// The job ends without a price: what is charged for it comes back.
pub(super) fn given_back(job: &JobState, event: JobEvent, reason: RefundReason) -> JobDecision {
    let charge = if job.on_hold {
        Charge::Release {
            reason: match reason {
                RefundReason::Failed => ReleaseReason::Failed,
                RefundReason::Cancelled => ReleaseReason::Cancelled,
                RefundReason::Discarded => ReleaseReason::Discarded,
                RefundReason::Goodwill => ReleaseReason::Requested,
            },
        }
    } else {
        Charge::Refund { from: job.clone().give_back(job.charged), reason }
    };
    (Decision::Events(vec![event]), Some((charge, job.charged_run)))
}

/// Stops the job and keeps nothing.
pub(super) fn cancel(job: &JobState) -> Result<JobDecision, Refusal> {
    cancel_keeping(job, Credits::ZERO)
}

/// Stops the job under the terms that it was bought under, if these keep no more than its user was told.
pub(super) fn cancel_by_user(job: &JobState, max_kept: Option<Credits>) -> Result<JobDecision, Refusal> {
    let kept = job.cancel_keeps();
    match max_kept {
        Some(accepted) if kept > accepted => Err(Refusal::CancelKeepsMore { kept, accepted }),
        Some(_) | None => cancel_keeping(job, kept),
    }
}

fn cancel_keeping(job: &JobState, kept: Credits) -> Result<JobDecision, Refusal> {
    match job.status {
        Status::Cancelled => Ok((Decision::AlreadyApplied, None)),
        Status::Queued | Status::Running if kept.is_zero() => {
            let cancelled = JobEvent::Cancelled { refund_waits: false, kept: None };
            Ok(given_back(job, cancelled, RefundReason::Cancelled))
        }
        Status::Queued | Status::Running => {
            let cancelled = JobEvent::Cancelled { refund_waits: false, kept: Some(kept) };
            let charge = kept_charge(job, kept).map(|charge| (charge, job.charged_run));
            Ok((Decision::Events(vec![cancelled]), charge))
        }
        status => Err(Refusal::JobStatus { status, asked: "cancelled" }),
    }
}

/// What is only held is spent as far as it is kept; of what was debited the rest comes back, if there is one.
fn kept_charge(job: &JobState, kept: Credits) -> Option<Charge> {
    if job.on_hold {
        return Some(Charge::Capture { amount: kept });
    }
    let rest = job.charged.saturating_sub(kept);
    let reason = RefundReason::Cancelled;
    (!rest.is_zero()).then(|| Charge::Refund { from: job.clone().give_back(rest), reason })
}

/// Gives back a part or all of what is charged, what late cancels kept included.
pub(super) fn refund(job: &JobState, amount: Option<Credits>, reason: &str) -> Result<JobDecision, Refusal> {
    if job.on_hold {
        return Err(Refusal::PriceOnlyHeld);
    }
    let charged = job.charged_in_all();
    let amount = amount.unwrap_or(charged);
    if amount > charged || charged.is_zero() {
        return Err(Refusal::RefundTooLarge { asked: amount, charged });
    }
    if amount.is_zero() {
        return Err(Refusal::AmountZero);
    }
    let charge = if job.kept.is_empty() {
        Charge::Refund { from: job.clone().give_back(amount), reason: RefundReason::Goodwill }
    } else {
        Charge::RefundRuns { of: job.clone().give_back_of_any_run(amount) }
    };
    let refunded = JobEvent::Refunded { amount, reason: reason.to_owned() };
    Ok((Decision::Events(vec![refunded]), Some((charge, job.charged_run))))
}
