//! How far a duty has followed the log, kept in the database under the fencing number of its lease: one that slept
//! through its end cannot move it back.

use crate::error::Error;
use ledger::Position;
use tokio_postgres::GenericClient;
use tokio_postgres::types::{ToSql, Type};

/// Takes the checkpoint over, unless a higher fencing number has.
const CLAIM: &str = r"
insert into relay_checkpoints as kept (relay, position, fencing) values ($1, 0, $2)
on conflict (relay) do update set fencing = excluded.fencing where kept.fencing <= excluded.fencing
returning position";

const MOVE: &str = r"
update relay_checkpoints set position = $3, updated_at = statement_timestamp()
where relay = $1 and fencing = $2 returning position";

/// Answers before the move is on the disk. A crash of the server within a second may take it back, never what was committed
/// after it: the log is flushed in order, so a takeover of the fencing number, which waits for the disk, takes it along.
const MOVE_UNFLUSHED: &str = r"
update relay_checkpoints set position = $3, updated_at = statement_timestamp()
where relay = $1 and fencing = $2 and set_config('synchronous_commit', 'off', true) = 'off' returning position";

const READ: &str = "select position from relay_checkpoints where relay = $1";

/// Where the duty of this name goes on.
pub(crate) async fn claim(client: &impl GenericClient, duty: &str, fencing: i64) -> Result<Position, Error> {
    let rows = client.query_typed(CLAIM, &[(&duty, Type::TEXT), (&fencing, Type::INT8)]).await?;
    rows.first().map(|row| Ok(Position(row.try_get(0)?))).unwrap_or(Err(Error::Fenced))
}

/// Notes that everything up to here is done.
pub(crate) async fn move_to(
    client: &impl GenericClient,
    duty: &str,
    fencing: i64,
    position: Position,
) -> Result<(), Error> {
    moved(client, MOVE, duty, fencing, position).await
}

/// The same, for a duty that may do again what it has done since, and does so every few milliseconds: it does not wait for the
/// disk, and a crash of the server may move it back a little.
pub(crate) async fn move_unflushed(
    client: &impl GenericClient,
    duty: &str,
    fencing: i64,
    position: Position,
) -> Result<(), Error> {
    moved(client, MOVE_UNFLUSHED, duty, fencing, position).await
}

async fn moved(
    client: &impl GenericClient,
    statement: &str,
    duty: &str,
    fencing: i64,
    position: Position,
) -> Result<(), Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&duty, Type::TEXT), (&fencing, Type::INT8), (&position.0, Type::INT8)];
    let rows = client.query_typed(statement, &parameters).await?;
    if rows.is_empty() { Err(Error::Fenced) } else { Ok(()) }
}

/// Where it stands, whoever moves it.
pub(crate) async fn read(client: &impl GenericClient, duty: &str) -> Result<Position, Error> {
    let rows = client.query_typed(READ, &[(&duty, Type::TEXT)]).await?;
    Ok(Position(rows.first().map_or(Ok(0), |row| row.try_get(0))?))
}
