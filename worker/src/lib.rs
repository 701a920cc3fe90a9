//! The loops that run without a caller: relay, run, poll, recall, drain, reconcile, give up, bulk actions, tell, sweep, expire, keep,
//! seal.
//!
//! The log says what is to be done; this crate does it. The `relay` turns events into queue messages in turn, the
//! `runner` claims and runs what it receives, the `poller` asks after work that a provider took, the `recaller` has
//! providers stop what nobody waits for, the `drainer` records what the queue gave up on, the `reconciler` gives to others
//! what a worker that is gone left undone, `overdue` gives up what could not be made in time, `bulk` performs what was
//! ordered for many dead jobs at once, `hooks` tells customers what happened, the `sweeper` writes down what has lapsed on idle accounts, `retention` deletes
//! outputs that were kept for long enough, the `keeper` opens the queues of classes and makes queues again that were deleted, and the `sealer` signs what was
//! recorded. All are safe to run twice, to be delivered to twice and to be killed at any instant: the effects happen once,
//! because each is a command to the ledger that is fenced or writes nothing the second time. Only this crate knows SQS and
//! providers, and asks them over HTTP; it serves none.

mod backoff;
mod bulk;
mod checkpoint;
mod classes;
mod drainer;
mod duty;
mod earlier;
mod error;
mod forfeit;
mod governing;
mod hints;
mod hooks;
mod keeper;
mod linger;
mod offer;
mod options;
mod outputs;
mod overdue;
mod poller;
pub mod provider;
mod public_names;
pub mod queue;
mod recall;
mod reconciler;
mod relay;
mod retention;
mod roll;
mod runner;
mod sealer;
mod settle;
mod sharing;
mod spend;
mod station;
mod sweeper;

pub use error::Error;
pub use governing::{BreakerSettings, Limits, Rate};
pub use offer::{Class, Offer};
pub use options::{Hooks, Sealing, Timings, WorkerOptions};

use crate::duty::supervise;
use crate::station::Station;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Runs every duty until `shutdown`, then drains: nothing new is received, what runs is finished or handed
/// back within [`Timings::drain`].
///
/// # Errors
/// When the queue cannot be opened at the start. Later trouble is logged, counted and tried again.
pub async fn run(options: WorkerOptions, shutdown: CancellationToken) -> Result<(), Error> {
    // On the heap: whoever runs a worker would carry the making of its queues along.
    let Some(station) = Box::pin(Station::open(options, &shutdown)).await? else { return Ok(()) };
    let station = Arc::new(station);
    tracing::info!(worker = %station.identity, "the worker runs");
    let ended = CancellationToken::new();
    let mut roll = JoinSet::new();
    roll.spawn(supervise("roll", ended.clone(), Arc::clone(&station), stay_on_the_roll));
    let mut duties = JoinSet::new();
    duties.spawn(supervise("relay", shutdown.clone(), Arc::clone(&station), relay::run));
    duties.spawn(supervise("runner", shutdown.clone(), Arc::clone(&station), runner::run));
    duties.spawn(supervise("poller", shutdown.clone(), Arc::clone(&station), poller::run));
    duties.spawn(supervise("recaller", shutdown.clone(), Arc::clone(&station), recall::run));
    duties.spawn(supervise("drainer", shutdown.clone(), Arc::clone(&station), drainer::run));
    duties.spawn(supervise("reconciler", shutdown.clone(), Arc::clone(&station), reconciler::run));
    duties.spawn(supervise("overdue", shutdown.clone(), Arc::clone(&station), overdue::run));
    duties.spawn(supervise("bulk", shutdown.clone(), Arc::clone(&station), bulk::run));
    duties.spawn(supervise("hooks", shutdown.clone(), Arc::clone(&station), hooks::run));
    duties.spawn(supervise("sweeper", shutdown.clone(), Arc::clone(&station), sweeper::run));
    duties.spawn(supervise("retention", shutdown.clone(), Arc::clone(&station), retention::run));
    duties.spawn(supervise("keeper", shutdown.clone(), Arc::clone(&station), keeper::run));
    duties.spawn(supervise("sealer", shutdown.clone(), Arc::clone(&station), sealer::run));
    duties.spawn(supervise("spend", shutdown.clone(), Arc::clone(&station), spend::measure));
    while duties.join_next().await.is_some() {}
    // Until then it has jobs in work, and must be seen to be here.
    ended.cancel();
    while roll.join_next().await.is_some() {}
    tracing::info!(worker = %station.identity, "the worker has stopped");
    Ok(())
}

async fn stay_on_the_roll(station: Arc<Station>, ended: CancellationToken) -> Result<(), Error> {
    station.roll.stay(station.timings.here_every, &station.governing, ended).await;
    Ok(())
}
