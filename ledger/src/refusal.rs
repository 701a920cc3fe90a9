//! What the ledger says no to. Refusals are part of the contract: each has a stable code, and the API turns
//! each into one problem document.

use crate::credits::Credits;
use crate::job::Status;

/// Why a command was refused. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The balance does not cover the price.
    #[error("{needed} credits are needed and {available} are available")]
    CreditsInsufficient {
        /// The price.
        needed: Credits,
        /// What the account holds.
        available: Credits,
    },
    /// An amount must be more than zero, or a change not zero.
    #[error("the amount must not be zero")]
    AmountZero,
    /// The balance would pass the largest amount.
    #[error("the balance would pass the largest amount of 1000000000000 credits")]
    BalanceTooLarge,
    /// A downward adjustment is larger than what is available.
    #[error("{asked} credits cannot be taken: {available} are available")]
    AdjustmentTooLarge {
        /// How many were to be taken.
        asked: Credits,
        /// What the account holds.
        available: Credits,
    },
    /// The key was used before with another request.
    #[error("this idempotency key was used before with a different request")]
    KeyReused,
    /// No such job on this account.
    #[error("there is no such job")]
    JobUnknown,
    /// Another worker holds the job's lease.
    #[error("another worker is running this job")]
    JobClaimed,
    /// The job waits for its back-off to end.
    #[error("the job waits before its next attempt")]
    JobNotDue,
    /// The fencing token is not that of the current attempt.
    #[error("this attempt has lost its lease")]
    LeaseLost,
    /// The job is not in a state in which this can be done.
    #[error("the job is {status}, so it cannot be {asked}")]
    JobStatus {
        /// The job's status.
        status: Status,
        /// What was asked, as a participle: `cancelled`, `retried`, …
        asked: &'static str,
    },
    /// A job id that exists already was queued again.
    #[error("a job with this id exists already")]
    JobExists,
}

impl Refusal {
    /// Stable code for clients and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::CreditsInsufficient { .. } => "credits_insufficient",
            Refusal::AmountZero => "amount_zero",
            Refusal::BalanceTooLarge => "balance_too_large",
            Refusal::AdjustmentTooLarge { .. } => "adjustment_too_large",
            Refusal::KeyReused => "idempotency_key_reused",
            Refusal::JobUnknown => "job_unknown",
            Refusal::JobClaimed => "job_claimed",
            Refusal::JobNotDue => "job_not_due",
            Refusal::LeaseLost => "lease_lost",
            Refusal::JobStatus { .. } => "job_status",
            Refusal::JobExists => "job_exists",
        }
    }
}
