//! What others do, on the same server: a bare insert, a row lock, and a conventional application.
//!
//! They get every favour that does not change what they are: their connections are open before the
//! measurement begins, each statement costs one round trip, and the row lock has no foreign keys to check.

pub(crate) mod bare;
pub(crate) mod conventional;
pub(crate) mod row_lock;

use anyhow::Result;
use ledger::{Database, Role};
use tokio_postgres::Client;

/// Most connections that a baseline keeps; more callers than that share a pool of as many.
pub(crate) const CONNECTIONS: usize = 64;

/// One connection for each of so many callers.
async fn connections(database: &Database, callers: usize) -> Result<Vec<Client>> {
    Ok(futures::future::try_join_all((0..callers).map(|_| database.connect(Role::Owner))).await?)
}
