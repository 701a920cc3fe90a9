//! One request to the ledger: what is asked, of which account, by whom.

use crate::account::{AccountCommand, AccountState};
use crate::context::{Context, Idempotency};
use crate::credits::{Change, Credits};
use crate::ids::{AccountId, JobId, Position, UserId};
use crate::job::{JobCommand, JobRequest, JobState};

/// Most jobs of one [`Action::Queue`].
pub const MAX_JOBS_PER_COMMAND: usize = 100;

/// A command for one account. All its events are written together or not at all.
#[derive(Debug, Clone)]
pub struct Command {
    /// The account.
    pub account: AccountId,
    /// Who asks, and through what.
    pub context: Context,
    /// Makes a repeat harmless. Taken for `Grant`, `Adjust`, `Queue` and `Rerun`; the other actions are
    /// harmless to repeat by themselves and ignore it.
    pub idempotency: Option<Idempotency>,
    /// What is asked.
    pub action: Action,
}

/// What is asked.
#[derive(Debug, Clone)]
pub enum Action {
    /// Give credits; opens the account if need be.
    Grant {
        /// The account's owner.
        user: UserId,
        /// How many; more than zero.
        amount: Credits,
        /// Why.
        reason: String,
    },
    /// Correct the balance; opens the account if need be.
    Adjust {
        /// The account's owner.
        user: UserId,
        /// By how much; not zero.
        change: Change,
        /// Why.
        reason: String,
    },
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
    pub request: JobRequest,
    /// What it costs.
    pub cost: Credits,
}

/// What a command led to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Position of the command's last event: what a reader must have seen to see the command's effect.
    /// `None` when nothing was written because it held already.
    pub position: Option<Position>,
    /// The account right after the command; `None` if the command did not touch it.
    pub account: Option<AccountState>,
    /// The jobs right after the command, in the order of the command.
    pub jobs: Vec<(JobId, JobState)>,
    /// Whether this is the answer of an earlier request with the same idempotency key.
    pub replayed: bool,
}

impl Action {
    /// What is asked of the account itself, for the actions that name no job.
    pub(crate) fn account_command(&self) -> Option<AccountCommand> {
        match self {
            Action::Grant { user, amount, reason } => {
                Some(AccountCommand::Grant { user: user.clone(), amount: *amount, reason: reason.clone() })
            }
            Action::Adjust { user, change, reason } => {
                Some(AccountCommand::Adjust { user: user.clone(), change: *change, reason: reason.clone() })
            }
            Action::Queue { .. } | Action::Job { .. } => None,
        }
    }
}
