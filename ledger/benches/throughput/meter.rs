//! What a measurement costs besides time: CPU of our side, CPU of Postgres, bytes of WAL.

use crate::crowd::Window;
use anyhow::{Context as _, Result};
use measure::processes;
use std::future::Future;
use std::time::Duration;
use tokio_postgres::Client;

/// Reads the costs of one server and of this process.
pub(crate) struct Meter {
    client: Client,
    postmaster: u32,
}

/// The costs so far, or between two readings.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Costs {
    /// CPU time of the side that calls: this process and the programs that it started.
    pub(crate) own: Duration,
    /// CPU time of all processes of the server.
    pub(crate) server: Duration,
    /// Bytes of write-ahead log.
    pub(crate) wal: u64,
}

impl Costs {
    fn since(self, before: Costs) -> Costs {
        Costs {
            own: self.own.saturating_sub(before.own),
            server: self.server.saturating_sub(before.server),
            wal: self.wal.saturating_sub(before.wal),
        }
    }
}

impl Meter {
    /// `client` must have no role without the right to ask for the position of the WAL.
    pub(crate) fn new(client: Client, postmaster: u32) -> Meter {
        Meter { client, postmaster }
    }

    /// Runs a load and reads the costs of its window.
    pub(crate) async fn around<T>(
        &self,
        window: Window,
        load: impl Future<Output = Result<T>>,
    ) -> Result<(T, Costs)> {
        let costs = async {
            tokio::time::sleep_until(window.warm.into()).await;
            let before = self.read().await?;
            tokio::time::sleep_until(window.end.into()).await;
            anyhow::Ok(self.read().await?.since(before))
        };
        tokio::try_join!(load, costs)
    }

    async fn read(&self) -> Result<Costs> {
        let wal: i64 = self
            .client
            .query_one("select (pg_current_wal_lsn() - '0/0')::bigint", &[])
            .await
            .context("the position of the WAL cannot be read")?
            .try_get(0)?;
        Ok(Costs {
            own: processes::callers_cpu(self.postmaster)?,
            server: processes::server_cpu(self.postmaster)?,
            wal: u64::try_from(wal)?,
        })
    }
}
