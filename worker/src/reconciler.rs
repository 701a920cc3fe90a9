//! Sends again what the queue lost: losing the whole queue loses no job.
//!
//! A job that has been due for a while and was never claimed may have lost its message, or may simply wait
//! behind others. As long as the queue holds at least as many messages as jobs wait, it is taken to be the
//! latter. A job is sent again at growing intervals, so that a long backlog is not multiplied.

use crate::duty;
use crate::error::Error;
use crate::queue::{JobMessage, Letter, Source};
use crate::station::Station;
use chrono::{DateTime, Utc};
use ledger::JobId;
use ledger::job::Status;
use projections::pending::{self, PendingTask};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Most jobs that are sent again in one round.
const MOST: i64 = 5_000;

/// Overdue by this many times the usual wait, a job is sent again whatever the queue holds.
const LONG_OVERDUE: u32 = 10;

/// Intervals double up to this many times.
const MOST_DOUBLINGS: u32 = 6;

/// When a job was last sent again, and how often.
type Resent = HashMap<(JobId, u32), (Instant, u32)>;

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    duty::lead("reconciler", station, shutdown, reconcile).await
}

async fn reconcile(station: Arc<Station>, _fencing: i64, held: CancellationToken) -> Result<(), Error> {
    let mut resent = Resent::new();
    loop {
        round(&station, &mut resent).await?;
        let rest = tokio::time::sleep(station.timings.reconcile_every);
        if held.run_until_cancelled(rest).await.is_none() {
            return Ok(());
        }
    }
}

async fn round(station: &Station, resent: &mut Resent) -> Result<(), Error> {
    let after = station.timings.reconcile_after;
    let client = station.reader.get().await?;
    let stale = pending::stale(&**client, after, MOST).await?;
    drop(client);
    resent.retain(|key, _| stale.iter().any(|task| key_of(task) == *key));
    let lost = lost(station, &stale).await?;
    let due: Vec<&PendingTask> = lost.into_iter().filter(|task| is_due(resent, task, after)).collect();
    if due.is_empty() {
        return Ok(());
    }
    tracing::warn!(jobs = due.len(), "jobs that nobody claimed are sent again");
    metrics::counter!("cooly_reconciled_total").increment(due.len() as u64);
    let letters: Vec<Letter> = due.iter().map(|task| letter(task)).collect();
    let refused = station.queue.send(&letters).await;
    for (task, letter) in due.iter().zip(&letters) {
        if !refused.contains(letter) {
            let times = resent.get(&key_of(task)).map_or(0, |(_, times)| times + 1);
            resent.insert(key_of(task), (Instant::now(), times));
        }
    }
    Ok(())
}

/// Those whose message may be gone. What a provider works on needs none: the poller has it.
async fn lost<'a>(station: &Station, stale: &'a [PendingTask]) -> Result<Vec<&'a PendingTask>, Error> {
    let waiting = stale.iter().filter(|task| task.status == Status::Queued).count();
    if stale.is_empty() {
        return Ok(Vec::new());
    }
    let all_there = station.queue.depth(Source::Jobs).await?.visible >= waiting as u64;
    let long = station.timings.reconcile_after * LONG_OVERDUE;
    let lost = stale.iter().filter(|task| match task.status {
        Status::Queued => !all_there || waiting == 0 || overdue(task, station.now()) > long,
        _ => task.provider_task_id.is_none(),
    });
    Ok(lost.collect())
}

fn overdue(task: &PendingTask, now: DateTime<Utc>) -> Duration {
    (now - task.due_at).to_std().unwrap_or_default()
}

fn is_due(resent: &Resent, task: &PendingTask, after: Duration) -> bool {
    resent
        .get(&key_of(task))
        .is_none_or(|(last, times)| last.elapsed() >= after * (1 << times.min(&MOST_DOUBLINGS)))
}

fn key_of(task: &PendingTask) -> (JobId, u32) {
    (task.job_id, task.run)
}

fn letter(task: &PendingTask) -> Letter {
    let message = JobMessage { account_id: task.account_id, job_id: task.job_id, run: task.run };
    Letter { message, delay: Duration::ZERO }
}
