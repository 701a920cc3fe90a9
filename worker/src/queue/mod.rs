//! The queue: SQS through the AWS SDK, whether the server is Amazon's, a private one or a test's.
//!
//! The queue only wakes workers; it holds no state that the log does not hold too. What each call asks is
//! brought within SQS's limits here (`limits`), because servers differ in what they refuse. A batch that
//! answers 200 can still have failed for some of its entries, so every batch answers entry by entry.

mod calls;
mod client;
mod error;
mod fault;
mod inspect;
mod limits;
mod message;
mod presence;
mod queues;
mod receipts;
mod receive;
mod send;
mod setup;
mod source;

pub use calls::Calls;
pub use client::{QueueSettings, StaticCredentials};
pub use error::Error;
pub use inspect::{Attributes, Inspected, inspect};
pub use message::{JobMessage, Unreadable};
pub use presence::Presence;
pub use receipts::Answered;
pub use receive::{Depth, Received};
pub use send::Letter;
pub use source::Source;

pub(crate) use fault::Fault;
pub(crate) use limits::MOST_ENTRIES;
pub(crate) use queues::Queues;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use std::sync::Arc;

/// Most requests of one kind that are on their way at once.
pub(crate) const MOST_REQUESTS: usize = 8;

/// What the queue of all jobs is called where the others are called by their class.
pub const DEFAULT_CLASS: &str = "default";

/// A queue of jobs and its DLQ, ready for use. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    /// The class of work that it is for; `None`: for all that has none of its own.
    class: Option<Arc<str>>,
    plan: setup::Plan,
    jobs_url: String,
    dead_letters_url: String,
    fair: bool,
    presence: Presence,
}

impl Queue {
    fn url(&self, source: Source) -> &str {
        match source {
            Source::Jobs => &self.jobs_url,
            Source::DeadLetters => &self.dead_letters_url,
        }
    }

    /// The class of work that it is for; `None` if it is for all that has none of its own.
    pub(crate) fn class(&self) -> Option<&str> {
        self.class.as_deref()
    }

    /// What its class is called in metrics and logs.
    pub(crate) fn class_label(&self) -> &str {
        self.class().unwrap_or(DEFAULT_CLASS)
    }

    /// Tells which of the queues are away.
    pub(crate) fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Says what was asked of one of the queues when the SDK failed, and notes whether that queue is away.
    fn failed<E, R>(&self, source: Source, doing: &'static str) -> impl FnOnce(SdkError<E, R>) -> Error
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        move |error| {
            self.presence.note(source, self.class_label(), self.plan.name(source), error.code());
            Error::sdk(doing)(error)
        }
    }
}
