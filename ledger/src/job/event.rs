//! What happened to a job. Variants are added, never changed; `tests/golden/events.json` pins them.

use super::failure::Failure;
use super::late_cancel::LateCancel;
use super::output::Output;
use super::request::JobRequest;
use crate::account::Lot;
use crate::credits::Credits;
use crate::json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One fact about a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum JobEvent {
    /// The job was paid for and waits for a worker.
    #[serde(rename = "job.queued")]
    Queued {
        /// What to make.
        request: Arc<JobRequest>,
        /// What it cost, or at most costs.
        cost: Credits,
        /// The price of a second of output, where the price depends on that: `cost` is then only held.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        per_second: Option<Credits>,
        /// What it keeps if its user cancels it late; nothing in what earlier releases wrote.
        #[serde(default, skip_serializing_if = "LateCancel::is_refund")]
        late_cancel: LateCancel,
        /// The lots that paid for it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        from: Vec<Lot>,
    },
    /// A worker claimed it for one attempt. This event's version is the attempt's fencing token.
    #[serde(rename = "job.started")]
    Started {
        /// Which attempt of this run, from 1.
        attempt: u32,
        /// Name of the worker.
        worker: String,
        /// Until when the claim holds.
        lease_until: DateTime<Utc>,
        /// The providers that may be asked in this attempt, in order; none in what earlier releases wrote.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        providers: Vec<String>,
    },
    /// The provider took the work; the poller asks after it.
    #[serde(rename = "job.submitted")]
    Submitted {
        /// The provider's name for the work.
        provider_task_id: String,
        /// Until when the provider may take.
        deadline: DateTime<Utc>,
        /// Which provider; `None` in what earlier releases wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
    },
    /// An attempt failed and another one follows.
    #[serde(rename = "job.attempt_failed")]
    AttemptFailed {
        /// Which attempt of this run.
        attempt: u32,
        /// Why.
        failure: Failure,
        /// Whether it used up one of the attempts (a throttled one does not).
        counted: bool,
        /// When the next attempt may start.
        retry_at: DateTime<Utc>,
        /// The run that it belongs to; `None` in what earlier releases wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<u32>,
        /// The provider that failed, which was asked last; those before it surely did no work. `None` if none was asked,
        /// and in what earlier releases wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
    },
    /// The outputs are stored.
    #[serde(rename = "job.succeeded")]
    Succeeded {
        /// What was made.
        outputs: Vec<Output>,
        /// What was captured of the hold, where the price was not known before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charged: Option<Credits>,
        /// The lots that were captured.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        from: Vec<Lot>,
        /// The provider that made them; `None` in what earlier releases wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
    },
    /// It failed for good; the refund is in the same INSERT.
    #[serde(rename = "job.failed")]
    Failed {
        /// Why.
        failure: Failure,
        /// Whether the account was too full for the refund: the price stays charged until it is refunded by itself.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        refund_waits: bool,
    },
    /// Its attempts are used up; the credits stay spent so that a retry is free.
    #[serde(rename = "job.dead_lettered")]
    DeadLettered {
        /// Why the last attempt failed, or why it could not be processed.
        failure: Failure,
    },
    /// It runs again, from the dead letters (free) or after a refund (debited in the same INSERT).
    #[serde(rename = "job.retried")]
    Retried {
        /// The run that begins, from 2.
        run: u32,
        /// What was debited or held for it now; `None` from the dead letters, where it is paid for already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charged: Option<Credits>,
        /// The lots that paid for it now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        from: Vec<Lot>,
        /// Why, if an admin said; a retry of many names its action as the cause.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// An admin gave it up; the refund is in the same INSERT.
    #[serde(rename = "job.discarded")]
    Discarded {
        /// As in `job.failed`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        refund_waits: bool,
        /// As in `job.retried`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The user stopped it; the refund is in the same INSERT.
    #[serde(rename = "job.cancelled")]
    Cancelled {
        /// As in `job.failed`. Then nothing is kept: all of the price waits.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        refund_waits: bool,
        /// What stays charged because a provider had accepted the work; `None` for nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<Credits>,
    },
    /// An admin gave back the price or a part of it; what becomes of the job does not change.
    #[serde(rename = "job.refunded")]
    Refunded {
        /// How many.
        amount: Credits,
        /// Why.
        reason: String,
    },
}

impl JobEvent {
    /// The payload column: compact JSON, the exact bytes that are hashed.
    pub fn encode(&self) -> String {
        json::encode(self)
    }

    /// The name in the `type` column.
    pub fn name(&self) -> &'static str {
        match self {
            JobEvent::Queued { .. } => "job.queued",
            JobEvent::Started { .. } => "job.started",
            JobEvent::Submitted { .. } => "job.submitted",
            JobEvent::AttemptFailed { .. } => "job.attempt_failed",
            JobEvent::Succeeded { .. } => "job.succeeded",
            JobEvent::Failed { .. } => "job.failed",
            JobEvent::DeadLettered { .. } => "job.dead_lettered",
            JobEvent::Retried { .. } => "job.retried",
            JobEvent::Discarded { .. } => "job.discarded",
            JobEvent::Cancelled { .. } => "job.cancelled",
            JobEvent::Refunded { .. } => "job.refunded",
        }
    }

    /// Whether it says that a cancelled job keeps something.
    pub(crate) fn keeps(&self) -> bool {
        matches!(self, JobEvent::Cancelled { kept: Some(_), .. })
    }

    /// Whether the account's credits may have moved in the same INSERT.
    pub(crate) fn may_move_credits(&self) -> bool {
        match self {
            JobEvent::Queued { .. } | JobEvent::Cancelled { .. } | JobEvent::Refunded { .. } => true,
            JobEvent::Retried { charged, .. } | JobEvent::Succeeded { charged, .. } => charged.is_some(),
            JobEvent::Failed { refund_waits, .. } | JobEvent::Discarded { refund_waits, .. } => !refund_waits,
            JobEvent::Started { .. }
            | JobEvent::Submitted { .. }
            | JobEvent::AttemptFailed { .. }
            | JobEvent::DeadLettered { .. } => false,
        }
    }

    /// The same fact with the lots that paid for it, on the events that tell of them.
    pub(crate) fn paid(mut self, lots: &[Lot]) -> JobEvent {
        match &mut self {
            JobEvent::Queued { from, .. }
            | JobEvent::Retried { from, .. }
            | JobEvent::Succeeded { from, .. } => {
                *from = lots.to_vec();
            }
            JobEvent::Started { .. }
            | JobEvent::Submitted { .. }
            | JobEvent::AttemptFailed { .. }
            | JobEvent::Failed { .. }
            | JobEvent::DeadLettered { .. }
            | JobEvent::Discarded { .. }
            | JobEvent::Cancelled { .. }
            | JobEvent::Refunded { .. } => {}
        }
        self
    }

    /// The same end of a job without its refund, for which the account has no room; `None` for what is no such end.
    pub(crate) fn without_refund(mut self) -> Option<JobEvent> {
        match &mut self {
            JobEvent::Failed { refund_waits, .. } | JobEvent::Discarded { refund_waits, .. } => {
                *refund_waits = true
            }
            // What waits is the whole price, so that it pays for another run or comes back as one.
            JobEvent::Cancelled { refund_waits, kept } => (*refund_waits, *kept) = (true, None),
            JobEvent::Queued { .. }
            | JobEvent::Started { .. }
            | JobEvent::Submitted { .. }
            | JobEvent::AttemptFailed { .. }
            | JobEvent::Succeeded { .. }
            | JobEvent::DeadLettered { .. }
            | JobEvent::Retried { .. }
            | JobEvent::Refunded { .. } => return None,
        }
        Some(self)
    }
}
