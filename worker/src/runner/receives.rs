//! How messages are received: one long poll while there is little to do, several receives at once while they come
//! back full and many slots are free.
//!
//! A receive asks for as many messages as it has slots, so that nothing waits hidden here while another worker is
//! idle. Where messages may linger, the next receive after one that emptied the queue begins a little later.

use super::Runner;
use crate::linger::Linger;
use crate::queue::{MOST_ENTRIES, MOST_REQUESTS, Received, Source};
use ledger::error_chain;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// How long a receive waits that is not the only one: not at all, but for every server of SQS to be asked.
const SHORT_WAIT: Duration = Duration::from_secs(1);

/// After a receive that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// A message and the slot in which it is worked on.
pub(super) type Delivery = (Received, OwnedSemaphorePermit);

/// The receives that are under way. Dropping them cuts them off.
pub(super) struct Receives {
    runner: Arc<Runner>,
    slots: Arc<Semaphore>,
    under_way: JoinSet<Answer>,
    /// Most that are to be under way at once.
    width: usize,
    /// Passes from one receive to the next that brings messages and not as many as it could.
    linger: Linger,
}

struct Answer {
    deliveries: Vec<Delivery>,
    is_full: bool,
}

impl Receives {
    pub(super) fn new(runner: Arc<Runner>) -> Receives {
        let slots = Arc::new(Semaphore::new(runner.station.concurrency));
        let linger = Linger::new(runner.station.timings.queue_linger);
        Receives { runner, slots, under_way: JoinSet::new(), width: 1, linger }
    }

    /// Begins a receive if there is none, and more if they are worth it: each has slots for a full answer.
    pub(super) fn begin(&mut self) {
        if self.under_way.is_empty() {
            let (runner, slots) = (Arc::clone(&self.runner), Arc::clone(&self.slots));
            self.under_way.spawn(wait_for_messages(runner, slots, self.linger.until()));
        }
        while self.under_way.len() < self.width
            && let Some(free) = enough(free(&self.slots, MOST_ENTRIES))
        {
            self.under_way.spawn(receive(Arc::clone(&self.runner), free, SHORT_WAIT));
        }
    }

    /// What the next answer brings; `None` if no receive is under way.
    pub(super) async fn next(&mut self) -> Option<Vec<Delivery>> {
        let answer = self.under_way.join_next().await?;
        // Nobody cancels one. A panic is the runner's own, and its supervisor starts it over.
        let answer = answer.unwrap_or_else(|error| resume_unwind(error.into_panic()));
        self.width = match answer.is_full {
            true => (self.width + 1).min(MOST_REQUESTS),
            false => self.width.saturating_sub(1).max(1),
        };
        if !answer.is_full && !answer.deliveries.is_empty() {
            self.linger.left(Instant::now());
        }
        Some(answer.deliveries)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }
}

/// Up to `most` slots that nobody has.
fn free(slots: &Arc<Semaphore>, most: usize) -> Vec<OwnedSemaphorePermit> {
    std::iter::from_fn(|| Arc::clone(slots).try_acquire_owned().ok()).take(most).collect()
}

fn enough(free: Vec<OwnedSemaphorePermit>) -> Option<Vec<OwnedSemaphorePermit>> {
    (free.len() == MOST_ENTRIES).then_some(free)
}

/// Waits until others have had time to come, for a slot, then for messages.
async fn wait_for_messages(runner: Arc<Runner>, slots: Arc<Semaphore>, until: Option<Instant>) -> Answer {
    if let Some(until) = until {
        runner.stopping.run_until_cancelled(sleep_until(until)).await;
    }
    let slot = runner.stopping.run_until_cancelled(Arc::clone(&slots).acquire_owned()).await;
    let Some(Ok(first)) = slot else { return Answer { deliveries: Vec::new(), is_full: false } };
    let mut slots = free(&slots, MOST_ENTRIES - 1);
    slots.push(first);
    let wait = runner.station.timings.receive_wait;
    receive(runner, slots, wait).await
}

async fn receive(runner: Arc<Runner>, slots: Vec<OwnedSemaphorePermit>, wait: Duration) -> Answer {
    let (queue, visibility) = (&runner.station.queue, runner.station.timings.visibility);
    match queue.receive(Source::Jobs, slots.len(), wait, visibility).await {
        Ok(received) => {
            let is_full = received.len() >= slots.len();
            Answer { deliveries: received.into_iter().zip(slots).collect(), is_full }
        }
        Err(error) => {
            tracing::warn!(error = %error_chain(&error), "no messages can be received");
            runner.stopping.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
            Answer { deliveries: Vec::new(), is_full: false }
        }
    }
}
