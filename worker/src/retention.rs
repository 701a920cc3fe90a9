//! Deletes outputs that have been kept for long enough, for operators who keep them for a time only.
//!
//! The store itself says how old a file is, so that this also finds what no event names: the files of an attempt whose
//! worker died before it recorded them. The log goes on naming what is gone; the API answers that it has expired.
//! Deleting twice is harmless, so a round that was cut off begins anew.

use crate::duty;
use crate::error::Error;
use crate::station::Station;
use ledger::error_chain;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const NAME: &str = "retention";

pub(crate) async fn run(station: Arc<Station>, shutdown: CancellationToken) -> Result<(), Error> {
    match station.keep_outputs {
        Some(keep) => {
            let rounds = move |station, _fencing, held| rounds(station, keep, held);
            duty::lead(NAME, station, shutdown, rounds).await
        }
        None => Ok(()),
    }
}

async fn rounds(station: Arc<Station>, keep: Duration, held: CancellationToken) -> Result<(), Error> {
    loop {
        let round = async {
            round(&station, keep).await;
            tokio::time::sleep(station.timings.retention_every).await;
        };
        if held.run_until_cancelled(round).await.is_none() {
            return Ok(());
        }
    }
}

/// What cannot be deleted now is found again by the next round.
async fn round(station: &Station, keep: Duration) {
    let before = station.now() - keep;
    let deleted = station.outputs.delete_older(before).await;
    metrics::counter!("cooly_outputs_expired_total").increment(deleted.count);
    if deleted.count > 0 {
        tracing::info!(files = deleted.count, %before, "outputs that were kept for long enough are deleted");
    }
    if let Some(error) = deleted.error {
        metrics::counter!("cooly_duty_failures_total", "duty" => NAME).increment(1);
        tracing::warn!(error = %error_chain(&error), "outputs that have expired stay for now");
    }
}
