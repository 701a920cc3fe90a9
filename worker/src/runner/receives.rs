//! How messages are received: one long poll of each queue while there is little to do, several receives at once while they
//! come back full and many slots are free.
//!
//! A receive asks for as many messages as it has slots, so that nothing waits hidden here while another worker is
//! idle. Where messages may linger, the next receive after one that emptied the queue begins a little later.

use super::Runner;
use super::intake::Intake;
use super::returns::Returns;
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

/// A message, the slot in which it is worked on, and the queue to which it goes back.
pub(super) struct Delivery {
    pub received: Received,
    pub slot: OwnedSemaphorePermit,
    pub intake: Arc<Intake>,
    pub returns: Returns,
}

/// The receives that are under way, of all queues. Dropping them cuts them off.
pub(super) struct Receives {
    runner: Arc<Runner>,
    flows: Vec<Flow>,
    under_way: JoinSet<Answer>,
    /// Ends when all that was taken is given back.
    pub returning: JoinSet<()>,
}

/// The receives of one queue.
struct Flow {
    intake: Arc<Intake>,
    returns: Returns,
    under_way: usize,
    /// Most that are to be under way at once.
    width: usize,
    /// Passes from one receive to the next that brings messages and not as many as it could.
    linger: Linger,
}

struct Answer {
    /// The place of its flow.
    of: usize,
    received: Vec<(Received, OwnedSemaphorePermit)>,
    is_full: bool,
}

impl Receives {
    pub(super) fn new(runner: Arc<Runner>) -> Receives {
        Receives { runner, flows: Vec::new(), under_way: JoinSet::new(), returning: JoinSet::new() }
    }

    /// From how many queues messages are received.
    pub(super) fn queues(&self) -> usize {
        self.flows.len()
    }

    /// Begins a receive of each queue that has none, and more if they are worth it: each has slots for a full answer.
    pub(super) fn begin(&mut self) {
        self.add_queues();
        for (of, flow) in self.flows.iter_mut().enumerate() {
            if flow.under_way == 0 {
                flow.under_way += 1;
                let (runner, intake) = (Arc::clone(&self.runner), Arc::clone(&flow.intake));
                self.under_way.spawn(wait_for_messages(runner, intake, of, flow.linger.until()));
            }
            while flow.under_way < flow.width
                && let Some(free) = enough(free(&flow.intake.slots, MOST_ENTRIES))
            {
                flow.under_way += 1;
                let (runner, intake) = (Arc::clone(&self.runner), Arc::clone(&flow.intake));
                self.under_way.spawn(receive(runner, intake, of, free, SHORT_WAIT));
            }
        }
    }

    fn add_queues(&mut self) {
        let station = Arc::clone(&self.runner.station);
        for queue in station.queues.all().into_iter().skip(self.flows.len()) {
            let intake = self.runner.take_from(queue);
            let returns = Returns::start(&station, &intake.queue, &mut self.returning);
            let linger = Linger::new(station.timings.queue_linger);
            self.flows.push(Flow { intake, returns, under_way: 0, width: 1, linger });
        }
    }

    /// What the next answer brings; `None` if no receive is under way.
    pub(super) async fn next(&mut self) -> Option<Vec<Delivery>> {
        let answer = self.under_way.join_next().await?;
        // Nobody cancels one. A panic is the runner's own, and its supervisor starts it over.
        let Answer { of, received, is_full } =
            answer.unwrap_or_else(|error| resume_unwind(error.into_panic()));
        let flow = self.flows.get_mut(of)?;
        flow.under_way -= 1;
        flow.width = match is_full {
            true => (flow.width + 1).min(MOST_REQUESTS),
            false => flow.width.saturating_sub(1).max(1),
        };
        if !is_full && !received.is_empty() {
            flow.linger.left(Instant::now());
        }
        let delivery = |(received, slot)| Delivery {
            received,
            slot,
            intake: Arc::clone(&flow.intake),
            returns: flow.returns.clone(),
        };
        Some(received.into_iter().map(delivery).collect())
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
async fn wait_for_messages(
    runner: Arc<Runner>,
    intake: Arc<Intake>,
    of: usize,
    until: Option<Instant>,
) -> Answer {
    if let Some(until) = until {
        runner.stopping.run_until_cancelled(sleep_until(until)).await;
    }
    let slot = runner.stopping.run_until_cancelled(Arc::clone(&intake.slots).acquire_owned()).await;
    let Some(Ok(first)) = slot else { return Answer { of, received: Vec::new(), is_full: false } };
    let mut slots = free(&intake.slots, MOST_ENTRIES - 1);
    slots.push(first);
    let wait = runner.station.timings.receive_wait;
    receive(runner, intake, of, slots, wait).await
}

async fn receive(
    runner: Arc<Runner>,
    intake: Arc<Intake>,
    of: usize,
    slots: Vec<OwnedSemaphorePermit>,
    wait: Duration,
) -> Answer {
    let visibility = runner.station.timings.visibility;
    match intake.queue.receive(Source::Jobs, slots.len(), wait, visibility).await {
        Ok(received) => {
            let is_full = received.len() >= slots.len();
            Answer { of, received: received.into_iter().zip(slots).collect(), is_full }
        }
        Err(error) => {
            let class = intake.queue.class_label();
            tracing::warn!(error = %error_chain(&error), class, "no messages can be received");
            runner.stopping.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
            Answer { of, received: Vec::new(), is_full: false }
        }
    }
}
