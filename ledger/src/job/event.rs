//! What happened to a job. Variants are added, never changed; `tests/golden/events.json` pins them.

use super::failure::Failure;
use super::output::Output;
use super::request::JobRequest;
use crate::credits::Credits;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One fact about a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum JobEvent {
    /// The job was paid for and waits for a worker.
    #[serde(rename = "job.queued")]
    Queued {
        /// What to make.
        request: JobRequest,
        /// What it cost.
        cost: Credits,
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
    },
    /// The provider took the work; the poller asks after it.
    #[serde(rename = "job.submitted")]
    Submitted {
        /// The provider's name for the work.
        provider_task_id: String,
        /// Until when the provider may take.
        deadline: DateTime<Utc>,
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
    },
    /// The outputs are stored.
    #[serde(rename = "job.succeeded")]
    Succeeded {
        /// What was made.
        outputs: Vec<Output>,
    },
    /// It failed for good; the refund is in the same INSERT.
    #[serde(rename = "job.failed")]
    Failed {
        /// Why.
        failure: Failure,
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
        /// What was debited for it now; `None` from the dead letters, where it is paid for already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charged: Option<Credits>,
    },
    /// An admin gave it up; the refund is in the same INSERT.
    #[serde(rename = "job.discarded")]
    Discarded {},
    /// The user stopped it; the refund is in the same INSERT.
    #[serde(rename = "job.cancelled")]
    Cancelled {},
}

impl JobEvent {
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
            JobEvent::Discarded {} => "job.discarded",
            JobEvent::Cancelled {} => "job.cancelled",
        }
    }
}
