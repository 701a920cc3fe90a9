//! Judges which messages were lost, of those that have been out for long.
//!
//! One that others have overtaken, which were sent much later, is gone or as good as that. One that nothing overtook may
//! merely wait because workers are busy; it is gone only if its queue holds fewer messages than are out. One whose window
//! has changed with the catalogue may be in a queue from which nobody receives any more. Each is looked up in the log before
//! it is sent again.

use super::board::{Ask, Overdue};
use crate::error::Error;
use crate::queue::Source;
use crate::station::Station;
use futures::stream::{self, StreamExt, TryStreamExt};
use ledger::error_chain;
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
    let (moved, others): (Vec<Ask>, Vec<Ask>) =
        others.into_iter().partition(|ask| station.window_of(&ask.model) != ask.via);
    suspects.extend(moved);
    for (queue, asks) in station.by_queue(others, |ask| &ask.model) {
        let is_there = |model: &str| station.queue_of(model).class() == queue.class();
        let out: usize = out.iter().filter(|(model, _)| is_there(model)).map(|(_, count)| count).sum();
        match queue.depth(Source::Jobs).await {
            // What runs is in flight too, so this many may hide losses for as long as they run.
            Ok(depth) if depth.visible + depth.in_flight + depth.delayed < out as u64 => {
                suspects.extend(asks)
            }
            Ok(_) => {}
            Err(error) => {
                let class = queue.class_label();
                tracing::warn!(error = %error_chain(&error), class, "it cannot be told whether messages are lost");
            }
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
