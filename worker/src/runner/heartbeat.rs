//! The one heartbeat that keeps all held messages hidden.
//!
//! It beats at each third of the visibility timeout, so that two beats may be lost. A beat begins on time however
//! slow SQS was in the last one, because that one ends then; what it could not hide goes first in the next.

use super::Runner;
use super::intake::Intake;
use crate::error::Error;
use crate::queue::{self, MOST_ENTRIES, Source};
use futures::stream::{self, StreamExt};
use ledger::error_chain;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

/// Most requests of a beat on their way at once: 2,000 messages are hidden in seven round trips.
const MOST_AT_ONCE: usize = 32;

/// Beats until `ended`.
pub(super) async fn run(runner: Arc<Runner>, ended: CancellationToken) -> Result<(), Error> {
    ended.run_until_cancelled(beats(&runner)).await;
    Ok(())
}

async fn beats(runner: &Runner) {
    let every = runner.station.timings.visibility / 3;
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let begun = Instant::now();
        let beat = Beat { runner, begun, every, trouble: Mutex::default() };
        // What is cut off here counts as missed.
        let _ = timeout_at(begun + every, beat.hide_all()).await;
        beat.report();
    }
}

struct Beat<'a> {
    runner: &'a Runner,
    begun: Instant,
    every: Duration,
    trouble: Mutex<Trouble>,
}

#[derive(Default)]
struct Trouble {
    stale: usize,
    error: Option<queue::Error>,
}

impl Beat<'_> {
    async fn hide_all(&self) {
        let of = |intake: Arc<Intake>| {
            let tickets = intake.held.not_hidden_since(self.begun);
            let batches = tickets.chunks(MOST_ENTRIES).map(<[u64]>::to_vec);
            batches.map(|batch| (Arc::clone(&intake), batch)).collect::<Vec<_>>()
        };
        let batches = stream::iter(self.runner.intakes().into_iter().flat_map(of));
        let hide = async |(intake, batch): (Arc<Intake>, Vec<u64>)| self.hide(&intake, &batch).await;
        batches.for_each_concurrent(MOST_AT_ONCE, hide).await;
    }

    /// Asks until it is done for each message that is still held.
    async fn hide(&self, intake: &Intake, tickets: &[u64]) {
        while self.try_to_hide(intake, tickets).await.is_none() {
            sleep(self.every / 10).await;
        }
    }

    /// Something unless there is more to do.
    async fn try_to_hide(&self, Intake { queue, held, .. }: &Intake, tickets: &[u64]) -> Option<()> {
        let beaten = held.beat(tickets, self.begun);
        let visibility = self.runner.station.timings.visibility;
        let answered = queue.hide(Source::Jobs, &beaten.receipts, visibility).await;
        held.note(&beaten, &answered);
        let is_done = answered.undone.is_empty();
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.stale += answered.stale.len();
        trouble.error = answered.error.or(trouble.error.take());
        is_done.then_some(())
    }

    /// Once a beat, however many requests it took.
    fn report(self) {
        let intakes = self.runner.intakes();
        let missed: usize = intakes.iter().map(|intake| intake.held.not_hidden_since(self.begun).len()).sum();
        let Trouble { stale, error } = self.trouble.into_inner().unwrap_or_else(PoisonError::into_inner);
        if missed > 0 {
            let error = error.map(|error| error_chain(&error));
            tracing::warn!(messages = missed, error, "a heartbeat could not hide all messages in its time");
            metrics::counter!("cooly_heartbeats_missed_total").increment(missed as u64);
        }
        if stale > 0 {
            // Delivered to somebody else by now, or deleted. The claim decides whose job it is.
            tracing::warn!(messages = stale, "held messages could not be kept hidden");
            metrics::counter!("cooly_receipts_stale_total").increment(stale as u64);
        }
    }
}
