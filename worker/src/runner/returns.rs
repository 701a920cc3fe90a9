//! Gives messages back to SQS: deletes what is done and shows again what is not.
//!
//! Nobody waits for either, so what comes within a moment of each other shares a request.

use super::batches::batches;
use crate::queue::{Answered, MOST_REQUESTS, Source};
use crate::station::Station;
use futures::StreamExt;
use futures::future::join;
use ledger::{error_chain, failpoint};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Most receipts that wait; whoever has one more keeps its slot until there is room.
const MOST_WAITING: usize = 1024;

/// Takes receipts. Cheap to clone; when the last clone is dropped, what was taken is sent and the work ends.
#[derive(Clone)]
pub(super) struct Returns {
    done: mpsc::Sender<String>,
    later: mpsc::Sender<(String, Duration)>,
}

impl Returns {
    pub(super) fn start(station: Arc<Station>) -> (Returns, JoinHandle<()>) {
        let (done, waiting_done) = mpsc::channel(MOST_WAITING);
        let (later, waiting_later) = mpsc::channel(MOST_WAITING);
        let work = async move {
            join(delete_all(&station, waiting_done), release_all(&station, waiting_later)).await;
        };
        (Returns { done, later }, tokio::spawn(work))
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

async fn delete_all(station: &Station, waiting: mpsc::Receiver<String>) {
    let batches = batches(waiting, station.timings.linger);
    let delete = async |receipts: Vec<String>| {
        failpoint::pass("runner.delete.before");
        report(station.queue.delete(Source::Jobs, &receipts).await, "finished messages were not deleted");
        failpoint::pass("runner.delete.after");
    };
    batches.for_each_concurrent(MOST_REQUESTS, delete).await;
}

async fn release_all(station: &Station, waiting: mpsc::Receiver<(String, Duration)>) {
    let batches = batches(waiting, station.timings.linger);
    let release = async |releases: Vec<(String, Duration)>| {
        let pauses: Vec<_> = releases.iter().map(|(receipt, pause)| (receipt.as_str(), *pause)).collect();
        let answered = station.queue.hide_each(Source::Jobs, &pauses).await;
        report(answered, "messages come back at their own time");
    };
    batches.for_each_concurrent(MOST_REQUESTS, release).await;
}

fn report(answered: Answered<'_>, outcome: &str) {
    let Answered { stale, undone, error } = answered;
    match error {
        Some(error) => tracing::warn!(messages = undone.len(), error = %error_chain(&error), "{outcome}"),
        None if stale.is_empty() && undone.is_empty() => {}
        None => tracing::debug!(messages = stale.len() + undone.len(), "{outcome}"),
    }
}
