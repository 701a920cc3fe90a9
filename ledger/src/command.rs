//! One request to the ledger: what is asked, of which account, by whom.

use crate::account::{AccountCommand, AccountEvent, AccountState, Grant};
use crate::context::{Context, Idempotency};
use crate::credits::Credits;
use crate::ids::{AccountId, JobId, Position, UserId};
use crate::job::{JobCommand, JobRequest, JobState, LateCancel, Price};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// Most jobs of one [`Action::Queue`].
pub const MAX_JOBS_PER_COMMAND: usize = 100;

/// Most commands that are executed together.
pub const MAX_COMMANDS_PER_BATCH: usize = 1_000;

/// A command for one account. All its events are written together or not at all.
#[derive(Debug, Clone)]
pub struct Command {
    /// The account.
    pub account: AccountId,
    /// Who asks, and through what.
    pub context: Context,
    /// Makes a repeat harmless. Taken by everything that moves credits because somebody asks for it; what a
    /// worker does to a job is harmless to repeat by itself and ignores it.
    pub idempotency: Option<Idempotency>,
    /// What is asked.
    pub action: Action,
}

/// What is asked.
#[derive(Debug, Clone)]
pub enum Action {
    /// Something about the account itself.
    Account(AccountCommand),
    /// Debit and queue 1 to [`MAX_JOBS_PER_COMMAND`] jobs, all or none.
    Queue {
        /// The jobs, in order, with the ids that the caller made for them.
        jobs: Vec<NewJob>,
    },
    /// Something about one job that exists; what it means for the credits is written with it.
    Job {
        /// Which job.
        job_id: JobId,
        /// What is asked; never [`JobCommand::Queue`].
        command: JobCommand,
    },
}

/// A job to queue.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id, made by the caller.
    pub job_id: JobId,
    /// What to make.
    pub request: Arc<JobRequest>,
    /// What it costs.
    pub price: Price,
    /// What it keeps if its user cancels it late, by the terms of its model today.
    pub late_cancel: LateCancel,
}

/// What a command led to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Position of the command's last event: what a reader must have seen to see the command's effect.
    /// `None` when nothing was written because it held already.
    pub position: Option<Position>,
    /// When it was decided; of a replay, when it first was. What could be spent then is asked of `account` with it.
    pub at: DateTime<Utc>,
    /// The account right after the command; `None` if the command did not touch it.
    pub account: Option<Arc<AccountState>>,
    /// What happened to the credits: the events of this command, without what merely lapsed before it.
    pub credits: Vec<AccountEvent>,
    /// The jobs right after the command, in the order of the command.
    pub jobs: Vec<(JobId, Arc<JobState>)>,
    /// Whether this is the answer of an earlier request with the same idempotency key.
    pub replayed: bool,
}

impl Action {
    /// Gives credits that can be spent at once and for ever.
    pub fn grant(user: UserId, amount: Credits, reason: impl Into<String>) -> Action {
        Action::Account(AccountCommand::Grant(Grant::new(user, amount, reason)))
    }

    /// How many of its credit events can carry its idempotency key: one a job that it queues, or one.
    pub(crate) fn keyed_places(&self) -> usize {
        match self {
            Action::Queue { jobs } => jobs.len(),
            Action::Account(_) | Action::Job { .. } => 1,
        }
    }
}
