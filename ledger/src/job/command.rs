//! What may be asked of a job.

use super::failure::Failure;
use super::late_cancel::LateCancel;
use super::output::Output;
use super::policy::RetryPolicy;
use super::price::Price;
use super::request::JobRequest;
use crate::catalogue::Catalogue;
use crate::credits::Credits;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// One thing asked of a job. `fencing` is the token that `Start` gave: the version of its `job.started`.
#[derive(Debug, Clone)]
pub enum JobCommand {
    /// Queue a new job; its price is debited or held in the same INSERT.
    Queue {
        /// What to make.
        request: Arc<JobRequest>,
        /// What it costs.
        price: Price,
        /// What it keeps if its user cancels it late.
        late_cancel: LateCancel,
    },
    /// Claim the job for one attempt.
    Start {
        /// Name of the worker.
        worker: String,
        /// How long the claim holds, in seconds.
        lease_seconds: u32,
        /// The attempts that it may use; a run whose budget is spent is dead-lettered instead.
        policy: RetryPolicy,
        /// Where models are made: the log is told which providers may be asked.
        catalogue: Arc<Catalogue>,
    },
    /// Record that the provider took the work and will be polled.
    Submit {
        /// The attempt's token.
        fencing: i64,
        /// The provider's name for the work.
        provider_task_id: String,
        /// Until when the provider may take, in seconds from now.
        deadline_seconds: u32,
        /// Which provider.
        provider: Option<String>,
    },
    /// The attempt is done.
    Succeed {
        /// The attempt's token.
        fencing: i64,
        /// What was made; stored already.
        outputs: Vec<Output>,
        /// The provider that made it.
        provider: Option<String>,
    },
    /// The attempt failed. The failure's class and the policy decide what follows.
    FailAttempt {
        /// The attempt's token.
        fencing: i64,
        /// Why.
        failure: Failure,
        /// How long to back off if it is tried again, in milliseconds (jitter included).
        backoff_milliseconds: u64,
        /// The budget.
        policy: RetryPolicy,
        /// Whether trying again could do harm, whatever the budget: the job waits for a person.
        gives_up: bool,
        /// The provider that failed; `None` if none was asked.
        provider: Option<String>,
    },
    /// Take the job from a worker that is gone, so that another one may begin at once. What a provider is known to have is
    /// left to whoever asks after it.
    Forfeit {
        /// The token of the attempt that is lost.
        fencing: i64,
        /// How long the next attempt has to wait, in milliseconds.
        backoff_milliseconds: u64,
        /// The budget.
        policy: RetryPolicy,
    },
    /// Give up on a job that could not be processed at all; used by the drainer of the queue's own DLQ.
    DeadLetter {
        /// Why.
        failure: Failure,
    },
    /// Run a dead job again; it was paid for and stays so.
    Retry {
        /// The run that was seen to be dead; another one is refused. `None` for whichever it is.
        run: Option<u32>,
        /// Why, if somebody said.
        reason: Option<String>,
    },
    /// Give up on a dead job and refund it.
    Discard {
        /// The run that was seen to be dead; another one is refused. `None` for whichever it is.
        run: Option<u32>,
        /// Why, if somebody said.
        reason: Option<String>,
    },
    /// Stop a job that has not finished, and refund all of it: for whoever runs the service.
    Cancel,
    /// Stop a job that has not finished, because its user wants that: the terms that it was bought under say what it keeps
    /// once a provider has accepted the work. The rest is refunded.
    CancelByUser {
        /// The most that the user was told would be kept; if it is more, nothing is done. `None` for whatever the terms say.
        max_kept: Option<Credits>,
    },
    /// Give up on a run that is so old and not being worked on, and refund it.
    Overdue {
        /// How old it may get, in seconds.
        limit_seconds: u32,
    },
    /// Give back the price of a job, or a part of it, whatever became of the job.
    Refund {
        /// How many, at most what it is charged; `None` for all of it.
        amount: Option<Credits>,
        /// Why, for the history.
        reason: String,
    },
    /// The user runs a job again that had failed and was refunded; it is debited again.
    Rerun,
}

/// The end of a back-off that starts now.
pub(super) fn after_milliseconds(now: DateTime<Utc>, milliseconds: u64) -> DateTime<Utc> {
    // A day bounds every back-off, so the conversion cannot fail.
    let bounded = milliseconds.min(24 * 3600 * 1000);
    now + chrono::TimeDelta::milliseconds(bounded as i64)
}
