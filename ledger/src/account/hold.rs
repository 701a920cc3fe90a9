//! Holds: credits set aside for work whose price is known only afterwards.

use super::lot::Lot;
use crate::credits::Credits;
use crate::ids::JobId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names a hold within its account: the version of its `credits.held`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HoldId(pub i64);

impl fmt::Display for HoldId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// An open hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Which hold.
    pub hold: HoldId,
    /// How many credits it keeps; the most that can be captured.
    pub amount: Credits,
    /// The job that it is for. Such a hold ends with its job and has no end of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// From when it is released by itself; `None` for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The lots that the credits were taken from, in burn order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Lot>,
}

impl Hold {
    /// Whether its time is over at `now`.
    pub fn has_lapsed(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// Why a hold was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseReason {
    /// Somebody asked for it.
    Requested,
    /// Its time was over.
    Expired,
    /// Its job failed for good.
    Failed,
    /// Its job's user cancelled it.
    Cancelled,
    /// An admin gave its job up in the dead-letter console.
    Discarded,
}
