//! Takes jobs from workers that are gone.
//!
//! The read model that says what they had claimed lags behind the log, so each claim is decided there again, under its
//! token: one that has ended, or whose job a provider is known to have by now, is left alone.

use crate::error::Error;
use crate::station::{Order, Station};
use futures::stream::{self, StreamExt};
use ledger::job::JobCommand;
use ledger::{Actor, ExecuteError, error_chain, failpoint};
use projections::pending::{self, PendingTask};
use std::time::Duration;

/// Claims taken away in one round.
const MOST: i64 = 1_000;

const AT_ONCE: usize = 16;

/// How long one claim may take to be taken away; what is not is seen again in the next round.
const PATIENCE: Duration = Duration::from_secs(5);

/// So long after they have gone, workers are struck off the roll: no lease of theirs is left.
const REMEMBERED: Duration = Duration::from_secs(3_600);

/// One round: who is gone, and what they had.
pub(crate) async fn round(station: &Station) -> Result<(), Error> {
    let client = station.writer.get().await?;
    for worker in station.roll.take_for_gone(&**client).await? {
        metrics::counter!("cooly_workers_lost_total").increment(1);
        tracing::warn!(worker, "a worker was not heard of for so long that its jobs are given to others");
    }
    station.roll.forget(&**client, REMEMBERED).await?;
    let left = pending::left_behind(&**client, MOST).await?;
    drop(client);
    let taken = stream::iter(left).map(|(task, silent_for)| forfeit(station, task, silent_for));
    taken.buffer_unordered(AT_ONCE).collect::<()>().await;
    Ok(())
}

async fn forfeit(station: &Station, task: PendingTask, silent_for: Duration) {
    let Some(fencing) = task.fencing else { return };
    let wait = wait_after(silent_for, station.timings.silence, station.timings.unknown_grace);
    let order = Order {
        account_id: task.account_id,
        job_id: task.job_id,
        command: JobCommand::Forfeit {
            fencing,
            backoff_milliseconds: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            policy: station.policy,
        },
        actor: Actor::System("reconciler"),
        duty: "reconciler",
        message: None,
    };
    failpoint::pass("reconciler.forfeit.before");
    let taken = station.record(order, PATIENCE).await;
    failpoint::pass("reconciler.forfeit.after");
    match taken {
        Ok(_) => {
            metrics::counter!("cooly_claims_forfeited_total").increment(1);
            tracing::info!(job_id = %task.job_id, "a job was taken from a worker that is gone");
        }
        // It ended meanwhile, or a provider has it.
        Err(ExecuteError::Refused(_)) => {}
        Err(ExecuteError::Failed(error)) => {
            tracing::warn!(error = %error_chain(&error), job_id = %task.job_id, "a job could not be taken from a worker that is gone");
        }
    }
}

/// How long the next attempt has to wait for a provider to know of what the lost one may have sent: that was sent no later
/// than half of the silence after its last word.
fn wait_after(silent_for: Duration, silence: Duration, unknown_grace: Duration) -> Duration {
    (silence / 2 + unknown_grace).saturating_sub(silent_for)
}

#[cfg(test)]
mod tests {
    use super::wait_after;
    use std::time::Duration;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_was_silent_long_enough_is_not_waited_for_and_what_said_goodbye_is() {
        for (silent, wait) in [(30, 0), (35, 0), (28, 2), (1, 29)] {
            assert_eq!(wait_after(seconds(silent), seconds(30), seconds(15)), seconds(wait), "{silent} s");
        }
    }
}
