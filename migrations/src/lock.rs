//! One process migrates at a time.
//!
//! The advisory lock belongs to the session, so a process that dies in the middle lets go of it with its
//! connection, and refinery's own transactions run under it unchanged.

use crate::error::Error;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// Any number will do, as long as it never changes and nothing else takes it.
const LOCK: i64 = 0x636f_6f6c_796d_6967;

/// A node whose schema takes longer than this is better looked at than waited for.
const LONGEST_WAIT: &str = "set lock_timeout = '5min'";

/// Runs `work` while no other session does.
pub(crate) async fn with_lock<T>(
    client: &mut Client,
    work: impl AsyncFnOnce(&mut Client) -> Result<T, Error>,
) -> Result<T, Error> {
    client.batch_execute(LONGEST_WAIT).await?;
    client.execute("select pg_advisory_lock($1)", &[&LOCK]).await.map_err(|error| {
        if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) { Error::Busy } else { Error::Postgres(error) }
    })?;
    let result = work(client).await;
    let unlocked = unlock(client).await;
    // What went wrong in the work says more than what went wrong after it.
    let value = result?;
    unlocked?;
    Ok(value)
}

async fn unlock(client: &Client) -> Result<(), Error> {
    client.execute("select pg_advisory_unlock($1)", &[&LOCK]).await?;
    client.batch_execute("reset lock_timeout").await?;
    Ok(())
}
