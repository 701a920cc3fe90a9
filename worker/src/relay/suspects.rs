//! Judges which messages were lost, of those that have been out for long.
//!
//! One that others have overtaken, which were sent much later, is gone or as good as that. One that nothing overtook may
//! merely wait because workers are busy; it is gone only if the queue holds fewer messages than are out. Each is looked up
//! in the log before it is sent again.

use super::board::{Ask, Overdue};
use crate::error::Error;
use crate::queue::Source;
use crate::station::Station;
use futures::stream::{self, StreamExt, TryStreamExt};
use ledger::job::Status;

/// Most messages that are looked up in one round.
const MOST: usize = 1_000;

const LOOK_UPS: usize = 4;

/// What a look into the log tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The job still waits for its message.
    Lost,
    /// It has been claimed, or has ended.
    Settled,
}

pub(super) async fn judge(station: &Station, overdue: Overdue) -> Result<Vec<(Ask, Verdict)>, Error> {
    let Overdue { overtaken: mut suspects, others, out } = overdue;
    if !others.is_empty() {
        let depth = station.queue.depth(Source::Jobs).await?;
        // What runs is in flight too, so this many may hide losses for as long as they run.
        if depth.visible + depth.in_flight + depth.delayed < out as u64 {
            suspects.extend(others);
        }
    }
    suspects.truncate(MOST);
    let judged = suspects.into_iter().map(|ask| async move {
        let job = station.job(ask.key.0, ask.key.1).await?;
        let waits = job.is_some_and(|job| job.status == Status::Queued && job.run == ask.run);
        Ok((ask, if waits { Verdict::Lost } else { Verdict::Settled }))
    });
    stream::iter(judged).buffer_unordered(LOOK_UPS).try_collect().await
}
