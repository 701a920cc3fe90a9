//! Deletes messages, gathering what finishes while a request is on its way into the next one.

use crate::queue::{MOST_ENTRIES, Source};
use crate::station::Station;
use ledger::error_chain;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Takes receipts to delete. Cheap to clone; the deleter ends when the last clone is dropped.
#[derive(Clone)]
pub(super) struct Deletions {
    receipts: mpsc::Sender<String>,
}

impl Deletions {
    pub(super) fn start(station: Arc<Station>) -> (Deletions, JoinHandle<()>) {
        let (receipts, waiting) = mpsc::channel(1024);
        (Deletions { receipts }, tokio::spawn(delete_all(station, waiting)))
    }

    /// Has the message deleted soon. If that fails it comes again, and its job needs nothing more by then.
    pub(super) async fn delete(&self, receipt: String) {
        // The receiver goes only with the process.
        let _ = self.receipts.send(receipt).await;
    }
}

async fn delete_all(station: Arc<Station>, mut waiting: mpsc::Receiver<String>) {
    let mut batch = Vec::with_capacity(MOST_ENTRIES);
    while waiting.recv_many(&mut batch, MOST_ENTRIES).await > 0 {
        match station.queue.delete(Source::Jobs, &batch).await.complete() {
            Ok(kept) if kept.is_empty() => {}
            Ok(kept) => tracing::debug!(messages = kept.len(), "finished messages were not deleted"),
            Err(error) => tracing::warn!(error = %error_chain(&error), "finished messages were not deleted"),
        }
        batch.clear();
    }
}
