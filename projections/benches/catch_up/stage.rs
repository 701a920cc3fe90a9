//! A private server with a log, and what is measured on it.

use crate::log::{self, Extent};
use anyhow::{Context as _, Result, ensure};
use deadpool_postgres::Pool;
use embedded::postgres::{Postgres, PostgresOptions};
use ledger::{Database, Ledger, LedgerOptions, MarkWatcher, Position, Role};
use measure::processes;
use projections::{DEFAULT_BATCH, ProjectorOptions, ReadModel};
use std::future::Future;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

/// Nothing here may take longer: past that it is not slow but stuck.
const PATIENCE: Duration = Duration::from_secs(2 * 3600);

/// What one measurement found, for each event of the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure {
    /// Events a second.
    pub(crate) per_second: f64,
    /// CPU time of this process for each event, in microseconds.
    pub(crate) own_cpu_us: f64,
    /// CPU time of the server for each event, in microseconds.
    pub(crate) server_cpu_us: f64,
}

/// See the module.
pub(crate) struct Stage {
    /// The log.
    pub(crate) log: Extent,
    /// The login that may do everything.
    pub(crate) owner: Client,
    database: Database,
    pool: Pool,
    mark: watch::Receiver<Position>,
    shutdown: CancellationToken,
    server: Postgres,
    /// Removed when the stage is struck.
    _folder: TempDir,
}

impl Stage {
    /// Starts a private server and writes the log.
    pub(crate) async fn set(events: u64) -> Result<Stage> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let options = PostgresOptions { data_dir: folder.path().join("postgres"), ..Default::default() };
        let server = Postgres::start(options).await?;
        let database = Database::new(server.url())?;
        let mut owner = database.connect(Role::Owner).await?;
        migrations::apply(&mut owner).await?;
        let ledger = Ledger::open(&database, LedgerOptions::default()).await?;
        log::write(&ledger, events).await?;
        let log = log::extent(&owner).await?;
        owner.batch_execute("vacuum analyze events").await?;
        let shutdown = CancellationToken::new();
        let watcher = MarkWatcher::spawn(&database, ledger.appended(), shutdown.clone());
        let mut mark = watcher.subscribe();
        tokio::time::timeout(PATIENCE, mark.wait_for(|mark| *mark >= log.end)).await??;
        ledger.close().await;
        let pool = database.pool(Role::Reader, 2)?;
        Ok(Stage { log, owner, database, pool, mark, shutdown, server, _folder: folder })
    }

    /// Empties these read models, puts all others at the end of the log, and lets a projector catch up.
    pub(crate) async fn catch_up(&self, models: &[ReadModel]) -> Result<Figure> {
        let names: Vec<&str> = models.iter().map(|model| model.name()).collect();
        self.owner.batch_execute(&format!("truncate parked_streams, {}", names.join(", "))).await?;
        let place = "update projection_checkpoints \
            set position = case when projection = any($1) then 0 else $2::bigint end";
        self.owner.execute(place, &[&names, &self.log.end.0]).await?;
        self.owner.batch_execute("checkpoint").await?;
        let figure = self.timed(self.project()).await?;
        let parked: i64 =
            self.owner.query_one("select count(*) from parked_streams", &[]).await?.try_get(0)?;
        ensure!(parked == 0, "{parked} streams were parked: the read models are not whole");
        // Or what autovacuum has not seen yet would be read with the plans of an empty table.
        self.owner.batch_execute(&format!("analyze {}", names.join(", "))).await?;
        Ok(figure)
    }

    /// Rebuilds a read model beside the live one.
    pub(crate) async fn rebuild(&self, model: ReadModel) -> Result<Figure> {
        self.owner.batch_execute("checkpoint").await?;
        self.timed(async { Ok(projections::rebuild(&self.database, model, |_, _| {}).await?) }).await
    }

    /// A projector as in production, until every read model is at the end of the log.
    async fn project(&self) -> Result<()> {
        let options = ProjectorOptions {
            database: self.database.clone(),
            mark: self.mark.clone(),
            owner: "bench".into(),
            batch: DEFAULT_BATCH,
        };
        let done = CancellationToken::new();
        let projector = tokio::spawn(projections::run(options, done.clone()));
        let reached = projections::wait_for(&self.pool, self.log.end, PATIENCE).await;
        done.cancel();
        projector.await??;
        ensure!(reached?, "the projector is stuck");
        Ok(())
    }

    async fn timed(&self, work: impl Future<Output = Result<()>>) -> Result<Figure> {
        let postmaster = self.server.pid().context("the server has gone")?;
        let (own, server) = (processes::callers_cpu(postmaster)?, processes::server_cpu(postmaster)?);
        let begun = Instant::now();
        work.await?;
        let seconds = begun.elapsed().as_secs_f64();
        let events = self.log.events as f64;
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / events;
        Ok(Figure {
            per_second: events / seconds,
            own_cpu_us: each(processes::callers_cpu(postmaster)?.saturating_sub(own)),
            server_cpu_us: each(processes::server_cpu(postmaster)?.saturating_sub(server)),
        })
    }

    /// Ends everything.
    pub(crate) async fn strike(self) {
        self.shutdown.cancel();
        self.server.stop().await;
    }
}
