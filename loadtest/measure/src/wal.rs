//! Gives a new server the WAL files that one has which has run for a while.
//!
//! Postgres writes into files that it no longer needs. A new server has none: for every 16 MiB it fills one with
//! zeros while all commits wait, 30 to 50 ms each. At 60 MB/s of WAL that is a tenth of the time and more, and it
//! would fall to whichever case comes when the files of before are used up.

use anyhow::{Context as _, Result};
use std::time::Instant;
use tokio_postgres::Client;

/// What keeps so many GiB of files when a checkpoint finds that they are no longer needed.
pub fn kept(gibibytes: u64) -> (String, String) {
    ("min_wal_size".to_owned(), format!("{gibibytes}GB"))
}

/// Uses up so many GiB of files, and makes them free for what is written next.
///
/// # Errors
/// When the server refuses, or its disk is full.
pub async fn prepare(owner: &Client, gibibytes: u64) -> Result<()> {
    let begun = Instant::now();
    let size = "select setting::bigint from pg_settings where name = 'wal_segment_size'";
    let size: i64 = owner.query_one(size, &[]).await?.try_get(0)?;
    let files = gibibytes * (1 << 30) / u64::try_from(size)?;
    // A file that nothing was written to is not left for the next.
    let next = owner.prepare("select pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()").await?;
    for file in 0..files {
        owner.query_one(&next, &[]).await.with_context(|| format!("WAL file {file} of {files}"))?;
    }
    owner.batch_execute("checkpoint").await?;
    eprintln!("{files} WAL files were made in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(())
}
