//! Gives to others what a worker left undone: losing a worker loses no job.
//!
//! What a worker that is gone had claimed is taken from it by a command. Where nobody can see that it is gone, the end of its
//! lease tells: a claim whose lease has lapsed may have lost its message with its worker. The job is sent again at growing intervals,
//! until somebody takes it over. Messages that the queue lost are looked after by the relay, which knows what it sent.

use crate::duty;
use crate::error::Error;
use crate::forfeit;
use crate::queue::{JobMessage, Letter};
use crate::station::Station;
use futures::future::{join, try_join};
use ledger::JobId;
use projections::pending::{self, PendingTask};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const NAME: &str = "reconciler";

/// Most jobs that are sent again in one round.
const MOST: i64 = 5_000;

/// Intervals double up to this many times.
const MOST_DOUBLINGS: u32 = 6;

/// Names the claim of a job: each has its own intervals.
type Claim = (JobId, Option<i64>);

/// When a job was last sent again, and how often.
type Resent = HashMap<Claim, (Instant, u32)>;

/// Leads only while this process is heard. Who is not heard may judge nobody, and must not keep the lease from others who may.
pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    while !shutdown.is_cancelled() {
        if shutdown.run_until_cancelled(station.roll.term()).await.is_none() {
            break;
        }
        let heard = shutdown.child_token();
        let silent = async {
            heard.run_until_cancelled(station.roll.falls_silent()).await;
            heard.cancel();
        };
        let leading = duty::lead(NAME, Arc::clone(&station), heard.clone(), reconcile);
        let (led, ()) = join(leading, silent).await;
        led?;
    }
    Ok(())
}

async fn reconcile(station: Arc<Station>, _fencing: i64, held: CancellationToken) -> Result<(), Error> {
    try_join(send_again(&station, &held), watch_workers(&station, &held)).await.map(drop)
}

async fn watch_workers(station: &Station, held: &CancellationToken) -> Result<(), Error> {
    while !held.is_cancelled() {
        forfeit::round(station).await?;
        held.run_until_cancelled(tokio::time::sleep(station.timings.here_every)).await;
    }
    Ok(())
}

async fn send_again(station: &Station, held: &CancellationToken) -> Result<(), Error> {
    let mut resent = Resent::new();
    while !held.is_cancelled() {
        round(station, &mut resent).await?;
        held.run_until_cancelled(tokio::time::sleep(station.timings.reconcile_every)).await;
    }
    Ok(())
}

async fn round(station: &Station, resent: &mut Resent) -> Result<(), Error> {
    let after = station.timings.reconcile_after;
    let client = station.reader.get().await?;
    let mut lapsed = pending::lapsed(&**client, MOST).await?;
    drop(client);
    // What a provider works on needs no message: the poller has it.
    lapsed.retain(|task| task.provider_task_id.is_none());
    resent.retain(|key, _| lapsed.iter().any(|task| claim_of(task) == *key));
    let due: Vec<&PendingTask> = lapsed.iter().filter(|task| is_due(resent, task, after)).collect();
    if due.is_empty() {
        return Ok(());
    }
    tracing::warn!(jobs = due.len(), "jobs whose claims have lapsed are sent again");
    metrics::counter!("cooly_reconciled_total").increment(due.len() as u64);
    let letters: Vec<Letter> = due.iter().map(|task| letter(task)).collect();
    let refused = station.send(&letters).await;
    for (task, letter) in due.iter().zip(&letters) {
        if !refused.contains(letter) {
            let times = resent.get(&claim_of(task)).map_or(0, |(_, times)| times + 1);
            resent.insert(claim_of(task), (Instant::now(), times));
        }
    }
    Ok(())
}

fn is_due(resent: &Resent, task: &PendingTask, after: Duration) -> bool {
    resent
        .get(&claim_of(task))
        .is_none_or(|(last, times)| last.elapsed() >= after * (1 << times.min(&MOST_DOUBLINGS)))
}

fn claim_of(task: &PendingTask) -> Claim {
    (task.job_id, task.fencing)
}

fn letter(task: &PendingTask) -> Letter {
    Letter {
        message: JobMessage { account_id: task.account_id, job_id: task.job_id, run: task.run },
        model: Some(task.model.as_str().into()),
        delay: Duration::ZERO,
    }
}
