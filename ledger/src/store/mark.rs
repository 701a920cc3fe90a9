//! The two reads behind the safe mark. They must be two statements in this order: the newest position first,
//! then who is writing.

use crate::error::Error;
use crate::ids::Position;
use std::collections::HashSet;
use tokio_postgres::{Client, Statement};

/// The virtual transaction ids of those who are writing.
pub type Writers = HashSet<String>;

/// The newest position drawn by anybody, committed or not.
pub(crate) const NEWEST: &str =
    "select case when is_called then last_value else 0 end from events_position_seq";

/// The transactions that hold the lock of a writer on the log. A transaction takes it before it draws its
/// first position and lets go after its rows can be seen.
pub(crate) const WRITERS: &str = r"
select virtualtransaction from pg_locks
where locktype = 'relation' and mode = 'RowExclusiveLock' and granted
    and database = (select oid from pg_database where datname = current_database())
    and relation = 'events'::regclass";

/// A connection that watches the log's writers.
pub(crate) struct MarkReader {
    client: Client,
    newest: Statement,
    writers: Statement,
}

impl MarkReader {
    /// Prepares the two reads. Refuses a standby: its locks are not those of the writers.
    pub(crate) async fn new(client: Client) -> Result<MarkReader, Error> {
        refuse_standby(&client).await?;
        let newest = client.prepare(NEWEST).await?;
        let writers = client.prepare(WRITERS).await?;
        Ok(MarkReader { client, newest, writers })
    }

    /// One observation: the newest position, then the writers.
    pub(crate) async fn observe(&self) -> Result<(Position, Writers), Error> {
        let newest = Position(self.client.query_one(&self.newest, &[]).await?.try_get(0)?);
        let rows = self.client.query(&self.writers, &[]).await?;
        let writers = rows.iter().map(|row| row.try_get(0)).collect::<Result<Writers, _>>()?;
        Ok((newest, writers))
    }
}

/// Fails on a standby.
pub(crate) async fn refuse_standby(client: &Client) -> Result<(), Error> {
    let standby: bool = client.query_typed("select pg_is_in_recovery()", &[]).await?[0].try_get(0)?;
    if standby { Err(Error::Unavailable) } else { Ok(()) }
}

/// The newest position, asked once.
pub(crate) async fn newest(client: &Client) -> Result<Position, Error> {
    Ok(Position(client.query_typed(NEWEST, &[]).await?[0].try_get(0)?))
}

/// The writers, asked once.
pub(crate) async fn writers(client: &Client) -> Result<Writers, Error> {
    let rows = client.query_typed(WRITERS, &[]).await?;
    rows.iter().map(|row| row.try_get(0).map_err(Error::from)).collect()
}
