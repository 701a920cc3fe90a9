//! Runs the parts that a process is made of: the API, a worker, a projector.

use crate::settings::{ApiSettings, SimulatorSettings, WorkerSettings};
use crate::wiring::{self, Trust};
use anyhow::Context;
use api::Limits;
use ledger::{Database, Ledger, Position};
use metrics_exporter_prometheus::PrometheusHandle;
use object_store::ObjectStore;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

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
    settings: &ApiSettings,
    trust: &Trust,
    (ledger, database, mark, outputs, metrics): (
        Ledger,
        Database,
        Mark,
        Arc<dyn ObjectStore>,
        PrometheusHandle,
    ),
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let on_loopback = listener.local_addr()?.ip().is_loopback();
    let rate = settings.user_rate.max(1);
    let options = api::ApiOptions {
        ledger,
        database,
        mark,
        catalogue: wiring::catalogue(),
        outputs,
        keys: trust.keys.clone(),
        dev_tokens: trust.is_dev && on_loopback,
        open_metrics: on_loopback,
        metrics,
        limits: Limits { requests_per_second: rate, burst: rate.saturating_mul(2), ..Limits::default() },
    };
    api::serve(listener, options, shutdown).await.context("the API ended")
}

/// Runs a worker until `shutdown`.
pub(crate) async fn worker(
    queue: worker::queue::QueueSettings,
    settings: &WorkerSettings,
    simulator: &SimulatorSettings,
    sealing: Option<worker::Sealing>,
    (ledger, database, mark, outputs): (Ledger, Database, Mark, Arc<dyn ObjectStore>),
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let options = worker::WorkerOptions {
        ledger,
        database,
        mark,
        queue,
        catalogue: wiring::catalogue(),
        providers: wiring::providers(simulator),
        outputs,
        name: wiring::worker_name(settings),
        concurrency: settings.concurrency.max(1),
        poll_concurrency: settings.concurrency.max(1) * 4,
        policy: wiring::policy(settings),
        sealing,
        timings: wiring::timings(settings),
    };
    worker::run(options, shutdown).await.context("the worker ended")
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
