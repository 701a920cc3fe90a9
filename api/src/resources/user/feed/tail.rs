//! Follows the log up to the safe mark and tells the registry.

use super::registry::{Change, Registry};
use deadpool_postgres::Pool;
use ledger::read::{self, ReadablePage, UnreadableEvent};
use ledger::{AccountId, Event, Position, RecordedEvent};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const PAGE_EVENTS: i64 = 1_000;
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(250);

/// See the module.
pub(super) struct Tail {
    pool: Pool,
    registry: Arc<Registry>,
    mark: watch::Receiver<Position>,
}

impl Tail {
    pub(super) fn new(pool: Pool, registry: Arc<Registry>, mark: watch::Receiver<Position>) -> Tail {
        Tail { pool, registry, mark }
    }

    /// Works until shutdown, or until nobody moves the mark any more.
    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        loop {
            let moved = tokio::select! {
                () = shutdown.cancelled() => break,
                moved = self.mark.changed() => moved,
            };
            if moved.is_err() {
                break;
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.catch_up() => {}
            }
        }
        self.registry.close();
    }

    /// Tells everything up to the mark, however often the database fails meanwhile.
    async fn catch_up(&mut self) {
        let mark = *self.mark.borrow_and_update();
        while let Some(after) = self.registry.to_read(mark) {
            match self.page(after, mark).await {
                Ok(page) => self.tell(&page, mark),
                Err(error) => {
                    let error = ledger::error_chain(&error);
                    tracing::warn!(error, "the feed of changes waits for the database");
                    sleep(PAUSE_AFTER_FAILURE).await;
                }
            }
        }
    }

    async fn page(&self, after: Position, mark: Position) -> Result<ReadablePage, ledger::Error> {
        let client = self.pool.get().await?;
        read::readable_page(&**client, read::Side::Both, after, mark, PAGE_EVENTS).await
    }

    /// An event that this version cannot read tells nobody anything, and holds nobody up.
    fn tell(&self, page: &ReadablePage, mark: Position) {
        for UnreadableEvent { position, error, .. } in &page.unreadable {
            let error = ledger::error_chain(error);
            tracing::warn!(%position, error, "an event cannot be read by this version");
        }
        let changes: Vec<_> = page.events.iter().filter_map(change).collect();
        let is_last = (page.length as i64) < PAGE_EVENTS;
        let up_to = page.last.filter(|_| !is_last).unwrap_or(mark);
        self.registry.tell(&changes, up_to);
    }
}

fn change(recorded: &RecordedEvent) -> Option<(AccountId, Change)> {
    match &recorded.event {
        Event::Job(_) => {
            let change = Change { job: recorded.job_id?, position: recorded.position };
            Some((recorded.account_id, change))
        }
        Event::Account(_) => None,
    }
}
