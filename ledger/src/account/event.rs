//! What happened to an account. Variants are added, never changed; `tests/golden/events.json` pins them.
//!
//! Version 1 knew no lots: where it names none, all credits are in [`LotId::UNNAMED`].

use super::hold::{HoldId, ReleaseReason};
use super::lot::{Lot, LotId, Priority, Source};
use crate::credits::{Change, Credits};
use crate::ids::{JobId, UserId};
use crate::json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Free text beside a grant: at most 16 entries, keys up to 40 and values up to 500 bytes.
pub type Metadata = BTreeMap<String, String>;

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
    /// An admin gave back a part or all of the price.
    Goodwill,
}

/// One fact about an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AccountEvent {
    /// Credits were given: a lot.
    #[serde(rename = "credits.granted")]
    Granted {
        /// The account's owner.
        user: UserId,
        /// How many.
        amount: Credits,
        /// Why.
        reason: String,
        /// The lot: this event's version.
        #[serde(default, skip_serializing_if = "LotId::is_unnamed")]
        lot: LotId,
        /// When it burns among the others.
        #[serde(default, skip_serializing_if = "Priority::is_default")]
        priority: Priority,
        /// From when it can be spent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effective_at: Option<DateTime<Utc>>,
        /// From when it is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<DateTime<Utc>>,
        /// Where it came from.
        #[serde(default, skip_serializing_if = "Source::is_other")]
        source: Source,
        /// Free text of the granting system.
        #[serde(default, skip_serializing_if = "Metadata::is_empty")]
        metadata: Metadata,
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
        /// The lots that they were taken from, in burn order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        from: Vec<Lot>,
    },
    /// The price of a job came back, or a part of it.
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
        /// Version of the job's event in the same INSERT.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_version: Option<i64>,
        /// The lots that they came back to, under the terms that these have from now on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        to: Vec<Lot>,
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
        /// What was asked, where less was taken because no more was there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<Change>,
        /// The lots that credits were taken from, in burn order; of a downward adjustment.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        from: Vec<Lot>,
        /// The lot that was made; of an upward adjustment.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        to: Vec<Lot>,
    },
    /// Credits were set aside.
    #[serde(rename = "credits.held")]
    Held {
        /// The hold: this event's version.
        hold: HoldId,
        /// How many.
        amount: Credits,
        /// What for.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
        /// The job that they may pay for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_id: Option<JobId>,
        /// The job's run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<u32>,
        /// Version of the job's event in the same INSERT.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_version: Option<i64>,
        /// From when it is released by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<DateTime<Utc>>,
        /// The lots that they were taken from, in burn order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        from: Vec<Lot>,
    },
    /// A hold was spent, wholly or in part; the rest came back.
    #[serde(rename = "credits.captured")]
    Captured {
        /// The hold, which is over now.
        hold: HoldId,
        /// How many were spent.
        amount: Credits,
        /// How many came back.
        released: Credits,
        /// The job that they paid for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_id: Option<JobId>,
        /// The job's run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<u32>,
        /// The lots that were spent, in burn order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        from: Vec<Lot>,
        /// The lots that the rest came back to.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        to: Vec<Lot>,
    },
    /// A hold was given back.
    #[serde(rename = "credits.released")]
    Released {
        /// The hold, which is over now.
        hold: HoldId,
        /// How many came back.
        amount: Credits,
        /// Why.
        reason: ReleaseReason,
        /// The job that it was for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_id: Option<JobId>,
        /// The job's run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<u32>,
        /// The lots that they came back to.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        to: Vec<Lot>,
    },
    /// The time of a lot was over.
    #[serde(rename = "credits.expired")]
    Expired {
        /// The lot.
        lot: LotId,
        /// What had been left of it.
        amount: Credits,
    },
    /// What was left of a grant was taken back.
    #[serde(rename = "credits.voided")]
    Voided {
        /// The lot. What comes back to it later is taken back too.
        lot: LotId,
        /// How many were taken.
        amount: Credits,
        /// Why.
        reason: String,
    },
}

impl AccountEvent {
    /// The payload column: compact JSON, the exact bytes that are hashed.
    pub fn encode(&self) -> String {
        json::encode(self)
    }

    /// The name in the `type` column.
    pub fn name(&self) -> &'static str {
        match self {
            AccountEvent::Granted { .. } => "credits.granted",
            AccountEvent::Debited { .. } => "credits.debited",
            AccountEvent::Refunded { .. } => "credits.refunded",
            AccountEvent::Adjusted { .. } => "credits.adjusted",
            AccountEvent::Held { .. } => "credits.held",
            AccountEvent::Captured { .. } => "credits.captured",
            AccountEvent::Released { .. } => "credits.released",
            AccountEvent::Expired { .. } => "credits.expired",
            AccountEvent::Voided { .. } => "credits.voided",
        }
    }

    /// By how much the balance changed. Held credits are not in the balance: holding takes them out of it,
    /// and what a capture does not spend comes back.
    pub fn change(&self) -> Change {
        match self {
            AccountEvent::Granted { amount, .. }
            | AccountEvent::Refunded { amount, .. }
            | AccountEvent::Captured { released: amount, .. }
            | AccountEvent::Released { amount, .. } => Change::up(*amount),
            AccountEvent::Debited { amount, .. }
            | AccountEvent::Held { amount, .. }
            | AccountEvent::Expired { amount, .. }
            | AccountEvent::Voided { amount, .. } => Change::down(*amount),
            AccountEvent::Adjusted { change, .. } => *change,
        }
    }

    /// The job that it is about, if any.
    pub fn job_id(&self) -> Option<JobId> {
        match self {
            AccountEvent::Debited { job_id, .. } | AccountEvent::Refunded { job_id, .. } => Some(*job_id),
            AccountEvent::Held { job_id, .. }
            | AccountEvent::Captured { job_id, .. }
            | AccountEvent::Released { job_id, .. } => *job_id,
            AccountEvent::Granted { .. }
            | AccountEvent::Adjusted { .. }
            | AccountEvent::Expired { .. }
            | AccountEvent::Voided { .. } => None,
        }
    }

    /// Version of the job's event that was written with it, on the events that answer a request about a job.
    pub(crate) fn job_version(&self) -> Option<i64> {
        match self {
            AccountEvent::Debited { job_version, .. } => Some(*job_version),
            AccountEvent::Held { job_version, .. } | AccountEvent::Refunded { job_version, .. } => {
                *job_version
            }
            AccountEvent::Granted { .. }
            | AccountEvent::Adjusted { .. }
            | AccountEvent::Captured { .. }
            | AccountEvent::Released { .. }
            | AccountEvent::Expired { .. }
            | AccountEvent::Voided { .. } => None,
        }
    }
}
