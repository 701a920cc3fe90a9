//! What may be asked of an account.

use super::event::RefundReason;
use crate::credits::{Change, Credits};
use crate::ids::{JobId, UserId};

/// One thing asked of an account.
#[derive(Debug, Clone)]
pub enum AccountCommand {
    /// Give credits.
    Grant {
        /// The account's owner; opens the account if this is its first event.
        user: UserId,
        /// How many; more than zero.
        amount: Credits,
        /// Why, for the history.
        reason: String,
    },
    /// Correct the balance up or down.
    Adjust {
        /// The account's owner; opens the account if this is its first event.
        user: UserId,
        /// By how much; not zero.
        change: Change,
        /// Why, for the history.
        reason: String,
    },
    /// Take the price of a job.
    Debit {
        /// How many; zero takes nothing but is recorded.
        amount: Credits,
        /// The job they pay for.
        job_id: JobId,
        /// The job's run that they pay for, from 1.
        run: u32,
        /// Version of the job's event written in the same INSERT.
        job_version: i64,
    },
    /// Give back what a job's run took. The ledger writes it at most once per debit.
    Refund {
        /// How many.
        amount: Credits,
        /// The job that they had paid for.
        job_id: JobId,
        /// The run that they had paid for.
        run: u32,
        /// Why.
        reason: RefundReason,
    },
}
