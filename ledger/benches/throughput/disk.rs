//! What an event takes on disk.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;

/// The log on disk, for each of its events.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Disk {
    /// Events in the log.
    pub(crate) events: u64,
    /// Bytes of the table for each event.
    pub(crate) heap: f64,
    /// Bytes of each index for each event, by its name.
    pub(crate) indexes: Vec<(String, f64)>,
}

impl Disk {
    /// Weighs the log.
    pub(crate) async fn weigh(client: &Client) -> Result<Disk> {
        let row = client.query_one("select count(*), pg_table_size('events') from events", &[]).await?;
        let (events, heap): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let each = |bytes: i64| bytes as f64 / events.max(1) as f64;
        let sql = "select indexrelid::regclass::text, pg_relation_size(indexrelid) from pg_index \
            where indrelid = 'events'::regclass order by 1";
        let rows = client.query(sql, &[]).await?;
        let indexes = rows.iter().map(|row| Ok((row.try_get(0)?, each(row.try_get(1)?))));
        Ok(Disk {
            events: u64::try_from(events)?,
            heap: each(heap),
            indexes: indexes.collect::<Result<_>>()?,
        })
    }
}
