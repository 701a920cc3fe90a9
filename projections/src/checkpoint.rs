//! How far each read model has read the log, and waiting for it to get somewhere.
//!
//! A checkpoint also remembers the highest fencing number that claimed it. A projector that slept through
//! the end of its lease finds a higher one in the very transaction in which it would have written.

use crate::error::Error;
use crate::read_model::ReadModel;
use deadpool_postgres::{Pool, Transaction};
use ledger::Position;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;

pub(crate) const POSITIONS: &str = "select projection, position from projection_checkpoints";

pub(crate) const CLAIM: &str = "update projection_checkpoints set fencing = $1 where fencing < $1";

/// In order of name, so that two who want several wait for each other instead of dead-locking.
pub(crate) const LOCK: &str = "select projection, position from projection_checkpoints \
     where projection = any($1) and fencing <= $2 order by projection for update";

pub(crate) const MOVE: &str = "update projection_checkpoints \
     set position = $2, updated_at = statement_timestamp() where projection = any($1)";

pub(crate) const REACHED: &str = "select coalesce(min(position), 0) >= $1 from projection_checkpoints";

/// Rung after each transaction of a projector in this process. A hint: who hears it asks the database.
static MOVED: Notify = Notify::const_new();

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Waits until every read model has applied the log up to `position`, so that a list shows what was written
/// before. Returns whether that happened in time.
///
/// Woken by a projector in this process; one elsewhere is noticed by polling.
pub async fn wait_for(pool: &Pool, position: Position, longest: Duration) -> Result<bool, Error> {
    let deadline = Instant::now() + longest;
    let mut pause = FIRST_PAUSE;
    loop {
        let moved = MOVED.notified();
        tokio::pin!(moved);
        // Listen before asking, or a move in between goes unheard.
        moved.as_mut().enable();
        if reached(pool, position).await? {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        let until = deadline.min(Instant::now() + pause);
        tokio::select! {
            () = moved => {}
            () = tokio::time::sleep_until(until) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
    }
}

async fn reached(pool: &Pool, position: Position) -> Result<bool, Error> {
    let client = pool.get().await?;
    let row = client.query_typed(REACHED, &[(&position.0, Type::INT8)]).await?;
    Ok(row[0].try_get(0)?)
}

/// Tells those who wait in this process that a checkpoint has moved.
pub(crate) fn announce() {
    MOVED.notify_waiters();
}

/// Where each read model stands.
pub async fn positions(client: &impl GenericClient) -> Result<BTreeMap<ReadModel, Position>, Error> {
    let rows = client.query_typed(POSITIONS, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get::<_, &str>(0)?.parse()?, Position(row.try_get(1)?)))).collect()
}

/// Claims all checkpoints for a new holder of the lease: from here on older ones are refused.
pub(crate) async fn claim(client: &impl GenericClient, fencing: i64) -> Result<(), Error> {
    client.query_typed(CLAIM, &[(&fencing, Type::INT8)]).await?;
    Ok(())
}

/// Locks these checkpoints until the transaction ends and returns where they stand; fails if a higher
/// fencing number has claimed one of them.
pub(crate) async fn lock(
    transaction: &Transaction<'_>,
    models: &[ReadModel],
    fencing: i64,
) -> Result<Vec<Position>, Error> {
    let statement = transaction.prepare_cached(LOCK).await?;
    let rows = transaction.query(&statement, &[&names(models), &fencing]).await?;
    if rows.len() < models.len() {
        return Err(Error::Fenced);
    }
    rows.iter().map(|row| Ok(Position(row.try_get(1)?))).collect()
}

/// Moves these checkpoints.
pub(crate) async fn move_to(
    transaction: &Transaction<'_>,
    models: &[ReadModel],
    position: Position,
) -> Result<(), Error> {
    let statement = transaction.prepare_cached(MOVE).await?;
    transaction.execute(&statement, &[&names(models), &position.0]).await?;
    Ok(())
}

fn names(models: &[ReadModel]) -> Vec<&'static str> {
    models.iter().map(|model| model.name()).collect()
}
