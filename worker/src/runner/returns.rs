//! Gives messages back to their queue: deletes what is done and shows again what is not.
//!
//! Nobody waits for either, so what comes within a moment of each other shares a request. No heartbeat hides a message any
//! more that waits here: it has at least a third of its visibility left if no beat was late.

use super::batches::batches;
use crate::options::Timings;
use crate::queue::{Answered, MOST_REQUESTS, Queue, Source};
use crate::station::Station;
use futures::StreamExt;
use futures::future::join;
use ledger::{error_chain, failpoint};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Most receipts that wait; whoever has one more keeps its slot until there is room.
const MOST_WAITING: usize = 1024;

/// Takes receipts. Cheap to clone; when the last clone is dropped, what was taken is sent and the work ends.
#[derive(Clone)]
pub(super) struct Returns {
    done: mpsc::Sender<String>,
    later: mpsc::Sender<(String, Duration)>,
}

impl Returns {
    /// For messages of this queue. What gives them back is spawned into `returning`.
    pub(super) fn start(station: &Station, queue: &Arc<Queue>, returning: &mut JoinSet<()>) -> Returns {
        let (queue, linger) = (Arc::clone(queue), station.timings.linger);
        let delete_linger = delete_linger(&station.timings);
        let (done, waiting_done) = mpsc::channel(MOST_WAITING);
        let (later, waiting_later) = mpsc::channel(MOST_WAITING);
        returning.spawn(async move {
            join(delete_all(&queue, waiting_done, delete_linger), release_all(&queue, waiting_later, linger))
                .await;
        });
        Returns { done, later }
    }

    /// Has the message deleted soon. If that fails it comes again, and its job needs nothing more by then.
    pub(super) async fn delete(&self, receipt: String) {
        // The receiver goes only with the process.
        let _ = self.done.send(receipt).await;
    }

    /// Has the message shown again after this pause. If that fails it comes at its own time.
    pub(super) async fn release(&self, receipt: String, pause: Duration) {
        let _ = self.later.send((receipt, pause)).await;
    }
}

async fn delete_all(queue: &Queue, waiting: mpsc::Receiver<String>, linger: Duration) {
    let batches = batches(waiting, linger);
    let delete = async |receipts: Vec<String>| {
        failpoint::pass("runner.delete.before");
        report(queue.delete(Source::Jobs, &receipts).await, "finished messages were not deleted");
        failpoint::pass("runner.delete.after");
    };
    batches.for_each_concurrent(MOST_REQUESTS, delete).await;
}

async fn release_all(queue: &Queue, waiting: mpsc::Receiver<(String, Duration)>, linger: Duration) {
    let batches = batches(waiting, linger);
    let release = async |releases: Vec<(String, Duration)>| {
        let pauses: Vec<_> = releases.iter().map(|(receipt, pause)| (receipt.as_str(), *pause)).collect();
        let answered = queue.hide_each(Source::Jobs, &pauses).await;
        report(answered, "messages come back at their own time");
    };
    batches.for_each_concurrent(MOST_REQUESTS, release).await;
}

fn delete_linger(timings: &Timings) -> Duration {
    timings.delete_linger.min(timings.visibility / 6)
}

fn report(answered: Answered<'_>, outcome: &str) {
    let Answered { stale, undone, error } = answered;
    match error {
        Some(error) => tracing::warn!(messages = undone.len(), error = %error_chain(&error), "{outcome}"),
        None if stale.is_empty() && undone.is_empty() => {}
        None => tracing::debug!(messages = stale.len() + undone.len(), "{outcome}"),
    }
}
