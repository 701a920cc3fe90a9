//! Those who make pictures and clips. A provider knows one service's protocol and nothing else: no queue, no
//! log, no retries. What an answer means for the job is decided by the class of its failure.

mod failure;
pub mod http;
mod registry;
pub mod simulated;
mod spooled;

pub use failure::ProviderFailure;
pub use registry::Providers;
pub(crate) use spooled::Spool;
pub use spooled::Spooled;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use ledger::catalogue::Route;
use ledger::job::{JobRequest, JobState};
use ledger::{AccountId, JobId};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use webhooks::Reference;

/// One attempt at a job, as a provider sees it.
#[derive(Debug, Clone)]
pub struct Task {
    /// Whose job it is.
    pub account_id: AccountId,
    /// The job.
    pub job_id: JobId,
    /// The job's run.
    pub run: u32,
    /// Which attempt of the run this is, from 1.
    pub attempt: u32,
    /// The attempt's fencing token.
    pub fencing: i64,
    /// When this run was queued, by the database's clock.
    pub queued_at: DateTime<Utc>,
    /// What to make.
    pub request: Arc<JobRequest>,
    /// Whether it was bought at a price per second, so that its length must be told.
    pub is_metered: bool,
}

impl Task {
    /// The attempt that runs now; `None` if none does.
    pub(crate) fn of(account_id: AccountId, job_id: JobId, job: &JobState) -> Option<Task> {
        Some(Task {
            account_id,
            job_id,
            run: job.run,
            attempt: job.attempts,
            fencing: job.attempt.as_ref()?.fencing,
            queued_at: job.run_queued_at,
            request: Arc::clone(&job.request),
            is_metered: job.per_second.is_some(),
        })
    }

    /// Names this attempt at the provider, so that a submit whose answer was lost can be asked after.
    pub fn reference(&self) -> String {
        self.as_reference().to_string()
    }

    /// The same, in its parts.
    pub(crate) fn as_reference(&self) -> Reference {
        Reference { job_id: self.job_id, run: self.run, fencing: self.fencing }
    }
}

/// Something that a provider made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The file, or where it is.
    pub content: Content,
    /// What it is, where that is known already. Else it is told from the file itself.
    pub facts: Option<Facts>,
    /// Length of a clip as it really is, in milliseconds: what is priced by the second is charged by it. `None` for
    /// pictures, and where the service does not tell: then it is read from the file.
    pub duration_milliseconds: Option<u64>,
}

/// Where the bytes of something that was made are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Here, in memory.
    Bytes(Bytes),
    /// Here, on the disk.
    Spooled(Spooled),
    /// At the provider.
    Remote(Remote),
}

impl Content {
    /// The bytes, if they are here, in memory.
    pub fn bytes(&self) -> Option<&Bytes> {
        match self {
            Content::Bytes(bytes) => Some(bytes),
            Content::Spooled(_) | Content::Remote(_) => None,
        }
    }

    /// How many bytes it has, if it is here.
    pub fn length(&self) -> Option<u64> {
        match self {
            Content::Bytes(bytes) => Some(bytes.len() as u64),
            Content::Spooled(file) => Some(file.length()),
            Content::Remote(_) => None,
        }
    }
}

/// A file at a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its address, as the provider told it. It may hold a signature that opens it to anybody.
    pub url: String,
    /// What may be fetched of this provider.
    pub origin: Arc<Origin>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Remote").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// What may be fetched of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Names of the hosts; `*.` at the start stands for any name below.
    pub hosts: Vec<String>,
    /// Whether the hosts may be in this machine or a private network, and be asked without TLS.
    pub is_private: bool,
    /// Most bytes of one file.
    pub max_bytes: u64,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// MIME type, such as `image/png`.
    pub content_type: String,
    /// Width in pixels; 0 for a clip that does not tell.
    pub width: u32,
    /// Height in pixels; 0 for a clip that does not tell.
    pub height: u32,
}

/// What a submit led to.
#[derive(Debug)]
pub enum Submission {
    /// It is made already, in the order of the outputs.
    Done(Vec<Artifact>),
    /// The provider works on it under this task id, which stays valid whatever restarts.
    Accepted(String),
}

/// What became of a submit whose answer was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It was accepted under this task id.
    Accepted(String),
    /// It was not accepted, and will not be any more: it may be sent again.
    NotAccepted,
    /// The service cannot tell.
    CannotTell,
}

/// How far a task is.
#[derive(Debug)]
pub enum Progress {
    /// Not yet.
    Working,
    /// It is made.
    Done(Vec<Artifact>),
    /// The task itself failed.
    Failed(ProviderFailure),
    /// The service does not know it any more. It may have been made and paid for.
    Gone,
}

/// What became of a wish to stop a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// The service works on it no more.
    Stopped,
    /// There was nothing left to stop: it had ended, or the service does not know it any more.
    TooLate,
}

/// A service that makes pictures or clips. Every call may be made from several workers at once.
#[async_trait::async_trait]
pub trait Provider: Send + Sync + 'static {
    /// Asks for the work of one attempt, as the route's model. Sends [`Task::reference`] along where the service takes one.
    async fn submit(&self, task: &Task, route: &Route) -> Result<Submission, ProviderFailure>;

    /// What became of an earlier submit with this reference. Work is paid for twice where this says
    /// [`Found::NotAccepted`] without knowing it.
    async fn find(&self, reference: &str) -> Result<Found, ProviderFailure>;

    /// How far a task is. An `Err` says that asking failed, which tells nothing about the task.
    async fn poll(&self, task_id: &str) -> Result<Progress, ProviderFailure>;

    /// Asks to stop a task whose result nobody wants any more. An `Err` says that nobody knows whether it was stopped.
    async fn cancel(&self, task_id: &str) -> Result<Cancelled, ProviderFailure>;

    /// Whether the service reports by itself what becomes of a task, so that a submit whose answer was lost may still be
    /// told of.
    fn reports(&self) -> bool {
        false
    }

    /// Under which task id a task of this route is asked after that the service calls by this name in a report.
    fn task_named(&self, name: &str, _route: &Route) -> Option<String> {
        Some(name.to_owned())
    }

    /// Shortest time between two polls of one task.
    fn poll_interval(&self) -> Duration;

    /// How long an accepted task may take before it counts as failed.
    fn deadline(&self) -> Duration;
}
