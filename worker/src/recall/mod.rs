//! Stops work at providers that nobody waits for any more, until they confirm it.
//!
//! Two loops under one lease. One follows the log: whatever a provider had when its job was cancelled, or when its time
//! was up, and whatever it may have had of a job that was cancelled, is written to the table of recalls, under a checkpoint of its own. The other asks the providers, again and
//! again at growing intervals, and takes off the table what was confirmed. Both are harmless to run twice: a recall is
//! written once, and a provider may be asked to stop what it has stopped.

mod follow;
mod question;
mod table;
mod tell;
mod unwanted;

use crate::duty;
use crate::error::Error;
use crate::provider::Task;
use crate::station::Station;
use futures::future::try_join;
use std::sync::Arc;
use std::time::Duration;
use table::Recall;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

const NAME: &str = "recaller";

/// No provider works on anything for so long. What ended longer ago is passed over, since a recaller that is new to a log
/// begins at its start; and whoever has not answered for so long is not asked any more.
const LONGEST_WORK: Duration = Duration::from_secs(2 * 24 * 3_600);

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    duty::lead(NAME, station, shutdown, recall).await
}

async fn recall(station: Arc<Station>, fencing: i64, held: CancellationToken) -> Result<(), Error> {
    let news = Notify::new();
    let following = follow::follow(&station, fencing, &news, &held);
    let telling = tell::tell(&station, &news, &held);
    let ended = try_join(following, telling).await.map(drop);
    // Whoever leads next tells it; what stayed here would be told for ever.
    metrics::gauge!("cooly_recalls_open").set(0.0);
    metrics::gauge!("cooly_recalls_oldest_seconds").set(0.0);
    ended
}

/// Remembers work that a provider accepted for an attempt that no longer counts: the log does not know it.
pub(crate) async fn remember(
    station: &Station,
    task: &Task,
    provider: Option<&str>,
    provider_task_id: &str,
) -> Result<(), Error> {
    let recall = Recall {
        account_id: task.account_id,
        job_id: task.job_id,
        provider_task_id: provider_task_id.to_owned(),
        reference: None,
        provider: provider.map(str::to_owned),
        model: task.request.model.clone(),
        tries: 0,
        age: Duration::ZERO,
    };
    table::add(&**station.writer.get().await?, &[recall]).await
}
