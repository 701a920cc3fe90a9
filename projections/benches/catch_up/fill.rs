//! Fills the database of a data folder with a long log, for load tests that need one.

use crate::log;
use anyhow::Result;
use embedded::postgres::{Postgres, PostgresOptions};
use ledger::{Database, Ledger, LedgerOptions, Role};
use std::path::PathBuf;
use std::time::Instant;

/// Starts the private Postgres of that folder, writes about so many events, and stops it.
pub(crate) async fn fill(data_dir: PathBuf, events: u64) -> Result<()> {
    let begun = Instant::now();
    let server = Postgres::start(PostgresOptions { data_dir, ..Default::default() }).await?;
    let database = Database::new(server.url())?;
    let mut owner = database.connect(Role::Owner).await?;
    migrations::apply(&mut owner).await?;
    let ledger = Ledger::open(&database, LedgerOptions::default()).await?;
    log::write(&ledger, events).await?;
    ledger.close().await;
    let log = log::extent(&owner).await?;
    // All of its jobs have ended: without this the relay would send a message for each.
    let sent = "insert into relay_checkpoints (relay, position, fencing) values ('relay', $1, 0) \
        on conflict (relay) do update set position = excluded.position";
    owner.execute(sent, &[&log.end.0]).await?;
    owner.batch_execute("vacuum analyze events").await?;
    server.stop().await;
    eprintln!("{} events after {:.0} s", log.events, begun.elapsed().as_secs_f64());
    Ok(())
}
