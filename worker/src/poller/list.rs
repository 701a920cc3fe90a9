//! Reading the list of pending tasks: often what is new, now and then all of it.
//!
//! A task that comes is found by its position. One that leaves is found by its absence, so only the whole list
//! tells. Reading that takes the longer the longer it is, and so it is read the less often: it costs a small
//! share of the time, and a short list is as fresh as can be.

use crate::error::Error;
use crate::station::Station;
use ledger::Position;
use projections::pending::{self, PendingTask};
use std::time::Duration;
use tokio::time::Instant;

/// Tasks read by one query.
const PAGE: i64 = 1_000;

/// After the whole list was read, it rests for this many times as long as that took.
const REST: u32 = 50;

/// The whole list is read again after this at the latest.
const LONGEST_REST: Duration = Duration::from_secs(30);

pub(super) struct List {
    /// Up to here the tasks are known.
    seen: Position,
    /// When all of them are read again.
    whole_due: Instant,
}

/// What was read.
pub(super) enum Listed {
    /// All tasks that there are.
    Whole(Vec<PendingTask>),
    /// Those that came since.
    New(Vec<PendingTask>),
}

impl List {
    /// Nothing of it is known yet.
    pub(super) fn unread() -> List {
        List { seen: Position::START, whole_due: Instant::now() }
    }

    pub(super) async fn read(&mut self, station: &Station) -> Result<Listed, Error> {
        let begun = Instant::now();
        if begun < self.whole_due {
            return Ok(Listed::New(self.after(station, self.seen).await?));
        }
        let tasks = self.after(station, Position::START).await?;
        let ended = Instant::now();
        self.whole_due = ended + ((ended - begun) * REST).min(LONGEST_REST);
        Ok(Listed::Whole(tasks))
    }

    async fn after(&mut self, station: &Station, mut after: Position) -> Result<Vec<PendingTask>, Error> {
        let client = station.reader.get().await?;
        let mut tasks = Vec::new();
        loop {
            let page = pending::submitted(&**client, after, PAGE).await?;
            let full = page.len() as i64 == PAGE;
            after = page.last().map_or(after, |last| last.last_position);
            tasks.extend(page);
            if !full {
                self.seen = self.seen.max(after);
                return Ok(tasks);
            }
        }
    }
}

/// The provider's name for a task; whatever is listed has one.
pub(super) fn id_of(pending: &PendingTask) -> &str {
    pending.provider_task_id.as_deref().unwrap_or_default()
}
