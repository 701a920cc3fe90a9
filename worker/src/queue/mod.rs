//! The queue: SQS through the AWS SDK, whether the server is Amazon's, a private one or a test's.
//!
//! The queue only wakes workers; it holds no state that the log does not hold too. What each call asks is
//! brought within SQS's limits here (`limits`), because servers differ in what they refuse. A batch that
//! answers 200 can still have failed for some of its entries, so every batch answers entry by entry.

mod calls;
mod client;
mod error;
mod limits;
mod message;
mod receive;
mod send;
mod setup;

pub use calls::Calls;
pub use client::{QueueSettings, StaticCredentials};
pub use error::Error;
pub use message::{JobMessage, Unreadable};
pub use receive::{Depth, Received, Source};
pub use send::Letter;

pub(crate) use limits::MOST_ENTRIES;

use aws_sdk_sqs::Client;

/// The two queues, ready for use. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    jobs_url: String,
    dead_letters_url: String,
    fair: bool,
}

impl Queue {
    fn url(&self, source: Source) -> &str {
        match source {
            Source::Jobs => &self.jobs_url,
            Source::DeadLetters => &self.dead_letters_url,
        }
    }
}
