//! How the last release reads events and messages: copies of its types, where they differ from those of this one. They never
//! change while it is the last release.

use chrono::{DateTime, Utc};
use ledger::account::Lot;
use ledger::job::{Failure, JobRequest};
use ledger::{AccountId, Credits, JobId};
use serde::Deserialize;
use std::sync::Arc;

/// Reads an event of a job.
pub(crate) fn event(payload: &str) -> serde_json::Result<()> {
    serde_json::from_str::<JobEvent>(payload).map(drop)
}

/// Reads a message, which must be of version 1.
pub(crate) fn message(body: &str) -> Result<(), String> {
    match serde_json::from_str::<Body>(body) {
        Ok(Body { v: 1, .. }) => Ok(()),
        Ok(Body { v, .. }) => Err(format!("a message of version {v}")),
        Err(error) => Err(error.to_string()),
    }
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "that it can be read is all that is asked")]
struct Body {
    v: u32,
    account_id: AccountId,
    job_id: JobId,
    run: u32,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
#[expect(dead_code, reason = "that it can be read is all that is asked")]
enum JobEvent {
    #[serde(rename = "job.queued")]
    Queued {
        request: Arc<JobRequest>,
        cost: Credits,
        #[serde(default)]
        per_second: Option<Credits>,
        #[serde(default)]
        from: Vec<Lot>,
    },
    #[serde(rename = "job.started")]
    Started { attempt: u32, worker: String, lease_until: DateTime<Utc> },
    #[serde(rename = "job.submitted")]
    Submitted { provider_task_id: String, deadline: DateTime<Utc> },
    #[serde(rename = "job.attempt_failed")]
    AttemptFailed {
        attempt: u32,
        failure: Failure,
        counted: bool,
        retry_at: DateTime<Utc>,
        #[serde(default)]
        run: Option<u32>,
    },
    #[serde(rename = "job.succeeded")]
    Succeeded {
        outputs: Vec<Output>,
        #[serde(default)]
        charged: Option<Credits>,
        #[serde(default)]
        from: Vec<Lot>,
    },
    #[serde(rename = "job.failed")]
    Failed {
        failure: Failure,
        #[serde(default)]
        refund_waits: bool,
    },
    #[serde(rename = "job.dead_lettered")]
    DeadLettered { failure: Failure },
    #[serde(rename = "job.retried")]
    Retried {
        run: u32,
        #[serde(default)]
        charged: Option<Credits>,
        #[serde(default)]
        from: Vec<Lot>,
    },
    #[serde(rename = "job.discarded")]
    Discarded {
        #[serde(default)]
        refund_waits: bool,
    },
    #[serde(rename = "job.cancelled")]
    Cancelled {
        #[serde(default)]
        refund_waits: bool,
    },
    #[serde(rename = "job.refunded")]
    Refunded { amount: Credits, reason: String },
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "that it can be read is all that is asked")]
struct Output {
    index: u32,
    key: String,
    content_type: String,
    width: u32,
    height: u32,
    bytes: u64,
    #[serde(default)]
    duration_milliseconds: Option<u64>,
}
