//! What a page of the log changes: one change an account, one change a job, however many events each had.
//! `fold` makes it, `apply` writes it.

use chrono::{DateTime, Utc};
use ledger::account::AccountState;
use ledger::job::{JobEvent, JobState, Status};
use ledger::read::Side;
use ledger::{AccountId, Credits, JobId, Position, RecordedEvent, StreamId, UserId};

/// Names a stream.
pub(crate) type StreamKey = (AccountId, StreamId);

/// What a page of the log changes.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Which events the page had.
    pub side: Side,
    /// The page began after this position.
    pub after: Position,
    /// Everything up to here is in the batch.
    pub end: Position,
    /// How many events the page had.
    pub events: usize,
    /// Whether the page was cut at its limit, so that another follows.
    pub full: bool,
    pub accounts: Vec<AccountChange>,
    pub jobs: Vec<JobChange>,
    pub misfits: Vec<Misfit>,
}

/// What the page changes about an account.
#[derive(Debug)]
pub(crate) struct AccountChange {
    pub account_id: AccountId,
    /// Version of its first event in the page.
    pub first_version: i64,
    /// Its state after the page.
    pub state: AccountState,
    /// Its owner, as far as the page tells.
    pub user: Option<UserId>,
    /// Its events, in order; never empty.
    pub events: Vec<RecordedEvent>,
}

/// What the page changes about a job.
#[derive(Debug)]
pub(crate) struct JobChange {
    pub account_id: AccountId,
    pub job_id: JobId,
    /// Who queued it.
    pub user: Option<UserId>,
    /// The provider that was asked last in its latest run, where the log tells.
    pub provider: Option<String>,
    /// Version of its first event in the page, and of its last.
    pub first_version: i64,
    pub version: i64,
    /// Its state before the page; `None` if the page begins it.
    pub before: Option<JobState>,
    /// Its state after the page.
    pub after: JobState,
    /// What happened to it, in order; never empty.
    pub steps: Vec<JobStep>,
    pub last_position: Position,
    pub updated_at: DateTime<Utc>,
}

/// One event of a job, with what an aggregate must know of the moment before it.
#[derive(Debug)]
pub(crate) struct JobStep {
    pub event: JobEvent,
    pub position: Position,
    pub at: DateTime<Utc>,
    pub status_before: Option<Status>,
    pub status_after: Status,
    /// What was spent on the job before it, and after it; what is only held is not spent.
    pub spent_before: Credits,
    pub spent_after: Credits,
}

/// An event that does not fit: its stream is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub key: StreamKey,
    pub position: Position,
    pub version: i64,
    /// The version that should have come.
    pub expected: Option<i64>,
    pub reason: String,
}

/// The part of a batch that one read model applies.
pub(crate) struct View<'a> {
    pub accounts: Vec<&'a AccountChange>,
    pub jobs: Vec<&'a JobChange>,
}

impl AccountChange {
    pub(crate) fn key(&self) -> StreamKey {
        (self.account_id, self.account_id.into())
    }

    /// Its last event in the page.
    pub(crate) fn last(&self) -> &RecordedEvent {
        &self.events[self.events.len() - 1]
    }
}

impl JobChange {
    pub(crate) fn key(&self) -> StreamKey {
        (self.account_id, self.job_id.into())
    }
}

impl Batch {
    /// The changes of streams that are not left out.
    pub(crate) fn view(&self, left_out: impl Fn(&StreamKey) -> bool) -> View<'_> {
        View {
            accounts: self.accounts.iter().filter(|account| !left_out(&account.key())).collect(),
            jobs: self.jobs.iter().filter(|job| !left_out(&job.key())).collect(),
        }
    }

    /// This batch with its changes as misfits: the database would not take what they say.
    pub(crate) fn refused(&self, reason: &str) -> Batch {
        let account = self.accounts.iter().map(|account| {
            let event = account.last();
            (account.key(), event.position, event.version)
        });
        let job = self.jobs.iter().map(|job| (job.key(), job.last_position, job.version));
        let misfits = account.chain(job).map(|(key, position, version)| Misfit {
            key,
            position,
            version,
            expected: None,
            reason: reason.to_owned(),
        });
        Batch {
            side: self.side,
            after: self.after,
            end: self.end,
            events: self.events,
            full: self.full,
            misfits: misfits.collect(),
            ..Batch::default()
        }
    }
}
