//! What happened to an account. Variants are added, never changed; `tests/golden/events.json` pins them.

use crate::credits::{Change, Credits};
use crate::ids::{JobId, UserId};
use serde::{Deserialize, Serialize};

/// Why credits came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    /// The job failed for good.
    Failed,
    /// The user cancelled it.
    Cancelled,
    /// An admin gave it up in the dead-letter console.
    Discarded,
}

/// One fact about an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AccountEvent {
    /// Credits were given.
    #[serde(rename = "credits.granted")]
    Granted {
        /// The account's owner.
        user: UserId,
        /// How many.
        amount: Credits,
        /// Why.
        reason: String,
    },
    /// The price of a job was taken.
    #[serde(rename = "credits.debited")]
    Debited {
        /// How many.
        amount: Credits,
        /// The job they pay for.
        job_id: JobId,
        /// The job's run that they pay for.
        run: u32,
        /// Version of the job's event in the same INSERT: a repeated request finds its first answer by it.
        job_version: i64,
    },
    /// The price of a job came back.
    #[serde(rename = "credits.refunded")]
    Refunded {
        /// How many.
        amount: Credits,
        /// The job that they had paid for.
        job_id: JobId,
        /// The run that they had paid for.
        run: u32,
        /// Why.
        reason: RefundReason,
    },
    /// An admin corrected the balance.
    #[serde(rename = "credits.adjusted")]
    Adjusted {
        /// The account's owner.
        user: UserId,
        /// By how much.
        change: Change,
        /// Why.
        reason: String,
    },
}

impl AccountEvent {
    /// The name in the `type` column.
    pub fn name(&self) -> &'static str {
        match self {
            AccountEvent::Granted { .. } => "credits.granted",
            AccountEvent::Debited { .. } => "credits.debited",
            AccountEvent::Refunded { .. } => "credits.refunded",
            AccountEvent::Adjusted { .. } => "credits.adjusted",
        }
    }

    /// By how much the balance changed.
    pub fn change(&self) -> Change {
        match self {
            AccountEvent::Granted { amount, .. } | AccountEvent::Refunded { amount, .. } => {
                Change::up(*amount)
            }
            AccountEvent::Debited { amount, .. } => Change::down(*amount),
            AccountEvent::Adjusted { change, .. } => *change,
        }
    }

    /// The job that it is about, if any.
    pub fn job_id(&self) -> Option<JobId> {
        match self {
            AccountEvent::Debited { job_id, .. } | AccountEvent::Refunded { job_id, .. } => Some(*job_id),
            AccountEvent::Granted { .. } | AccountEvent::Adjusted { .. } => None,
        }
    }
}
