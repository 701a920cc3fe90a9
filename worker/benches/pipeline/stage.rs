//! The one server of a run, and the metrics of this process.

use anyhow::{Context as _, Result};
use ledger::{Database, Role};
use measure::server::{Server, write_back};
use measure::wal;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_postgres::Client;

/// GiB of WAL files that the server is given.
const WAL: u64 = 3;

/// See the module.
pub(crate) struct Stage {
    /// The database server.
    pub(crate) server: Server,
    /// The login that may do everything, on a database that nothing is measured on.
    pub(crate) owner: Client,
    metrics: PrometheusHandle,
    databases: AtomicUsize,
}

impl Stage {
    /// Starts the server, and measures from now on what the worker counts, as production does.
    pub(crate) async fn set() -> Result<Stage> {
        let metrics = PrometheusBuilder::new().install_recorder().context("metrics cannot be kept")?;
        let server = Server::start(env!("CARGO_TARGET_TMPDIR"), WAL).await?;
        let owner = Database::new(server.url())?.connect(Role::Owner).await?;
        wal::prepare(&owner, WAL).await?;
        Ok(Stage { server, owner, metrics, databases: AtomicUsize::new(0) })
    }

    /// An empty database with Cooly's tables, and its name. What measurements before left dirty is written first.
    pub(crate) async fn fresh_database(&self) -> Result<(String, Database)> {
        self.owner.batch_execute("checkpoint").await?;
        tokio::task::spawn_blocking(write_back).await??;
        let name = format!("bench_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.owner.batch_execute(&format!("create database {name}")).await?;
        let database = Database::new(&self.server.url_of(&name))?;
        migrations::apply(&mut database.connect(Role::Owner).await?).await?;
        Ok((name, database))
    }

    /// Gives its disk back.
    pub(crate) async fn drop_database(&self, name: &str) -> Result<()> {
        Ok(self.owner.batch_execute(&format!("drop database {name} with (force)")).await?)
    }

    /// How far a counter of this process is, over all its labels.
    pub(crate) fn counter(&self, name: &str) -> f64 {
        let text = self.metrics.render();
        let lines = text.lines().filter(|line| line.starts_with(name));
        let values = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
        // The sum of nothing is -0.
        values.fold(0.0, |sum, value| sum + value)
    }

    /// Forgets what histograms remember, as whoever asks for metrics does in production.
    pub(crate) fn tidy(&self) {
        self.metrics.run_upkeep();
    }
}
