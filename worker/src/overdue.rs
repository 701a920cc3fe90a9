//! Gives up jobs that could not be made in time, and so refunds them. How long a job may wait is said by its model; those
//! of other models wait for as long as it takes.
//!
//! The read model that says which are due lags behind the log, so each is decided there again: one that a worker has
//! begun meanwhile, or that a provider may have, is left alone.

use crate::duty;
use crate::error::Error;
use crate::station::{Order, Station};
use futures::stream::{self, StreamExt};
use ledger::job::JobCommand;
use ledger::{Actor, ExecuteError, error_chain};
use projections::pending::{self, PendingTask};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const NAME: &str = "overdue";

/// Jobs read at once.
const PAGE: i64 = 500;

/// Commands at once.
const AT_ONCE: usize = 64;

/// How long one command may take to be recorded; then the next round gives it again.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    duty::lead(NAME, station, shutdown, give_up).await
}

async fn give_up(station: Arc<Station>, _fencing: i64, held: CancellationToken) -> Result<(), Error> {
    while !held.is_cancelled() {
        for (model, limit_seconds) in limited(&station) {
            round(&station, &model, limit_seconds).await?;
        }
        let rest = tokio::time::sleep(station.timings.reconcile_every);
        held.run_until_cancelled(rest).await;
    }
    Ok(())
}

/// The models that say how old a run may get, in seconds.
fn limited(station: &Station) -> Vec<(String, u32)> {
    let offer = station.offer();
    let limits = offer.catalogue.models().map(|model| (&model.id, model.queue_timeout_seconds));
    limits.filter_map(|(id, limit)| Some((id.clone(), limit?))).collect()
}

/// Gives up the oldest jobs of a model; what is left is for the next round.
async fn round(station: &Station, model: &str, limit_seconds: u32) -> Result<(), Error> {
    let client = station.reader.get().await?;
    let limit = Duration::from_secs(limit_seconds.into());
    let late = pending::overdue(&**client, model, limit, PAGE).await?;
    drop(client);
    let given_up = stream::iter(late).map(|task| one(station, task, limit_seconds));
    given_up.buffer_unordered(AT_ONCE).collect::<()>().await;
    Ok(())
}

async fn one(station: &Station, task: PendingTask, limit_seconds: u32) {
    let order = Order {
        account_id: task.account_id,
        job_id: task.job_id,
        command: JobCommand::Overdue { limit_seconds },
        actor: Actor::System(NAME),
        duty: NAME,
        message: None,
    };
    match station.record(order, PATIENCE).await {
        Ok(_) => {
            metrics::counter!("cooly_overdue_total", "model" => station.label(&task.model)).increment(1);
            tracing::info!(job_id = %task.job_id, "a job could not be made in time and is refunded");
        }
        // A worker was faster, or a provider may have it.
        Err(ExecuteError::Refused(_)) => {}
        Err(ExecuteError::Failed(error)) => {
            tracing::warn!(error = %error_chain(&error), job_id = %task.job_id, "a late job could not be given up");
        }
    }
}
