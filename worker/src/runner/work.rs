//! What is under way in the runner, from the first receive to the last message that is given back.

use super::receives::{Delivery, Receives};
use super::{Fate, Runner};
use futures::future::join_all;
use ledger::failpoint;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

/// How long handing back may take: a few writes to the log.
const HAND_BACK: Duration = Duration::from_secs(5);

/// How long an answer of SQS may still be on its way when nothing else is left to do.
const LAST_ANSWER: Duration = Duration::from_millis(500);

/// The least time that there is for giving messages back at the end.
const LAST_CALLS: Duration = Duration::from_secs(2);

pub(super) struct Work {
    runner: Arc<Runner>,
    receives: Receives,
    deliveries: JoinSet<()>,
}

impl Work {
    pub(super) fn new(runner: &Arc<Runner>) -> Work {
        let receives = Receives::new(Arc::clone(runner));
        Work { runner: Arc::clone(runner), receives, deliveries: JoinSet::new() }
    }

    /// Receives and works until `shutdown`. Receives that are under way then go on.
    pub(super) async fn go_on(&mut self, shutdown: &CancellationToken) {
        let runner = Arc::clone(&self.runner);
        let queues = &runner.station.queues;
        while !shutdown.is_cancelled() {
            self.receives.begin();
            let known = self.receives.queues();
            tokio::select! {
                () = shutdown.cancelled() => return,
                Some(received) = self.receives.next() => self.take_on(received),
                _ = queues.beyond(known) => {}
            }
            while let Some(ended) = self.deliveries.try_join_next() {
                report_panic(ended);
            }
        }
    }

    /// Lets what runs finish; what takes longer is handed back, so that another worker can go on at once. Until
    /// when the messages that are given back may take, and what gives them back.
    pub(super) async fn drain(mut self) -> (Instant, JoinSet<()>) {
        let by = Instant::now() + self.runner.station.timings.drain;
        let by = match timeout_at(by, self.finish()).await {
            Ok(()) => by,
            Err(_elapsed) => self.hand_back().await,
        };
        (by.max(Instant::now() + LAST_CALLS), self.receives.returning)
    }

    async fn hand_back(&mut self) -> Instant {
        tracing::info!(jobs = self.deliveries.len(), "running jobs are handed back");
        self.runner.abandon.cancel();
        let by = Instant::now() + HAND_BACK;
        if timeout_at(by, self.finish()).await.is_err() {
            // Before the tasks go, since each lets go of its receipt. What is not shown now is so at its own time.
            let intakes = self.runner.intakes();
            let release_all = intakes.iter().map(|intake| intake.held.release_all(&intake.queue));
            let _ = timeout(LAST_CALLS, join_all(release_all)).await;
            self.deliveries.shutdown().await;
        }
        by
    }

    /// Until nothing runs. A message that a receive still brings would stay hidden for nothing, so it is given back
    /// at once; when only receives are left, they may be long polls for which it is not worth waiting.
    async fn finish(&mut self) {
        loop {
            let is_idle = self.deliveries.is_empty();
            tokio::select! {
                Some(ended) = self.deliveries.join_next() => report_panic(ended),
                Some(received) = self.receives.next() => self.take_on(received),
                () = sleep(LAST_ANSWER), if is_idle && !self.receives.is_empty() => return,
                else => return,
            }
        }
    }

    fn take_on(&mut self, received: Vec<Delivery>) {
        failpoint::pass("runner.received");
        for delivery in received {
            self.deliveries.spawn(handle(Arc::clone(&self.runner), delivery));
        }
    }
}

/// Works on one delivery until its fate is settled.
async fn handle(runner: Arc<Runner>, Delivery { received, slot, intake, returns }: Delivery) {
    let hold = intake.held.hold(&received.receipt);
    let (fate, _seated) = match runner.seat(&intake, &received, slot).await {
        Ok(seated) => (runner.process(&received).await, Some(seated)),
        Err(fate) => (fate, None),
    };
    hold.let_go().await;
    match fate {
        Fate::Done => returns.delete(received.receipt).await,
        Fate::Later(pause) => returns.release(received.receipt, pause).await,
        Fate::Leave => {}
    }
}

fn report_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "work on a message ended unexpectedly; the message comes again");
        metrics::counter!("cooly_duty_failures_total", "duty" => "runner").increment(1);
    }
}
