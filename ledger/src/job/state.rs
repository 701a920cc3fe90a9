//! What a job amounts to: the fold of its events.

use super::event::JobEvent;
use super::failure::{Billed, Failure};
use super::late_cancel::LateCancel;
use super::output::Output;
use super::request::JobRequest;
use crate::account::{Lot, RunCredits, take_last, total};
use crate::credits::Credits;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Where a job is in its life. See `docs/job-states.md` for the diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// From `job.queued`, `job.attempt_failed` or `job.retried`, until a worker claims it.
    Queued,
    /// From `job.started` until the attempt ends; a video stays here while the provider works.
    Running,
    /// From `job.succeeded`. Final.
    Succeeded,
    /// From `job.failed`. Refunded; the user may run it again.
    Failed,
    /// From `job.dead_lettered`. Paid; an admin retries or discards it.
    Dead,
    /// From `job.cancelled`. Refunded, but for what its terms keep; the user may run it again.
    Cancelled,
    /// From `job.discarded`. Refunded; the user may run it again.
    Discarded,
}

impl Status {
    /// The name used in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Queued => "queued",
            Status::Running => "running",
            Status::Succeeded => "succeeded",
            Status::Failed => "failed",
            Status::Dead => "dead",
            Status::Cancelled => "cancelled",
            Status::Discarded => "discarded",
        }
    }

    /// Whether nothing more happens unless somebody asks for it.
    pub fn is_finished(self) -> bool {
        match self {
            Status::Queued | Status::Running => false,
            Status::Succeeded | Status::Failed | Status::Dead | Status::Cancelled | Status::Discarded => true,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// The claim under which a job runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Version of the `job.started` event; every later command of the attempt must name it.
    pub fencing: i64,
    /// Name of the worker that claimed it.
    pub worker: String,
    /// Until when the claim holds; once submitted, the provider's deadline.
    pub lease_until: DateTime<Utc>,
    /// The provider's name for the work, once submitted.
    pub provider_task_id: Option<String>,
    /// The provider that has the work, once submitted; `None` in what earlier releases wrote.
    pub provider: Option<String>,
    /// The providers that may be asked, in order; none in what earlier releases wrote.
    pub providers: Vec<String>,
}

/// The state of a job after its latest event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobState {
    /// What was asked for.
    pub request: Arc<JobRequest>,
    /// What one run costs, or at most costs.
    pub cost: Credits,
    /// The price of a second of output, where the price depends on that.
    pub per_second: Option<Credits>,
    /// What it keeps if its user cancels it late: the terms that it was bought under, for every run.
    pub late_cancel: LateCancel,
    /// What is debited, held or captured for its latest paid run and not given back. What a late cancel kept is in `kept`
    /// alone: it pays for no other run.
    pub charged: Credits,
    /// Whether that is only held so far.
    pub on_hold: bool,
    /// The lots that paid it, as far as it was not given back.
    pub paid_from: Vec<Lot>,
    /// The run whose start debited it: names the debit, and so its only refund.
    pub charged_run: u32,
    /// What late cancels kept and was not given back, by run, oldest first.
    pub kept: Vec<RunCredits>,
    /// Where it is in its life.
    pub status: Status,
    /// Which run this is, from 1; each retry begins another.
    pub run: u32,
    /// Attempts of this run that count against the budget, the current one included.
    pub attempts: u32,
    /// Why the latest attempt failed; cleared by success and by a new run.
    pub failure: Option<Failure>,
    /// The claim, while running.
    pub attempt: Option<Attempt>,
    /// When the next attempt may start, while queued after a failure.
    pub retry_at: Option<DateTime<Utc>>,
    /// What was made.
    pub outputs: Vec<Output>,
    /// When the job was first queued.
    pub created_at: DateTime<Utc>,
    /// When this run was queued.
    pub run_queued_at: DateTime<Utc>,
    /// When it finished, if it has.
    pub finished_at: Option<DateTime<Utc>>,
}

