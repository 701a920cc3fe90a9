//! Logs and metrics of this process.

use crate::settings::{LogFormat, LogSettings};
use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Bounds of the duration histograms, in seconds: fine around the milliseconds that the hot path takes.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
const COMMANDS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// Counters that each want a look when they first move. Prometheus sees a counter move only if it knew it before, so these
/// begin at zero instead of with their first event.
const RARE: [&str; 5] = [
    "cooly_bulk_pauses_total",
    "cooly_relay_set_aside_total",
    "cooly_worker_terms_lost_total",
    "cooly_workers_lost_total",
    "projector_parked_streams_total",
];

/// Starts logging to standard error.
pub(crate) fn start_logs(settings: &LogSettings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.log).with_context(|| {
        format!("--log `{}` is not a filter; try `info` or `warn,worker=debug`", settings.log)
    })?;
    let on_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(on_terminal);
    match settings.log_format {
        LogFormat::Text => logs.with_target(false).init(),
        LogFormat::Json => logs.json().flatten_event(true).init(),
    }
    Ok(())
}

/// Starts collecting metrics; the handle renders them.
pub(crate) fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    use metrics_exporter_prometheus::Matcher;
    let handle = PrometheusBuilder::new()
        .set_buckets(&SECONDS)?
        .set_buckets_for_metric(Matcher::Full("ledger_batch_commands".into()), &COMMANDS)?
        .install_recorder()
        .context("metrics cannot be collected")?;
    for counter in RARE {
        metrics::counter!(counter).absolute(0);
    }
    Ok(handle)
}
