//! What may be asked of an account: by people, and by the account's jobs.

use super::event::{Metadata, RefundReason};
use super::hold::{HoldId, ReleaseReason};
use super::lot::{Lot, LotId, Priority, Source};
use crate::credits::{Change, Credits};
use crate::ids::{JobId, UserId};
use chrono::{DateTime, Utc};

/// A grant of credits: one lot.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The account's owner; opens the account if this is its first event.
    pub user: UserId,
    /// How many; more than zero.
    pub amount: Credits,
    /// Why, for the history.
    pub reason: String,
    /// When the lot burns among the others.
    pub priority: Priority,
    /// From when it can be spent; `None` for at once.
    pub effective_at: Option<DateTime<Utc>>,
    /// From when it is gone, in the future; `None` for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// Where the credits come from.
    pub source: Source,
    /// Whatever else the granting system wants to find again.
    pub metadata: Metadata,
}

impl Grant {
    /// Credits that can be spent at once and for ever.
    pub fn new(user: UserId, amount: Credits, reason: impl Into<String>) -> Grant {
        Grant {
            user,
            amount,
            reason: reason.into(),
            priority: Priority::DEFAULT,
            effective_at: None,
            expires_at: None,
            source: Source::Other,
            metadata: Metadata::new(),
        }
    }
}

/// One thing asked of an account.
#[derive(Debug, Clone)]
pub enum AccountCommand {
    /// Give credits.
    Grant(Grant),
    /// Correct the balance up or down.
    Adjust {
        /// The account's owner; opens the account if this is its first event.
        user: UserId,
        /// By how much; not zero.
        change: Change,
        /// Why, for the history.
        reason: String,
        /// Take what is there if it is less than asked, instead of refusing.
        clamp: bool,
    },
    /// Set credits aside.
    Hold {
        /// How many; more than zero.
        amount: Credits,
        /// What for, for the history.
        reason: String,
        /// From when it is released by itself, in the future; `None` for never.
        expires_at: Option<DateTime<Utc>>,
    },
    /// Spend what a hold set aside, or a part of it; the rest is released.
    Capture {
        /// Which hold; not one of a job.
        hold: HoldId,
        /// How many; more than zero, at most what is held.
        amount: Credits,
    },
    /// Give back what a hold set aside.
    Release {
        /// Which hold; not one of a job.
        hold: HoldId,
    },
    /// Take back what is left of a grant.
    Void {
        /// Which lot.
        lot: LotId,
        /// Why, for the history.
        reason: String,
    },
    /// Write down what has lapsed: holds and lots whose time is over.
    Lapse,
}

/// Credits that a run of a job took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCredits {
    /// Which run, from 1.
    pub run: u32,
    /// The lots that they were taken from.
    pub from: Vec<Lot>,
}

/// What a job asks of its account, together with its own event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charge {
    /// Take the price of a run.
    Debit {
        /// How many; zero takes nothing but is recorded.
        amount: Credits,
    },
    /// Set aside the most that a run can cost.
    Hold {
        /// How many; zero holds nothing but is recorded.
        amount: Credits,
    },
    /// Spend a run's hold, up to what is held.
    Capture {
        /// How many; zero spends nothing.
        amount: Credits,
    },
    /// Give back a run's hold.
    Release {
        /// Why.
        reason: ReleaseReason,
    },
    /// Give back what a run took, or a part of it.
    Refund {
        /// The credits that come back, as they were taken.
        from: Vec<Lot>,
        /// Why.
        reason: RefundReason,
    },
    /// Give back what several runs took, or a part of it, as a matter of goodwill.
    RefundRuns {
        /// The credits that come back, in their order.
        of: Vec<RunCredits>,
    },
}

/// The run of a job for which its account is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForRun {
    /// The job.
    pub job_id: JobId,
    /// Its run, from 1, that is or was paid for.
    pub run: u32,
    /// Version of the job's event written in the same INSERT.
    pub job_version: i64,
}
