//! Asks providers to stop what is on the table, until they confirm it.

use super::table::{self, Recall};
use crate::backoff::{doubled, jitter};
use crate::error::Error;
use crate::provider::{Cancelled, Provider, ProviderFailure};
use crate::station::Station;
use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Recalls read at once.
const PAGE: i64 = 200;

/// Questions at once.
const AT_ONCE: usize = 16;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// After so many questions in vain somebody should look.
const ALARMING_TRIES: u32 = 6;

pub(super) async fn tell(station: &Station, news: &Notify, held: &CancellationToken) -> Result<(), Error> {
    while !held.is_cancelled() {
        let due = table::due(&**station.writer.get().await?, PAGE).await?;
        let full = due.len() as i64 == PAGE;
        let asked = stream::iter(due).map(|recall| async move { ask(station, &recall).await });
        asked.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        measure(station).await?;
        if full {
            continue;
        }
        tokio::select! {
            () = held.cancelled() => return Ok(()),
            () = news.notified() => {}
            // Others add to the table too.
            () = tokio::time::sleep(FIRST_PAUSE) => {}
        }
    }
    Ok(())
}

async fn measure(station: &Station) -> Result<(), Error> {
    let (left, age_seconds) = table::left(&**station.writer.get().await?).await?;
    metrics::gauge!("cooly_recalls_open").set(left as f64);
    metrics::gauge!("cooly_recalls_oldest_seconds").set(age_seconds);
    Ok(())
}

async fn ask(station: &Station, recall: &Recall) -> Result<(), Error> {
    let answer = match provider(station, recall) {
        Some(provider) => stop(&*provider, &recall.provider_task_id).await,
        None => Err(ProviderFailure::no_provider()),
    };
    let (job_id, task) = (recall.job_id, &recall.provider_task_id);
    let client = station.writer.get().await?;
    let outcome = match answer {
        Ok(outcome) => outcome,
        Err(failure) => {
            let (code, tries) = (&failure.failure.code, recall.tries + 1);
            if tries == ALARMING_TRIES {
                metrics::counter!("cooly_provider_work_orphaned_total").increment(1);
                tracing::error!(%job_id, task, code, tries, "a provider does not confirm that it stopped what nobody waits for");
            } else {
                tracing::warn!(%job_id, task, code, tries, "a provider is asked to stop once more");
            }
            return table::again(&**client, recall, pause(recall.tries, failure.retry_after)).await;
        }
    };
    let told = match outcome {
        Cancelled::Stopped => "stopped",
        Cancelled::TooLate => "too_late",
    };
    metrics::counter!("cooly_recalls_total", "outcome" => told).increment(1);
    tracing::info!(%job_id, outcome = told, "a provider was told to stop what nobody waits for");
    table::confirmed(&**client, recall).await
}

fn provider(station: &Station, recall: &Recall) -> Option<Arc<dyn Provider>> {
    let offer = station.offer();
    let name = recall.provider.as_deref().or_else(|| offer.first_provider(&recall.model))?;
    offer.provider(name).cloned()
}

async fn stop(provider: &dyn Provider, task_id: &str) -> Result<Cancelled, ProviderFailure> {
    match timeout(PATIENCE, AssertUnwindSafe(provider.cancel(task_id)).catch_unwind()).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_panic)) => Err(ProviderFailure::crashed()),
        Err(_elapsed) => Err(ProviderFailure::timeout()),
    }
}

/// Twice as long with each try, and no shorter than the provider wants.
fn pause(tries: u32, retry_after: Option<Duration>) -> Duration {
    let pause = doubled(FIRST_PAUSE, tries, LONGEST_PAUSE);
    (pause / 2 + jitter(pause / 2)).max(retry_after.unwrap_or_default().min(LONGEST_PAUSE))
}
