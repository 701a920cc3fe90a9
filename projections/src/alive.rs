//! Shows other processes that this one lives: a lock in the database that ends with its connection.
//!
//! A process that is killed cannot give up its leases. Its connections end with it, though, and the server lets go of
//! the lock at once: whoever asks for such a lease sees that nobody stands behind it and need not wait for its end.

use crate::error::Error;
use deadpool_postgres::{Object, Pool};
use ledger::{Database, Role};
use tokio::sync::Mutex;
use tokio_postgres::types::Type;

/// What follows the name of a lease's owner, before the number of its lock. Owners without it are known by the end of
/// their lease alone, such as those of releases that had no such lock.
const MARK: &str = "/alive:";

const LOCK: &str = "select pg_try_advisory_lock($1)";

/// See the module.
#[derive(Debug)]
pub struct Alive {
    /// Of one connection, which is kept.
    pool: Pool,
    lock: i64,
    held_by: Mutex<Option<Object>>,
}

impl Alive {
    /// Takes no lock yet.
    ///
    /// # Errors
    /// When the database's URL cannot be used.
    pub fn new(database: &Database) -> Result<Alive, Error> {
        let pool = database.pool(Role::Projector, 1)?;
        let lock = i64::try_from(rand::random::<u64>() >> 1).unwrap_or_default();
        Ok(Alive { pool, lock, held_by: Mutex::default() })
    }

    /// The name under which this process, called `owner`, has leases.
    pub(crate) fn owner(&self, owner: &str) -> String {
        format!("{owner}{MARK}{}", self.lock)
    }

    /// Takes the lock, again if its connection has gone.
    pub(crate) async fn show(&self) -> Result<(), Error> {
        let mut held_by = self.held_by.lock().await;
        if held_by.as_ref().is_some_and(|connection| !connection.is_closed()) {
            return Ok(());
        }
        *held_by = None;
        let connection = self.pool.get().await?;
        let rows = connection.query_typed(LOCK, &[(&self.lock, Type::INT8)]).await?;
        let is_ours: bool = rows.first().map_or(Ok(false), |row| row.try_get(0))?;
        // Otherwise the connection before is not gone for the server yet: it is asked again with the next question.
        *held_by = is_ours.then_some(connection);
        Ok(())
    }
}
