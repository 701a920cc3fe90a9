//! Seals the log: a signed Merkle root over each full block of events, and over what is left once it is old.
//!
//! A single duty under a lease. Should two processes seal at once while the lease changes hands, the database
//! takes one of the two seals of the same number and the other sealer reads anew. The key never leaves the
//! process, and without one there is no duty.

use crate::duty;
use crate::error::Error;
use crate::options::Sealing;
use crate::station::Station;
use ledger::Position;
use ledger::seal::{SealOptions, Sealed, seal_next};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    match &station.sealer {
        Some(sealer) => {
            let public_key = sealer.sealing.key.public_key();
            tracing::info!(%public_key, "the log is sealed with this key");
        }
        None => {
            tracing::info!("the log is not sealed by this worker: COOLY_SEAL_KEY is not set");
            return Ok(());
        }
    }
    duty::lead("sealer", station, shutdown, seal).await
}

async fn seal(station: Arc<Station>, _fencing: i64, held: CancellationToken) -> Result<(), Error> {
    let Some(sealer) = &station.sealer else { return Ok(()) };
    let Sealing { key, options } = &sealer.sealing;
    let mut mark = station.mark.clone();
    while !held.is_cancelled() {
        let until = *mark.borrow_and_update();
        let client = sealer.pool.get().await?;
        let sealed = seal_next(&**client, key, until, options).await?;
        drop(client);
        measure(&sealed, until, options);
        match sealed {
            Sealed::Block(seal) => {
                tracing::debug!(seal = seal.number, events = seal.events, "a block was sealed");
            }
            Sealed::Lost => tracing::info!("another sealer was first"),
            Sealed::NotYet { waiting, due_in, .. } => {
                let missing = options.block.saturating_sub(waiting);
                let due_in = due_in.unwrap_or(options.after);
                let rested = rest(&mut mark, Position(until.0.saturating_add(missing.into())), due_in);
                if held.run_until_cancelled(rested).await.is_none() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// Rests until a block may be full, or what waits is old enough.
async fn rest(mark: &mut watch::Receiver<Position>, full_at: Position, due_in: Duration) {
    tokio::select! {
        // Positions have gaps, so this may be early: the next round then says how many are still missing.
        Ok(_) = mark.wait_for(|mark| *mark >= full_at) => {}
        () = tokio::time::sleep(due_in.max(SHORTEST_REST)) => {}
    }
}

/// The clocks of the database and of this process need not agree to the millisecond.
const SHORTEST_REST: Duration = Duration::from_millis(10);

fn measure(sealed: &Sealed, mark: Position, options: &SealOptions) {
    let behind = |position: Position| (mark.0 - position.0).max(0) as f64;
    match sealed {
        Sealed::Block(seal) => {
            metrics::counter!("cooly_seals_total").increment(1);
            metrics::counter!("cooly_sealed_events_total").increment(seal.events.into());
            metrics::gauge!("cooly_seal_lag_positions").set(behind(seal.last_position));
        }
        Sealed::NotYet { sealed, due_in, .. } => {
            let age = due_in.map_or(Duration::ZERO, |due_in| options.after.saturating_sub(due_in));
            metrics::gauge!("cooly_seal_lag_positions").set(behind(*sealed));
            // A moment and not an age: it stands still, and so tells, when sealing fails or cannot keep up.
            let until = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(age);
            metrics::gauge!("cooly_sealed_until_timestamp_seconds").set(until.as_secs_f64());
        }
        Sealed::Lost => metrics::counter!("cooly_seal_races_lost_total").increment(1),
    }
}
