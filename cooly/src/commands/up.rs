//! `cooly up`: every role in one process, with private servers for what is not configured.
//!
//! Started in the order in which one needs the other, and stopped the other way round: first the API takes no
//! more requests, then the worker drains, then the read models rest, then the ledger and the servers close.

use super::database::Opened;
use crate::catalog::Live;
use crate::cli::UpOptions;
use crate::home::Home;
use crate::outside::Outside;
use crate::wiring::{self, Trust};
use crate::{banner, demo, parts, shutdown, telemetry};
use anyhow::Context;
use embedded::sqs::{AccessKey, Sqs, SqsOptions};
use ledger::{Database, Ledger, LedgerOptions, MarkWatcher, Role};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The private queue forgets everything when the process ends, so jobs are sent again sooner.
const PRIVATE_QUEUE_PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn run(options: UpOptions) -> anyhow::Result<ExitCode> {
    telemetry::start_logs(&options.log)?;
    let shutdown = shutdown::on_signal()?;
    let home = Home::open(&options.home.data_dir)?;
    let trust = wiring::trust(&options.auth, &home)?;
    wiring::refuse_dev_key_on_a_network(&trust, options.listen.listen)?;
    let seal_key = match wiring::seal_key(&options.seals.key)? {
        Some(key) => key,
        None => home.seal_key()?,
    };
    let sealing = wiring::sealing(seal_key, &options.seals);
    let listener = parts::bind(options.listen.listen).await?;
    let address = listener.local_addr()?;
    let outside = Outside::of_one_process(&options.webhooks, &home, address)?;
    let live = wiring::both(&options.catalog, &options.simulator, outside)?;
    let opened = Opened::start(&options.database, &home, Vec::new()).await?;
    let served = serve(&options, &home, &trust, (sealing, live), listener, &opened, shutdown).await;
    opened.stop().await;
    served?;
    tracing::info!(%address, "stopped");
    Ok(ExitCode::SUCCESS)
}

async fn serve(
    options: &UpOptions,
    home: &Home,
    trust: &Trust,
    (sealing, live): (worker::Sealing, Live),
    listener: tokio::net::TcpListener,
    opened: &Opened,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let metrics = telemetry::start_metrics()?;
    let database = &opened.database;
    migrate(database).await?;
    let sqs = if options.queue.is_configured() {
        None
    } else {
        Some(Sqs::start(SqsOptions::default()).await.context("the private queue does not start")?)
    };
    let queue = match &sqs {
        Some(sqs) => {
            let AccessKey { id, secret } = sqs.access_key();
            let credentials = worker::queue::StaticCredentials::new(id, secret);
            worker::queue::QueueSettings::private(sqs.endpoint(), credentials)
        }
        None => wiring::queue(&options.queue),
    };
    let queues = queue.presence.clone();
    let warnings: api::Warnings = Arc::new(move || match queues.missing().as_slice() {
        [] => Vec::new(),
        missing => vec![wiring::away(missing)],
    });
    let rules = LedgerOptions { lanes: options.api.lanes, ..wiring::ledger(&options.ledger) };
    let ledger = Ledger::open(database, rules).await.context("the ledger cannot be opened")?;
    let outputs = wiring::outputs(&options.outputs, home)?;
    if trust.is_dev {
        demo::welcome(&ledger).await?;
        // Ids that are fixed must never meet those of another log in outputs that both keep.
        let is_alone = opened.is_private() && options.outputs.outputs.is_none();
        if options.examples && is_alone && options.catalog.catalog.is_none() {
            let catalogue = Arc::clone(&live.catalogue().borrow());
            match demo::prepare(&ledger, &catalogue).await {
                Ok(()) => drop(tokio::spawn(demo::finish(database.clone()))),
                Err(error) => tracing::warn!(error = format!("{error:#}"), "some examples are missing"),
            }
        }
    }

    // One token for each stage of stopping.
    let (worker_stop, rest_stop) = (CancellationToken::new(), CancellationToken::new());
    let mark = MarkWatcher::spawn(database, ledger.appended(), rest_stop.clone());
    let projector = spawn("projector", &shutdown, {
        parts::projector(database.clone(), mark.subscribe(), rest_stop.clone())
    });
    let worker = spawn("worker", &shutdown, {
        let (mut settings, hooks, offer) = (options.worker.clone(), options.hooks.clone(), live.offer());
        if sqs.is_some() {
            settings.reconcile_after = settings.reconcile_after.min(PRIVATE_QUEUE_PATIENCE);
        }
        let shared = (ledger.clone(), database.clone(), mark.subscribe(), outputs.clone());
        let stop = worker_stop.clone();
        async move { parts::worker(queue, (&settings, &hooks), offer, Some(sealing), shared, stop).await }
    });
    banner::print(&banner::Facts {
        address: listener.local_addr()?,
        trust,
        data_dir: &options.home.data_dir,
        private_database: opened.is_private(),
        private_queue: sqs.is_some(),
    })?;
    let shared = (ledger.clone(), database.clone(), mark.subscribe(), outputs, metrics);
    let on_offer = (live.catalogue(), live.reception());
    let trusted = (trust, options.environment.of(opened.is_private()));
    live.follow(shutdown.clone())?;
    let served = parts::api(
        listener,
        (&options.api, &options.hooks),
        trusted,
        on_offer,
        shared,
        Some(warnings),
        shutdown.clone(),
    )
    .await;
    shutdown.cancel();

    worker_stop.cancel();
    let worked = worker.await;
    rest_stop.cancel();
    let projected = projector.await;
    ledger.close().await;
    if let Some(sqs) = sqs {
        sqs.stop().await;
    }
    served.and(worked.context("the worker broke")?).and(projected.context("the projector broke")?)
}

/// Runs a part beside the others; if it ends by itself, everything stops.
fn spawn(
    name: &'static str,
    shutdown: &CancellationToken,
    part: impl Future<Output = anyhow::Result<()>> + Send + 'static,
) -> JoinHandle<anyhow::Result<()>> {
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        let ended = part.await;
        if let Err(error) = &ended {
            tracing::error!(error = format!("{error:#}"), "the {name} ended");
        }
        shutdown.cancel();
        ended
    })
}

async fn migrate(database: &Database) -> anyhow::Result<()> {
    let mut client = database.connect(Role::Owner).await.context("the database cannot be reached")?;
    migrations::apply(&mut client).await?;
    Ok(())
}
