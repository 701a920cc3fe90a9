//! A message to an endpoint, and what became of it.

use crate::error::Error;
use crate::row;
use crate::word::word;
use chrono::{DateTime, Utc};
use ledger::{AccountId, Position};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use uuid::Uuid;

word! {
    /// What became of a delivery.
    Outcome {
        /// The endpoint has taken it.
        Delivered = "delivered",
        /// It is to be sent, for the first time or again.
        Waiting = "waiting",
        /// It was sent as often as it may be, or the endpoint is gone.
        GivenUp = "given_up",
    }
}

/// What a message may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// A generation was made.
    GenerationSucceeded,
    /// A generation failed for good and was refunded.
    GenerationFailed,
    /// A generation was cancelled.
    GenerationCancelled,
    /// A generation used up its attempts; somebody decides what becomes of it.
    GenerationDead,
    /// A generation that used up its attempts was given up and refunded.
    GenerationDiscarded,
    /// Credits were given.
    CreditsGranted,
    /// Credits came back.
    CreditsRefunded,
    /// A balance fell below what counts as low.
    CreditsLow,
    /// Credits will be gone soon.
    CreditsExpiring,
}

impl Topic {
    /// Every value.
    pub const ALL: [Topic; 9] = [
        Topic::GenerationSucceeded,
        Topic::GenerationFailed,
        Topic::GenerationCancelled,
        Topic::GenerationDead,
        Topic::GenerationDiscarded,
        Topic::CreditsGranted,
        Topic::CreditsRefunded,
        Topic::CreditsLow,
        Topic::CreditsExpiring,
    ];

    /// As it is written in the tables and in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Topic::GenerationSucceeded => "generation.succeeded",
            Topic::GenerationFailed => "generation.failed",
            Topic::GenerationCancelled => "generation.cancelled",
            Topic::GenerationDead => "generation.dead",
            Topic::GenerationDiscarded => "generation.discarded",
            Topic::CreditsGranted => "credits.granted",
            Topic::CreditsRefunded => "credits.refunded",
            Topic::CreditsLow => "credits.low",
            Topic::CreditsExpiring => "credits.expiring",
        }
    }

    /// Reads them; one of a later release is passed over.
    pub(super) fn read_all(texts: &[&str]) -> Vec<Topic> {
        Topic::ALL.into_iter().filter(|topic| texts.contains(&topic.as_str())).collect()
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where to.
    pub endpoint: Uuid,
    /// The message; the same however often it is sent.
    pub message_id: Uuid,
    /// What it tells of; `None` of a test.
    pub position: Option<Position>,
    /// Whose event that is; nobody's of a test.
    pub account_id: AccountId,
    /// What it is about, as it says itself.
    pub topic: String,
    /// What is sent.
    pub payload: String,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
    /// What became of it.
    pub outcome: Outcome,
    /// How often it was sent.
    pub attempts: u32,
    /// When it is sent; `None` while an earlier one of its account is not settled.
    pub next_at: Option<DateTime<Utc>>,
    /// When it was sent last.
    pub attempted_at: Option<DateTime<Utc>>,
    /// What was answered then.
    pub status: Option<u32>,
    /// Why it was not taken then.
    pub error: Option<String>,
    /// Since when nothing more becomes of it.
    pub settled_at: Option<DateTime<Utc>>,
}

/// The columns of [`read_delivery`].
macro_rules! delivery_columns {
    () => {
        "endpoint, message_id, position, account_id, type, payload, created_at, outcome, attempts, next_at, attempted_at, \
         status, error, settled_at"
    };
}

pub(super) use delivery_columns;

pub(super) fn read_delivery(row: &Row) -> Result<Delivery, Error> {
    let position: i64 = row.try_get("position")?;
    let status: Option<i32> = row.try_get("status")?;
    Ok(Delivery {
        endpoint: row.try_get("endpoint")?,
        message_id: row.try_get("message_id")?,
        position: Some(Position(position)).filter(|position| *position > Position::START),
        account_id: AccountId(row.try_get("account_id")?),
        topic: row.try_get("type")?,
        payload: row.try_get("payload")?,
        created_at: row.try_get("created_at")?,
        outcome: row::named(row, "outcome")?,
        attempts: row::count(row, "attempts")?,
        next_at: row.try_get("next_at")?,
        attempted_at: row.try_get("attempted_at")?,
        status: status.map(i32::unsigned_abs),
        error: row.try_get("error")?,
        settled_at: row.try_get("settled_at")?,
    })
}
