//! A log that is long enough, written by the ledger itself: every row, version and hash is a real one.

use crate::commands;
use anyhow::Result;
use ledger::{Ledger, Position, UserId};
use measure::orders;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_postgres::Client;

const ACCOUNTS: usize = 10_000;
/// Jobs that live at once: as many as keep the batches full.
const AT_ONCE: usize = 1_024;

/// Writes about so many events: accounts, and jobs from purchase to end.
pub(crate) async fn write(ledger: &Ledger, events: u64) -> Result<()> {
    let users: Arc<[UserId]> = (0..ACCOUNTS).map(orders::user).collect::<Result<_>>()?;
    orders::for_all(ledger, &users, orders::grant).await?;
    let lives = events.saturating_sub(ACCOUNTS as u64).div_ceil(commands::EVENTS_OF_A_LIFE);
    let next = Arc::new(AtomicU64::new(0));
    let tasks = (0..AT_ONCE).map(|_| {
        let (ledger, users, next) = (ledger.clone(), users.clone(), next.clone());
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= lives {
                    return anyhow::Ok(());
                }
                // A prime keeps neighbours in time apart in place.
                let user = &users[number as usize * 7_919 % ACCOUNTS];
                commands::live(&ledger, user, number).await?;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    Ok(())
}

/// The log as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// How many events it has.
    pub(crate) events: u64,
    /// The position of the last one.
    pub(crate) end: Position,
}

/// Measures the log.
pub(crate) async fn extent(owner: &Client) -> Result<Extent> {
    let row = owner.query_one("select count(*), coalesce(max(position), 0) from events", &[]).await?;
    let (events, end): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(Extent { events: u64::try_from(events)?, end: Position(end) })
}
