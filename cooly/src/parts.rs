//! Runs the parts that a process is made of: the API, a worker, a projector.

use crate::descriptors;
use crate::settings::{ApiSettings, HookSettings, WorkerSettings};
use crate::wiring::{self, Outputs, Trust};
use anyhow::Context;
use api::{Ailment, Limits, Observed, Warnings};
use apikeys::Environment;
use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use ledger::catalogue::Catalogue;
use ledger::{Database, Ledger, Position, Role, error_chain};
use metrics_exporter_prometheus::PrometheusHandle;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use webhooks::Reception;
use worker::Offer;

type Mark = watch::Receiver<Position>;

/// Takes the port before anything else is started, so that a busy one is told at once.
pub(crate) async fn bind(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(listen).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!(
            "{listen} is taken by another program; stop it, or choose another address with --listen"
        ),
        ErrorKind::PermissionDenied => {
            anyhow::anyhow!(
                "{listen} may not be listened on by this user; choose a port above 1023 with --listen"
            )
        }
        _ => anyhow::Error::from(error).context(format!("{listen} cannot be listened on")),
    })
}

/// Serves the API until `shutdown`.
pub(crate) async fn api(
    listener: TcpListener,
    (settings, hooks): (&ApiSettings, &HookSettings),
    (trust, environment): (&Trust, Environment),
    (catalogue, reception): (watch::Receiver<Arc<Catalogue>>, watch::Receiver<Arc<Reception>>),
    (ledger, database, mark, outputs, metrics): (Ledger, Database, Mark, Outputs, PrometheusHandle),
    warnings: Option<Warnings>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let on_loopback = listener.local_addr()?.ip().is_loopback();
    let rate = settings.user_rate.max(1);
    let options = api::ApiOptions {
        ledger,
        database,
        mark,
        catalogue,
        reception,
        outputs: outputs.store,
        keep_outputs: outputs.keep,
        keys: trust.keys.clone(),
        environment,
        dev_tokens: trust.is_dev && on_loopback,
        open_metrics: on_loopback,
        metrics,
        warnings,
        top_up_url: settings.top_up_url.clone(),
        low_balance: hooks.low_balance,
        private_hooks: hooks.private_webhooks,
        limits: limits(rate),
    };
    api::serve(listener, options, shutdown).await.context("the API ended")
}

fn limits(rate: u32) -> Limits {
    let usual = Limits::default();
    let connections = descriptors::connections(usual.connections, descriptors::raise());
    Limits {
        connections,
        // The last quarter is for other addresses than the one that has the most.
        connections_per_address: connections - connections / 4,
        requests_per_second: rate,
        burst: rate.saturating_mul(2),
        ..usual
    }
}

/// Serves health and metrics of a process without an API, beside what it does.
pub(crate) async fn observe(
    listen: SocketAddr,
    observed: Observed,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let listener = bind(listen).await?;
    tracing::info!(address = %listener.local_addr()?, "health and metrics are served");
    descriptors::raise();
    tokio::spawn(async move {
        if let Err(error) = api::observe(listener, observed, shutdown).await {
            tracing::error!(%error, "health and metrics are served no more");
        }
    });
    Ok(())
}

/// Whether the database answers a process that needs it.
pub(crate) fn database_answers(
    database: &Database,
) -> anyhow::Result<impl Fn() -> BoxFuture<'static, Result<(), Ailment>> + Send + Sync + use<>> {
    let pool = database.pool(Role::Reader, 1)?;
    Ok(move || {
        let pool = pool.clone();
        let asked = async move {
            let client = pool.get().await.map_err(|error| error_chain(&error))?;
            client.simple_query("select 1").await.map(drop).map_err(|error| error_chain(&error))
        };
        asked.map_err(|cause| format!("the database does not answer: {cause}")).boxed()
    })
}

/// Runs a worker until `shutdown`.
pub(crate) async fn worker(
    queue: worker::queue::QueueSettings,
    (settings, hooks): (&WorkerSettings, &HookSettings),
    offer: watch::Receiver<Arc<Offer>>,
    sealing: Option<worker::Sealing>,
    (ledger, database, mark, outputs): (Ledger, Database, Mark, Outputs),
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let options = worker::WorkerOptions {
        ledger,
        database,
        mark,
        queue,
        offer,
        outputs: outputs.store,
        keep_outputs: outputs.keep,
        name: wiring::worker_name(settings),
        concurrency: settings.concurrency.max(1),
        poll_concurrency: settings.concurrency.max(1) * 4,
        policy: wiring::policy(settings),
        hooks: wiring::hooks(hooks),
        sealing,
        timings: wiring::timings(settings),
    };
    // On the heap: what a worker is given is large.
    Box::pin(worker::run(options, shutdown)).await.context("the worker ended")
}

/// Keeps the read models up to date until `shutdown`.
pub(crate) async fn projector(
    database: Database,
    mark: Mark,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let owner = format!("projector-{}-{}", std::process::id(), uuid::Uuid::now_v7());
    let options = projections::ProjectorOptions { database, mark, owner, batch: projections::DEFAULT_BATCH };
    projections::run(options, shutdown).await.context("the projector ended")
}
