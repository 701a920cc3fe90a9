//! The roles of production: `api`, `worker` and `projector`, one process each, any number of them.

use super::database::{open, require_schema};
use crate::cli::{ApiOptions, ProjectorOptions, WorkerOptions};
use crate::home::Home;
use crate::parts;
use crate::settings::LogSettings;
use crate::{shutdown, telemetry, wiring};
use ledger::{Database, Ledger, LedgerOptions, MarkWatcher};
use metrics_exporter_prometheus::PrometheusHandle;
use std::process::ExitCode;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What every role starts with.
struct Started {
    database: Database,
    metrics: PrometheusHandle,
    shutdown: CancellationToken,
}

async fn start(database_url: &str, log: &LogSettings) -> anyhow::Result<Started> {
    telemetry::start_logs(log)?;
    let metrics = telemetry::start_metrics()?;
    let shutdown = shutdown::on_signal()?;
    let database = open(database_url)?;
    require_schema(&database).await?;
    Ok(Started { database, metrics, shutdown })
}

pub(crate) async fn api(options: ApiOptions) -> anyhow::Result<ExitCode> {
    let home = Home::open(&options.home.data_dir)?;
    let trust = wiring::trust(&options.auth, &home)?;
    wiring::refuse_dev_key_on_a_network(&trust, options.listen.listen)?;
    let listener = parts::bind(options.listen.listen).await?;
    let Started { database, metrics, shutdown } = start(&options.database.database_url, &options.log).await?;
    let rules = LedgerOptions { lanes: options.api.lanes, ..wiring::ledger(&options.ledger) };
    let ledger = Ledger::open(&database, rules).await?;
    let mark = MarkWatcher::spawn(&database, ledger.appended(), shutdown.clone());
    let outputs = wiring::outputs(&options.outputs, &home)?;
    let served = parts::api(
        listener,
        &options.api,
        &trust,
        (ledger.clone(), database, mark.subscribe(), outputs, metrics),
        shutdown,
    )
    .await;
    ledger.close().await;
    served.map(|()| ExitCode::SUCCESS)
}

pub(crate) async fn worker(options: WorkerOptions) -> anyhow::Result<ExitCode> {
    let home = Home::open(&options.home.data_dir)?;
    let sealing = wiring::seal_key(&options.seals.key)?.map(|key| wiring::sealing(key, &options.seals));
    let Started { database, shutdown, .. } = start(&options.database.database_url, &options.log).await?;
    let ledger = Ledger::open(&database, wiring::ledger(&options.ledger)).await?;
    let mark = MarkWatcher::spawn(&database, ledger.appended(), shutdown.clone());
    let outputs = wiring::outputs(&options.outputs, &home)?;
    let worked = parts::worker(
        wiring::queue(&options.queue),
        &options.worker,
        &options.simulator,
        sealing,
        (ledger.clone(), database, mark.subscribe(), outputs),
        shutdown,
    )
    .await;
    ledger.close().await;
    worked.map(|()| ExitCode::SUCCESS)
}

pub(crate) async fn projector(options: ProjectorOptions) -> anyhow::Result<ExitCode> {
    let Started { database, shutdown, .. } = start(&options.database.database_url, &options.log).await?;
    let (_nobody_appends_here, hint) = watch::channel(ledger::Position::START);
    let mark = MarkWatcher::spawn(&database, hint, shutdown.clone());
    parts::projector(database, mark.subscribe(), shutdown).await?;
    Ok(ExitCode::SUCCESS)
}