impl JobState {
    /// The state after one more event of a job's stream; `state` is `None` before the first.
    ///
    /// Total: an event that cannot follow (anything but `job.queued` first) leaves the state as it is, and
    /// `verify` reports the stream.
    pub fn apply(
        state: Option<JobState>,
        event: &JobEvent,
        version: i64,
        at: DateTime<Utc>,
    ) -> Option<JobState> {
        let Some(mut job) = state else {
            return match event {
                JobEvent::Queued { request, cost, per_second, late_cancel, from } => {
                    let mut job = JobState::queued(Arc::clone(request), *cost, *per_second, at);
                    job.late_cancel = *late_cancel;
                    job.charge(1, *cost, from);
                    Some(job)
                }
                JobEvent::Started { .. }
                | JobEvent::Submitted { .. }
                | JobEvent::AttemptFailed { .. }
                | JobEvent::Succeeded { .. }
                | JobEvent::Failed { .. }
                | JobEvent::DeadLettered { .. }
                | JobEvent::Retried { .. }
                | JobEvent::Discarded { .. }
                | JobEvent::Cancelled { .. }
                | JobEvent::Refunded { .. } => None,
            };
        };
        job.step(event, version, at);
        Some(job)
    }

    /// What is debited, held or captured for it, whichever run it was for, and not given back.
    pub fn charged_in_all(&self) -> Credits {
        self.charged.saturating_add(self.kept_in_all())
    }

    /// What late cancels kept and was not given back.
    pub fn kept_in_all(&self) -> Credits {
        self.kept.iter().fold(Credits::ZERO, |sum, of_run| sum.saturating_add(total(&of_run.from)))
    }

