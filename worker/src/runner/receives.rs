//! How messages are received: by one long poll after the other.
//!
//! A receive asks for as many messages as it has slots, so that nothing waits hidden here while another worker is
//! idle.

use super::Runner;
use crate::queue::{MOST_ENTRIES, Received, Source};
use ledger::error_chain;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

/// After a receive that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// A message and the slot in which it is worked on.
pub(super) type Delivery = (Received, OwnedSemaphorePermit);

/// The receives that are under way. Dropping them cuts them off.
pub(super) struct Receives {
    runner: Arc<Runner>,
    slots: Arc<Semaphore>,
    under_way: JoinSet<Vec<Delivery>>,
}

impl Receives {
    pub(super) fn new(runner: Arc<Runner>) -> Receives {
        let slots = Arc::new(Semaphore::new(runner.station.concurrency));
        Receives { runner, slots, under_way: JoinSet::new() }
    }

    /// Begins a receive if there is none.
    pub(super) fn begin(&mut self) {
        if self.under_way.is_empty() {
            self.under_way.spawn(wait_for_messages(Arc::clone(&self.runner), Arc::clone(&self.slots)));
        }
    }

    /// What the next answer brings; `None` if no receive is under way.
    pub(super) async fn next(&mut self) -> Option<Vec<Delivery>> {
        let answer = self.under_way.join_next().await?;
        // Nobody cancels one. A panic is the runner's own, and its supervisor starts it over.
        Some(answer.unwrap_or_else(|error| resume_unwind(error.into_panic())))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }
}

/// Up to `most` slots that nobody has.
fn free(slots: &Arc<Semaphore>, most: usize) -> Vec<OwnedSemaphorePermit> {
    std::iter::from_fn(|| Arc::clone(slots).try_acquire_owned().ok()).take(most).collect()
}

/// Waits for a slot, then for messages.
async fn wait_for_messages(runner: Arc<Runner>, slots: Arc<Semaphore>) -> Vec<Delivery> {
    let slot = runner.stopping.run_until_cancelled(Arc::clone(&slots).acquire_owned()).await;
    let Some(Ok(first)) = slot else { return Vec::new() };
    let mut slots = free(&slots, MOST_ENTRIES - 1);
    slots.push(first);
    receive(runner, slots).await
}

async fn receive(runner: Arc<Runner>, slots: Vec<OwnedSemaphorePermit>) -> Vec<Delivery> {
    let (queue, timings) = (&runner.station.queue, &runner.station.timings);
    match queue.receive(Source::Jobs, slots.len(), timings.receive_wait, timings.visibility).await {
        Ok(received) => received.into_iter().zip(slots).collect(),
        Err(error) => {
            tracing::warn!(error = %error_chain(&error), "no messages can be received");
            runner.stopping.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
            Vec::new()
        }
    }
}
