//! What the ledger says no to. Refusals are part of the contract: each has a stable code, and the API turns
//! each into one problem document.

use crate::account::{HoldId, LotId};
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
    /// Credits would expire before they are given.
    #[error("the expiry must be in the future")]
    ExpiryInPast,
    /// A new account's user id looks like nothing, or like another one.
    #[error(
        "this user id opens no account: it must be in Unicode NFC, with neither blanks at its ends nor invisible or \
         direction-changing characters"
    )]
    UserIdMisleading,
    /// A grant would expire before it can be spent.
    #[error("the grant would expire before it can be spent")]
    GrantNeverEffective,
    /// The account has as many lots as it may have.
    #[error("the account has {most} lots already; the oldest must be spent or expire first")]
    LotsTooMany {
        /// The most that it may have.
        most: usize,
    },
    /// No such lot was ever granted to this account.
    #[error("there is no lot {lot} on this account")]
    LotUnknown {
        /// Which one.
        lot: LotId,
    },
    /// The lot was voided before.
    #[error("lot {lot} was voided before")]
    LotVoided {
        /// Which one.
        lot: LotId,
    },
    /// The account has as many open holds as it may have.
    #[error("the account has {most} open holds already; capture or release one first")]
    HoldsTooMany {
        /// The most that it may have.
        most: usize,
    },
    /// The hold was captured, released or has lapsed, or never was.
    #[error("hold {hold} is not open: it was captured, released or has lapsed, or never existed")]
    HoldNotOpen {
        /// Which one.
        hold: HoldId,
    },
    /// A job's hold ends with its job.
    #[error("hold {hold} belongs to a job and ends with it; cancel the job instead")]
    HoldOfJob {
        /// Which one.
        hold: HoldId,
    },
    /// More would be captured than is held.
    #[error("{asked} credits cannot be captured: {held} are held")]
    CaptureTooLarge {
        /// How many were to be captured.
        asked: Credits,
        /// What is held.
        held: Credits,
    },
    /// More would be given back than was taken.
    #[error("{asked} credits cannot be refunded: {charged} are charged for this job")]
    RefundTooLarge {
        /// How many were to come back.
        asked: Credits,
        /// What the job is charged.
        charged: Credits,
    },
    /// The job's price is only held until it is done.
    #[error("the price of this job is only held; cancel the job to release it")]
    PriceOnlyHeld,
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
    /// A cancel would keep more than its user was told: a provider has accepted the work meanwhile.
    #[error(
        "cancelling the job now keeps {kept} credits of its price, and at most {accepted} were agreed to; look at it again"
    )]
    CancelKeepsMore {
        /// What would be kept.
        kept: Credits,
        /// The most that was agreed to.
        accepted: Credits,
    },
    /// What was decided on was an earlier run of the job.
    #[error("run {seen} was decided on, and the job is in run {run} now; look at it again")]
    RunStale {
        /// The run that was seen.
        seen: u32,
        /// The run that it is in.
        run: u32,
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
            Refusal::ExpiryInPast => "expiry_in_past",
            Refusal::UserIdMisleading => "user_id_misleading",
            Refusal::GrantNeverEffective => "grant_never_effective",
            Refusal::LotsTooMany { .. } => "lots_too_many",
            Refusal::LotUnknown { .. } => "lot_unknown",
            Refusal::LotVoided { .. } => "lot_voided",
            Refusal::HoldsTooMany { .. } => "holds_too_many",
            Refusal::HoldNotOpen { .. } => "hold_not_open",
            Refusal::HoldOfJob { .. } => "hold_of_job",
            Refusal::CaptureTooLarge { .. } => "capture_too_large",
            Refusal::RefundTooLarge { .. } => "refund_too_large",
            Refusal::PriceOnlyHeld => "price_only_held",
            Refusal::AdjustmentTooLarge { .. } => "adjustment_too_large",
            Refusal::KeyReused => "idempotency_key_reused",
            Refusal::JobUnknown => "job_unknown",
            Refusal::JobClaimed => "job_claimed",
            Refusal::JobNotDue => "job_not_due",
            Refusal::LeaseLost => "lease_lost",
            Refusal::JobStatus { .. } => "job_status",
            Refusal::CancelKeepsMore { .. } => "cancel_keeps_more",
            Refusal::RunStale { .. } => "run_stale",
            Refusal::JobExists => "job_exists",
        }
    }
}
