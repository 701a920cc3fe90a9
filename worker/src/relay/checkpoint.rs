//! How far the relay is, kept in the database under the fencing number of its lease: one that slept through its end cannot
//! move it.

use super::NAME;
use crate::error::Error;
use deadpool_postgres::Pool;
use ledger::Position;
use tokio_postgres::types::{ToSql, Type};

/// Takes the checkpoint over, unless a higher fencing number has.
const CLAIM: &str = r"
insert into relay_checkpoints as kept (relay, position, fencing) values ($1, 0, $2)
on conflict (relay) do update set fencing = excluded.fencing where kept.fencing <= excluded.fencing
returning position";

const MOVE: &str = r"
update relay_checkpoints set position = $3, updated_at = statement_timestamp()
where relay = $1 and fencing = $2 returning position";

const READ: &str = "select position from relay_checkpoints where relay = $1";

pub(super) async fn claim(pool: &Pool, fencing: i64) -> Result<Position, Error> {
    let rows = pool.get().await?.query_typed(CLAIM, &[(&NAME, Type::TEXT), (&fencing, Type::INT8)]).await?;
    rows.first().map(|row| Ok(Position(row.try_get(0)?))).unwrap_or(Err(Error::Fenced))
}

pub(super) async fn move_to(pool: &Pool, fencing: i64, position: Position) -> Result<(), Error> {
    let parameters: [(&(dyn ToSql + Sync), Type); 3] =
        [(&NAME, Type::TEXT), (&fencing, Type::INT8), (&position.0, Type::INT8)];
    let rows = pool.get().await?.query_typed(MOVE, &parameters).await?;
    if rows.is_empty() { Err(Error::Fenced) } else { Ok(()) }
}

/// Where it stands, whoever moves it.
pub(super) async fn read(pool: &Pool) -> Result<Position, Error> {
    let rows = pool.get().await?.query_typed(READ, &[(&NAME, Type::TEXT)]).await?;
    Ok(Position(rows.first().map_or(Ok(0), |row| row.try_get(0))?))
}
