//! Asks providers to stop what is on the table, until they confirm it.

use super::table::{self, Recall};
use crate::backoff::{doubled, jitter};
use crate::error::Error;
use crate::provider::{Cancelled, Found, Provider, ProviderFailure};
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
        Some(provider) => stop(&*provider, recall).await,
        None => Err(ProviderFailure::no_provider()),
    };
    let (job_id, task) = (recall.job_id, &recall.provider_task_id);
    let client = station.writer.get().await?;
    let outcome = match answer {
        // It may be on its way to be known there.
        Ok(Told::NotTaken) if recall.tries == 0 => {
            return table::again(&**client, recall, station.timings.unknown_grace).await;
        }
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
    metrics::counter!("cooly_recalls_total", "outcome" => outcome.as_str()).increment(1);
    tracing::info!(%job_id, outcome = outcome.as_str(), "a provider was told to stop what nobody waits for");
    table::confirmed(&**client, recall).await
}

fn provider(station: &Station, recall: &Recall) -> Option<Arc<dyn Provider>> {
    let offer = station.offer();
    let name = recall.provider.as_deref().or_else(|| offer.first_provider(&recall.model))?;
    offer.provider(name).cloned()
}

/// What telling a provider came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Stopped,
    TooLate,
    /// It never took the work.
    NotTaken,
    /// It cannot tell whether it took the work, so there is no name by which to stop it.
    CannotTell,
}

impl Told {
    fn as_str(self) -> &'static str {
        match self {
            Told::Stopped => "stopped",
            Told::TooLate => "too_late",
            Told::NotTaken => "not_taken",
            Told::CannotTell => "cannot_tell",
        }
    }
}

async fn stop(provider: &dyn Provider, recall: &Recall) -> Result<Told, ProviderFailure> {
    let Some(reference) = &recall.reference else { return cancel(provider, &recall.provider_task_id).await };
    match answered(provider.find(reference)).await? {
        Found::Accepted(id) => cancel(provider, &id).await,
        Found::NotAccepted => Ok(Told::NotTaken),
        Found::CannotTell => Ok(Told::CannotTell),
    }
}

async fn cancel(provider: &dyn Provider, task_id: &str) -> Result<Told, ProviderFailure> {
    answered(provider.cancel(task_id)).await.map(|outcome| match outcome {
        Cancelled::Stopped => Told::Stopped,
        Cancelled::TooLate => Told::TooLate,
    })
}

async fn answered<T>(
    question: impl Future<Output = Result<T, ProviderFailure>>,
) -> Result<T, ProviderFailure> {
    match timeout(PATIENCE, AssertUnwindSafe(question).catch_unwind()).await {
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
