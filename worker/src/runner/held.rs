//! The messages that this worker holds, and the one heartbeat that keeps all of them hidden.

use super::Runner;
use crate::queue::Source;
use crate::station::Station;
use ledger::error_chain;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Receipts of deliveries that are being worked on.
#[derive(Default)]
pub(super) struct Held {
    receipts: Mutex<Receipts>,
}

#[derive(Default)]
struct Receipts {
    next: u64,
    by_ticket: HashMap<u64, String>,
}

/// Keeps a message hidden until it is dropped.
pub(super) struct Hold<'a> {
    held: &'a Held,
    ticket: u64,
}

impl Held {
    /// Keeps the message of this receipt hidden.
    pub(super) fn hold(&self, receipt: &str) -> Hold<'_> {
        let mut receipts = self.lock();
        let ticket = receipts.next;
        receipts.next += 1;
        receipts.by_ticket.insert(ticket, receipt.to_owned());
        Hold { held: self, ticket }
    }

    /// Shows every message that is still held, for other workers.
    pub(super) async fn release_all(&self, station: &Station) {
        let receipts: Vec<String> = self.lock().by_ticket.drain().map(|(_, receipt)| receipt).collect();
        if let Err(error) = station.queue.hide(Source::Jobs, &receipts, Duration::ZERO).await {
            tracing::warn!(error = %error_chain(&error), "held messages come back at their own time");
        }
    }

    fn all(&self) -> Vec<String> {
        self.lock().by_ticket.values().cloned().collect()
    }

    /// Stops caring for receipts that SQS no longer knows.
    fn forget(&self, stale: &[&str]) {
        self.lock().by_ticket.retain(|_, receipt| !stale.contains(&receipt.as_str()));
    }

    fn lock(&self) -> MutexGuard<'_, Receipts> {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.held.lock().by_ticket.remove(&self.ticket);
    }
}

/// Hides every held message again at each third of the visibility timeout, so that two beats may be lost.
pub(super) async fn beat(runner: Arc<Runner>, ended: CancellationToken) {
    let visibility = runner.station.timings.visibility;
    while ended.run_until_cancelled(tokio::time::sleep(visibility / 3)).await.is_some() {
        let receipts = runner.held.all();
        if receipts.is_empty() {
            continue;
        }
        match runner.station.queue.hide(Source::Jobs, &receipts, visibility).await {
            Ok(stale) if stale.is_empty() => {}
            Ok(stale) => {
                // Delivered to somebody else by now, or deleted. The claim decides whose job it is.
                tracing::warn!(messages = stale.len(), "held messages could not be kept hidden");
                metrics::counter!("cooly_receipts_stale_total").increment(stale.len() as u64);
                runner.held.forget(&stale);
            }
            Err(error) => tracing::warn!(error = %error_chain(&error), "a heartbeat was missed"),
        }
    }
}