    /// Whether the provider of the attempt before may be making it, since nobody knows what became of the request.
    pub fn may_be_made(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.billed == Some(Billed::Unknown))
    }

    /// What a cancel by its user would keep now: nothing before the log says that a provider has accepted the work.
    pub fn cancel_keeps(&self) -> Credits {
        match (self.status, &self.attempt) {
            (Status::Running, Some(attempt)) if attempt.provider_task_id.is_some() => {
                self.late_cancel.of(self.charged)
            }
            _ => Credits::ZERO,
        }
    }

    fn queued(
        request: Arc<JobRequest>,
        cost: Credits,
        per_second: Option<Credits>,
        at: DateTime<Utc>,
    ) -> JobState {
        JobState {
            request,
            cost,
            per_second,
            late_cancel: LateCancel::REFUND,
            charged: Credits::ZERO,
            on_hold: false,
            paid_from: Vec::new(),
            charged_run: 1,
            kept: Vec::new(),
            status: Status::Queued,
            run: 1,
            attempts: 0,
            failure: None,
            attempt: None,
            retry_at: None,
            outputs: Vec::new(),
            created_at: at,
            run_queued_at: at,
            finished_at: None,
        }
    }

    fn step(&mut self, event: &JobEvent, version: i64, at: DateTime<Utc>) {
        match event {
            JobEvent::Queued { .. } => {}
            JobEvent::Started { attempt, worker, lease_until, providers } => {
                self.status = Status::Running;
                self.attempts = *attempt;
                self.retry_at = None;
                self.attempt = Some(Attempt {
                    fencing: version,
                    worker: worker.clone(),
                    lease_until: *lease_until,
                    provider_task_id: None,
                    provider: None,
                    providers: providers.clone(),
                });
            }
            JobEvent::Submitted { provider_task_id, deadline, provider } => {
                if let Some(attempt) = &mut self.attempt {
                    attempt.provider_task_id = Some(provider_task_id.clone());
                    attempt.provider.clone_from(provider);
                    attempt.lease_until = *deadline;
                }
            }
            JobEvent::AttemptFailed { failure, counted, retry_at, .. } => {
                self.status = Status::Queued;
                self.attempts -= u32::from(!counted && self.attempts > 0);
                self.failure = Some(failure.clone());
                self.attempt = None;
                self.retry_at = Some(*retry_at);
            }
            JobEvent::Succeeded { outputs, charged, from, provider: _ } => {
                self.failure = None;
                self.outputs.clone_from(outputs);
                if let Some(captured) = charged {
                    self.charge(self.charged_run, *captured, from);
                    self.on_hold = false;
                }
                self.finish(Status::Succeeded, at);
            }
            JobEvent::Failed { failure, refund_waits } => {
                self.failure = Some(failure.clone());
                self.end_without_price(Status::Failed, *refund_waits, at);
            }
            JobEvent::DeadLettered { failure } => {
                self.failure = Some(failure.clone());
                self.finish(Status::Dead, at);
            }
            JobEvent::Retried { run, charged, from, .. } => {
                self.begin_run(*run, at);
                if let Some(charged) = charged {
                    self.charge(*run, *charged, from);
                }
            }
            JobEvent::Discarded { refund_waits, .. } => {
                self.end_without_price(Status::Discarded, *refund_waits, at);
            }
            JobEvent::Cancelled { refund_waits, kept } => {
                if let Some(kept) = kept {
                    self.keep(*kept);
                }
                self.end_without_price(Status::Cancelled, *refund_waits, at);
            }
            JobEvent::Refunded { amount, .. } => {
                self.give_back_of_any_run(*amount);
            }
        }
    }

    fn end_without_price(&mut self, status: Status, refund_waits: bool, at: DateTime<Utc>) {
        if !refund_waits {
            self.give_back(self.charged);
        }
        self.finish(status, at);
    }

    fn finish(&mut self, status: Status, at: DateTime<Utc>) {
        self.status = status;
        self.attempt = None;
        self.retry_at = None;
        self.finished_at = Some(at);
    }

    /// What a run took now replaces what an earlier one did; that was given back or is what is captured of it.
    fn charge(&mut self, run: u32, amount: Credits, from: &[Lot]) {
        self.charged = amount;
        self.charged_run = run;
        self.on_hold = self.per_second.is_some();
        // Before there were lots, everything was in one.
        let unnamed = [Lot::unnamed(amount)];
        let from = if from.is_empty() && !amount.is_zero() { &unnamed } else { from };
        self.paid_from = from.to_vec();
    }

    /// Gives back `amount` of what is charged: the lots that it comes back to.
    pub(crate) fn give_back(&mut self, amount: Credits) -> Vec<Lot> {
        self.charged = self.charged.saturating_sub(amount);
        self.on_hold &= !self.charged.is_zero();
        take_last(&mut self.paid_from, amount)
    }

    /// Gives back `amount` of what is charged in all: first of the latest run, then of what late cancels kept, newest
    /// first. The lots that it comes back to, by run.
    pub(crate) fn give_back_of_any_run(&mut self, amount: Credits) -> Vec<RunCredits> {
        let own = amount.min(self.charged);
        let mut left = amount.saturating_sub(own);
        let mut back = vec![RunCredits { run: self.charged_run, from: self.give_back(own) }];
        while !left.is_zero()
            && let Some(RunCredits { run, from }) = self.kept.last_mut()
        {
            let returned = RunCredits { run: *run, from: take_last(from, left) };
            left = left.saturating_sub(total(&returned.from));
            if from.is_empty() {
                self.kept.pop();
            }
            back.push(returned);
        }
        back.retain(|returned| !returned.from.is_empty());
        back
    }

    /// Ends the charge of its latest run: `amount` is kept, which is what burned first, and the rest is given back.
    fn keep(&mut self, amount: Credits) {
        self.give_back(self.charged.saturating_sub(amount));
        let from = std::mem::take(&mut self.paid_from);
        if !from.is_empty() {
            self.kept.push(RunCredits { run: self.charged_run, from });
        }
        (self.charged, self.on_hold) = (Credits::ZERO, false);
    }

    fn begin_run(&mut self, run: u32, at: DateTime<Utc>) {
        self.status = Status::Queued;
        self.run = run;
        self.attempts = 0;
        self.failure = None;
        self.retry_at = None;
        self.finished_at = None;
        self.run_queued_at = at;
    }
}
