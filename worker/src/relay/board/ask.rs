//! A job that wants a message.

use crate::queue::{JobMessage, Letter};
use chrono::{DateTime, Utc};
use ledger::{AccountId, JobId, Position};
use std::sync::Arc;
use std::time::Duration;

/// Names a job on the board.
pub(in crate::relay) type Key = (AccountId, JobId);

/// One run or attempt of a job that a worker is to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::relay) struct Ask {
    pub key: Key,
    pub run: u32,
    /// Name of the model.
    pub model: Arc<str>,
    /// Through whose window it goes: the name of the model's provider.
    pub via: Arc<str>,
    /// A provider may have made it already: its next attempt asks after that first, whatever else is shut, so it is not held
    /// back.
    pub may_be_made: bool,
    /// When it may start; `None` for at once.
    pub due: Option<DateTime<Utc>>,
    /// Where the event is that asks for it. A later one of the same job takes its place.
    pub position: Position,
    /// Since when it waits.
    pub since: DateTime<Utc>,
}

impl Ask {
    pub(in crate::relay) fn message(&self) -> JobMessage {
        JobMessage { account_id: self.key.0, job_id: self.key.1, run: self.run }
    }

    pub(in crate::relay) fn letter(&self) -> Letter {
        Letter { message: self.message(), model: Some(Arc::clone(&self.model)), delay: Duration::ZERO }
    }
}
