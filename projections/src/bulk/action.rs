//! The words of bulk actions, and how a row of each table is read.

use crate::error::Error;
use crate::row;
use crate::word::word;
use chrono::{DateTime, Utc};
use ledger::{AccountId, Credits, JobId, Position};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use tokio_postgres::Row;
use uuid::Uuid;

word! {
    /// What is done to each job.
    Deed {
        /// Queue it again, at no cost.
        Retry = "retry",
        /// Give it up and refund its user.
        Discard = "discard",
    }
}

word! {
    /// Where an action is in its life.
    State {
        /// Its first jobs are done, and their ends waited for.
        Canary = "canary",
        /// The others follow at its rate.
        Running = "running",
        /// Nothing more is begun until somebody resumes it.
        Paused = "paused",
        /// Every job was begun. Some that were retried may still be on their way.
        Done = "done",
        /// Somebody ended it: what was not begun is left alone.
        Aborted = "aborted",
    }
}

word! {
    /// What became of a job of an action.
    Outcome {
        /// It has not been begun.
        Waiting = "waiting",
        /// The ledger is asked, or was when a worker died.
        Begun = "begun",
        /// It was retried and has not ended since.
        Queued = "queued",
        /// It was retried and succeeded.
        Succeeded = "succeeded",
        /// It was retried and failed, or died again.
        Failed = "failed",
        /// It was retried and its user cancelled it.
        Cancelled = "cancelled",
        /// It was given up and refunded.
        Discarded = "discarded",
        /// Somebody was faster: it was in another run or another state, and was left as it was.
        Changed = "changed",
        /// The ledger said no.
        Refused = "refused",
    }
}

impl Outcome {
    /// Whether nothing more becomes of it.
    pub fn is_final(self) -> bool {
        !matches!(self, Outcome::Waiting | Outcome::Begun | Outcome::Queued)
    }

    /// Whether it speaks against going on.
    pub fn is_bad(self) -> bool {
        matches!(self, Outcome::Failed | Outcome::Refused)
    }
}

/// An action on many dead jobs.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Its name; the cause of every event that it leads to.
    pub id: Uuid,
    /// Who ordered it, as the log writes it.
    pub actor: String,
    /// Through which request.
    pub request_id: String,
    /// By which API key, if it came by one.
    pub key: Option<Uuid>,
    /// Why.
    pub reason: String,
    /// What is done.
    pub deed: Deed,
    /// What was asked for, as JSON.
    pub filter: Value,
    /// Most jobs a second.
    pub rate: u32,
    /// So many are done first, and their ends waited for.
    pub canary: u32,
    /// It pauses by itself once more of a hundred ended badly.
    pub pause_above_percent: u32,
    /// Where it is.
    pub state: State,
    /// Whether the canary is over.
    pub canary_over: bool,
    /// Why it paused by itself.
    pub cause: Option<String>,
    /// What ended badly before this item counts no more.
    pub judged_from: u32,
    /// The duty that last worked on it.
    pub fencing: i64,
    /// How many jobs it is about.
    pub items: u32,
    /// What was taken for them, in credits.
    pub charged: Decimal,
    /// Jobs that were named and left out, since they were not dead, or in another run.
    pub left_out: u32,
    /// When it was ordered.
    pub created_at: DateTime<Utc>,
    /// When nothing was left to be begun.
    pub ended_at: Option<DateTime<Utc>>,
    /// The counts, once they change no more.
    pub tally: Option<Tally>,
}

/// A job of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its place among them, from 1.
    pub ordinal: u32,
    /// Whose it is.
    pub account_id: AccountId,
    /// The job.
    pub job_id: JobId,
    /// The run that was dead.
    pub run: u32,
    /// What was taken for it.
    pub charged: Credits,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was left alone or refused.
    pub code: Option<String>,
    /// The event that it led to.
    pub position: Option<Position>,
}

/// How many jobs had one outcome, and what was taken for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Share {
    /// How many.
    pub jobs: u64,
    /// In credits.
    pub charged: Decimal,
    /// Those that count for pausing.
    #[serde(skip)]
    pub judged: u64,
}

/// The jobs of an action by outcome. What is not there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tally(pub BTreeMap<Outcome, Share>);

impl Tally {
    /// Those with this outcome.
    pub fn of(&self, outcome: Outcome) -> Share {
        self.0.get(&outcome).copied().unwrap_or_default()
    }
}

/// The columns of [`read_action`].
macro_rules! action_columns {
    () => {
        "id, actor, request_id, key_id, reason, kind, filter, rate, canary, pause_above_percent, state, canary_over, cause, \
         judged_from, fencing, items, charged, left_out, created_at, ended_at, tally"
    };
}

/// The columns of [`read_item`].
macro_rules! item_columns {
    () => {
        "ordinal, account_id, job_id, run, charged, outcome, code, position"
    };
}

pub(super) use action_columns;
pub(super) use item_columns;

pub(super) fn read_action(row: &Row) -> Result<Action, Error> {
    let has_tally = row.try_get::<_, Option<Value>>("tally")?.is_some();
    Ok(Action {
        id: row.try_get("id")?,
        actor: row.try_get("actor")?,
        request_id: row.try_get("request_id")?,
        key: row.try_get("key_id")?,
        reason: row.try_get("reason")?,
        deed: row::named(row, "kind")?,
        filter: row.try_get("filter")?,
        rate: row::count(row, "rate")?,
        canary: row::count(row, "canary")?,
        pause_above_percent: row::count(row, "pause_above_percent")?,
        state: row::named(row, "state")?,
        canary_over: row.try_get("canary_over")?,
        cause: row.try_get("cause")?,
        judged_from: row::count(row, "judged_from")?,
        fencing: row.try_get("fencing")?,
        items: row::count(row, "items")?,
        charged: row.try_get("charged")?,
        left_out: row::count(row, "left_out")?,
        created_at: row.try_get("created_at")?,
        ended_at: row.try_get("ended_at")?,
        tally: if has_tally { Some(row::json(row, "tally")?) } else { None },
    })
}

pub(super) fn read_item(row: &Row) -> Result<Item, Error> {
    Ok(Item {
        ordinal: row::count(row, "ordinal")?,
        account_id: AccountId(row.try_get("account_id")?),
        job_id: JobId(row.try_get("job_id")?),
        run: row::count(row, "run")?,
        charged: row::credits(row, "charged")?,
        outcome: row::named(row, "outcome")?,
        code: row.try_get("code")?,
        position: row.try_get::<_, Option<i64>>("position")?.map(Position),
    })
}
