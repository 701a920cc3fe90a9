//! Where a generation is now, in a sentence, and which instants something will happen at by itself.

use crate::words::scalars::Instant;
use chrono::{DateTime, TimeDelta, Utc};
use ledger::catalogue::Catalogue;
use ledger::job::{JobState, Status};
use poem_openapi::Object;
use std::time::Duration;

/// What happens by itself, and when; null where nothing does.
#[derive(Debug, Object)]
#[oai(rename = "GenerationDeadlines")]
pub(super) struct Deadlines {
    /// From when a worker may begin the next attempt.
    next_attempt_at: Option<Instant>,
    /// Until when the claim of its worker holds; then another may take it over.
    claim_until: Option<Instant>,
    /// Until when its provider may take.
    provider_until: Option<Instant>,
    /// When it is given up and refunded if nobody has begun it, as its model says today.
    queued_until: Option<Instant>,
    /// Until when its outputs are kept.
    outputs_until: Option<Instant>,
}

/// The deadlines of a generation. `keep_outputs` is how long outputs are kept, if not for ever.
pub(super) fn deadlines(job: &JobState, catalogue: &Catalogue, keep_outputs: Option<Duration>) -> Deadlines {
    let is_submitted = job.attempt.as_ref().is_some_and(|attempt| attempt.provider_task_id.is_some());
    let lease_until = job.attempt.as_ref().map(|attempt| Instant(attempt.lease_until));
    let queue_limit = catalogue.get(&job.request.model).and_then(|model| model.queue_timeout_seconds);
    let queued_until = queue_limit
        .filter(|_| job.status == Status::Queued && !job.may_be_made())
        .and_then(|limit| later(job.run_queued_at, TimeDelta::seconds(limit.into())));
    let made_at = job.finished_at.filter(|_| job.status == Status::Succeeded);
    let outputs_until =
        made_at.zip(keep_outputs).and_then(|(at, keep)| later(at, TimeDelta::from_std(keep).ok()?));
    Deadlines {
        next_attempt_at: job.retry_at.map(Instant),
        claim_until: lease_until.clone().filter(|_| !is_submitted),
        provider_until: lease_until.filter(|_| is_submitted),
        queued_until,
        outputs_until,
    }
}

fn later(at: DateTime<Utc>, by: TimeDelta) -> Option<Instant> {
    at.checked_add_signed(by).map(Instant)
}

/// Where it is now, for people.
pub(super) fn in_words(job: &JobState) -> &'static str {
    let refund_waits = !job.charged.is_zero();
    match (job.status, &job.attempt) {
        (Status::Queued, _) if job.retry_at.is_some() => "an attempt failed, and it is tried again",
        (Status::Queued, _) => "it waits for a worker",
        (Status::Running, Some(attempt)) if attempt.provider_task_id.is_some() => {
            "a provider has accepted the work and is asked how far it is"
        }
        (Status::Running, _) => "a worker is making it",
        (Status::Succeeded, _) => "it was made",
        (Status::Failed, _) if refund_waits => {
            "it failed for good; the refund waits, because the account is full"
        }
        (Status::Failed, _) => "it failed for good and was refunded",
        (Status::Dead, _) => "its attempts are used up; it is paid for, and waits to be retried or discarded",
        (Status::Cancelled, _) if refund_waits => {
            "it was stopped; the refund waits, because the account is full"
        }
        (Status::Cancelled, _) if !job.kept.is_empty() => {
            "it was stopped after its provider had begun, so a part of the price stays charged"
        }
        (Status::Cancelled, _) => "it was stopped and refunded",
        (Status::Discarded, _) if refund_waits => {
            "it was given up; the refund waits, because the account is full"
        }
        (Status::Discarded, _) => "it was given up and refunded",
    }
}
