//! The roles of production: `api`, `worker` and `projector`, one process each, any number of them.

use super::database::{open, require_schema};
use crate::cli::{ApiOptions, ProjectorOptions, WorkerOptions};
use crate::home::Home;
use crate::outside::Outside;
use crate::parts;
use crate::settings::LogSettings;
use crate::{shutdown, telemetry, wiring};
use api::{Ailment, Observed};
use futures::future::{BoxFuture, FutureExt};
use ledger::{Database, Ledger, LedgerOptions, MarkWatcher};
use metrics_exporter_prometheus::PrometheusHandle;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use worker::queue::Presence;

type Ready = Arc<dyn Fn() -> BoxFuture<'static, Result<(), Ailment>> + Send + Sync>;

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
    let live = wiring::models(&options.catalog, Outside::configured(&options.webhooks)?)?;
    let listener = parts::bind(options.listen.listen).await?;
    let Started { database, metrics, shutdown } = start(&options.database.database_url, &options.log).await?;
    let rules = LedgerOptions { lanes: options.api.lanes, ..wiring::ledger(&options.ledger) };
    let ledger = Ledger::open(&database, rules).await?;
    let mark = MarkWatcher::spawn(&database, ledger.appended(), shutdown.clone());
    let outputs = wiring::outputs(&options.outputs, &home)?;
    let (catalogue, reception) = (live.catalogue(), live.reception());
    live.follow(shutdown.clone())?;
    let served = parts::api(
        listener,
        (&options.api, &options.hooks),
        (&trust, options.environment.of(false)),
        (catalogue, reception),
        (ledger.clone(), database, mark.subscribe(), outputs, metrics),
        None,
        shutdown,
    )
    .await;
    ledger.close().await;
    served.map(|()| ExitCode::SUCCESS)
}

pub(crate) async fn worker(options: WorkerOptions) -> anyhow::Result<ExitCode> {
    let home = Home::open(&options.home.data_dir)?;
    let sealing = wiring::seal_key(&options.seals.key)?.map(|key| wiring::sealing(key, &options.seals));
    let outside = Outside::configured(&options.webhooks)?;
    let live = wiring::offer(&options.catalog, &options.simulator, outside)?;
    let Started { database, metrics, shutdown } = start(&options.database.database_url, &options.log).await?;
    let ledger = Ledger::open(&database, wiring::ledger(&options.ledger)).await?;
    let queue = wiring::queue(&options.queue);
    let ready = worker_ready(&database, ledger.clone(), queue.presence.clone())?;
    parts::observe(options.observe.observe, Observed { metrics, ready }, shutdown.clone()).await?;
    let mark = MarkWatcher::spawn(&database, ledger.appended(), shutdown.clone());
    let outputs = wiring::outputs(&options.outputs, &home)?;
    let offer = live.offer();
    live.follow(shutdown.clone())?;
    let worked = parts::worker(
        queue,
        (&options.worker, &options.hooks),
        offer,
        sealing,
        (ledger.clone(), database, mark.subscribe(), outputs),
        shutdown,
    )
    .await;
    ledger.close().await;
    worked.map(|()| ExitCode::SUCCESS)
}

/// A worker can work while the database answers, the clocks agree and its queues are there.
fn worker_ready(database: &Database, ledger: Ledger, queues: Presence) -> anyhow::Result<Ready> {
    let answers = parts::database_answers(database)?;
    Ok(Arc::new(move || {
        let (answered, ledger, queues) = (answers(), ledger.clone(), queues.clone());
        let asked = async move {
            answered.await?;
            ledger.clock().check().map_err(|error| error.to_string())?;
            match queues.missing().as_slice() {
                [] => Ok(()),
                missing => Err(wiring::away(missing)),
            }
        };
        asked.boxed()
    }))
}

pub(crate) async fn projector(options: ProjectorOptions) -> anyhow::Result<ExitCode> {
    let Started { database, metrics, shutdown } = start(&options.database.database_url, &options.log).await?;
    let ready: Ready = Arc::new(parts::database_answers(&database)?);
    parts::observe(options.observe.observe, Observed { metrics, ready }, shutdown.clone()).await?;
    let (_nobody_appends_here, hint) = watch::channel(ledger::Position::START);
    let mark = MarkWatcher::spawn(&database, hint, shutdown.clone());
    parts::projector(database, mark.subscribe(), shutdown).await?;
    Ok(ExitCode::SUCCESS)
}
